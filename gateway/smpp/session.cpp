#include "gateway/smpp/session.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace topupd::smpp {

namespace {

constexpr std::string_view smsc_system_id = "smsc";
constexpr std::uint32_t most_confirming = 100;                 // enquire_links a second, beside those of silence
constexpr auto longest_unconfirmed = std::chrono::seconds(1);  // while an answer may still do for a proof

// Requests without a response (§4.1.7 outbind, §4.12.1 alert_notification).
bool has_no_answer(std::uint32_t id) {
  return (id & response_bit) != 0 || id == 0x0000000B || id == 0x00000102;
}

}  // namespace

std::string_view name(close_reason reason) {
  switch (reason) {
    case close_reason::bind_refused: return "bind_refused";
    case close_reason::bind_timeout: return "bind_timeout";
    case close_reason::link_dead: return "link_dead";
    case close_reason::peer_unbound: return "peer_unbound";
    case close_reason::unbound: return "unbound";
    case close_reason::broken_frame: return "broken_frame";
    case close_reason::protocol_error: return "protocol_error";
    case close_reason::not_bound: return "not_bound";
  }
  return "?";
}

session::session(session_options options, time_point now)
    : options_(std::move(options)),
      our_request_(options_.role == role::esme ? command_id::submit_sm : command_id::deliver_sm),
      their_request_(options_.role == role::esme ? command_id::deliver_sm : command_id::submit_sm),
      bucket_(options_.rate, now),
      confirming_(most_confirming, now),
      latest_(now),
      state_deadline_(now + options_.bind_timeout) {
  if (options_.role == role::smsc) return;
  control_sequence_ = next_sequence();
  transmit(control_sequence_, options_.credentials);
}

// What comes in.

void session::receive(const pdu& value, time_point now) {
  if (state_ == state::closed) return;
  latest_ = now;
  if (state_ == state::bound || state_ == state::draining) {
    probing_ = false;  // whatever it says, it lives
    silence_deadline_ = now + options_.enquire_link_after;
  }
  std::visit([&](const auto& body) { on(body, value, now); }, value.body);
  unbind_when_drained(now);
}

void session::on(const bind& theirs, const pdu& value, time_point now) {
  if (options_.role == role::esme) return transmit(value.sequence, generic_nack{}, command_status::rinvcmdid);
  const auto status = judge(theirs);
  const bool taken = status == command_status::rok;
  transmit(value.sequence, bind_resp{theirs.kind, taken ? std::string(smsc_system_id) : std::string()}, status);
  if (taken) return become_bound(theirs.kind, theirs.system_id, now);
  if (state_ == state::opening) end(close_reason::bind_refused, status);
}

command_status session::judge(const bind& theirs) const {
  if (state_ != state::opening) return command_status::ralybnd;
  const auto& expected = options_.credentials;
  if (expected.system_id.empty()) return command_status::rok;
  if (theirs.system_id != expected.system_id) return command_status::rinvsysid;
  return theirs.password == expected.password ? command_status::rok : command_status::rinvpaswd;
}

// Any kind of bind response will do: OsmoMSC answers bind_receiver with bind_transmitter_resp (SMPP.md §3).
void session::on(const bind_resp& theirs, const pdu& value, time_point now) {
  if (options_.role == role::smsc || state_ != state::opening || value.sequence != control_sequence_)
    return end(close_reason::protocol_error);
  if (value.status != command_status::rok) return end(close_reason::bind_refused, value.status);
  become_bound(options_.credentials.kind, theirs.system_id, now);
}

void session::on(const short_message& theirs, const pdu& value, time_point) {
  if (theirs.kind != their_request_) return transmit(value.sequence, generic_nack{}, command_status::rinvcmdid);
  if (const auto status = refusal_of_a_message())
    return transmit(value.sequence, short_message_resp{their_request_, {}}, *status);
  unanswered_.insert(value.sequence);
  effects_.emplace_back(message{value.sequence, theirs});
}

std::optional<command_status> session::refusal_of_a_message() {
  if (state_ == state::opening || !may_receive()) return command_status::rinvbndsts;
  if (state_ != state::bound) return refusal_.value_or(command_status::rx_t_appn);
  if (refusal_) return refusal_;
  if (unanswered_.size() < options_.inbox) return std::nullopt;
  ++counters_.refused_full;
  return command_status::rmsgqful;
}

void session::on(const short_message_resp& theirs, const pdu& value, time_point) {
  const auto found = by_sequence_.find(value.sequence);
  if (found == by_sequence_.end() || theirs.kind != our_request_) {
    ++counters_.unknown_responses;
    return;
  }
  if (value.status == command_status::rok) bucket_.accepted();
  answered(found->second->number);
  settle(found->second, value.status, theirs.message_id);
}

void session::on(const smpp::unbind&, const pdu& value, time_point) {
  transmit(value.sequence, unbind_resp{});
  const bool ours_too = state_ == state::draining || state_ == state::unbinding;
  end(ours_too ? close_reason::unbound : close_reason::peer_unbound);
}

