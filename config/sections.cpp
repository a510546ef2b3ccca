#include "config/sections.hpp"

#include <algorithm>
#include <utility>

#include "config/units.hpp"
#include "parser/money.hpp"
#include "parser/phrase.hpp"

namespace topupd::config {
namespace {

using namespace std::chrono_literals;

template <typename Value>
bool stands_before(const std::vector<Value>& values, std::size_t index) {
  const auto here = values.begin() + static_cast<std::ptrdiff_t>(index);
  return std::find(values.begin(), here, *here) != here;
}

// Digits, `least` to `most` of them. A wrong value is not taken over.
void read_digits(section& from, std::string_view key, std::string& into, std::size_t least, std::size_t most) {
  std::string text;
  if (!from.read(key, text)) return;
  if ((!text.empty() && !is_digits(text)) || text.size() < least || text.size() > most)
    return from.fault(key, "must be " + std::to_string(least) + " to " + std::to_string(most) + " digits in quotes");
  into = std::move(text);
}

// The same for each element of an array, none of them twice. True when the array was read.
bool read_digits(section& from, std::string_view key, std::vector<std::string>& into, std::size_t most) {
  std::vector<std::string> texts;
  if (!from.read(key, texts)) return false;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!is_digits(texts[i]) || texts[i].size() > most)
      from.fault(key, i, "must be 1 to " + std::to_string(most) + " digits");
    else if (stands_before(texts, i))
      from.fault(key, i, texts[i] + " stands here twice");
  }
  into = std::move(texts);
  return true;
}

void read_lengths(section& from, std::string_view key, std::vector<int>& into, int least, int most) {
  std::vector<int> lengths;
  if (!from.read(key, lengths, least, most)) return;
  if (lengths.empty())
    return from.fault(
        key, "is empty; give at least one number from " + std::to_string(least) + " to " + std::to_string(most));
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (stands_before(lengths, i)) from.fault(key, i, std::to_string(lengths[i]) + " stands here twice");
  }
  into = std::move(lengths);
}

}  // namespace

void read_service(section from, service& into) {
  from.require("short_codes", R"(write the numbers that texts are sent to, as short_codes = ["12345"])");
  // SMPP 3.4 §5.2.8: an address has at most 20 digits.
  if (read_digits(from, "short_codes", into.short_codes, 20) && into.short_codes.empty())
    from.fault("short_codes", "needs at least one number");

  from.require("name", R"(write what subscribers call you, as name = "Example Mobile")");
  if (from.read("name", into.name) && (into.name.empty() || into.name.size() > 40 || has_control_characters(into.name)))
    from.fault("name", "must be 1 to 40 printable characters");

  from.require("care_number", R"(write the number that replies tell people to call, as care_number = "100")");
  if (from.read("care_number", into.care_number) &&
      (into.care_number.empty() || into.care_number.size() > 20 ||
       into.care_number.find_first_not_of("+*#0123456789") != std::string::npos))
    from.fault("care_number", "must be 1 to 20 of the characters + * # 0-9");

  if (from.read("currency", into.currency) &&
      (into.currency.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos ||
       !parser::minor_digits(into.currency)))
    from.fault("currency", R"(is no currency; write its ISO 4217 code, as "USD")");
  if (from.read("time_zone", into.time_zone) && !parser::time_zone_is_known(into.time_zone))
    from.fault("time_zone", R"(is not known; write its IANA name, as "America/New_York" or "UTC")");
  if (from.read("language", into.language) && !parser::language_is_known(into.language))
    from.fault("language", R"(is not known; write its BCP 47 code, as "en")");
  from.read("answers_per_hour", into.answers_per_hour, 0, 1000);
  from.read("undo_within", into.undo_within, 0s, 24h);
  from.finish();
}

void read_numbering(section from, parser::numbering_plan& into) {
  read_digits(from, "country_code", into.country_code, 1, 3);  // ITU-T E.164 §6.2.1
  if (into.country_code.front() == '0') from.fault("country_code", "begins with 0, which no country code does");
  read_digits(from, "national_prefix", into.national_prefix, 0, 4);
  read_digits(from, "international_prefix", into.international_prefix, 0, 6);
  const int most = 15 - static_cast<int>(into.country_code.size());  // ITU-T E.164 §6: 15 digits with the country code
  read_lengths(from, "national_lengths", into.national_lengths, 4, most);
  if (read_digits(from, "targets", into.targets, 15) && into.targets.empty())
    from.fault("targets", "needs at least one prefix, or nobody could be credited");
  from.finish();
}

void read_pin_rules(section& from, parser::pin_rules& into) {
  // DESIGN.md §7, PIN arithmetic: below 12 digits guessing pays, whatever else is done.
  read_lengths(from, "lengths", into.lengths, 12, 20);
  std::string kind;
  if (from.choose("check_digit", kind, {"damm", "luhn", "none"})) into.check = parser::check_digit_from(kind).value();
}

void read_reading(section from, const std::string& currency, settings& into, std::string& languages) {
  read_digits(from, "service_codes", into.reading.service_codes, 6);
  read_digits(from, "numeric_keywords", into.reading.numeric_keywords, 6);
  std::string form;
  if (from.read("serial", form)) {
    const auto wildcards = std::count(form.begin(), form.end(), '#');
    if (form.empty())
      into.reading.serial_form.clear();
    else if (form.size() > 18 || wildcards < 4 || form.find_first_not_of("#0123456789") != std::string::npos ||
             form.front() < '1' || form.front() > '9')
      from.fault("serial",
                 R"(must be up to 18 digits, the first 1 to 9, with # for those that differ, as "1000########")");
    else
      into.reading.serial_form = form;
  }
  from.read("ask_for_others", into.reading.ask_for_others);
  read_amount(from, "ask_above", currency, into.ask_above, into.ask_above_minor, R"(, or "0" for never)");
  from.read("parts_within", into.parts_within, 1s, 1h);
  from.read("languages", languages);
  from.finish();
}

void read_store(section& from, store& into) {
  from.read("url", into.url);
  const bool is_url = into.url.rfind("postgresql://", 0) == 0 || into.url.rfind("postgres://", 0) == 0;
  if (!is_url && into.url.find('=') == std::string::npos)
    from.fault("url", R"(is no libpq URL; write one as "postgresql:///topup" or "postgresql://host:5432/topup")");
  from.read("batch_max", into.batch_max, 1, 4096);
  from.read("queue_max", into.queue_max, 1, 1'000'000);
  from.read("replies_max", into.replies_max, 64, 1'000'000);
  if (into.queue_max < into.batch_max)
    from.fault("queue_max",
               "is less than batch_max (" + std::to_string(into.batch_max) + "); a batch would never be full");
  from.read("lease", into.lease, 1s, 10min);
}

void read_log(section from, log& into) {
  from.choose("level", into.level, {"trace", "debug", "info", "warning", "error"});
  from.choose("format", into.format, {"text", "json"});
  from.finish();
}

void read_http(section from, http& into) {
  if (from.read("listen", into.listen) && !into.listen.empty() && !endpoint_from(into.listen))
    from.fault("listen",
               R"(is no address and port; write them as "127.0.0.1:9095" or "[::1]:9095", or "" for no server)");
  from.finish();
}

}  // namespace topupd::config
