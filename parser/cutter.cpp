#include "parser/cutter.hpp"

#include <algorithm>
#include <limits>

namespace topupd::parser {
namespace {

constexpr std::size_t most_readings = 8;        // of a sane configuration there are one or two
constexpr std::size_t longest_amount = 6;       // digits before the point
constexpr std::size_t longest_number = 15 + 4;  // E.164 with an international prefix

}  // namespace

cutter::cutter(std::string_view all, std::vector<group> groups, bool in_front, bool transfer, const rules& rules)
    : all_(all), groups_(std::move(groups)), in_front_(in_front), transfer_(transfer), rules_(rules) {
  const auto [shortest, longest] = std::minmax_element(rules.pins.lengths.begin(), rules.pins.lengths.end());
  if (shortest == rules.pins.lengths.end()) return;
  shortest_pin_ = static_cast<std::size_t>(*shortest);
  longest_pin_ = static_cast<std::size_t>(*longest);
}

std::vector<parts> cutter::legal_cuts(with what) {
  with_ = what;
  dead_ends_.assign(groups_.size() + 1, false);
  found_.clear();
  path_.clear();
  find_cuts(0);
  return std::move(found_);
}

// The weights are an order of what people do: mistype a digit, forget or double
// one, add something that is no number; a number in one group is surer than one made of several.
parts cutter::nearest_cut() const {
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
      if (is_serial(i, end)) offer(end, part_kind::serial, 0);
    }
    if (is_short_code(i)) offer(i + 1, part_kind::short_code, 0);
    if (const auto amount = amount_at(i)) offer(i + amount->groups, part_kind::amount, transfer_ ? 1 : 3);
    offer(i + 1, part_kind::leftover, 7);
  }
  parts cut;
  for (std::size_t i = 0; i < groups_.size(); i = from[i].end) {
    const bool is_number = from[i].kind == part_kind::number;
    const auto amount = from[i].kind == part_kind::amount ? amount_at(i) : std::nullopt;
    cut.push_back({from[i].kind, span(i, from[i].end), is_number ? number(i, from[i].end) : std::nullopt,
                   amount ? amount->decimals : 0});
  }
  return cut;
}

bool cutter::find_cuts(std::size_t at) {
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
  if (is_short_code(at)) follow(at + 1, {{part_kind::short_code, span(at, at + 1), std::nullopt}});
  for (std::size_t end = at + 1; end <= groups_.size() && may_span(at, end); ++end) {
    const auto digits = span(at, end);
    const bool pin = !groups_[at].plus && is_pin(digits);
    if (pin) follow(end, {{part_kind::pin, digits, std::nullopt}});
    // One PIN in a hundred begins with the international prefix: a number that nobody may credit is no second
    // reading.
    if (const auto target = number(at, end); target && (!pin || may_be_credited(*target, rules_.numbers)))
      follow(end, {{part_kind::number, digits, target}});
    if (is_serial(at, end)) follow(end, {{part_kind::serial, digits, std::nullopt}});
  }
  if (with_ == with::halves && !groups_[at].plus) follow_halves(at, follow);
  if (with_ == with::amounts)
    if (const auto amount = amount_at(at))
      follow(at + amount->groups, {{part_kind::amount, span(at, at + amount->groups), std::nullopt, amount->decimals}});
  dead_ends_[at] = !alive && found_.size() < most_readings;
  return alive;
}

// "48217390551627490709876543": one group that is a PIN and a number.
template <class Follow>
void cutter::follow_halves(std::size_t at, Follow& follow) {
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

bool cutter::is_pin_length(std::size_t length) const {
  return std::any_of(rules_.pins.lengths.begin(), rules_.pins.lengths.end(),
                     [&](int legal) { return static_cast<std::size_t>(legal) == length; });
}
bool cutter::is_pin(std::string_view digits) const {
  return is_pin_length(digits.size()) && check_digit_is_right(digits, rules_.pins.check);
}
// Half a PIN is still meant as one; joined groups must come nearer, since many things are groups of digits.
bool cutter::is_near_pin(std::size_t length, bool joined) const {
  return length * 2 >= shortest_pin_ && (!joined || length <= longest_pin_ + 2);
}

bool cutter::is_serial(std::size_t begin, std::size_t end) const {
  const auto digits = span(begin, end);
  const auto& form = rules_.serial_form;
  if (groups_[begin].plus || digits.size() != form.size() || form.empty()) return false;
  return std::equal(form.begin(), form.end(), digits.begin(), [](char f, char d) { return f == '#' || f == d; });
}
// "send TOPUP … to 12345".
bool cutter::is_short_code(std::size_t at) const {
  const auto digits = span(at, at + 1);
  return std::any_of(rules_.short_codes.begin(), rules_.short_codes.end(),
                     [&](const std::string& code) { return code == digits; });
}

// "50", "50.00": what a card is said to be worth. Cards are worth round sums, and 112 is somebody's number; a point
// or a currency removes the doubt.
std::optional<cutter::amount_groups> cutter::amount_at(std::size_t at) const {
  const auto digits = span(at, at + 1);
  const auto& first = groups_[at];
  if (first.plus || digits.size() > longest_amount || digits.front() == '0') return std::nullopt;
  if (at + 1 < groups_.size() && groups_[at + 1].joins && groups_[at + 1].pointed) {
    const auto decimals = groups_[at + 1].end - groups_[at + 1].begin;
    if (decimals <= 3) return amount_groups{2, decimals};
  }
  const bool round = digits.size() <= 2 || digits.back() == '0' || digits.back() == '5';
  if (round || first.currency || transfer_) return amount_groups{1, 0};
  return std::nullopt;
}

std::string_view cutter::span(std::size_t begin, std::size_t end) const {
  return all_.substr(groups_[begin].begin, groups_[end - 1].end - groups_[begin].begin);
}
// May groups begin..end-1 be one thing? They are near each other, no '+' begins another, and it is not too long.
bool cutter::may_span(std::size_t begin, std::size_t end) const {
  if (end == begin + 1) return true;
  const auto& last = groups_[end - 1];
  return last.joins && !last.plus && last.end - groups_[begin].begin <= std::max(longest_pin_ + 2, longest_number);
}
std::optional<msisdn> cutter::number(std::size_t begin, std::size_t end) const {
  return read_number(span(begin, end), groups_[begin].plus, rules_.numbers);
}
std::optional<msisdn> cutter::creditable(std::string_view digits) const {
  const auto target = read_number(digits, false, rules_.numbers);
  return target && may_be_credited(*target, rules_.numbers) ? target : std::nullopt;
}
std::optional<part_kind> cutter::front_kind(std::size_t at) const {
  if (at != 0 || !in_front_ || groups_[0].plus) return std::nullopt;
  const auto is = [&](const std::string& code) { return code == span(0, 1); };
  const auto& codes = rules_.service_codes;
  const bool starred = groups_[0].starred || (groups_.size() > 1 && groups_[1].starred);
  if (starred && std::any_of(codes.begin(), codes.end(), is)) return part_kind::service_code;
  const auto& words = rules_.numeric_keywords;
  if (std::any_of(words.begin(), words.end(), is)) return part_kind::keyword;
  return std::nullopt;
}

}  // namespace topupd::parser
