// Keeps one bind to an SMSC alive: connects, runs a connection, and after its end waits and tries again, for ever.
//
// The wait is full-jitter exponential, 1 s to 60 s (settings); a bind refused for its password or system_id waits the
// longest and alarms, but never gives up (SMPP.md §2 "reconnect"). The io_context's one thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "gateway/smpp/connection.hpp"
#include "gateway/smpp/tls.hpp"

namespace topupd::smpp {

// Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): uniform in [0, min(cap, base * 2^attempt)],
// never below 50 ms. Pure: the random number comes in.
class backoff {
 public:
  backoff(duration base, duration cap) : base_(base), cap_(cap) {}
  duration next(std::uint32_t random);  // counts an attempt
  void reset();                         // after a bind that held
  void at_cap();                        // password refused: the longest waits from now on, half the cap and more

 private:
  duration base_;
  duration cap_;
  int attempt_ = 0;
  bool at_cap_ = false;
};

struct supervisor_options {
  std::string name;  // of the SMSC, for the log
  std::string host;
  std::uint16_t port = 2775;
  duration connect_timeout = std::chrono::seconds(10);
  duration backoff_base = std::chrono::seconds(1);
  duration backoff_cap = std::chrono::seconds(60);
  session_options session;
  std::size_t pdu_max = frame_limit;              // of what comes
  std::uint16_t vendor_tlv = 0;                   // kept of a deliver_sm: decode()
  std::optional<tls_options> tls = std::nullopt;  // an empty server_name is the host
};

// What became of the link, for one log line each: the gateway decides how to say it.
struct link_event {
  enum class kind { connect_failed, bound, refused, lost, unbound } what;
  std::string detail;  // "connection refused", "link_dead", "ESME_RINVPASWD", "TLS: the certificate has expired …"
  std::optional<duration> retry_in;  // when the next attempt will be made
};

class supervisor {
 public:
  supervisor(const boost::asio::any_io_executor& executor, supervisor_options options, connection_handlers handlers,
             std::function<void(const link_event&)> on_event);
  ~supervisor();
  supervisor(const supervisor&) = delete;
  supervisor& operator=(const supervisor&) = delete;

  // Runs until stop() and the unbind it causes are done. The supervisor must outlive the coroutine.
  boost::asio::awaitable<void> run();
  // Takes no new message, waits for what is in flight, unbinds, ends run(). At most twice unbind_timeout and a second.
  void stop();

  // The live bind, or nullptr while there is none. Valid until the next suspension point.
  [[nodiscard]] connection* link();

 private:
  using tcp = boost::asio::ip::tcp;

  boost::asio::awaitable<std::optional<stream>> connect();
  boost::asio::awaitable<std::vector<tcp::endpoint>> resolve();
  boost::asio::awaitable<std::optional<stream>> open(tcp::endpoint endpoint);
  boost::asio::awaitable<void> carry(stream link);
  boost::asio::awaitable<void> pause();

  void on_bound(const std::string& peer_system_id);
  std::optional<duration> next_try();
  void tell(link_event::kind what, std::string detail, std::optional<duration> retry_in = std::nullopt) const;

  supervisor_options options_;
  connection_handlers handlers_;
  std::function<void(const link_event&)> on_event_;
  backoff backoff_;
  std::mt19937 random_;
  tcp::resolver resolver_;
  boost::asio::steady_timer timer_;  // of whatever is being waited for: an answer to connect, the next try
  std::unique_ptr<connection> connection_;
  std::string connect_error_;
  time_point bound_since_{};
  bool stopping_ = false;
};

}  // namespace topupd::smpp
