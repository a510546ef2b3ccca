// Top-ups by the thousand, each from a phone of its own with a card of its own, and how long each phone waited.
//
// At a rate, the wait of a text begins when it was due, whether or not the window had room then: a gateway that stalls
// may not hide its queue (coordinated omission). At `max` everything is due at once, so the wait begins when the text
// left.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "tests/smsc/simulator.hpp"

namespace topupd::smsc {

struct load_options {
  std::vector<secret> pins;  // one text each
  double rate = 0;           // texts a second; 0: as fast as the window allows
  std::size_t senders = 0;   // phones; 0: one a text
  std::uint64_t first_phone = 999'200'000'000;
  std::chrono::milliseconds timeout{120'000};
  std::string keyword = "TOPUP";
};

struct load_report {
  std::size_t texts = 0;
  std::size_t answered = 0;
  std::size_t confirmed = 0;  // answered, and credited
  std::uint64_t sent = 0;     // deliver_sm, every attempt
  double seconds = 0;         // first deliver_sm to last reply
  double p50_ms = 0, p99_ms = 0, p999_ms = 0, max_ms = 0;
  double answer_p999_ms = 0, answer_max_ms = 0;  // of the deliver_sm_resp, from when its deliver_sm left
  double cpu_us = 0;                             // of this process, a text
};
std::string to_json(const load_report& report);

class load {
 public:
  load(boost::asio::io_context& io, load_options options);
  void hook(smsc::events& events);  // before the simulator is made with them

  // Ends when every text is answered, or the time is over. Begin it once the gateway is bound.
  boost::asio::awaitable<load_report> run(simulator& centre);

 private:
  using clock = std::chrono::steady_clock;
  void deliver(simulator& centre, std::size_t index);
  void on_reply(const reply& value);
  [[nodiscard]] load_report report(double cpu_seconds, const latencies& answers) const;

  load_options options_;
  boost::asio::steady_timer timer_;
  std::vector<std::deque<std::size_t>> open_;  // of each phone: its texts without a reply, oldest first
  std::vector<clock::time_point> begun_;       // of each text
  latencies waits_;                            // of phones, for their replies
  std::size_t confirmed_ = 0;
  std::uint64_t sent_ = 0;
  std::size_t delivered_ = 0;
  clock::time_point first_{};
  clock::time_point last_{};
};

// The PINs of a file that `topupctl batch generate` wrote, behind the first `skip`. Throws std::runtime_error.
std::vector<secret> read_pins(const std::string& csv, std::size_t skip, std::size_t at_most);

}  // namespace topupd::smsc