void session::on(const unbind_resp&, const pdu& value, time_point) {
  if (state_ == state::unbinding && value.sequence == control_sequence_) return end(close_reason::unbound);
  ++counters_.unknown_responses;
}

// §4.11: at any time, from either side.
void session::on(const enquire_link&, const pdu& value, time_point) {
  transmit(value.sequence, enquire_link_resp{});
}

void session::on(const enquire_link_resp&, const pdu& value, time_point) {
  if (probe_sequence_ == 0 || value.sequence != probe_sequence_) {
    ++counters_.unknown_responses;
    return;
  }
  probe_sequence_ = 0;
  answered(probe_number_);
}

// Never answered, or two peers would nack each other for ever. A refusal whatever its status says.
void session::on(const generic_nack&, const pdu& value, time_point) {
  const auto status = value.status == command_status::rok ? command_status::runknownerr : value.status;
  // While we bind there is nothing else it could mean, whatever its sequence: OsmoMSC's is nonsense (SMPP.md §3).
  if (state_ == state::opening && options_.role == role::esme) return end(close_reason::bind_refused, status);
  if (state_ == state::unbinding && value.sequence == control_sequence_) return end(close_reason::unbound);
  if (const auto found = by_sequence_.find(value.sequence); found != by_sequence_.end())
    return settle(found->second, status, {});
  if (probe_sequence_ != 0 && value.sequence == probe_sequence_) {
    probe_sequence_ = 0;  // a peer that does not know enquire_link is alive all the same
    return answered(probe_number_);
  }
  ++counters_.unknown_responses;
}

// The link outlives a dead PDU (SMPP.md §2): it is answered in its own kind, or nacked when nobody knows what it was.
void session::on(const malformed& theirs, const pdu& value, time_point) {
  assert(theirs.reason != command_status::rok);
  ++counters_.malformed;
  if (has_no_answer(theirs.id)) return;
  const command_id id{theirs.id};
  switch (id) {
    case command_id::submit_sm:
    case command_id::deliver_sm: return transmit(value.sequence, short_message_resp{id, {}}, theirs.reason);
    case command_id::bind_receiver:
    case command_id::bind_transmitter:
    case command_id::bind_transceiver: return transmit(value.sequence, bind_resp{id, {}}, theirs.reason);
    case command_id::unbind: return transmit(value.sequence, unbind_resp{}, theirs.reason);
    case command_id::enquire_link: return transmit(value.sequence, enquire_link_resp{}, theirs.reason);
    default: return transmit(value.sequence, generic_nack{}, theirs.reason);
  }
}

void session::receive_broken_frame(time_point) {
  if (state_ == state::closed) return;
  ++counters_.malformed;
  transmit(0, generic_nack{}, command_status::rinvcmdlen);  // §4.3.1: sequence 0, as theirs cannot be trusted
  end(close_reason::broken_frame);
}

void session::disconnected() {
  if (state_ == state::closed) return;
  state_ = state::closed;
  forget_in_flight();
}

// What time brings.

void session::tick(time_point now) {
  if (state_ == state::closed) return;
  give_up_on_late_answers(now);
  if (now >= state_deadline_) {
    if (state_ == state::opening) return end(close_reason::bind_timeout);
    if (state_ == state::unbinding) return end(close_reason::unbound);
    return send_unbind(now);  // drained or not
  }
  if (now >= silence_deadline_) {
    if (probing_) return end(close_reason::link_dead);
    probe(now);
  }
  probe_for_confirmations(now);
  unbind_when_drained(now);
}

time_point session::deadline() const {
  if (state_ == state::closed) return time_point::max();
  if (state_ == state::draining && drained()) return time_point::min();  // acknowledge() knows no time to unbind at
  const auto soonest = std::min({state_deadline_, silence_deadline_, confirmation_deadline()});
  return in_flight_.empty() ? soonest : std::min(soonest, in_flight_.front().deadline);
}

void session::give_up_on_late_answers(time_point now) {
  while (!in_flight_.empty() && in_flight_.front().deadline <= now) {
    effects_.emplace_back(unknown{in_flight_.front().ticket});
    by_sequence_.erase(in_flight_.front().sequence);
    in_flight_.pop_front();
  }
}

void session::probe(time_point now) {
  probing_ = true;
  probe_sequence_ = next_sequence();
  probe_number_ = ++last_number_;
  silence_deadline_ = now + options_.enquire_link_timeout;
  transmit(probe_sequence_, enquire_link{});
}

void session::probe_for_confirmations(time_point now) {
  if (now < confirmation_deadline()) return;
  latest_ = now;
  confirming_.take(now);
  probe(now);
}

// What is on its way will be answered, or what leaves next behind it: a busy transceiver needs no enquire_link.
time_point session::confirmation_deadline() const {
  if (unconfirmed_.empty() || probe_sequence_ != 0) return time_point::max();
  const auto since = unconfirmed_.front().since;
  return std::max(in_flight_.empty() ? since : since + longest_unconfirmed, confirming_.room_at(latest_));
}

