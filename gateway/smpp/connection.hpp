// Carries one session over one TCP or TLS stream: octets in, effects out. All of it on the io_context's one thread.
//
// The driver reads the clock and the socket; every decision is the session's. What is sent in one turn leaves in one
// write.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>

#include "gateway/smpp/frame.hpp"
#include "gateway/smpp/session.hpp"
#include "gateway/smpp/stream.hpp"

namespace topupd::smpp {

// Called on the io_context's thread, from inside the connection's coroutines; they may call back submit(),
// acknowledge() and confirm(), which only queue. They must not throw.
struct connection_handlers {
  std::function<void(const std::string& peer_system_id)> on_bound;
  std::function<void(std::uint32_t sequence, short_message value)> on_message;
  std::function<void(ticket, command_status, const std::string& message_id)> on_submitted;
  std::function<void(ticket)> on_heard;    // session::confirm()
  std::function<void(ticket)> on_unknown;  // outcome unknown: still owed
  std::function<void()> on_room;           // the window has room again, after submit() refused or after the bind
};

// How a connection ended, in words for one log line.
struct ended {
  std::optional<close> by_session;  // the session closed it
  std::string error;                // else: "connection reset by peer"
  bool was_bound = false;
};

class connection {
 public:
  // vendor_tlv: of the messages that come, decode() keeps it. pdu_max: octets of what may come. A tcp::socket will do
  // for a stream.
  connection(stream link, session_options options, connection_handlers handlers, std::uint16_t vendor_tlv = 0,
             std::size_t pdu_max = frame_limit);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  // Runs until the session closes or the stream fails; outcomes of everything in flight are handed out before it
  // returns. A TLS handshake that is still to be done comes first, within bind_timeout. The connection must outlive the
  // coroutine: `co_await connection.run()`.
  boost::asio::awaitable<ended> run();

  bool submit(ticket name, short_message value);
  void acknowledge(std::uint32_t sequence, command_status status, std::string message_id = {});
  void confirm(ticket name);  // session::confirm()
  void refuse_messages(std::optional<command_status> status);
  void unbind();
  void abort();                      // closes the socket at once, as a cut cable would
  void give_up(command_status why);  // session::give_up()
  void throttled();                  // the peer says that we are too fast: session::throttled()
  [[nodiscard]] std::size_t room() const;
  [[nodiscard]] bool is_bound() const;
  [[nodiscard]] bool can_submit() const;
  [[nodiscard]] const session_counters& counters() const;

 private:
  boost::asio::awaitable<bool> shake_hands();
  // Three loops in one thread, ended together: the stream's octets, ours, and the time.
  boost::asio::awaitable<void> read_loop();
  boost::asio::awaitable<void> write_loop();
  boost::asio::awaitable<void> clock_loop();

  [[nodiscard]] time_point deadline() const;
  void turn();
  void carry_out_effects();
  void carry_out(send& it);
  void carry_out(bound& it);
  void carry_out(message& it);
  void carry_out(submitted& it);
  void carry_out(heard& it);
  void carry_out(unknown& it);
  void carry_out(close& it);

  stream stream_;
  connection_handlers handlers_;
  session session_;
  frame_reader frames_;
  std::uint16_t vendor_tlv_;
  std::minstd_rand random_;  // jitter, so that several links do not come back in step
  std::string outgoing_;     // gathers while writing_ is on its way
  std::string writing_;
  ended ended_;
  bool aborted_ = false;
  bool room_is_wanted_ = false;          // submit() was refused, or the bind is new
  boost::asio::steady_timer something_;  // cancelled: the session has effects, or it is over
  boost::asio::steady_timer written_;    // cancelled: writing_ has left
  boost::asio::steady_timer clock_;      // expires at deadline()
};

}  // namespace topupd::smpp
