#include "gateway/request.hpp"

namespace topupd::gateway {
namespace {

constexpr std::uint8_t ton_international = 1;  // SMPP 3.4 §5.2.5
constexpr std::uint8_t ton_alphanumeric = 5;

struct to_store {
  store::text& text;
  const store::keyring& keys;
  const offered& by;

  bool operator()(const parser::redeem& asked) const {
    text.action = store::action::redeem;
    for (const auto& pin : asked.pins) {
      text.vouchers.push_back(keys.digest(pin));
      text.prefixes.push_back(keys.prefix(pin));
      const auto older = keys.older(pin);
      text.older.insert(text.older.end(), older.begin(), older.end());
    }
    text.target = asked.target;
    text.serial = asked.serial;
    text.ask = asked.ask;
    if (asked.check) text.reason = "check";
    if (asked.amount.empty()) return true;
    // "50.125" is no amount of dollars: the true one is told and asked about.
    if (const auto expected = parser::money_from(asked.amount, by.currency)) {
      text.expected_minor = expected->amount_minor;
    } else {
      text.ask = true;
    }
    return true;
  }
  bool operator()(const parser::unclear& asked) const {
    text.got = asked.got;
    return unclear(told(asked.reason, by));
  }
  bool operator()(const parser::status& asked) const {
    text.action = store::action::status;
    text.serial = asked.serial;
    if (asked.serial) return true;
    text.about = store::receipt_from(asked.receipt);
    return text.about ? true : unclear(parser::unclear_reason::missing_serial);
  }
  bool operator()(const parser::set_language& asked) const {
    text.language = asked.to;
    return is(store::action::language);
  }
  bool operator()(const parser::help& asked) const {
    if (asked.empty) text.reason = "empty";
    return is(store::action::help);
  }
  bool operator()(const parser::transfer& asked) const {
    if (!by.transfers) return unclear(parser::unclear_reason::no_transfer);
    text.target = asked.to;  // the sender's own number too: the store says what is wrong with it
    if (const auto amount = parser::money_from(asked.amount, by.currency)) text.expected_minor = amount->amount_minor;
    return is(store::action::transfer);
  }
  bool operator()(parser::undo) const {
    return by.undo ? is(store::action::undo) : unclear(parser::unclear_reason::no_undo);
  }
  bool operator()(parser::balance) const { return is(store::action::balance); }
  bool operator()(parser::history) const { return is(store::action::history); }
  bool operator()(parser::confirm) const { return is(store::action::confirm); }
  bool operator()(parser::cancel) const { return is(store::action::cancel); }
  bool operator()(parser::ignore) const { return false; }

 private:
  [[nodiscard]] bool is(store::action action) const {
    text.action = action;
    return true;
  }
  [[nodiscard]] bool unclear(parser::unclear_reason reason) const {
    text.reason = parser::name(reason);
    return is(store::action::unclear);
  }
};

// SMPP 3.4 §5.2.28; ENROUTE and ACCEPTED are not final.
std::optional<store::delivery_state> final_state(smpp::message_state state) {
  switch (state) {
    case smpp::message_state::delivered: return store::delivery_state::delivered;
    case smpp::message_state::expired: return store::delivery_state::expired;
    case smpp::message_state::deleted: return store::delivery_state::deleted;
    case smpp::message_state::undeliverable: return store::delivery_state::undeliverable;
    case smpp::message_state::unknown: return store::delivery_state::unknown;
    case smpp::message_state::rejected: return store::delivery_state::rejected;
    case smpp::message_state::enroute:
    case smpp::message_state::accepted: break;
  }
  return std::nullopt;
}

// As the outbox has named the reply when it was sent. Empty: by nothing.
std::string key_of(const smpp::delivery_receipt& receipt, std::string_view subscriber, config::receipt_match match) {
  using smpp::id_in, smpp::receipt_key;
  const auto& id = receipt.message_id;
  switch (match) {
    case config::receipt_match::message_id: return receipt_key(id, id_in::receipt, smpp::receipt_match::message_id);
    case config::receipt_match::decimal_of_hex:
      return receipt_key(id, id_in::receipt, smpp::receipt_match::decimal_of_hex);
    case config::receipt_match::hex_of_decimal:
      return receipt_key(id, id_in::receipt, smpp::receipt_match::hex_of_decimal);
    case config::receipt_match::user_message_reference: break;
  }
  return receipt.user_message_reference ? receipt_key(subscriber, *receipt.user_message_reference) : std::string();
}

}  // namespace

std::optional<parser::msisdn> sender_of(const smpp::address& source, const parser::numbering_plan& plan) {
  if (source.ton == ton_alphanumeric) return std::nullopt;
  std::string_view digits = source.digits;
  const bool plus = digits.starts_with('+');
  if (plus) digits.remove_prefix(1);
  if (source.ton == ton_international) return parser::msisdn::from_e164(digits);
  if (auto read = parser::read_number(digits, plus, plan)) return read;
  return parser::msisdn::from_e164(digits);
}

offered offered::by(const config::settings& settings) {
  return {.currency = settings.service.currency,
          .transfers = settings.transfer.enabled,
          .undo = settings.service.undo_within.count() > 0};
}

parser::unclear_reason told(parser::unclear_reason reason, const offered& by) {
  const bool in_vain = reason == parser::unclear_reason::undo_alone && !by.undo;
  return in_vain ? parser::unclear_reason::no_undo : reason;
}

std::optional<store::delivery> delivery_of(const smpp::delivery_receipt& receipt, std::string_view subscriber,
                                           const config::smsc& at) {
  const auto state = final_state(receipt.state);
  auto key = key_of(receipt, subscriber, at.receipt_match);
  if (!state || key.empty()) return std::nullopt;
  return store::delivery{.smsc = at.name, .smsc_message_id = std::move(key), .state = *state, .error = receipt.error};
}

bool ask(const parser::request& request, const store::keyring& keys, const offered& by, store::text& text) {
  return std::visit(to_store{text, keys, by}, request);
}

}  // namespace topupd::gateway
