// How many PINs will be guessed a year, and how many may be (DESIGN.md §7). Every wrong PIN that the caps let through
// may be any of 10^digits, of which so many are cards.
#pragma once

#include <cmath>
#include <cstdint>

#include "parser/pin.hpp"

namespace topupd::store {

inline constexpr double most_guesses_a_year = 0.01;

// A check digit counts as none: who guesses computes it, too.
inline int random_digits(int length, parser::check_digit check) {
  return check == parser::check_digit::none ? length : length - 1;
}
inline double guesses_a_year(std::int64_t wrong_pins_per_day, std::int64_t live_cards, int digits) {
  return static_cast<double>(wrong_pins_per_day) * 365 * static_cast<double>(live_cards) / std::pow(10.0, digits);
}

}  // namespace topupd::store
