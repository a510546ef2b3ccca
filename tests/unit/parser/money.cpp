#include "parser/money.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace topupd::parser {

TEST_CASE("minor digits are those of the currency, and a currency that does not exist has none") {
  CHECK(minor_digits("USD") == 2);
  CHECK(minor_digits("JPY") == 0);
  CHECK(minor_digits("KWD") == 3);
  for (const auto* wrong : {"", "US", "USDX", "ZZZ", "usd", "U$D"}) CHECK_FALSE(minor_digits(wrong));
}

TEST_CASE("amounts are read exactly or not at all") {
  struct row {
    const char *text, *currency;
    long long minor;
  };
  for (const auto& r : {row{"10", "USD", 1000},
                        {"10.5", "USD", 1050},
                        {"10.50", "USD", 1050},
                        {"0.01", "USD", 1},
                        {"10", "JPY", 10},
                        {"1.234", "KWD", 1234},
                        {"92233720368547758.07", "USD", 9223372036854775807}}) {
    CAPTURE(r.text);
    const auto amount = money_from(r.text, r.currency);
    REQUIRE(amount);
    CHECK(amount->amount_minor == r.minor);
    CHECK(amount->currency == r.currency);
  }
  for (const auto* wrong :
       {"", ".", "10.", ".5", "10.505", "-1", "+1", "1,000", "1 0", "ten", "92233720368547758.08", "1.0.0"}) {
    CAPTURE(wrong);
    CHECK_FALSE(money_from(wrong, "USD"));
  }
  CHECK_FALSE(money_from("10.0", "JPY"));
  CHECK_FALSE(money_from("10", "ZZZ"));
}

TEST_CASE("an amount is written with all of its currency's digits") {
  CHECK(decimal({5000, "USD"}) == "50.00");
  CHECK(decimal({7, "USD"}) == "0.07");
  CHECK(decimal({0, "USD"}) == "0.00");
  CHECK(decimal({-300, "USD"}) == "-3.00");
  CHECK(decimal({500, "JPY"}) == "500");
  CHECK(decimal({5, "KWD"}) == "0.005");
  CHECK(decimal({std::numeric_limits<std::int64_t>::min(), "USD"}) == "-92233720368547758.08");
}

}  // namespace topupd::parser
