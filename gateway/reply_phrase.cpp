#include "gateway/reply_phrase.hpp"

#include <cassert>

#include "gateway/reply_path.hpp"

namespace topupd::gateway {
namespace {

using store::outcome;

using facts = store::decision;

std::string_view credited_phrase(const facts& value) {
  if (value.target) return "credited_other";
  if (value.bonus.amount_minor > 0) return value.bonus_until ? "credited_bonus_valid" : "credited_bonus";
  return value.valid_until ? "credited_valid" : "credited";
}

// On a phone that shows a dialogue digits are the answer. CHECK and several cards are asked about as by text: their
// questions understand 1 and 2 as well.
std::string_view ussd_asked_phrase(const facts& value) {
  if (value.reason == "transfer") return "ussd_transfer";
  if (!value.reason.empty()) return {};
  return value.target ? "ussd_asked_other" : "ussd_asked";
}

std::string_view asked_phrase(const facts& value) {
  const bool in_dialogue = reply_path_from(value.source).ussd.has_value();
  if (const auto phrase = ussd_asked_phrase(value); in_dialogue && !phrase.empty()) return phrase;
  if (value.reason == "transfer") return "transfer_asked";
  if (value.reason == "differs") return value.target ? "differs" : "differs_self";
  if (value.target) return "asked";
  if (value.reason == "check") return value.valid_until ? "checked_valid" : "checked";
  return "asked_self";
}

std::string_view balance_phrase(const facts& value) {
  const bool valid = value.valid_until.has_value();
  if (value.bonus.amount_minor > 0) return valid ? "balance_valid_bonus" : "balance_bonus";
  if (value.earlier_at) return valid ? "balance_valid_last" : "balance_last";
  return valid ? "balance_valid" : "balance";
}

// The reason is the phrase. One of a newer daemon, claimed by this one, gets the help text.
std::string_view reason_phrase(const facts& value) {
  if (value.reason == "card_unused" && value.valid_until) return "card_unused_valid";
  if (value.reason == "receipt_credited" && value.target) return "receipt_credited_other";
  return phrase_arguments().contains(value.reason) ? std::string_view(value.reason) : "help";
}

// Reasons that are told in other words, because a phrase of their name says something else.
std::string_view not_transferred_phrase(const facts& value) {
  if (value.reason == "held_account") return "transfer_held";
  if (value.reason == "other_currency") return "transfer_currency";
  return reason_phrase(value);
}
std::string_view not_undone_phrase(const facts& value) {
  return value.reason == "spent" ? "undo_spent" : reason_phrase(value);
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
    case outcome::cancelled: return value.reason == "transfer" ? "transfer_cancelled" : "cancelled";
    case outcome::no_question: return "no_question";
    case outcome::not_transferred: return not_transferred_phrase(value);
    case outcome::not_undone: return not_undone_phrase(value);
    case outcome::unknown_pin:  // one text for all of these, so that it tells a thief nothing (DESIGN.md §2.8, §7)
    case outcome::not_active:
    case outcome::void_voucher:
    case outcome::expired:
    case outcome::used: return "refused";
    case outcome::other_currency: return "other_currency";
    case outcome::held_account: return "held_account";
    case outcome::repeated: return "repeated";
    case outcome::asked: return asked_phrase(value);
    case outcome::transferred: return "transferred";
    case outcome::undone: return "undone";
    case outcome::credited: return credited_phrase(value);
    case outcome::received: return "received";
    case outcome::taken_back: return "taken_back";
  }
  assert(false && "an outcome without a phrase");
  return "help";
}

std::string_view phrase_of(ussd_display menu) {
  switch (menu) {
    case ussd_display::main: return "ussd_menu";
    case ussd_display::pin: return "ussd_pin";
    case ussd_display::languages: return "ussd_languages";
    case ussd_display::blank:
    case ussd_display::question: break;
  }
  assert(false && "no menu");
  return "ussd_menu";
}

const config::phrase_arguments& phrase_arguments() {
  static const config::phrase_arguments all = [] {
    config::phrase_arguments phrases = {
        {"credited", {"amount", "balance"}},
        {"credited_valid", {"amount", "balance", "valid_until"}},
        {"credited_bonus", {"amount", "bonus", "balance"}},
        {"credited_bonus_valid", {"amount", "bonus", "bonus_until", "balance"}},
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
        {"balance_bonus", {"balance", "bonus"}},
        {"balance_valid_bonus", {"balance", "valid_until", "bonus"}},
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
        {"transfer_asked", {"amount", "number", "minutes"}},
        {"transfer_cancelled", {}},
        {"transferred", {"amount", "number", "balance"}},
        {"to_oneself", {}},
        {"no_amount", {}},
        {"above_transfer", {"amount"}},
        {"above_day", {"amount"}},
        {"above_month", {"amount"}},
        {"not_enough", {"amount", "balance"}},
        {"account_expired", {}},
        {"transfer_held", {}},
        {"transfer_currency", {}},
        {"no_transfer", {}},
        {"undone", {"amount", "number", "balance"}},
        {"taken_back", {"amount", "number", "balance"}},
        {"nothing_to_undo", {}},
        {"undone_before", {}},
        {"undo_spent", {}},
        {"undo_alone", {}},
        {"no_undo", {}},
        {"in_parts", {}},
        {"other_currency", {"currency"}},
        {"held_account", {}},
        {"quarantined", {}},
        {"ussd_menu", {}},
        {"ussd_pin", {}},
        {"ussd_languages", {"choices"}},
        {"ussd_asked", {"amount"}},
        {"ussd_asked_other", {"amount", "number"}},
        {"ussd_transfer", {"amount", "number"}},
    };
    for (auto& [key, names] : phrases) names.insert(names.end(), {"receipt", "care_number", "service"});
    return phrases;
  }();
  return all;
}

}  // namespace topupd::gateway
