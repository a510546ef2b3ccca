// What the daemon counts, for /metrics. Owned by the daemon and handed to its parts; nothing here is global.
//
// Counting a text costs about 0.1 µs in all: every counter is found once, in the constructor. No number of a
// subscriber, no PIN and no receipt is ever a label. Any thread; exposition() also calls what on_scrape() was given, on
// its own thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "store/message.hpp"

namespace topupd::gateway {

class metrics {
 public:
  metrics();
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  // One text's end. took: from deliver_sm to its answer; zero when the text came to another process.
  void decided(store::outcome outcome, bool duplicate, std::chrono::duration<double, std::milli> took);
  void ignored();                 // answered ROK, and nothing owed
  void batch(std::size_t texts);  // one call of the store

  void answered_ok();  // deliver_sm_resp by its status
  void answered_temporary();
  void answered_full();

  void reply_sent();                            // submit_sm_resp with ROK
  void reply_refused();                         // for good
  void reply_deferred();                        // refused for now
  void reply_throttled();                       // the SMSC says that we are too fast
  void reply_unknown();                         // no response: it will be sent again
  void delivered(store::delivery_state state);  // what a delivery receipt says of a reply at the end

  void binds_up(std::size_t all);
  void binds_up(std::string_view smsc, std::size_t of_it);
  void store_up(bool up);
  void books_ok(bool right);  // false while no text is taken because they are wrong
  void guessing(int level, std::int64_t wrong_pins_today);
  void waiting(std::size_t texts, std::size_t replies);  // the queues, now

  // Called before each exposition, to set what is cheaper to ask for than to follow: waiting().
  void on_scrape(std::function<void()> refresh);
  // The Prometheus text format 0.0.4.
  [[nodiscard]] std::string exposition() const;

 private:
  struct body;
  std::unique_ptr<body> body_;
};

}  // namespace topupd::gateway
