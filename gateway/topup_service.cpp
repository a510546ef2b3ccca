#include "gateway/topup_service.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/user_data_header.hpp"
#include "parser/alphabet.hpp"

namespace topupd::gateway {
namespace {

// How often messages are looked at that may have to be answered with the temporary status.
constexpr std::chrono::milliseconds deadline_grain{50};

constexpr std::uint8_t ton_international = 1;  // SMPP 3.4 §5.2.5
constexpr std::uint8_t ton_alphanumeric = 5;

// Whose text it is. Nothing for short codes and names: those are machines, and machines are not answered (DESIGN.md
// §7).
std::optional<parser::msisdn> sender_of(const smpp::address& source, const parser::numbering_plan& plan) {
  if (source.ton == ton_alphanumeric) return std::nullopt;
  std::string_view digits = source.digits;
  const bool plus = digits.starts_with('+');
  if (plus) digits.remove_prefix(1);
  if (source.ton == ton_international) return parser::msisdn::from_e164(digits);
  if (auto read = parser::read_number(digits, plus, plan)) return read;
  return parser::msisdn::from_e164(digits);
}

// The values that tell one part of a long message from another, for its fingerprint.
std::string sar_of(const smpp::short_message& value) {
  if (!value.sar_msg_ref_num) return {};
  return fmt::format("{}/{}/{}", *value.sar_msg_ref_num, value.sar_segment_seqnum.value_or(0),
                     value.sar_total_segments.value_or(0));
}

// The text of a message and which of several parts it is, by its header or its sar_* values (SMPP 3.4 §5.3.2.22).
user_data user_data_of(const smpp::short_message& value) {
  if (value.has_udh()) return split_user_data(value.octets);
  if (value.sar_total_segments.value_or(1) <= 1) return {.text = value.octets};
  return {.what = user_data::kind::part, .part = value.sar_segment_seqnum.value_or(1), .text = value.octets};
}

// What a peer wrote, fit for a log line.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

// What cannot be read because it came in parts is said once, to the first part: half a PIN is never used.
parser::reading in_parts() {
  return {.request = parser::unclear{.reason = parser::unclear_reason::in_parts}, .language = {}, .steps = {}};
}

// A request as the store takes it. The PIN ends here: what goes on is its digest.
struct to_store {
  store::text& text;
  const store::keyring& keys;
  bool operator()(const parser::redeem& asked) const {
    text.action = store::action::redeem;
    text.voucher = keys.digest(asked.pin);
    text.target = asked.target;
    text.ask = asked.ask;
    return true;
  }
  bool operator()(const parser::unclear& asked) const {
    text.action = store::action::unclear;
    text.reason = parser::name(asked.reason);
    text.got = asked.got;
    return true;
  }
  bool operator()(parser::balance) const { return is(store::action::balance); }
  bool operator()(parser::help) const { return is(store::action::help); }
  bool operator()(parser::confirm) const { return is(store::action::confirm); }
  bool operator()(parser::cancel) const { return is(store::action::cancel); }
  bool operator()(parser::ignore) const { return false; }
  [[nodiscard]] bool is(store::action action) const {
    text.action = action;
    return true;
  }
};

}  // namespace

topup_service::topup_service(boost::asio::io_context& io, const config::settings& settings, links& in,
                             store::worker& store, outbox_relay& out, event_log& log, metrics& counts)
    : links_(in),
      store_(store),
      outbox_(out),
      log_(log),
      metrics_(counts),
      reader_(settings.reading),
      keys_(settings.pin_key),
      short_codes_(settings.service.short_codes),
      default_language_(settings.service.language),
      came_in_order_(settings.smscs.size()),
      deadline_(io) {}

void topup_service::message(const origin& from, std::size_t smsc, const smpp::short_message& value) {
  if (!value.is_text()) return ignore(from, smsc, value, "not a text");
  const auto sender = sender_of(value.source, reader_.rules().numbers);
  const bool ours = std::find(short_codes_.begin(), short_codes_.end(), value.source.digits) != short_codes_.end();
  if (!sender || ours) return ignore(from, smsc, value, "not a subscriber's number");
  const auto data = user_data_of(value);
  if (data.what == user_data::kind::addressed) return ignore(from, smsc, value, "not a text");
  const bool part = data.what == user_data::kind::part;
  if (part && data.part > 1) return ignore(from, smsc, value, "part of a long message");
  const auto& smsc_settings = links_.settings(smsc);
  const auto text = parser::decode(data.text, value.data_coding, smsc_settings.default_alphabet);
  if (!text) return ignore(from, smsc, value, "not a text");

  const auto reading = part ? in_parts() : reader_.read(*text, *sender);
  store::text asked{.ticket = ++last_ticket_,
                    .print = keys_.print({.smsc = smsc_settings.name,
                                          .source = value.source.digits,
                                          .destination = value.destination.digits,
                                          .data_coding = value.data_coding,
                                          .esm_class = value.esm_class,
                                          .sar = sar_of(value),
                                          .octets = value.octets}),
                    .smsc = smsc_settings.name,
                    .source = to_string(value.source),
                    .short_code = to_string(value.destination),
                    .sender = *sender,
                    .voucher = {},
                    .target = {},
                    .reason = {},
                    .language = reading.language.empty() ? default_language_ : reading.language};
  if (!std::visit(to_store{asked, keys_}, reading.request)) return ignore(from, smsc, value, "no request");

  const taken_text waiting{.from = from, .smsc = smsc, .came = clock::now()};
  const auto ticket = asked.ticket;
  switch (store_.offer(std::move(asked))) {
    case store::worker::taken::yes:
      pending_.emplace(ticket, waiting);
      came_in_order_[smsc].push_back(ticket);
      watch_deadlines();
      return;
    case store::worker::taken::full:
      metrics_.answered_full();
      return links_.answer(from, smpp::command_status::rmsgqful);
    case store::worker::taken::away: return temporary(waiting);
  }
}

void topup_service::decided(std::vector<store::decision> values) {
  metrics_.batch(values.size());
  for (auto& value : values) {
    const auto found = pending_.find(value.ticket);
    const taken_text* of = found == pending_.end() ? nullptr : &found->second;
    std::optional<link_id> acknowledged;
    if (of != nullptr && !of->answered) {
      metrics_.answered_ok();
      links_.answer(of->from, smpp::command_status::rok);
      acknowledged = of->from.link;
    }
    log_decision(value, of);
    if (found != pending_.end()) pending_.erase(found);
    if (value.reply_owed) outbox_.add(std::move(value), acknowledged);
  }
}

void topup_service::refused(const std::vector<std::uint64_t>& tickets) {
  for (const auto ticket : tickets) {
    const auto found = pending_.find(ticket);
    if (found == pending_.end()) continue;
    if (!found->second.answered) temporary(found->second);
    pending_.erase(found);
  }
}

void topup_service::temporary(const taken_text& of) {
  metrics_.answered_temporary();
  links_.answer(of.from, smpp::command_status{links_.settings(of.smsc).temporary_status});
}

// Acknowledged, so that it is not delivered again for ever, and never answered.
void topup_service::ignore(const origin& from, std::size_t smsc, const smpp::short_message& value,
                           std::string_view why) {
  metrics_.ignored();
  log_.info("topup ignored",
            {{"from", printable(value.source.digits)}, {"why", why}, {"smsc", links_.settings(smsc).name}});
  links_.answer(from, smpp::command_status::rok);
}

void topup_service::watch_deadlines() {
  if (watching_) return;
  watching_ = true;
  deadline_.expires_after(deadline_grain);
  deadline_.async_wait([this](boost::system::error_code failed) {
    watching_ = false;
    if (failed) return;
    const auto now = clock::now();
    for (std::size_t smsc = 0; smsc < came_in_order_.size(); ++smsc) {
      auto& order = came_in_order_[smsc];
      const auto within = links_.settings(smsc).answer_within - deadline_grain;
      while (!order.empty()) {
        const auto found = pending_.find(order.front());
        if (found != pending_.end()) {
          if (now < found->second.came + within) break;
          found->second.answered = true;
          temporary(found->second);
        }
        order.pop_front();
      }
    }
    const bool idle =
        std::all_of(came_in_order_.begin(), came_in_order_.end(), [](const auto& order) { return order.empty(); });
    if (!idle) watch_deadlines();
  });
}

void topup_service::log_decision(const store::decision& value, const taken_text* of) {
  const auto took = of == nullptr ? std::chrono::duration<double, std::milli>()
                                  : std::chrono::duration<double, std::milli>(clock::now() - of->came);
  metrics_.decided(value.outcome, value.duplicate, took);
  const auto amount_of = [](const parser::money& of_what) {
    return of_what.currency.empty() ? std::string() : decimal(of_what) + of_what.currency;
  };
  const auto event = fmt::format("topup {}", value.duplicate ? std::string_view("duplicate") : name(value.outcome));
  const auto receipt = to_string(value.receipt);
  const auto from = value.sender ? value.sender->digits() : "-";
  const auto smsc = value.smsc;
  const auto batch = std::to_string(value.batch);
  const auto took_text = fmt::format("{:.1f}ms", took.count());
  if (value.outcome == store::outcome::credited || value.outcome == store::outcome::repeated ||
      value.outcome == store::outcome::asked) {
    log_.info(event, {{"receipt", receipt},
                      {"from", from},
                      {"target", value.target ? value.target->digits() : "self"},
                      {"serial", value.serial ? std::to_string(*value.serial) : "-"},
                      {"amount", amount_of(value.amount)},
                      {"balance", value.outcome == store::outcome::asked ? "-" : amount_of(value.balance)},
                      {"language", value.language},
                      {"batch", batch},
                      {"took", took_text},
                      {"smsc", smsc}});
    return;
  }
  log_.info(event, {{"receipt", receipt},
                    {"from", from},
                    {"action", name(value.action)},
                    {"reason", value.reason.empty() ? "-" : value.reason},
                    {"serial", value.serial ? std::to_string(*value.serial) : "-"},
                    {"language", value.language},
                    {"batch", batch},
                    {"took", took_text},
                    {"smsc", smsc}});
}

}  // namespace topupd::gateway
