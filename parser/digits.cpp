#include "parser/digits.hpp"

#include <algorithm>

#include "parser/cutter.hpp"

namespace topupd::parser {
namespace {

constexpr std::size_t most_groups = 48;  // a text of more is a list of numbers, not a top-up; keeps the work bounded

std::vector<std::string_view> pins_of(const parts& cut) {
  std::vector<std::string_view> pins;
  for (const auto& part : cut)
    if (part.kind == part_kind::pin && std::find(pins.begin(), pins.end(), part.digits) == pins.end())
      pins.push_back(part.digits);
  return pins;
}

std::ptrdiff_t amounts_in(const parts& cut) {
  return std::count_if(cut.begin(), cut.end(), [](const part& p) { return p.kind == part_kind::amount; });
}

// Of several legal readings the one with exactly one PIN is what a top-up looks like, and it is asked about.
void choose(std::vector<parts> cuts, digit_reading& out) {
  const auto one_pin = [](const parts& cut) { return pins_of(cut).size() == 1; };
  const auto chosen = std::find_if(cuts.begin(), cuts.end(), one_pin);
  const bool none = chosen == cuts.end();
  out.contradictory = none ? cuts.size() > 1 : std::count_if(cuts.begin(), cuts.end(), one_pin) > 1;
  out.interpreted = out.interpreted || cuts.size() > 1;
  out.legal = true;
  out.parts = std::move(none ? cuts.front() : *chosen);
}

// The groups of the text's digits, all of which go to `all`. False: there are too many.
bool gather(const std::vector<token>& tokens, const rules& rules, std::string& all, std::vector<group>& groups) {
  bool joins = false;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const auto& token = tokens[i];
    if (token.kind == token_kind::word) {
      joins = false;
      continue;
    }
    if (groups.size() == most_groups) return false;
    const auto is_currency = [&](std::size_t at) {
      return at < tokens.size() && std::equal(tokens[at].text.begin(), tokens[at].text.end(), rules.currency.begin(),
                                              rules.currency.end(), [](char t, char c) { return t == (c | 0x20); });
    };
    const auto begin = all.size();
    all += token.text;
    groups.push_back(
        {.begin = begin,
         .end = all.size(),
         .joins = joins,
         .plus = token.before == '+',
         .starred = token.before == '*' || token.before == '#',
         .pointed = token.before == '.' || token.before == ',',
         .currency = token.before == '$' || token.after == '$' || is_currency(i - 1) || is_currency(i + 1)});
    joins = true;
  }
  return true;
}

}  // namespace

void read_digits(const std::vector<token>& tokens, const rules& rules, bool transfer, digit_reading& out) {
  std::size_t total = 0;
  for (const auto& token : tokens)
    if (token.kind == token_kind::digits) total += token.text.size();
  out.all.text.reserve(total);
  std::vector<group> groups;
  groups.reserve(8);
  const bool all_there = gather(tokens, rules, out.all.text, groups);
  if (groups.empty()) {
    out.legal = true;
    return;
  }

  using with = cutter::with;
  const bool in_front = tokens.front().kind == token_kind::digits;
  const auto count = groups.size();
  cutter cutter(out.all.text, std::move(groups), in_front, transfer, rules);
  if (!all_there) {
    out.parts = cutter.nearest_cut();
    out.parts.push_back({part_kind::leftover, {}, std::nullopt});
    return;
  }
  auto cuts = cutter.legal_cuts(with::nothing);
  const bool whole = !cuts.empty() && cuts.front().size() == count;
  if (!whole) {
    for (auto& cut : cutter.legal_cuts(with::amounts))
      if (amounts_in(cut) == 1 && (cuts.empty() || pins_of(cut) != pins_of(cuts.front())))
        cuts.push_back(std::move(cut));
  }
  if (cuts.empty()) {
    cuts = cutter.legal_cuts(with::halves);
    out.split = out.interpreted = !cuts.empty();
  }
  if (cuts.empty()) {
    out.parts = cutter.nearest_cut();
  } else {
    choose(std::move(cuts), out);
  }
  out.joined = out.parts.size() < count;
}

}  // namespace topupd::parser
