#include "gateway/topup_service.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "gateway/decision_log.hpp"
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

// What the parts of one message have in common, and those of another have not.
std::string name_of_group(const user_data& part) {
  return fmt::format("{}/{}/{}", part.long_reference ? 16 : 8, part.reference, part.total);
}

// What a sealed part belongs to: it opens as no other.
std::string about_part(const store::fingerprint& group, int number) {
  return fmt::format("{:02x}/{}", fmt::join(group.octets, ""), number);
}

// What a peer wrote, fit for a log line.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace

topup_service::topup_service(boost::asio::io_context& io, const config::settings& settings, links& in,
                             store::worker& store, outbox_relay& out, event_log& log, metrics& counts)
    : links_(in),
      store_(store),
      outbox_(out),
      log_(log),
      metrics_(counts),
      reader_(settings.reading),
      keys_(settings.pin_key, settings.older_pin_keys),
      short_codes_(settings.service.short_codes),
      default_language_(settings.service.language),
      offered_(offered::by(settings)),
      came_in_order_(settings.smscs.size()),
      deadline_(io) {}

void topup_service::message(const origin& from, std::size_t smsc, const smpp::short_message& value) {
  if (!value.is_text()) return ignore(from, smsc, value, "not a text");
  const auto sender = sender_of(value.source, reader_.rules().numbers);
  const bool ours = std::find(short_codes_.begin(), short_codes_.end(), value.source.digits) != short_codes_.end();
  if (!sender || ours) return ignore(from, smsc, value, "not a subscriber's number");
  const auto data = user_data_of(value);
  if (data.what == user_data::kind::addressed) return ignore(from, smsc, value, "not a text");

  taken_text taken{.from = from, .smsc = smsc, .came = clock::now(), .sender = *sender};
  if (data.what == user_data::kind::part) return keep(std::move(taken), value, data);
  const auto ticket = ++last_ticket_;
  auto asked = read(taken, value, data.text, {}, ticket);
  if (!asked) return ignore(from, smsc, value, "no request");
  if (is_taken(store_.offer(std::move(*asked)), taken)) wait(ticket, std::move(taken));
}

// What a text asks of the store. `group`: of a long text, whose octets were put together. Nothing: no answer.
std::optional<store::text> topup_service::read(const taken_text& of, const smpp::short_message& value,
                                               std::string_view octets, std::string_view group,
                                               std::uint64_t ticket) const {
  const auto& smsc = links_.settings(of.smsc);
  const auto text = parser::decode(octets, value.data_coding, smsc.default_alphabet);
  if (!text) return std::nullopt;
  const auto reading = reader_.read(*text, of.sender);
  store::text asked{.ticket = ticket,
                    .print = keys_.print({.smsc = smsc.name,
                                          .source = value.source.digits,
                                          .destination = value.destination.digits,
                                          .data_coding = value.data_coding,
                                          .esm_class = value.esm_class,
                                          .sar = group,
                                          .octets = group.empty() ? value.octets : octets}),
                    .smsc = smsc.name,
                    .source = to_string(value.source),
                    .short_code = to_string(value.destination),
                    .sender = of.sender,
                    .language = reading.language.empty() ? default_language_ : reading.language};
  if (!ask(reading.request, keys_, offered_, asked)) return std::nullopt;
  return asked;
}

// A part of a long text waits in the store for the others: half a PIN is never used.
void topup_service::keep(taken_text taken, const smpp::short_message& value, const user_data& data) {
  const auto& smsc = links_.settings(taken.smsc).name;
  const auto group = name_of_group(data);
  const auto print = [&](std::string_view sar, std::string_view octets) {
    return keys_.print({.smsc = smsc,
                        .source = value.source.digits,
                        .destination = value.destination.digits,
                        .data_coding = value.data_coding,
                        .esm_class = 0,
                        .sar = sar,
                        .octets = octets});
  };
  store::part part{.ticket = ++last_ticket_,
                   .group = print(group, {}),
                   .number = data.number,
                   .total = data.total,
                   .print = print(group, data.text),
                   .sealed = {},
                   .smsc = smsc,
                   .source = to_string(value.source),
                   .short_code = to_string(value.destination),
                   .sender = taken.sender};
  part.sealed = keys_.seal(data.text, about_part(part.group, data.number));
  taken.part = std::make_unique<part_context>(part_context{.group = part.group, .name = group, .message = value});
  taken.part->message.octets.clear();
  const auto ticket = part.ticket;
  if (is_taken(store_.keep(std::move(part)), taken)) wait(ticket, std::move(taken));
}

