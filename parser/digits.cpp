#include "parser/digits.hpp"

#include <algorithm>
#include <limits>

namespace topupd::parser {
namespace {

constexpr std::size_t most_groups = 48;   // a text of more is a list of numbers, not a top-up; keeps the work bounded
constexpr std::size_t most_readings = 8;  // of a sane configuration there are one or two
constexpr std::size_t longest_number = 15 + 4;  // E.164 with an international prefix

struct group {
  std::size_t begin;  // in digit_reading::all
  std::size_t end;
  bool joins;  // only separators stand between it and the group before
  bool plus;
  bool starred;  // '*' or '#' before it
};

using parts = std::vector<part>;

class cutter {
 public:
  cutter(std::string_view all, std::vector<group> groups, bool in_front, const rules& rules)
      : all_(all), groups_(std::move(groups)), in_front_(in_front), rules_(rules) {
    const auto [shortest, longest] = std::minmax_element(rules.pins.lengths.begin(), rules.pins.lengths.end());
    if (shortest == rules.pins.lengths.end()) return;
    shortest_pin_ = static_cast<std::size_t>(*shortest);
    longest_pin_ = static_cast<std::size_t>(*longest);
  }

  // Every cut into legal parts, the first few of them.
  std::vector<parts> legal_cuts(bool cut_groups) {
    cut_groups_ = cut_groups;
    dead_ends_.assign(groups_.size() + 1, false);
    found_.clear();
    path_.clear();
    find_cuts(0);
    return std::move(found_);
  }

  // The cut with the least wrong in it. The weights are an order of what people do: mistype a digit, forget or double
  // one, add something that is no number; a number in one group is surer than one made of several.
  parts nearest_cut() const {
    struct best {
      int cost = std::numeric_limits<int>::max();
      std::size_t end = 0;
      part_kind kind = part_kind::leftover;
    };
    std::vector<best> from(groups_.size() + 1);
    from.back().cost = 0;
    for (std::size_t i = groups_.size(); i-- > 0;) {
      const auto offer = [&](std::size_t end, part_kind kind, int cost) {
        if (cost + from[end].cost < from[i].cost) from[i] = {cost + from[end].cost, end, kind};
      };
      if (const auto kind = front_kind(i)) offer(i + 1, *kind, 0);
      for (std::size_t end = i + 1; end <= groups_.size() && may_span(i, end); ++end) {
        const auto digits = span(i, end);
        const bool joined = end > i + 1;
        if (!groups_[i].plus) {
          if (is_pin(digits)) offer(end, part_kind::pin, 0);
          if (is_pin_length(digits.size())) offer(end, part_kind::wrong_check, 4);
          if (is_near_pin(digits.size(), joined)) offer(end, part_kind::wrong_length, joined ? 8 : 6);
        }
        if (number(i, end)) offer(end, part_kind::number, joined ? 2 : 0);
      }
      offer(i + 1, part_kind::leftover, 7);
    }
    parts cut;
    for (std::size_t i = 0; i < groups_.size(); i = from[i].end) {
      const bool is_number = from[i].kind == part_kind::number;
      cut.push_back({from[i].kind, span(i, from[i].end), is_number ? number(i, from[i].end) : std::nullopt});
    }
    return cut;
  }

 private:
  bool find_cuts(std::size_t at) {
    if (at == groups_.size()) {
      found_.push_back(path_);
      return true;
    }
    if (dead_ends_[at]) return false;
    bool alive = false;
    const auto follow = [&](std::size_t end, std::initializer_list<part> step) {
      if (found_.size() >= most_readings) return;
      path_.insert(path_.end(), step);
      alive = find_cuts(end) || alive;
      path_.resize(path_.size() - step.size());
    };
    if (const auto kind = front_kind(at)) follow(at + 1, {{*kind, span(at, at + 1), std::nullopt}});
    for (std::size_t end = at + 1; end <= groups_.size() && may_span(at, end); ++end) {
      const auto digits = span(at, end);
      const bool pin = !groups_[at].plus && is_pin(digits);
      if (pin) follow(end, {{part_kind::pin, digits, std::nullopt}});
      // One PIN in a hundred begins with the international prefix: a number that nobody may credit is no second
      // reading.
      if (const auto target = number(at, end); target && (!pin || may_be_credited(*target, rules_.numbers)))
        follow(end, {{part_kind::number, digits, target}});
    }
    if (cut_groups_ && !groups_[at].plus) follow_halves(at, follow);
    dead_ends_[at] = !alive && found_.size() < most_readings;
    return alive;
  }

  // "48217390551627490709876543": one group that is a PIN and a number.
  template <class Follow>
  void follow_halves(std::size_t at, Follow& follow) {
    const auto digits = span(at, at + 1);
    for (std::size_t i = 1; i < digits.size() && digits.size() <= longest_pin_ + longest_number; ++i) {
      const auto left = digits.substr(0, i);
      const auto right = digits.substr(i);
      if (is_pin(left))
        if (const auto target = creditable(right))
          follow(at + 1, {{part_kind::pin, left, std::nullopt}, {part_kind::number, right, target}});
      if (is_pin(right))
        if (const auto target = creditable(left))
          follow(at + 1, {{part_kind::number, left, target}, {part_kind::pin, right, std::nullopt}});
    }
  }