void session::answered(std::uint64_t number) {
  for (; !unconfirmed_.empty() && unconfirmed_.front().behind < number; unconfirmed_.pop_front())
    effects_.emplace_back(heard{unconfirmed_.front().ticket});
}

// What the caller wants.

bool session::submit(ticket name, short_message value, time_point now) {
  if (room(now) == 0) return false;
  bucket_.take(now);
  latest_ = now;
  const auto sequence = next_sequence();
  in_flight_.push_back({sequence, name, now + options_.response_timeout, ++last_number_});
  by_sequence_.emplace(sequence, std::prev(in_flight_.end()));
  value.kind = our_request_;
  transmit(sequence, std::move(value));
  return true;
}

void session::acknowledge(std::uint32_t sequence, command_status status, std::string message_id) {
  if (state_ == state::closed) return;
  const auto found = unanswered_.find(sequence);
  if (found == unanswered_.end()) return;
  unanswered_.erase(found);
  if (their_request_ == command_id::deliver_sm) message_id.clear();  // §4.6.2: unused, NULL
  transmit(sequence, short_message_resp{their_request_, std::move(message_id)}, status);
}

void session::confirm(ticket name, time_point now) {
  if (state_ != state::bound && state_ != state::draining) return;
  latest_ = now;
  // Nobody waits for so long, and a peer that answers no enquire_link must not fill our memory.
  while (!unconfirmed_.empty() && unconfirmed_.front().since + options_.response_timeout < now)
    unconfirmed_.pop_front();
  unconfirmed_.push_back({name, last_number_, now});
}

void session::throttled(double jitter, time_point now) {
  latest_ = now;
  bucket_.throttled(jitter, now);
}

void session::give_up(command_status why) {
  if (state_ != state::closed) end(close_reason::not_bound, why);
}

void session::refuse_messages(std::optional<command_status> status) {
  assert(status != command_status::rok);
  refusal_ = status;
}

void session::unbind(time_point now) {
  if (state_ == state::opening) return end(close_reason::unbound);
  if (state_ != state::bound) return;
  state_ = state::draining;
  state_deadline_ = now + options_.unbind_timeout;
  unbind_when_drained(now);
}

std::optional<effect> session::poll() {
  if (polled_ == effects_.size()) {
    effects_.clear();
    polled_ = 0;
    return std::nullopt;
  }
  return std::move(effects_[polled_++]);
}

std::size_t session::room(time_point now) const {
  return std::min(room_in_window(), bucket_.room(now));
}

time_point session::room_at() const {
  return room_in_window() == 0 ? time_point::min() : bucket_.room_at(latest_);
}

bool session::is_bound() const {
  return state_ != state::opening && state_ != state::closed;
}

bool session::can_submit() const {
  return state_ == state::bound && may_submit();
}

const session_counters& session::counters() const {
  return counters_;
}

// How a state becomes the next.

void session::become_bound(command_id kind, const std::string& peer_system_id, time_point now) {
  state_ = state::bound;
  bound_as_ = kind;
  state_deadline_ = time_point::max();
  silence_deadline_ = now + options_.enquire_link_after;
  effects_.emplace_back(bound{peer_system_id});
}

void session::unbind_when_drained(time_point now) {
  if (state_ == state::draining && drained()) send_unbind(now);
}

void session::send_unbind(time_point now) {
  state_ = state::unbinding;
  state_deadline_ = now + options_.unbind_timeout;
  silence_deadline_ = time_point::max();
  unconfirmed_.clear();
  control_sequence_ = next_sequence();
  transmit(control_sequence_, smpp::unbind{});
}

void session::settle(requests::iterator answered, command_status status, const std::string& message_id) {
  effects_.emplace_back(submitted{answered->ticket, status, message_id});
  by_sequence_.erase(answered->sequence);
  in_flight_.erase(answered);
}

void session::end(close_reason reason, command_status status) {
  state_ = state::closed;
  forget_in_flight();
  effects_.emplace_back(close{reason, status});
}

void session::forget_in_flight() {
  for (const auto& sent : in_flight_) effects_.emplace_back(unknown{sent.ticket});
  in_flight_.clear();
  by_sequence_.clear();
  unanswered_.clear();
  unconfirmed_.clear();
}

// Which way messages go under this bind (§2.2): a transmitter's from the ESME, a receiver's to it.
bool session::may_submit() const {
  return bound_as_ != (options_.role == role::esme ? command_id::bind_receiver : command_id::bind_transmitter);
}

bool session::may_receive() const {
  return bound_as_ != (options_.role == role::esme ? command_id::bind_transmitter : command_id::bind_receiver);
}

std::size_t session::room_in_window() const {
  if (!can_submit()) return 0;
  return options_.window > in_flight_.size() ? options_.window - in_flight_.size() : 0;
}

std::uint32_t session::next_sequence() {
  return sequence_.next(
      [this](std::uint32_t number) { return number == probe_sequence_ || by_sequence_.contains(number); });
}

template <class Body>
void session::transmit(std::uint32_t sequence, Body body, command_status status) {
  effects_.emplace_back(send{pdu{status, sequence, std::move(body)}});
}

}  // namespace topupd::smpp