// Whether the store will say what became of it; else the SMSC is told to deliver it again.
bool topup_service::is_taken(store::worker::taken said, const taken_text& of) {
  switch (said) {
    case store::worker::taken::yes: return true;
    case store::worker::taken::full: full(of); return false;
    case store::worker::taken::away: temporary(of); return false;
  }
  return false;
}

void topup_service::wait(std::uint64_t ticket, taken_text of) {
  came_in_order_[of.smsc].push_back(ticket);
  pending_.insert_or_assign(ticket, std::move(of));
  watch_deadlines();
}

// A part is safe. The last one of a text waits on, under the same ticket, until the text is decided.
void topup_service::kept(std::uint64_t ticket, const std::vector<std::string>& sealed) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end() || !found->second.part) return;
  auto& taken = found->second;
  if (!sealed.empty()) {
    auto octets = put_together(*taken.part, sealed);
    auto asked = octets ? read(taken, taken.part->message, octets->reveal(), taken.part->name, ticket) : std::nullopt;
    if (asked) {
      taken.part.reset();
      taken.long_text = true;
      if (!is_taken(store_.offer(std::move(*asked)), taken)) pending_.erase(found);
      return;
    }
    metrics_.ignored();
  }
  log_.info(sealed.empty() ? "topup part" : "topup ignored",
            {{"from", taken.sender.digits()},
             {"why", sealed.empty() ? "others are missing" : "no request"},
             {"smsc", links_.settings(taken.smsc).name}});
  acknowledge(taken);
  pending_.erase(found);
}

// Nothing when one was sealed under another key: nobody can read it any more.
std::optional<secret> topup_service::put_together(const part_context& part,
                                                  const std::vector<std::string>& sealed) const {
  std::vector<secret> opened;
  std::size_t size = 0;
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto octets = keys_.open(sealed[i], about_part(part.group, static_cast<int>(i) + 1));
    if (!octets) return std::nullopt;
    size += octets->size();
    opened.push_back(std::move(*octets));
  }
  std::string whole;
  whole.reserve(size);  // it holds a PIN: no copies stay behind as it grows
  for (const auto& each : opened) whole += each.reveal();
  secret kept(whole);
  explicit_bzero(whole.data(), whole.size());
  return kept;
}

void topup_service::decided(std::vector<store::decision> values) {
  metrics_.batch(values.size());
  for (auto& value : values) {
    const auto found = pending_.find(value.ticket);
    const taken_text* of = found == pending_.end() ? nullptr : &found->second;
    std::optional<link_id> acknowledged;
    if (of != nullptr && !of->answered) {
      acknowledge(*of);
      // A long text that comes again under the same reference is a redelivery of its parts, however late: its sender's
      // phone would have counted the reference up. So nobody needs to know that the SMSC has our acknowledgement.
      if (!of->long_text) acknowledged = of->from.link;
    }
    const auto took = of == nullptr ? std::chrono::duration<double, std::milli>() : clock::now() - of->came;
    if (!value.leader) metrics_.decided(value.outcome, value.duplicate, took);
    log_decision(log_, value, took);
    if (found != pending_.end()) pending_.erase(found);
    if (value.reply_owed) outbox_.add(std::move(value), acknowledged);
  }
}

void topup_service::refused(const std::vector<std::uint64_t>& tickets) {
  for (const auto ticket : tickets) {
    const auto found = pending_.find(ticket);
    if (found == pending_.end()) continue;
    temporary(found->second);
    pending_.erase(found);
  }
}

// One answer to each deliver_sm: when the time was up, it had its own.
void topup_service::acknowledge(const taken_text& of) {
  if (of.answered) return;
  metrics_.answered_ok();
  links_.answer(of.from, smpp::command_status::rok);
}

void topup_service::full(const taken_text& of) {
  if (of.answered) return;
  metrics_.answered_full();
  links_.answer(of.from, smpp::command_status::rmsgqful);
}

void topup_service::temporary(const taken_text& of) {
  if (of.answered) return;
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
          temporary(found->second);
          found->second.answered = true;
        }
        order.pop_front();
      }
    }
    const bool idle =
        std::all_of(came_in_order_.begin(), came_in_order_.end(), [](const auto& order) { return order.empty(); });
    if (!idle) watch_deadlines();
  });
}

}  // namespace topupd::gateway