  bool is_pin_length(std::size_t length) const {
    return std::any_of(rules_.pins.lengths.begin(), rules_.pins.lengths.end(),
                       [&](int legal) { return static_cast<std::size_t>(legal) == length; });
  }
  bool is_pin(std::string_view digits) const {
    return is_pin_length(digits.size()) && check_digit_is_right(digits, rules_.pins.check);
  }
  // Half a PIN is still meant as one; joined groups must come nearer, since many things are groups of digits.
  bool is_near_pin(std::size_t length, bool joined) const {
    return length * 2 >= shortest_pin_ && (!joined || length <= longest_pin_ + 2);
  }

  std::string_view span(std::size_t begin, std::size_t end) const {
    return all_.substr(groups_[begin].begin, groups_[end - 1].end - groups_[begin].begin);
  }
  // May groups begin..end-1 be one thing? They are near each other, no '+' begins another, and it is not too long.
  bool may_span(std::size_t begin, std::size_t end) const {
    if (end == begin + 1) return true;
    const auto& last = groups_[end - 1];
    return last.joins && !last.plus && last.end - groups_[begin].begin <= std::max(longest_pin_ + 2, longest_number);
  }
  std::optional<msisdn> number(std::size_t begin, std::size_t end) const {
    return read_number(span(begin, end), groups_[begin].plus, rules_.numbers);
  }
  std::optional<msisdn> creditable(std::string_view digits) const {
    const auto target = read_number(digits, false, rules_.numbers);
    return target && may_be_credited(*target, rules_.numbers) ? target : std::nullopt;
  }
  std::optional<part_kind> front_kind(std::size_t at) const {
    if (at != 0 || !in_front_ || groups_[0].plus) return std::nullopt;
    const auto is = [&](const std::string& code) { return code == span(0, 1); };
    const auto& codes = rules_.service_codes;
    const bool starred = groups_[0].starred || (groups_.size() > 1 && groups_[1].starred);
    if (starred && std::any_of(codes.begin(), codes.end(), is)) return part_kind::service_code;
    const auto& words = rules_.numeric_keywords;
    if (std::any_of(words.begin(), words.end(), is)) return part_kind::keyword;
    return std::nullopt;
  }

  std::string_view all_;
  std::vector<group> groups_;
  bool in_front_;  // the text begins with digits
  const rules& rules_;
  std::size_t shortest_pin_ = std::numeric_limits<std::size_t>::max() / 2;
  std::size_t longest_pin_ = 0;

  bool cut_groups_ = false;
  std::vector<bool> dead_ends_;
  std::vector<parts> found_;
  parts path_;
};

std::size_t distinct_pins(const parts& cut) {
  std::vector<std::string_view> pins;
  for (const auto& part : cut)
    if (part.kind == part_kind::pin && std::find(pins.begin(), pins.end(), part.digits) == pins.end())
      pins.push_back(part.digits);
  return pins.size();
}

}  // namespace

void read_digits(const std::vector<token>& tokens, const rules& rules, digit_reading& out) {
  std::size_t total = 0;
  for (const auto& token : tokens)
    if (token.kind == token_kind::digits) total += token.text.size();
  out.all.text.reserve(total);

  std::vector<group> groups;
  groups.reserve(8);
  bool joins = false;
  bool overflow = false;
  for (const auto& token : tokens) {
    if (token.kind == token_kind::word) {
      joins = false;
      continue;
    }
    if (groups.size() == most_groups) {
      overflow = true;
      break;
    }
    const auto begin = out.all.text.size();
    out.all.text += token.text;
    groups.push_back({.begin = begin,
                      .end = out.all.text.size(),
                      .joins = joins,
                      .plus = token.before == '+',
                      .starred = token.before == '*' || token.before == '#'});
    joins = true;
  }
  if (groups.empty()) {
    out.legal = true;
    return;
  }

  const bool in_front = tokens.front().kind == token_kind::digits;
  cutter cutter(out.all.text, std::move(groups), in_front, rules);
  auto cuts = overflow ? std::vector<parts>{} : cutter.legal_cuts(false);
  if (cuts.empty() && !overflow) {
    cuts = cutter.legal_cuts(true);
    out.interpreted = !cuts.empty();
  }
  if (cuts.empty()) {
    out.parts = cutter.nearest_cut();
    if (overflow) out.parts.push_back({part_kind::leftover, {}, std::nullopt});
    return;
  }
  out.legal = true;
  // Of several legal readings the one with exactly one PIN is what a top-up looks like, and it is asked about.
  const auto one_pin = [](const parts& cut) { return distinct_pins(cut) == 1; };
  const auto chosen = std::find_if(cuts.begin(), cuts.end(), one_pin);
  out.contradictory = std::count_if(cuts.begin(), cuts.end(), one_pin) > 1;
  out.interpreted = out.interpreted || cuts.size() > 1;
  out.parts = std::move(chosen == cuts.end() ? cuts.front() : *chosen);
}

}  // namespace topupd::parser
