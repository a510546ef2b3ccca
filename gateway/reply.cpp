#include "gateway/reply.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cassert>

namespace topupd::gateway {
namespace {

using store::outcome;

// Which phrase says what became of the text. Exhaustive: a new outcome does not compile without its phrase.
std::string_view phrase_of(const store::decision& value) {
  const bool valid = value.valid_until.has_value();
  switch (value.outcome) {
    case outcome::quarantined: return "quarantined";
    case outcome::locked: return "locked";
    case outcome::unclear:  // the reason is the phrase; one of a newer daemon, claimed by this one, gets the help text
      return phrase_arguments().contains(value.reason) ? std::string_view(value.reason) : "help";
    case outcome::help: return "help";
    case outcome::balance:
      if (value.earlier_at) return valid ? "balance_valid_last" : "balance_last";
      return valid ? "balance_valid" : "balance";
    case outcome::cancelled: return "cancelled";
    case outcome::no_question: return "no_question";
    case outcome::unknown_pin:  // one text for all of these, so that it tells a thief nothing (DESIGN.md §2.8, §7)
    case outcome::not_active:
    case outcome::void_voucher:
    case outcome::expired:
    case outcome::used: return "refused";
    case outcome::other_currency: return "other_currency";
    case outcome::repeated: return "repeated";
    case outcome::asked: return value.target ? "asked" : "asked_self";
    case outcome::credited:
      if (value.target) return "credited_other";
      return valid ? "credited_valid" : "credited";
  }
  assert(false && "an outcome without a phrase");
  return "help";
}

}  // namespace

const config::phrase_arguments& phrase_arguments() {
  static const config::phrase_arguments all = [] {
    config::phrase_arguments phrases = {
        {"credited", {"amount", "balance"}},
        {"credited_valid", {"amount", "balance", "valid_until"}},
        {"credited_other", {"amount", "number"}},
        {"repeated", {"amount", "at", "earlier", "balance"}},
        {"asked", {"amount", "number", "minutes"}},
        {"asked_self", {"amount", "minutes"}},
        {"cancelled", {}},
        {"no_question", {}},
        {"refused", {}},
        {"locked", {"until"}},
        {"balance", {"balance"}},
        {"balance_valid", {"balance", "valid_until"}},
        {"balance_last", {"balance", "amount", "at"}},
        {"balance_valid_last", {"balance", "valid_until", "amount", "at"}},
        {"help", {}},
        {"missing_pin", {}},
        {"pin_length", {"got", "lengths"}},
        {"check_digit", {}},
        {"bad_number", {}},
        {"two_targets", {}},
        {"two_pins", {}},
        {"in_parts", {}},
        {"other_currency", {"currency"}},
        {"quarantined", {}},
    };
    for (auto& [key, names] : phrases) names.insert(names.end(), {"receipt", "care_number", "service"});
    return phrases;
  }();
  return all;
}

replies::replies(const config::settings& settings)
    : default_language_(settings.service.language),
      care_number_(settings.service.care_number),
      service_name_(settings.service.name),
      pin_lengths_(fmt::format("{}", fmt::join(settings.reading.pins.lengths, "/"))),
      plan_(settings.reading.numbers) {
  std::vector<parser::phrases::problem> problems;
  for (const auto& language : settings.languages) {
    languages_.emplace(language.words.code, parser::phrases(language.words.code, settings.service.time_zone,
                                                            language.texts, phrase_arguments(), problems));
  }
  assert(problems.empty() && languages_.contains(default_language_));
}

std::string replies::render(const store::decision& value) const {
  parser::arguments given = {
      {"receipt", to_string(value.receipt)},
      {"care_number", care_number_},
      {"service", service_name_},
      {"amount", value.amount},
      {"balance", value.balance},
      {"currency", value.balance.currency},
      {"got", static_cast<long long>(value.got)},
      {"lengths", pin_lengths_},
  };
  if (value.target) given.emplace_back("number", parser::as_dialled(*value.target, plan_));
  if (value.valid_until) given.emplace_back("valid_until", parser::day{*value.valid_until});
  if (value.earlier) given.emplace_back("earlier", to_string(*value.earlier));
  if (value.earlier_at) given.emplace_back("at", parser::moment{.at = *value.earlier_at, .now = value.decided_at});
  if (value.until) {
    given.emplace_back("until", parser::moment{.at = *value.until, .now = value.decided_at});
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(*value.until - value.decided_at);
    given.emplace_back("minutes", static_cast<long long>(minutes.count()));
  }
  auto language = languages_.find(value.language);
  if (language == languages_.end()) language = languages_.find(default_language_);
  return language->second.format(phrase_of(value), given);
}

}  // namespace topupd::gateway
