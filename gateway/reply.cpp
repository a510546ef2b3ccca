#include "gateway/reply.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>

namespace topupd::gateway {
namespace {

using facts = store::decision;
using store::outcome;

// "07012***67": the receiver recognises who gave it, and nobody else learns the number.
std::string masked(const std::string& number) {
  constexpr std::size_t head = 5, tail = 2;
  if (number.size() < head + tail + 1) return "***" + number.substr(number.size() - std::min(tail, number.size()));
  return number.substr(0, head) + "***" + number.substr(number.size() - tail);
}

// The facts of the outcome that a reading has when all goes well; nothing when it is not answered.
struct expected_facts {
  const offered& by;
  const parser::money& most;  // in one transfer
  const parser::msisdn& sender;

  facts operator()(const parser::redeem& asked) const {
    facts value;
    value.outcome = asked.ask ? outcome::asked : outcome::credited;
    value.target = asked.target;
    value.valid_until.emplace();
    if (asked.check) value.reason = "check";
    const auto cards = static_cast<int>(asked.pins.size());
    if (cards > 1)
      value.several = {.cards = cards, .added = cards, .outcome = value.outcome, .total = {}, .balance = {}};
    return value;
  }
  facts operator()(const parser::unclear& asked) const {
    facts value = unclear(told(asked.reason, by));
    value.got = asked.got;
    return value;
  }
  facts operator()(const parser::status& asked) const {
    facts value = of(outcome::status);
    value.reason = asked.serial ? "card_unused" : "receipt_credited";
    value.serial = asked.serial;
    return value;
  }
  facts operator()(const parser::transfer& asked) const {
    if (!by.transfers) return unclear(parser::unclear_reason::no_transfer);
    const auto amount = parser::money_from(asked.amount, by.currency);
    const char* refusal = asked.to == sender                         ? "to_oneself"
                          : !amount || amount->amount_minor == 0     ? "no_amount"
                          : amount->amount_minor > most.amount_minor ? "above_transfer"
                                                                     : nullptr;
    facts value = of(refusal ? outcome::not_transferred : outcome::asked);
    value.reason = refusal ? refusal : "transfer";
    value.target = asked.to;
    if (amount) value.amount = value.reason == "above_transfer" ? most : *amount;
    return value;
  }
  facts operator()(parser::undo) const {
    return by.undo ? of(outcome::undone) : unclear(parser::unclear_reason::no_undo);
  }
  facts operator()(parser::history) const {
    facts value = of(outcome::history);
    value.history.emplace_back();
    return value;
  }
  facts operator()(parser::balance) const { return of(outcome::balance); }
  facts operator()(parser::help) const { return of(outcome::help); }
  facts operator()(const parser::set_language&) const { return of(outcome::language); }
  facts operator()(parser::confirm) const { return of(outcome::credited); }
  facts operator()(parser::cancel) const { return of(outcome::cancelled); }
  facts operator()(parser::ignore) const { return {}; }
  static facts of(outcome what) {
    facts value;
    value.outcome = what;
    return value;
  }
  static facts unclear(parser::unclear_reason why) {
    facts value = of(outcome::unclear);
    value.reason = parser::name(why);
    return value;
  }
};

}  // namespace

replies::replies(const config::settings& settings)
    : default_language_(settings.service.language),
      offered_(offered::by(settings)),
      most_{settings.transfer.per_transfer_minor, settings.service.currency},
      plan_(settings.reading.numbers) {
  std::vector<parser::phrases::problem> problems;
  std::string codes;
  for (const auto& language : settings.languages) {
    if (language.texts.empty()) continue;  // adds words only
    const auto& code = language.words.code;
    languages_.emplace(code,
                       parser::phrases(code, settings.service.time_zone, language.texts, phrase_arguments(), problems));
    codes += (codes.empty() ? "" : ", ") + code;
  }
  assert(problems.empty() && languages_.contains(default_language_));
  list_choices(settings);
  always_ = {
      {"care_number", settings.service.care_number},
      {"service", settings.service.name},
  };
  of_unclear_ = {
      {"lengths", fmt::format("{}", fmt::join(settings.reading.pins.lengths, "/"))},
      {"languages", codes},
      {"most", static_cast<long long>(parser::most_pins)},
  };
}

void replies::list_choices(const config::settings& settings) {
  const auto add = [this](const parser::language& one) {
    choices_.push_back(one.code);
    const auto line = fmt::format("{}{} ", choices_.size() == 1 ? "" : "\n", choices_.size());
    choices_by_name_ += line + (one.names.empty() ? one.code : one.names.front());
    choices_by_code_ += line + one.code;
  };
  for (const bool default_one : {true, false})
    for (const auto& each : settings.languages)
      if (!each.texts.empty() && (each.words.code == default_language_) == default_one) add(each.words);
}

std::string replies::menu(ussd_display which, std::string_view language, const config::smsc& at) const {
  const auto with = [&](const std::string& choices) {
    auto given = always_;
    given.emplace_back("receipt", std::string());
    given.emplace_back("choices", choices);
    return phrases_of(language).format(phrase_of(which), given);
  };
  auto text = with(choices_by_name_);
  return fits_ussd(text, at) ? text : with(choices_by_code_);
}

const parser::phrases& replies::phrases_of(std::string_view language) const {
  const auto found = languages_.find(language);
  return found == languages_.end() ? languages_.at(default_language_) : found->second;
}

std::string replies::history_of(const store::decision& value, const parser::phrases& phrases) const {
  std::string items;
  for (const auto& each : value.history) {
    auto given = always_;
    given.emplace_back("receipt", to_string(each.receipt));
    given.emplace_back("amount", each.amount);
    given.emplace_back("day", parser::day{each.at});
    items += (items.empty() ? "" : ", ") + phrases.format("history_item", given);
  }
  return items;
}

std::string replies::render(const store::decision& value) const {
  const auto& phrases = phrases_of(value.language);
  // What one did has one receipt for both.
  const bool of_another = (value.outcome == outcome::received || value.outcome == outcome::taken_back) && value.earlier;
  parser::arguments given;
  given.reserve(always_.size() + of_unclear_.size() + 16);
  given = always_;
  if (value.outcome == outcome::unclear) given.insert(given.end(), of_unclear_.begin(), of_unclear_.end());
  const auto give = [&given](const char* name, parser::argument what) { given.emplace_back(name, std::move(what)); };
  give("receipt", to_string(of_another ? *value.earlier : value.receipt));
  give("amount", value.several ? value.several->total : value.amount);
  give("balance", value.several ? value.several->balance : value.balance);
  give("currency", value.balance.currency);
  give("got", static_cast<long long>(value.got));
  if (value.several) {
    give("cards", static_cast<long long>(value.several->cards));
    give("added", static_cast<long long>(value.several->added));
  }
  if (value.giver) give("number", masked(parser::as_dialled(*value.giver, plan_)));
  if (value.target) give("number", parser::as_dialled(*value.target, plan_));
  if (value.serial) give("serial", std::to_string(*value.serial));
  if (value.expected_minor) give("expected", parser::money{*value.expected_minor, offered_.currency});
  if (value.valid_until) give("valid_until", parser::day{*value.valid_until});
  if (!value.bonus.currency.empty()) give("bonus", value.bonus);
  if (value.bonus_until) give("bonus_until", parser::day{*value.bonus_until});
  if (value.earlier) give("earlier", to_string(*value.earlier));
  if (value.earlier_at) give("at", parser::moment{.at = *value.earlier_at, .now = value.decided_at});
  if (value.until) {
    give("until", parser::moment{.at = *value.until, .now = value.decided_at});
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(*value.until - value.decided_at);
    give("minutes", static_cast<long long>(minutes.count()));
  }
  if (!value.history.empty()) give("items", history_of(value, phrases));
  return phrases.format(phrase_of(value), given);
}

std::optional<std::string> replies::preview(const parser::reading& value, const parser::msisdn& sender) const {
  if (std::holds_alternative<parser::ignore>(value.request)) return std::nullopt;
  const auto value_facts = std::visit(expected_facts{offered_, most_, sender}, value.request);
  const auto* chosen = std::get_if<parser::set_language>(&value.request);
  const auto& phrases = phrases_of(chosen ? chosen->to : value.language);
  auto given = always_;
  given.insert(given.end(), of_unclear_.begin(), of_unclear_.end());
  const auto give = [&given](const char* name, parser::argument what) { given.emplace_back(name, std::move(what)); };
  give("got", static_cast<long long>(value_facts.got));
  give("minutes", 10LL);
  if (value_facts.several) {
    give("cards", static_cast<long long>(value_facts.several->cards));
    give("added", static_cast<long long>(value_facts.several->added));
  }
  if (!value_facts.amount.currency.empty()) give("amount", value_facts.amount);
  if (value_facts.target) give("number", parser::as_dialled(*value_facts.target, plan_));
  if (value_facts.serial) give("serial", std::to_string(*value_facts.serial));
  if (const auto* of = std::get_if<parser::status>(&value.request)) give("earlier", of->receipt);
  if (!value_facts.history.empty()) give("items", "<receipt> <amount> <day>, …");
  const auto phrase = phrase_of(value_facts);
  for (const auto& name : phrase_arguments().find(std::string(phrase))->second) {
    const auto is_given = [&name](const auto& one) { return one.first == name; };
    if (std::none_of(given.begin(), given.end(), is_given)) give(name.c_str(), "<" + name + ">");
  }
  return phrases.format(phrase, given);
}

}  // namespace topupd::gateway
