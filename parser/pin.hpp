// The PIN under the scratch panel: digits that are money. See secret.hpp for what its type forbids.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/secret.hpp"

namespace topupd::parser {

// How the last digit is computed from those before it.
//   luhn  ISO/IEC 7812-1 Annex B: finds every single mistyped digit and most swaps
//   damm  Damm 2004, quasigroup of order 10: finds every single mistyped digit and every swap of neighbours
enum class check_digit { none, luhn, damm };

std::optional<check_digit> check_digit_from(std::string_view name);  // "luhn", "damm", "none"

// digits: 0-9 only. True when the last one is right; always true for none.
bool check_digit_is_right(std::string_view digits, check_digit kind);
// The digit to append. Precondition: kind is not none.
char compute_check_digit(std::string_view digits, check_digit kind);

struct pin_rules {
  std::vector<int> lengths = {16};
  check_digit check = check_digit::damm;
};

// A PIN of a legal length whose check digit is right; one exists only then.
class pin {
 public:
  // Nothing when a character is no digit, the length is not in the rules or the check digit is wrong.
  static std::optional<pin> from_digits(std::string_view digits, const pin_rules& rules);

  // In clear, to compute the voucher's digest or to print the card. Never to show: that is last_four().
  [[nodiscard]] std::string_view reveal() const noexcept { return digits_.reveal(); }
  // What support may see and a reading may show.
  [[nodiscard]] std::string last_four() const;
  friend bool operator==(const pin&, const pin&) = default;

 private:
  explicit pin(std::string_view digits) : digits_(digits) {}
  secret digits_;
};

}  // namespace topupd::parser
