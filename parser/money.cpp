#include "parser/money.hpp"

#include <unicode/ucurr.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

namespace topupd::parser {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<int> ask_icu(std::string_view currency) {
  if (currency.size() != 3) return std::nullopt;
  std::array<UChar, 4> code{};
  for (std::size_t i = 0; i < 3; ++i) {
    if (currency[i] < 'A' || currency[i] > 'Z') return std::nullopt;
    code[i] = static_cast<UChar>(currency[i]);
  }
  UErrorCode status = U_ZERO_ERROR;
  constexpr UDate any_time = std::numeric_limits<UDate>::max();
  if (!ucurr_isAvailable(code.data(), -any_time, any_time, &status) || U_FAILURE(status)) return std::nullopt;
  const int digits = ucurr_getDefaultFractionDigits(code.data(), &status);
  if (U_FAILURE(status)) return std::nullopt;
  return digits;
}

}  // namespace

std::optional<int> minor_digits(std::string_view currency) {
  // A service knows one or two currencies and formats thousands of amounts a second; ICU searches its bundles each
  // time.
  struct memo {
    std::string currency;
    std::optional<int> digits;
  };
  thread_local memo last;
  if (last.currency != currency) last = {std::string(currency), ask_icu(currency)};
  return last.digits;
}

std::optional<money> money_from(std::string_view decimal, std::string_view currency) {
  const auto digits = minor_digits(currency);
  if (!digits) return std::nullopt;
  const auto point = std::min(decimal.find('.'), decimal.size());
  const auto whole = decimal.substr(0, point);
  const auto fraction = point < decimal.size() ? decimal.substr(point + 1) : std::string_view{};
  if (whole.empty() || (point < decimal.size() && fraction.empty())) return std::nullopt;
  if (fraction.size() > static_cast<std::size_t>(*digits)) return std::nullopt;

  std::string minor(whole);
  minor += fraction;
  if (!std::all_of(minor.begin(), minor.end(), is_digit)) return std::nullopt;
  minor.append(static_cast<std::size_t>(*digits) - fraction.size(), '0');
  std::int64_t amount = 0;
  for (char c : minor)
    if (__builtin_mul_overflow(amount, 10, &amount) || __builtin_add_overflow(amount, c - '0', &amount))
      return std::nullopt;
  return money{amount, std::string(currency)};
}

std::string decimal(const money& amount) {
  const auto places = static_cast<std::size_t>(minor_digits(amount.currency).value_or(2));
  const bool negative = amount.amount_minor < 0;
  // Negated as unsigned, since the smallest value has no positive counterpart.
  const auto bits = static_cast<std::uint64_t>(amount.amount_minor);
  std::string text = std::to_string(negative ? 0 - bits : bits);
  if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
  if (places > 0) text.insert(text.size() - places, 1, '.');
  if (negative) text.insert(0, 1, '-');
  return text;
}

}  // namespace topupd::parser
