// Owed replies on their way out: rendered, submitted while a window has room, and reported to the store when the SMSC
// has answered (DESIGN.md §2.4).
//
// What is owed lives in the database; this holds only what this process has the lease of, and at most `limit` of it.
// What does not fit, or whose lease lapses while it waits, is let go: it is claimed again, by this process or another.
// One thread: the gateway's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/event_log.hpp"
#include "gateway/links.hpp"
#include "gateway/metrics.hpp"
#include "gateway/reply.hpp"
#include "store/worker.hpp"

namespace topupd::gateway {

class outbox_relay {
 public:
  struct options {
    std::chrono::milliseconds lease{10'000};
    std::size_t limit = 8192;  // waiting for one SMSC
  };
  outbox_relay(boost::asio::io_context& io, options given, replies texts, links& out, store::worker& store,
               event_log& log, metrics& counts);

  void start();  // begins to claim
  void stop();   // submits nothing more, gives back what waits; what is in flight may still be answered
  void use(replies texts) { texts_ = std::move(texts); }

  // Takes a decision whose reply is owed and whose lease is ours. Known ones are only renewed.
  // acknowledged: the link on which its text was answered ESME_ROK just now.
  void add(store::decision value, const std::optional<link_id>& acknowledged = std::nullopt);
  void submitted(smpp::ticket name, smpp::command_status status, const std::string& message_id);
  void unknown(smpp::ticket name);
  void pump(std::size_t smsc);
  // Asks for replies that other processes left owed; done by itself from time to time, and by whoever saw a bind come
  // up.
  void claim();

  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::size_t in_flight() const { return owed_.size() - waiting(); }

 private:
  struct owed {
    store::decision facts;
    std::chrono::steady_clock::time_point lease_until;
    std::size_t smsc = 0;
    std::optional<link_id> acknowledged;  // where the text's ESME_ROK went
    std::optional<link_id> sent_by;       // while in flight
    // A reply is one short message or several; when one of those is not taken, all of them go again.
    std::uint8_t attempt = 0;
    std::size_t submitted = 0;  // of this attempt
    std::size_t taken = 0;
    std::size_t segments = 1;
  };
  struct lane {  // the replies for one SMSC
    explicit lane(boost::asio::io_context& io) : pause(io) {}
    std::deque<std::int64_t> waiting;
    boost::asio::steady_timer pause;
    bool paused = false;
    int throttled = 0;  // times in a row
  };
  void claim_later();
  void renew();
  void let_go(std::int64_t number);
  void forget(std::int64_t number);
  bool submit(std::int64_t number, owed& of);
  void retry(std::int64_t number, owed& of);
  void pause(std::size_t smsc);
  void taken(std::int64_t number, const owed& of, const std::string& message_id);
  void refused(std::int64_t number, const owed& of, smpp::command_status status);

  options options_;
  replies texts_;
  links& links_;
  store::worker& store_;
  event_log& log_;
  metrics& metrics_;
  std::unordered_map<std::int64_t, owed> owed_;  // by receipt
  std::deque<lane> lanes_;                       // by SMSC
  boost::asio::steady_timer claim_timer_;
  std::mt19937 random_{std::random_device{}()};
  bool stopped_ = false;
};

// "1.1.999701234567" <-> an address: how the store keeps one.
std::string to_string(const smpp::address& value);
smpp::address address_from(std::string_view text);

}  // namespace topupd::gateway
