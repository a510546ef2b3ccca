// One SMPP 3.4 session, sans-I/O: what may happen next on a link, decided from PDUs and the time alone.
//
// Speaks as an ESME or, for the simulator and its tests, as the SMSC. Feed it receive()/tick(); take what it wants done
// with poll() until that is empty; call tick() when deadline() has come. No socket, timer, clock or logger in it. One
// thread. Sources: SMPP 3.4 §2 (states), §2.7 (sequence and timers), §3.3, §4; SMPP.md §2.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "gateway/smpp/pdu.hpp"
#include "gateway/smpp/sequence.hpp"
#include "gateway/smpp/token_bucket.hpp"

namespace topupd::smpp {

using time_point = std::chrono::steady_clock::time_point;  // handed in; never read here
using duration = std::chrono::steady_clock::duration;
using ticket = std::uint64_t;  // the caller's name for a message it submits: the id of the owed reply

enum class role { esme, smsc };

struct session_options {
  smpp::role role = smpp::role::esme;
  bind credentials;          // esme: what is sent; smsc: what is expected (an empty system_id takes anybody)
  std::size_t window = 64;   // our requests in flight; counts PDUs
  std::size_t inbox = 1024;  // their messages not yet acknowledged; above it ESME_RMSGQFUL
  std::uint32_t rate = 0;    // our messages a second (token_bucket.hpp); 0: no limit
  duration bind_timeout = std::chrono::seconds(10);
  duration enquire_link_after = std::chrono::seconds(30);  // of silence from the peer
  duration enquire_link_timeout = std::chrono::seconds(10);
  duration response_timeout = std::chrono::seconds(30);
  duration unbind_timeout = std::chrono::seconds(5);
};

enum class close_reason {
  bind_refused,  // status tells why; ESME_RALYBND is a stale bind: try again
  bind_timeout,
  link_dead,       // enquire_link went unanswered
  peer_unbound,    // unbind received and answered
  unbound,         // we unbound and it is answered, or the time for it is over
  broken_frame,    // length word out of bounds; answered with generic_nack
  protocol_error,  // e.g. a bind response nobody asked for
  not_bound,       // status says so: the peer does not know our bind, though it answers enquire_link
};
std::string_view name(close_reason reason);

// What the caller must do, in this order.
struct send {
  pdu value;
};
struct bound {
  std::string peer_system_id;
};
struct message {  // a message came (deliver_sm at an ESME, submit_sm at an SMSC): answer with acknowledge()
  std::uint32_t sequence;
  short_message value;
};
struct submitted {  // the peer answered what was submitted
  smpp::ticket ticket;
  command_status status;
  std::string message_id;
};
struct heard {  // the peer surely has what was acknowledged before confirm() was called
  smpp::ticket ticket;
};
struct unknown {  // no answer in time, or the link is gone: it may have been taken or not
  smpp::ticket ticket;
};
struct close {  // the link must be closed; the last effect of a session
  close_reason reason;
  command_status status = command_status::rok;  // of bind_refused and not_bound
};
using effect = std::variant<send, bound, message, submitted, heard, unknown, close>;

struct session_counters {               // facts for STATUS and metrics; they only grow
  std::uint64_t unknown_responses = 0;  // a sequence we do not wait for: ignored
  std::uint64_t malformed = 0;
  std::uint64_t refused_full = 0;  // answered ESME_RMSGQFUL: the inbox was full
};

class session {
 public:
  // An ESME begins with its bind; an SMSC waits for one.
  session(session_options options, time_point now);
  session(session&&) = default;  // not copied: by_sequence_ points into in_flight_
  session& operator=(session&&) = default;
  ~session() = default;

  void receive(const pdu& value, time_point now);
  void receive_broken_frame(time_point now);  // frame_reader is broken(): generic_nack, close
  void tick(time_point now);
  void disconnected();  // the socket is gone: everything in flight becomes `unknown`

  // Sends a message when bound and the window and the rate have room; false, and nothing happens, when not.
  bool submit(ticket name, short_message value, time_point now);
  // Answers a `message`. A sequence that is not waiting is ignored (the link was replaced meanwhile).
  void acknowledge(std::uint32_t sequence, command_status status, std::string message_id = {});
  // Asks for heard{name} once the peer surely has all that is acknowledged by now: when it has answered what we sent
  // after that, because TCP keeps the order. On a link where nothing of ours is on its way, or what is takes long, an
  // enquire_link is sent for it: one at a time, as silence does, and a hundred a second at most. A link that ends
  // before, or an answer that takes longer than response_timeout, says nothing.
  void confirm(ticket name, time_point now);
  // The peer says that we are too fast: half the rate from now on (of what was sent in the last second where there is
  // no limit), nothing for a moment with jitter; then it recovers, slowly, within a minute (SMPP.md §2 "rate"). jitter:
  // 0 to 1, a random number that comes in.
  void throttled(double jitter, time_point now);
  // The peer has answered that it does not know our bind. Ends with close{not_bound, why}: only a new bind helps.
  void give_up(command_status why);
  // Answers new messages with this status instead of handing them out: shutting down, or the store is away.
  void refuse_messages(std::optional<command_status> status);
  // Unbinds once everything in flight is answered, in both directions, or after unbind_timeout; the answer has
  // unbind_timeout again. New messages are refused from now on (ESME_RX_T_APPN unless refuse_messages() says
  // otherwise). Ends with close{unbound}.
  void unbind(time_point now);

