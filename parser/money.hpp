// An amount with its currency. Minor units (cents) in 64 bits; nothing here is ever a floating-point number.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace topupd::parser {

struct money {
  std::int64_t amount_minor = 0;
  std::string currency;  // ISO 4217 code, "USD"
  friend bool operator==(const money&, const money&) = default;
};

// How many digits of this currency are minor units: USD 2, JPY 0, KWD 3 (ISO 4217, by ICU). Nothing: no such currency.
std::optional<int> minor_digits(std::string_view currency);

// "10", "10.5", "10.50" -> 1000 minor units of a currency with two digits. ASCII, point as separator, no sign, no
// grouping: for the command line and the configuration. Nothing when it is not an amount, has too many decimals or
// overflows.
std::optional<money> money_from(std::string_view decimal, std::string_view currency);

// "50.00": the amount alone with the currency's digits; "-3.00" when negative. For logs, CSV and the command line.
std::string decimal(const money& amount);

}  // namespace topupd::parser
