#include "parser/pin.hpp"

#include <algorithm>
#include <array>

namespace topupd::parser {
namespace {

using digit = unsigned;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
digit value(char c) {
  return static_cast<digit>(c - '0');
}

// H. M. Damm, "Total anti-symmetrische Quasigruppen" (2004): the quasigroup of order 10 that everyone uses.
constexpr std::array<std::array<std::uint8_t, 10>, 10> quasigroup{{{0, 3, 1, 7, 5, 9, 8, 6, 4, 2},
                                                                   {7, 0, 9, 2, 1, 5, 4, 8, 6, 3},
                                                                   {4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
                                                                   {1, 7, 5, 0, 9, 8, 3, 4, 2, 6},
                                                                   {6, 1, 2, 3, 0, 4, 5, 9, 7, 8},
                                                                   {3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
                                                                   {5, 8, 6, 9, 7, 2, 0, 1, 3, 4},
                                                                   {8, 9, 4, 5, 3, 6, 2, 0, 1, 7},
                                                                   {9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
                                                                   {2, 5, 8, 1, 4, 3, 6, 7, 9, 0}}};

// Its diagonal is zero, so the interim digit is the check digit itself.
digit damm_digit(std::string_view payload) {
  digit interim = 0;
  for (char c : payload) interim = quasigroup[interim][value(c)];
  return interim;
}

// ISO/IEC 7812-1 Annex B: every second digit from the right is doubled, beginning with the last of the payload.
digit luhn_digit(std::string_view payload) {
  digit sum = 0;
  bool doubled = true;
  for (auto c = payload.rbegin(); c != payload.rend(); ++c, doubled = !doubled) {
    const digit d = value(*c) * (doubled ? 2 : 1);
    sum += d > 9 ? d - 9 : d;
  }
  return (10 - sum % 10) % 10;
}

}  // namespace

std::optional<check_digit> check_digit_from(std::string_view name) {
  if (name == "none") return check_digit::none;
  if (name == "luhn") return check_digit::luhn;
  if (name == "damm") return check_digit::damm;
  return std::nullopt;
}

char compute_check_digit(std::string_view digits, check_digit kind) {
  return static_cast<char>('0' + (kind == check_digit::damm ? damm_digit(digits) : luhn_digit(digits)));
}

bool check_digit_is_right(std::string_view digits, check_digit kind) {
  if (kind == check_digit::none) return true;
  if (digits.empty()) return false;
  return compute_check_digit(digits.substr(0, digits.size() - 1), kind) == digits.back();
}

std::optional<pin> pin::from_digits(std::string_view digits, const pin_rules& rules) {
  const auto fits = [&](int length) { return static_cast<std::size_t>(length) == digits.size(); };
  if (std::none_of(rules.lengths.begin(), rules.lengths.end(), fits)) return std::nullopt;
  if (!std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  if (!check_digit_is_right(digits, rules.check)) return std::nullopt;
  return pin(digits);
}

std::string pin::last_four() const {
  const auto digits = digits_.reveal();
  return std::string(digits.substr(digits.size() - std::min<std::size_t>(4, digits.size())));
}

}  // namespace topupd::parser