  std::optional<effect> poll();
  // When tick() is next needed: time_point::max() for never, time_point::min() for at once. O(1).
  [[nodiscard]] time_point deadline() const;
  [[nodiscard]] std::size_t room(time_point now) const;  // how many submit() would take now
  // When the rate alone keeps us from submitting: until when; else min(). No deadline of tick(): whoever wants room
  // looks again then.
  [[nodiscard]] time_point room_at() const;
  [[nodiscard]] bool is_bound() const;
  [[nodiscard]] bool can_submit() const;  // bound, and as a transmitter or transceiver
  [[nodiscard]] const session_counters& counters() const;

 private:
  // SMPP 3.4 §2.2, where OPEN is `opening`. While draining we are still BOUND, but take no new message in either
  // direction.
  enum class state { opening, bound, draining, unbinding, closed };
  struct request {
    std::uint32_t sequence;
    smpp::ticket ticket;
    time_point deadline;
    std::uint64_t number;  // of all requests of this session, in the order in which they were sent
  };
  struct confirmation {
    smpp::ticket ticket;
    std::uint64_t behind;  // shown by the answer to any later request
    time_point since;
  };
  using requests = std::list<request>;

  void on(const bind&, const pdu&, time_point now);
  void on(const bind_resp&, const pdu&, time_point now);
  void on(const short_message&, const pdu&, time_point now);
  void on(const short_message_resp&, const pdu&, time_point now);
  void on(const smpp::unbind&, const pdu&, time_point now);
  void on(const unbind_resp&, const pdu&, time_point now);
  void on(const enquire_link&, const pdu&, time_point now);
  void on(const enquire_link_resp&, const pdu&, time_point now);
  void on(const generic_nack&, const pdu&, time_point now);
  void on(const malformed&, const pdu&, time_point now);

  [[nodiscard]] command_status judge(const bind& theirs) const;
  [[nodiscard]] std::optional<command_status> refusal_of_a_message();
  [[nodiscard]] bool may_submit() const;
  [[nodiscard]] std::size_t room_in_window() const;
  [[nodiscard]] bool may_receive() const;
  [[nodiscard]] bool drained() const { return in_flight_.empty() && unanswered_.empty(); }

  void become_bound(command_id kind, const std::string& peer_system_id, time_point now);
  void unbind_when_drained(time_point now);
  void send_unbind(time_point now);
  void give_up_on_late_answers(time_point now);
  void probe(time_point now);
  void probe_for_confirmations(time_point now);
  [[nodiscard]] time_point confirmation_deadline() const;
  void answered(std::uint64_t number);
  void settle(requests::iterator answered, command_status status, const std::string& message_id);
  void forget_in_flight();
  void end(close_reason reason, command_status status = command_status::rok);

  std::uint32_t next_sequence();
  template <class Body>
  void transmit(std::uint32_t sequence, Body body, command_status status = command_status::rok);

  session_options options_;
  command_id our_request_;    // what submit() sends: submit_sm, or deliver_sm as the SMSC
  command_id their_request_;  // what the peer sends
  state state_ = state::opening;
  command_id bound_as_ = command_id::bind_transceiver;
  std::optional<command_status> refusal_;

  sequence_numbers sequence_;
  token_bucket bucket_;
  token_bucket confirming_;  // enquire_links for what is unconfirmed
  time_point latest_;        // that was handed in
  requests in_flight_;       // oldest first, which is also the order of their deadlines
  std::unordered_map<std::uint32_t, requests::iterator> by_sequence_;
  std::uint32_t control_sequence_ = 0;                 // of our bind, then of our unbind
  std::uint32_t probe_sequence_ = 0;                   // of our enquire_link until it is answered; 0: none
  std::uint64_t probe_number_ = 0;                     // and its number
  std::uint64_t last_number_ = 0;                      // of a request
  std::deque<confirmation> unconfirmed_;               // in the order in which they were asked for
  std::unordered_multiset<std::uint32_t> unanswered_;  // sequences of the inbox; a careless peer may repeat one

  time_point state_deadline_ = time_point::max();    // opening, draining and unbinding must be over by then
  time_point silence_deadline_ = time_point::max();  // bound: then we probe; probing: then the link is dead
  bool probing_ = false;

  std::vector<effect> effects_;  // not a deque: that would allocate for every effect
  std::size_t polled_ = 0;       // effects already taken
  session_counters counters_;
};

}  // namespace topupd::smpp
