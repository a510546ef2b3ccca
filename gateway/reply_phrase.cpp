#include "gateway/reply_phrase.hpp"

#include <cassert>

namespace topupd::gateway {
namespace {

using store::outcome;

using facts = store::decision;

std::string_view credited_phrase(const facts& value) {
  if (value.target) return "credited_other";
  return value.valid_until ? "credited_valid" : "credited";
}

std::string_view asked_phrase(const facts& value) {
  if (value.reason == "differs") return value.target ? "differs" : "differs_self";
  if (value.target) return "asked";
  if (value.reason == "check") return value.valid_until ? "checked_valid" : "checked";
  return "asked_self";
}

std::string_view balance_phrase(const facts& value) {
  const bool valid = value.valid_until.has_value();
  if (value.earlier_at) return valid ? "balance_valid_last" : "balance_last";
  return valid ? "balance_valid" : "balance";
}

// The reason is the phrase. One of a newer daemon, claimed by this one, gets the help text.
std::string_view reason_phrase(const facts& value) {
  if (value.reason == "card_unused" && value.valid_until) return "card_unused_valid";
  if (value.reason == "receipt_credited" && value.target) return "receipt_credited_other";
  return phrase_arguments().contains(value.reason) ? std::string_view(value.reason) : "help";
}

// Of several cards in one text, taken together.
std::string_view several_phrase(const facts& value) {
  const auto& all = *value.several;
  if (all.outcome == outcome::locked) return "locked";
  if (all.outcome == outcome::asked) return value.target ? "asked_several" : "asked_several_self";
  if (all.outcome != outcome::credited) return "none";
  if (all.added == all.cards) return value.target ? "several_other" : "several";
  return value.target ? "some_other" : "some";
}

}  // namespace

// Exhaustive: a new outcome does not compile without its phrase.
std::string_view phrase_of(const facts& value) {
  if (value.several) return several_phrase(value);
  switch (value.outcome) {
    case outcome::quarantined: return "quarantined";
    case outcome::locked: return "locked";
    case outcome::unclear:
    case outcome::status: return reason_phrase(value);
    case outcome::help: return "help";
    case outcome::balance: return balance_phrase(value);
    case outcome::history: return value.history.empty() ? "history_none" : "history";
    case outcome::language: return "language";
    case outcome::cancelled: return "cancelled";
    case outcome::no_question: return "no_question";
    case outcome::unknown_pin:  // one text for all of these, so that it tells a thief nothing (DESIGN.md §2.8, §7)
    case outcome::not_active:
    case outcome::void_voucher:
    case outcome::expired:
    case outcome::used: return "refused";
    case outcome::other_currency: return "other_currency";
    case outcome::repeated: return "repeated";
    case outcome::asked: return asked_phrase(value);
    case outcome::credited: return credited_phrase(value);
    case outcome::received: return "received";
  }
  assert(false && "an outcome without a phrase");
  return "help";
}

const config::phrase_arguments& phrase_arguments() {
  static const config::phrase_arguments all = [] {
    config::phrase_arguments phrases = {
        {"credited", {"amount", "balance"}},
        {"credited_valid", {"amount", "balance", "valid_until"}},
        {"credited_other", {"amount", "number"}},
        {"received", {"amount", "number", "balance"}},
        {"several", {"cards", "amount", "balance"}},
        {"several_other", {"cards", "amount", "number"}},
        {"some", {"added", "cards", "amount", "balance"}},
        {"some_other", {"added", "cards", "amount", "number"}},
        {"none", {"cards"}},
        {"repeated", {"amount", "at", "earlier", "balance"}},
        {"asked", {"amount", "number", "minutes"}},
        {"asked_self", {"amount", "minutes"}},
        {"asked_several", {"added", "cards", "amount", "number", "minutes"}},
        {"asked_several_self", {"added", "cards", "amount", "minutes"}},
        {"differs", {"amount", "expected", "number", "minutes"}},
        {"differs_self", {"amount", "expected", "minutes"}},
        {"checked", {"amount", "minutes"}},
        {"checked_valid", {"amount", "valid_until", "minutes"}},
        {"cancelled", {}},
        {"no_question", {}},
        {"refused", {}},
        {"wrong_serial", {}},
        {"locked", {"until"}},
        {"balance", {"balance"}},
        {"balance_valid", {"balance", "valid_until"}},
        {"balance_last", {"balance", "amount", "at"}},
        {"balance_valid_last", {"balance", "valid_until", "amount", "at"}},
        {"history", {"items"}},
        {"history_item", {"amount", "day"}},
        {"history_none", {}},
        {"card_unused", {"serial", "amount"}},
        {"card_unused_valid", {"serial", "amount", "valid_until"}},
        {"card_used", {"serial", "amount"}},
        {"card_expired", {"serial", "amount", "valid_until"}},
        {"card_unusable", {"serial"}},
        {"card_unknown", {"serial"}},
        {"receipt_credited", {"earlier", "amount", "at"}},
        {"receipt_credited_other", {"earlier", "amount", "number", "at"}},
        {"receipt_nothing", {"earlier", "at"}},
        {"receipt_unknown", {"earlier"}},
        {"language", {}},
        {"help", {}},
        {"missing_pin", {}},
        {"pin_length", {"got", "lengths"}},
        {"check_digit", {}},
        {"bad_number", {}},
        {"two_targets", {}},
        {"two_pins", {}},
        {"many_pins", {"most"}},
        {"missing_serial", {}},
        {"unknown_language", {"languages"}},
        {"missing_amount", {}},
        {"in_parts", {}},
        {"no_transfer", {}},
        {"other_currency", {"currency"}},
        {"quarantined", {}},
    };
    for (auto& [key, names] : phrases) names.insert(names.end(), {"receipt", "care_number", "service"});
    return phrases;
  }();
  return all;
}

}  // namespace topupd::gateway
