// What the SMSC says to a reply, and what becomes of it then.
#include <algorithm>

#include "gateway/outbox_relay.hpp"
#include "gateway/short_messages.hpp"
#include "gateway/submit_status.hpp"
#include "store/crash_point.hpp"

namespace topupd::gateway {
namespace {

using std::chrono::seconds;
using kind = store::reply_result::kind;

// After what is temporary, or a status that nobody knows: 10 s, 20 s, 40 s … an hour; in all a day and a half.
constexpr seconds first_wait{10};
constexpr seconds longest_wait{3'600};
constexpr int most_attempts = 40;

// An SMSC that waits five seconds for its deliver_sm_resp, as OsmoMSC does (SMPP.md §3), has it by then: less the
// second and a half that the decision took at most, and the way to us.
constexpr seconds proven_within{3};

// A bind that has taken a message so lately is known to its SMSC, whatever is said of another one.
constexpr seconds known_for{30};

}  // namespace

void outbox_relay::submitted(smpp::ticket name, smpp::command_status status, const std::string& message_id,
                             time_point now) {
  const auto found = by_ticket_.find(name);
  if (found == by_ticket_.end()) return;
  const auto [receipt, link] = found->second;
  by_ticket_.erase(found);
  auto& reply = owed_.at(receipt);
  const auto by = reply.by;
  switch (const auto said = judge(status, links_.settings(by))) {
    case submit_verdict::sent:
      if (name == reply.first + reply.parts.size() - 1) reply.message_id = message_id;
      ++reply.taken;
      took_at_[link.bind] = now;
      if (reply.taken < reply.parts.size()) break;
      store::come_by(store::crash_point::submit_answered);
      metrics_.reply_sent();
      taken(reply, now);
      break;
    case submit_verdict::throttled: slow_down(reply, link, now); break;
    case submit_verdict::not_here:
      if (const auto took = took_at_.find(link.bind); took == took_at_.end() || now - took->second > known_for)
        links_.give_up(link, status);
      not_taken(reply, status, false, now);
      break;
    case submit_verdict::temporary:
    case submit_verdict::permanent: not_taken(reply, status, said == submit_verdict::permanent, now); break;
  }
  pump(by, now);
}

// Its ESME_ROK leads the reply by little, but on a link of its own the proof may come last.
void outbox_relay::heard(smpp::ticket name, time_point now) {
  const auto receipt = static_cast<std::int64_t>(name);
  if (const auto found = owed_.find(receipt); found != owed_.end()) {
    auto& reply = found->second;
    reply.heard = reply.heard || (reply.acknowledged && is_heard(reply.came, now));
  } else if (const auto reported = unheard_.find(receipt); reported != unheard_.end()) {
    if (is_heard(reported->second, now))
      store_.report({.receipt = {receipt}, .what = kind::heard, .heard = true, .at = now});
    unheard_.erase(reported);
  }
}

// The SMSC that has our ESME_ROK will not deliver this text again. Not so when we were held up, or a wire was: its own
// timer may have run out before our answer came.
bool outbox_relay::is_heard(time_point came, time_point now) const {
  return now < came + proven_within && pulse_.steady(came, now);
}

store::reply_result outbox_relay::result(const owed& reply, kind what) {
  return {.receipt = reply.facts.receipt, .what = what, .heard = reply.heard, .lease = reply.facts.lease};
}

void outbox_relay::report(owed& reply, store::reply_result fate, time_point now) {
  if (reply.acknowledged && !reply.heard && !stopped_) unheard_.emplace(reply.place.receipt, reply.came);
  store_.report(std::move(fate));
  forget(reply, now);
}

void outbox_relay::taken(owed& reply, time_point now) {
  const auto& at = links_.settings(reply.by);
  const auto& last = reply.parts.back();
  auto fate = result(reply, kind::sent);
  fate.smsc_message_id = name_in_receipts(last, reply.message_id, at);
  if (at.name != reply.facts.smsc) fate.smsc = at.name;
  fate.awaited = last.registered_delivery != 0;
  fate.at = now;
  report(reply, std::move(fate), now);
  store::come_by(store::crash_point::reported);
}

void outbox_relay::slow_down(owed& reply, const link_id& by, time_point now) {
  metrics_.reply_throttled();
  links_.throttled(by);
  again(reply, now);
}

void outbox_relay::not_taken(owed& reply, smpp::command_status status, bool for_good, time_point now) {
  if (is_ussd(reply.parts)) return again_as_text(reply, now);
  if (for_good || reply.facts.attempts > most_attempts) return refused(reply, status, now);
  deferred(reply, status, now);
}

void outbox_relay::refused(owed& reply, smpp::command_status status, time_point now) {
  metrics_.reply_refused();
  log_.error("reply refused", {{"receipt", to_string(reply.facts.receipt)},
                               {"to", to_string(reply.parts.front().destination)},
                               {"status", smpp::name(status)},
                               {"attempts", std::to_string(reply.facts.attempts)},
                               {"smsc", links_.settings(reply.by).name}});
  auto fate = result(reply, kind::refused);
  fate.status = static_cast<std::uint32_t>(status);
  report(reply, std::move(fate), now);
}

// Of this reply alone: the others go on, its subscriber's too, and who claims it when the wait is over tries again.
void outbox_relay::deferred(owed& reply, smpp::command_status status, time_point now) {
  metrics_.reply_deferred();
  const auto wait = wait_after(reply.facts.attempts);
  if (log_.debugs())
    log_.debug("reply deferred", {{"receipt", to_string(reply.facts.receipt)},
                                  {"status", smpp::name(status)},
                                  {"attempts", std::to_string(reply.facts.attempts)},
                                  {"retry_in", std::to_string(wait.count()) + "s"},
                                  {"smsc", links_.settings(reply.by).name}});
  auto fate = result(reply, kind::deferred);
  fate.status = static_cast<std::uint32_t>(status);
  fate.retry_in = wait;
  report(reply, std::move(fate), now);
}

// Up to a quarter less, at random: what was refused in one second does not come back in one.
seconds outbox_relay::wait_after(int attempts) {
  const auto doublings = std::clamp(attempts - 1, 0, 16);
  const auto longest = std::min(longest_wait, first_wait * (1 << doublings)).count();
  return seconds(longest - static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(longest / 4 + 1)));
}

// No answer: it may have been taken. The same once more; but what was said in a dialogue, as a text, because the
// dialogue may be over. The link that says this is in the middle of its turn: what follows does so later.
void outbox_relay::unknown(smpp::ticket name, time_point now) {
  const auto found = by_ticket_.find(name);
  if (found == by_ticket_.end()) return;
  metrics_.reply_unknown();
  auto& reply = owed_.at(found->second.receipt);
  wake_at_ = now;
  if (is_ussd(reply.parts)) return again_as_text(reply, now);
  again(reply, now);
}

}  // namespace topupd::gateway
