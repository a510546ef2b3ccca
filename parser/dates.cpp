#include "parser/dates.hpp"

#include <unicode/dtptngen.h>
#include <unicode/locid.h>
#include <unicode/simpleformatter.h>
#include <unicode/smpdtfmt.h>
#include <unicode/timezone.h>

#include <cassert>
#include <mutex>
#include <unordered_map>

#include "parser/plain_text.hpp"

namespace topupd::parser {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::size_t most_kept = 4096;  // strings; eleven years of days

// English has its months in letters, since 03/04 is two dates to it; others in digits, because "août" is not in GSM
// 03.38 and makes the text a UCS-2 one. CLDR joins them by '/' or '.', which keep a date in one piece in an Arabic line
// too (UAX #9, W4: CS between two numbers), while '-' would show it in reverse order; only Chinese has '-', as its
// operators write it.
struct style {
  std::string locale;
  const char16_t* day;
  const char16_t* day_of_this_year;
  bool skeletons = true;  // else patterns
};
style style_of(const std::string& language) {
  if (language == "en") return {"en-GB", u"yMMMd", u"MMMd"};
  if (language == "zh" || language.starts_with("zh-")) return {language, u"y-MM-dd", u"MM-dd", false};
  return {cldr_locale(language), u"yMMdd", u"MMdd"};
}

struct formatter {
  std::unique_ptr<icu::SimpleDateFormat> icu;
  std::unordered_map<std::int64_t, std::string> kept;

  const std::string& format(std::int64_t key, sys_seconds at) {
    if (kept.size() >= most_kept) kept.clear();
    const auto [entry, is_new] = kept.try_emplace(key);
    if (is_new) {
      icu::UnicodeString text;
      icu->format(static_cast<UDate>(at.time_since_epoch().count()) * 1000, text);
      entry->second = to_plain_utf8(text);
    }
    return entry->second;
  }
};

}  // namespace

std::string cldr_locale(const std::string& language) {
  return language == "es" ? "es-419" : language;
}

struct dates::tables {
  std::unique_ptr<icu::TimeZone> zone;
  icu::SimpleFormatter glue;  // "{1} at {0}"
  std::mutex one_at_a_time;   // ICU's formatters change while they format
  formatter day;
  formatter day_of_this_year;
  formatter clock;

  // Local time as if it were UTC: what calendar arithmetic is done in.
  [[nodiscard]] sys_seconds local(sys_seconds at) const {
    int32_t raw = 0;
    int32_t daylight = 0;
    UErrorCode status = U_ZERO_ERROR;
    zone->getOffset(static_cast<UDate>(at.time_since_epoch().count()) * 1000, false, raw, daylight, status);
    return at + seconds((raw + daylight) / 1000);
  }
};

dates::dates(const std::string& language, std::string_view time_zone) : tables_(std::make_unique<tables>()) {
  UErrorCode status = U_ZERO_ERROR;
  const auto style = style_of(language);
  auto locale = icu::Locale::forLanguageTag(style.locale, status);
  locale.setUnicodeKeywordValue("nu", "latn", status);  // the digits of the card, the receipt and the PIN
  const auto id = icu::UnicodeString::fromUTF8({time_zone.data(), static_cast<int32_t>(time_zone.size())});
  tables_->zone.reset(icu::TimeZone::createTimeZone(id));
  const std::unique_ptr<icu::DateTimePatternGenerator> patterns(
      icu::DateTimePatternGenerator::createInstance(locale, status));
  assert(U_SUCCESS(status));
  const auto make = [&](const icu::UnicodeString& pattern) {
    auto format = std::make_unique<icu::SimpleDateFormat>(pattern, locale, status);
    format->setTimeZone(*tables_->zone);
    return formatter{std::move(format), {}};
  };
  const auto best = [&](const char16_t* skeleton) { return patterns->getBestPattern(skeleton, status); };
  tables_->day = make(style.skeletons ? best(style.day) : style.day);
  tables_->day_of_this_year = make(style.skeletons ? best(style.day_of_this_year) : style.day_of_this_year);
  tables_->clock = make(best(u"Hm"));

  // CLDR writes the joint as a date pattern, "{1} 'at' {0}": its quotes go.
  auto joint = patterns->getDateTimeFormat(UDAT_LONG, status);
  joint.findAndReplace(u"'", u"");
  tables_->glue.applyPatternMinMaxArguments(joint, 2, 2, status);
  assert(U_SUCCESS(status));
}

dates::~dates() = default;
dates::dates(dates&&) noexcept = default;
dates& dates::operator=(dates&&) noexcept = default;

std::string dates::day(sys_seconds at) const {
  const auto key = floor<days>(tables_->local(at)).time_since_epoch().count();
  const std::lock_guard lock(tables_->one_at_a_time);
  return tables_->day.format(key, at);
}

std::string dates::moment(sys_seconds at, sys_seconds now) const {
  const auto local = tables_->local(at);
  const auto date = floor<days>(local);
  const auto today = floor<days>(tables_->local(now));
  const auto minute = floor<minutes>(local - date).count();
  const std::lock_guard lock(tables_->one_at_a_time);
  const auto& clock = tables_->clock.format(minute, at);
  if (date == today) return clock;

  using std::chrono::year_month_day;
  const bool this_year = year_month_day(date).year() == year_month_day(today).year();
  auto& formatter = this_year ? tables_->day_of_this_year : tables_->day;
  const auto& day = formatter.format(date.time_since_epoch().count(), at);
  icu::UnicodeString text;
  UErrorCode status = U_ZERO_ERROR;
  tables_->glue.format(icu::UnicodeString::fromUTF8(clock), icu::UnicodeString::fromUTF8(day), text, status);
  return to_plain_utf8(text);
}

}  // namespace topupd::parser
