#include "parser/pin.hpp"

#include <doctest/doctest.h>

namespace topupd::parser {

TEST_CASE("check digits agree with published examples") {
  CHECK(compute_check_digit("572", check_digit::damm) == '4');              // Damm 2004; H. Michael Damm's own example
  CHECK(compute_check_digit("7992739871", check_digit::luhn) == '3');       // ISO/IEC 7812-1, as everyone quotes it
  CHECK(compute_check_digit("482173905516274", check_digit::luhn) == '9');  // the corpus
  CHECK(check_digit_is_right("5724", check_digit::damm));
  CHECK_FALSE(check_digit_is_right("5723", check_digit::damm));
  CHECK(check_digit_is_right("5723", check_digit::none));
}

TEST_CASE("every mistyped digit is found by both, every swap of neighbours by damm") {
  for (const auto kind : {check_digit::luhn, check_digit::damm}) {
    std::string digits = "930184726650417";
    digits += compute_check_digit(digits, kind);
    for (std::size_t i = 0; i < digits.size(); ++i) {
      for (char other = '0'; other <= '9'; ++other) {
        auto mistyped = digits;
        mistyped[i] = other;
        CHECK(check_digit_is_right(mistyped, kind) == (other == digits[i]));
      }
      if (kind != check_digit::damm || i == 0 || digits[i] == digits[i - 1]) continue;
      auto swapped = digits;
      std::swap(swapped[i], swapped[i - 1]);
      CHECK_FALSE(check_digit_is_right(swapped, kind));
    }
  }
}

TEST_CASE("a pin exists only when its length and its check digit are right") {
  const pin_rules rules{.lengths = {14, 16}, .check = check_digit::luhn};
  CHECK(pin::from_digits("4821739055162749", rules));
  CHECK(pin::from_digits("48217390551624", rules));
  for (const auto* wrong : {"", "482173905516274", "4821739055162794", "482173905516274x", "48217390551627490"})
    CHECK_FALSE(pin::from_digits(wrong, rules));
  const auto right = pin::from_digits("4821739055162749", rules);
  CHECK(right->last_four() == "2749");
  CHECK(right->reveal() == "4821739055162749");
}

TEST_CASE("the names of check digits are those of the configuration") {
  CHECK(check_digit_from("damm") == check_digit::damm);
  CHECK(check_digit_from("luhn") == check_digit::luhn);
  CHECK(check_digit_from("none") == check_digit::none);
  CHECK_FALSE(check_digit_from("Luhn"));
}

}  // namespace topupd::parser
