#include "gateway/outbox_relay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>

#include "gateway/user_data_header.hpp"
#include "parser/alphabet.hpp"

namespace topupd::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A reply is not submitted in the last part of its lease: its answer must come while nobody else may claim it.
constexpr milliseconds lease_margin{2'000};
// A reply whose lease has lapsed is claimed soon after: by a fifth of a lease.
constexpr int claims_in_a_lease = 5;
constexpr milliseconds shortest_pause{200};
constexpr milliseconds longest_pause{30'000};
// What is temporary, or a status that SMPP 3.4 does not name, is tried again for so long; then the reply is dead.
constexpr std::chrono::hours give_up_after{24};

constexpr std::uint8_t udhi = 0x40;  // SMPP 3.4 §5.2.12

// A reply's ticket: its receipt, and which attempt it is, so that a late answer to an earlier one is not taken for
// this.
constexpr int attempt_bits = 8;
smpp::ticket ticket_of(std::int64_t receipt, std::uint8_t attempt) {
  return static_cast<smpp::ticket>(receipt) << attempt_bits | attempt;
}
std::pair<std::int64_t, std::uint8_t> reply_of(smpp::ticket name) {
  return {static_cast<std::int64_t>(name >> attempt_bits), static_cast<std::uint8_t>(name)};
}

enum class verdict { sent, throttled, temporary, refused };

// What a submit_sm_resp says about the reply (SMPP 3.4 §5.1.3).
verdict judge(smpp::command_status status) {
  using enum smpp::command_status;
  switch (status) {
    case rok: return verdict::sent;
    case rthrottled:
    case rmsgqful: return verdict::throttled;
    case rinvmsglen:
    case rinvsrcadr:
    case rinvdstadr:
    case rx_p_appn:
    case rx_r_appn: return verdict::refused;
    default: return verdict::temporary;
  }
}

}  // namespace

std::string to_string(const smpp::address& value) {
  return fmt::format("{}.{}.{}", value.ton, value.npi, value.digits);
}

smpp::address address_from(std::string_view text) {
  smpp::address value;
  const auto first = text.find('.');
  const auto second = text.find('.', first + 1);
  if (second == std::string_view::npos) return value;
  std::from_chars(text.data(), text.data() + first, value.ton);
  std::from_chars(text.data() + first + 1, text.data() + second, value.npi);
  value.digits = text.substr(second + 1);
  return value;
}

outbox_relay::outbox_relay(boost::asio::io_context& io, options given, replies texts, links& out, store::worker& store,
                           event_log& log, metrics& counts)
    : options_(given),
      texts_(std::move(texts)),
      links_(out),
      store_(store),
      log_(log),
      metrics_(counts),
      claim_timer_(io) {
  for (std::size_t i = 0; i < links_.smsc_count(); ++i) lanes_.emplace_back(io);
}

void outbox_relay::start() {
  claim_later();
}

void outbox_relay::stop() {
  stopped_ = true;
  claim_timer_.cancel();
  for (auto& of : lanes_) {
    of.pause.cancel();
    for (const auto number : of.waiting) let_go(number);
    of.waiting.clear();
  }
}

std::size_t outbox_relay::waiting() const {
  std::size_t sum = 0;
  for (const auto& of : lanes_) sum += of.waiting.size();
  return sum;
}

// Without a bind to send it by, nothing is claimed: another process may have one.
void outbox_relay::claim() {
  if (stopped_ || links_.binds_up() == 0 || owed_.size() >= options_.limit) return;
  store_.claim(options_.limit - owed_.size());
}

void outbox_relay::claim_later() {
  claim_timer_.expires_after(options_.lease / claims_in_a_lease);
  claim_timer_.async_wait([this](boost::system::error_code failed) {
    if (failed || stopped_) return;
    renew();
    claim();
    for (std::size_t smsc = 0; smsc < lanes_.size(); ++smsc) pump(smsc);
    claim_later();
  });
}

// A slow SMSC takes longer for its answer than a lease lasts: nobody else shall send meanwhile what is in flight.
void outbox_relay::renew() {
  const auto now = steady_clock::now();
  for (auto& [number, reply] : owed_) {
    if (!reply.sent_by || now + options_.lease / 2 < reply.lease_until) continue;
    reply.lease_until = now + options_.lease;
    store_.report({.receipt = {number}, .what = store::reply_result::kind::renew, .smsc_message_id = {}});
  }
}

void outbox_relay::add(store::decision value, const std::optional<link_id>& acknowledged) {
  const auto number = value.receipt.number;
  const auto lease_until = steady_clock::now() + options_.lease;
  if (const auto known = owed_.find(number); known != owed_.end()) {
    known->second.lease_until = lease_until;
    return;
  }
  const auto smsc = links_.smsc_named(value.smsc);
  if (stopped_ || lanes_[smsc].waiting.size() >= options_.limit) {
    store_.report({.receipt = value.receipt, .what = store::reply_result::kind::release, .smsc_message_id = {}});
    return;
  }
  owed_.emplace(number, owed{.facts = std::move(value),
                             .lease_until = lease_until,
                             .smsc = smsc,
                             .acknowledged = acknowledged,
                             .sent_by = {}});
  lanes_[smsc].waiting.push_back(number);
  pump(smsc);
}

void outbox_relay::pump(std::size_t smsc) {
  auto& of = lanes_[smsc];
  if (of.paused || stopped_) return;
  const auto now = steady_clock::now();
  while (!of.waiting.empty() && links_.room(smsc) > 0) {
    const auto number = of.waiting.front();
    of.waiting.pop_front();
    auto& reply = owed_.at(number);
    if (now + lease_margin >= reply.lease_until) {
      owed_.erase(number);
      continue;
    }
    if (!submit(number, reply)) {
      of.waiting.push_front(number);
      return;
    }
  }
}

// Every short message of the reply that is not submitted yet. False when the window was full before the last of them.
bool outbox_relay::submit(std::int64_t number, owed& of) {
  const auto text = parser::encode(texts_.render(of.facts), links_.settings(of.smsc).default_alphabet);
  of.segments = text.segments();
  while (of.submitted < of.segments) {
    smpp::short_message message;
    message.kind = smpp::command_id::submit_sm;
    message.source = address_from(of.facts.short_code);
    message.destination = address_from(of.facts.source);
    message.data_coding = text.data_coding;
    if (of.segments > 1) {
      message.esm_class = udhi;
      message.octets = concatenation_header(static_cast<unsigned>(number), of.segments, of.submitted + 1);
    }
    message.octets += text.segment(of.submitted);
    const auto link = links_.submit(of.smsc, ticket_of(number, of.attempt), std::move(message),
                                    of.sent_by ? of.sent_by : of.acknowledged);
    if (!link) return false;
    of.sent_by = link;
    ++of.submitted;
  }
  return true;
}

void outbox_relay::submitted(smpp::ticket name, smpp::command_status status, const std::string& message_id) {
  const auto [number, attempt] = reply_of(name);
  const auto found = owed_.find(number);
  if (found == owed_.end() || found->second.attempt != attempt) return;
  auto& reply = found->second;
  const auto smsc = reply.smsc;
  auto said = judge(status);
  const auto age = std::chrono::system_clock::now() - reply.facts.decided_at;
  if (said == verdict::temporary && age > give_up_after) said = verdict::refused;
  if (said == verdict::throttled || said == verdict::temporary)
    log_.debug("reply deferred", {{"receipt", to_string(reply.facts.receipt)}, {"status", smpp::name(status)}});
  switch (said) {
    case verdict::sent:
      lanes_[smsc].throttled = 0;
      if (++reply.taken == reply.segments) taken(number, reply, message_id);
      break;
    case verdict::refused: refused(number, reply, status); break;
    case verdict::throttled:
      pause(smsc);
      retry(number, reply);
      break;
    case verdict::temporary:  // of this reply alone: the others go on, and it is claimed again when its lease is over
      forget(number);
      break;
  }
  pump(smsc);
}

void outbox_relay::taken(std::int64_t number, const owed& of, const std::string& message_id) {
  metrics_.reply_sent();
  // What came after our ESME_ROK on the same link shows that the SMSC has it and will not deliver this text again.
  using kind = store::reply_result::kind;
  store_.report({.receipt = of.facts.receipt,
                 .what = of.acknowledged && of.acknowledged == of.sent_by ? kind::heard : kind::sent,
                 .smsc_message_id = message_id});
  forget(number);
}

void outbox_relay::refused(std::int64_t number, const owed& of, smpp::command_status status) {
  metrics_.reply_refused();
  log_.error("reply refused", {{"receipt", to_string(of.facts.receipt)},
                               {"to", of.facts.source},
                               {"status", smpp::name(status)},
                               {"smsc", links_.settings(of.smsc).name}});
  store_.report({.receipt = of.facts.receipt,
                 .what = store::reply_result::kind::refused,
                 .smsc_message_id = {},
                 .status = static_cast<std::uint32_t>(status)});
  forget(number);
}

void outbox_relay::unknown(smpp::ticket name) {
  const auto [number, attempt] = reply_of(name);
  const auto found = owed_.find(number);
  if (found == owed_.end() || found->second.attempt != attempt) return;
  metrics_.reply_unknown();
  const auto smsc = found->second.smsc;
  retry(number, found->second);
  // Later: the link that says this is in the middle of its turn.
  boost::asio::post(claim_timer_.get_executor(), [this, smsc] { pump(smsc); });
}

// The whole reply once more; what is still said about this attempt counts no more.
void outbox_relay::retry(std::int64_t number, owed& of) {
  const bool waits = of.submitted < of.segments;
  of.sent_by.reset();
  of.submitted = of.taken = 0;
  ++of.attempt;
  if (stopped_) return let_go(number);
  if (!waits) lanes_[of.smsc].waiting.push_front(number);
}

void outbox_relay::let_go(std::int64_t number) {
  store_.report({.receipt = {number}, .what = store::reply_result::kind::release, .smsc_message_id = {}});
  owed_.erase(number);
}

// Of a reply in several short messages the rest may still wait for room.
void outbox_relay::forget(std::int64_t number) {
  const auto found = owed_.find(number);
  if (found->second.submitted < found->second.segments) std::erase(lanes_[found->second.smsc].waiting, number);
  owed_.erase(found);
}

// Throttled: wait with jitter, twice as long each time in a row (SMPP.md §2 "rate").
void outbox_relay::pause(std::size_t smsc) {
  auto& of = lanes_[smsc];
  if (of.paused) return;
  of.paused = true;
  const auto most = std::min(longest_pause, shortest_pause * (1 << std::min(of.throttled++, 10)));
  of.pause.expires_after(
      milliseconds(std::uniform_int_distribution<milliseconds::rep>(most.count() / 2, most.count())(random_)));
  of.pause.async_wait([this, smsc](boost::system::error_code failed) {
    if (failed || stopped_) return;
    lanes_[smsc].paused = false;
    pump(smsc);
  });
}

}  // namespace topupd::gateway
