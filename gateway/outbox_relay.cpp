#include "gateway/outbox_relay.hpp"

#include <algorithm>
#include <functional>

#include "gateway/reply_path.hpp"
#include "gateway/short_messages.hpp"
#include "store/crash_point.hpp"

namespace topupd::gateway {
namespace {

using std::chrono::milliseconds;
using kind = store::reply_result::kind;

constexpr milliseconds longest_between_looks{1'000};
// A reply is not submitted in the last part of its lease: its answer must come while nobody else may claim it.
constexpr milliseconds longest_margin{2'000};
// A reply whose lease has lapsed is claimed soon after: by a fifth of a lease.
constexpr int claims_in_a_lease = 5;
constexpr std::size_t least_appetite = 64;
constexpr milliseconds until_written{2};  // before the next look whether the store has written

// Notices and replies to one number are in one order. Of a sender that is no number there is nothing but its name.
std::uint64_t subscriber_of(const store::decision& facts) {
  return facts.sender ? facts.sender->number() : std::hash<std::string>{}(facts.source);
}

}  // namespace

outbox_relay::outbox_relay(options given, replies texts, links& out, store::door& store, event_log& log,
                           metrics& counts, std::uint32_t seed)
    : options_(std::move(given)),
      texts_(std::move(texts)),
      links_(out),
      store_(store),
      log_(log),
      metrics_(counts),
      queue_(out.smsc_count()),
      appetite_(options_.limit),
      random_(seed) {}

void outbox_relay::start(time_point now) {
  started_ = now;
  next_look_ = now;
  pulse_.beat(now);
  next_claim_ = now + options_.lease / claims_in_a_lease;
}

void outbox_relay::stop() {
  stopped_ = true;
  std::vector<std::int64_t> waits;
  for (const auto& [receipt, reply] : owed_)
    if (!reply.on_its_way) waits.push_back(receipt);
  for (const auto receipt : waits) let_go(owed_.at(receipt), {});
}

void outbox_relay::add(store::decision value, const std::optional<link_id>& acknowledged, time_point now) {
  // It may have been granted before we were held up, and reach us only now.
  const auto lease_until = std::max(pulse_.earliest(now), started_) + options_.lease;
  const auto receipt = value.receipt.number;
  if (const auto known = owed_.find(receipt); known != owed_.end()) {
    known->second.lease_until = known->second.renewed_until = lease_until;
    known->second.facts.lease = value.lease;
    return;
  }
  const auto lane = links_.smsc_named(value.smsc);
  if (stopped_ || queue_.waiting(lane) >= options_.limit) {
    store_.report({.receipt = value.receipt, .what = kind::release, .lease = value.lease});
    return;
  }
  const reply_queue::entry place{
      .receipt = receipt, .subscriber = subscriber_of(value), .lane = lane, .decided_at = value.decided_at};
  owed_.emplace(receipt, owed{.facts = std::move(value),
                              .place = place,
                              .came = now,
                              .lease_until = lease_until,
                              .renewed_until = lease_until,
                              .acknowledged = acknowledged});
  if (acknowledged) links_.confirm(*acknowledged, static_cast<smpp::ticket>(receipt));
  queue_.add(place);
  if (const auto by = links_.way_out(lane)) pump(*by, now);
}

// One from each lane in turn: the lanes of SMSCs that are down leave by this one, too.
void outbox_relay::pump(std::size_t smsc, time_point now) {
  for (bool more = !stopped_; more;) {
    more = false;
    for (std::size_t lane = 0; lane < queue_.lanes(); ++lane) {
      if (queue_.waiting(lane) > 0 && links_.way_out(lane) == smsc && submit_next(lane, smsc, now)) more = true;
    }
  }
}

void outbox_relay::pump_all(time_point now) {
  for (std::size_t smsc = 0; smsc < links_.smsc_count(); ++smsc) pump(smsc, now);
}

bool outbox_relay::may_leave(const owed& reply, time_point now) const {
  return now + std::min(longest_margin, options_.lease / claims_in_a_lease) < reply.lease_until;
}

// False when there is nothing that may leave now, or no room for it.
bool outbox_relay::submit_next(std::size_t lane, std::size_t by, time_point now) {
  const auto receipt = queue_.front(lane);
  if (!receipt) return false;
  auto& reply = owed_.at(*receipt);
  if (!may_leave(reply, now)) {
    too_much_ = true;
    let_go(reply, now);
    return true;
  }
  if (reply.submitted == 0 && on_their_way_ + store_.unwritten() >= options_.unwritten_max) {
    wake_at_ = std::min(wake_at_, now + until_written);
    return false;
  }
  const bool stale = is_ussd(reply.parts) && !is_in_dialogue(reply, links_.settings(by), now);
  if (reply.parts.empty() || reply.by != by || stale) make(reply, by, now);
  return submit(reply);
}

// Every part that is not submitted yet. False when the window was full before the last of them.
bool outbox_relay::submit(owed& reply) {
  if (reply.first == 0) {
    store::come_by(store::crash_point::before_submit);
    reply.first = last_ticket_ + 1;
    last_ticket_ += reply.parts.size();
  }
  for (auto& next = reply.submitted; next < reply.parts.size(); ++next) {
    const auto name = reply.first + next;
    const auto link =
        links_.submit(reply.by, name, reply.parts[next], reply.sent_by ? reply.sent_by : reply.acknowledged);
    if (!link) return false;
    store::come_by(store::crash_point::submitted);
    reply.sent_by = link;
    if (next == 0) ++on_their_way_;
    by_ticket_.emplace(name, part_in_flight{.receipt = reply.place.receipt, .by = *link});
  }
  queue_.take(reply.place);
  reply.on_its_way = true;
  return true;
}

// Only who took the text himself can answer in its dialogue, and not when the phone has given up waiting.
bool outbox_relay::is_in_dialogue(const owed& reply, const config::smsc& at, time_point now) const {
  return !reply.as_text && reply.facts.ticket != 0 && at.name == reply.facts.smsc && now - reply.came < at.ussd_timeout;
}

void outbox_relay::make(owed& reply, std::size_t by, time_point now) {
  const auto& at = links_.settings(by);
  begin_anew(reply);
  reply.by = by;
  const bool dialled = reply_path_from(reply.facts.source).ussd.has_value();
  if (dialled && is_in_dialogue(reply, at, now)) {
    if (auto message = ussd_message(texts_.render(reply.facts), reply.facts, at)) {
      reply.parts = {std::move(*message)};
      return;
    }
  }
  if (dialled) {  // and told as who has sent a text is
    auto facts = reply.facts;
    facts.source = to_string(reply_path_from(facts.source).to);
    reply.parts = short_messages(texts_.render(facts), facts, at, options_.numbers);
  } else {
    reply.parts = short_messages(texts_.render(reply.facts), reply.facts, at, options_.numbers);
  }
}

void outbox_relay::again_as_text(owed& reply, time_point now) {
  reply.as_text = true;
  again(reply, now);
}

// The whole reply, in front of its lane; what is still said about its parts counts no more.
void outbox_relay::again(owed& reply, time_point now) {
  begin_anew(reply);
  if (stopped_) return let_go(reply, now);
  if (std::exchange(reply.on_its_way, false)) queue_.put_back(reply.place);
}

void outbox_relay::begin_anew(owed& reply) {
  for (std::size_t i = 0; i < reply.submitted; ++i) by_ticket_.erase(reply.first + i);
  if (reply.submitted > 0) --on_their_way_;
  reply.first = 0;
  reply.submitted = reply.taken = 0;
  reply.sent_by.reset();
  reply.message_id.clear();
}

void outbox_relay::let_go(owed& reply, time_point now) {
  store_.report(result(reply, kind::release));
  forget(reply, now);
}

void outbox_relay::forget(owed& reply, time_point now) {
  begin_anew(reply);
  if (reply.on_its_way) {
    const auto next = queue_.finish(reply.place);
    if (next && *next != reply.place.lane) wake_at_ = now;  // nobody else says so to that lane
  } else {
    queue_.remove(reply.place);
  }
  owed_.erase(reply.place.receipt);
}

// What waits where it can leave. Nothing: there is no bind to send anything by, and another process may have one.
std::optional<std::size_t> outbox_relay::about_to_leave() const {
  std::optional<std::size_t> sum;
  for (std::size_t lane = 0; lane < queue_.lanes(); ++lane) {
    if (links_.way_out(lane)) sum = sum.value_or(0) + queue_.waiting(lane);
  }
  return sum;
}

void outbox_relay::claim() {
  const auto waits = about_to_leave();
  if (stopped_ || !waits || *waits >= appetite_) return;
  std::vector<std::string> smscs;  // what cannot leave now is left to whoever can send it
  for (std::size_t lane = 0; lane < queue_.lanes(); ++lane) {
    if (links_.way_out(lane)) smscs.push_back(links_.settings(lane).name);
  }
  store_.claim(appetite_ - *waits, std::move(smscs));
}

// What cannot leave within its lease is claimed in vain, and keeps others from it.
void outbox_relay::learn_appetite() {
  const auto least = std::min(least_appetite, options_.limit);
  if (std::exchange(too_much_, false)) {
    appetite_ = std::max(appetite_ / 2, least);
  } else if (about_to_leave() < appetite_ / 4) {
    appetite_ = std::min(appetite_ * 2, options_.limit);
  }
}

outbox_relay::time_point outbox_relay::deadline() const {
  return stopped_ ? time_point::max() : std::min(wake_at_, next_look_);
}

void outbox_relay::tick(time_point now) {
  if (stopped_ || now < deadline()) return;
  wake_at_ = time_point::max();
  if (now >= next_look_) look(now);
  pump_all(now);
}

void outbox_relay::look(time_point now) {
  pulse_.beat(now);
  next_look_ = now + std::min(longest_between_looks, options_.lease / (2 * claims_in_a_lease));
  std::erase_if(unheard_, [&](const auto& each) { return !is_heard(each.second, now); });
  std::vector<std::int64_t> lapsed;
  for (auto& [receipt, reply] : owed_) {
    if (reply.submitted > 0) {
      renew(reply, now);
    } else if (!may_leave(reply, now)) {
      lapsed.push_back(receipt);
    }
  }
  for (const auto receipt : lapsed) {
    auto& reply = owed_.at(receipt);
    if (links_.way_out(reply.place.lane)) too_much_ = true;
    let_go(reply, now);
  }
  if (now < next_claim_) return;
  next_claim_ = now + options_.lease / claims_in_a_lease;
  learn_appetite();
  claim();
}

// A slow SMSC takes longer for its answer than a lease lasts: nobody else shall send meanwhile what is in flight. A
// lease that has lapsed already, because we were frozen, is another's perhaps.
void outbox_relay::renew(owed& reply, time_point now) {
  if (now >= reply.renewed_until || now + options_.lease / 2 < reply.renewed_until) return;
  reply.renewed_until = now + options_.lease;
  store_.report(result(reply, kind::renew));
}

}  // namespace topupd::gateway
