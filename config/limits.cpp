// The sections about amounts and counts that must not be passed: [transfer], [guessing], [approval].
#include "config/sections.hpp"
#include "parser/money.hpp"

namespace topupd::config {
namespace {

constexpr std::int64_t most_wrong_pins = 1'000'000'000;

// A limit that is below a narrower one would never be reached. Both are valid amounts.
void judge_order(section& from, std::string_view narrow, const std::string& narrow_text, std::int64_t narrow_minor,
                 std::string_view wide, const std::string& wide_text, std::int64_t wide_minor) {
  if (wide_minor >= narrow_minor) return;
  // Where only one of the two is written, that is the one to change.
  const bool wide_is_written = from.given(wide) || !from.given(narrow);
  const auto said = [](const std::string& one, const char* relation, std::string_view other, const std::string& its) {
    return "is " + one + ", " + relation + " than " + std::string(other) + " (" + its + ')';
  };
  if (wide_is_written)
    from.fault(wide, said(wide_text, "less", narrow, narrow_text));
  else
    from.fault(narrow, said(narrow_text, "more", wide, wide_text));
}

}  // namespace

bool read_amount(section& from, std::string_view key, const std::string& currency, std::string& written,
                 std::int64_t& minor, std::string_view besides) {
  const bool given = from.read(key, written);
  if (const auto amount = parser::money_from(written, currency)) {
    minor = amount->amount_minor;
    return true;
  }
  if (given && parser::minor_digits(currency))
    from.fault(key, "is no amount of " + currency + R"(; write digits with a point in quotes, as "50")" +
                        std::string(besides));
  return false;
}

void read_transfer(section from, const std::string& currency, transfer& into) {
  from.read("enabled", into.enabled);
  const auto limit = [&](std::string_view key, std::string& written, std::int64_t& minor) {
    if (!read_amount(from, key, currency, written, minor)) return false;
    if (minor > 0) return true;
    from.fault(key, "is nothing; write an amount, or enabled = false");
    return false;
  };
  const bool transfer = limit("per_transfer", into.per_transfer, into.per_transfer_minor);
  const bool day = limit("per_day", into.per_day, into.per_day_minor);
  const bool month = limit("per_month", into.per_month, into.per_month_minor);
  if (transfer && day)
    judge_order(from, "per_transfer", into.per_transfer, into.per_transfer_minor, "per_day", into.per_day,
                into.per_day_minor);
  if (day && month)
    judge_order(from, "per_day", into.per_day, into.per_day_minor, "per_month", into.per_month, into.per_month_minor);
  read_amount(from, "remaining", currency, into.remaining, into.remaining_minor, R"(, or "0" for nothing)");
  from.finish();
}

void read_guessing(section from, guessing& into) {
  // DESIGN.md §7, PIN arithmetic: what may be guessed a day and the PIN's length make the odds together. 5 is what one
  // sender may.
  from.read("wrong_pins_per_day", into.wrong_pins_per_day, 5, most_wrong_pins);
  from.read("alarm_factor", into.alarm_factor, 2, 1000);
  from.finish();
}

void read_approval(section from, const std::string& currency, approval& into) {
  constexpr auto* never = R"(, or "0" for never)";
  read_amount(from, "activate_above", currency, into.activate_above, into.activate_above_minor, never);
  read_amount(from, "adjust_above", currency, into.adjust_above, into.adjust_above_minor, never);
  from.finish();
}

}  // namespace topupd::config
