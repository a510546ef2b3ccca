// Simulated time: what happens when, one thing after the other. One seed makes one course of events, to the
// microsecond.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <queue>
#include <random>
#include <stdexcept>
#include <vector>

#include "gateway/smpp/session.hpp"

namespace topupd::simulation {

using smpp::duration;
using smpp::time_point;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

class world {
 public:
  explicit world(std::uint32_t seed) : random_(seed) {}

  [[nodiscard]] time_point now() const { return now_; }
  void at(time_point when, std::function<void()> what) {
    agenda_.push({std::max(when, now_), ++last_, std::move(what)});
  }
  void after(duration wait, std::function<void()> what) { at(now_ + wait, std::move(what)); }

  // Lets so much time pass. Throws std::runtime_error where that never comes to rest.
  void run(duration time) {
    const auto end = now_ + time;
    while (!agenda_.empty() && agenda_.top().when <= end) {
      auto next = agenda_.top();
      agenda_.pop();
      now_ = next.when;
      if (++happened_ > events_at_most) throw std::runtime_error("this course never comes to rest");
      next.what();
    }
    now_ = end;
  }

  // The same on every machine: std's distributions are not.
  std::uint32_t draw(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }
  bool chance(double share) {
    return static_cast<double>(random_()) < share * static_cast<double>(std::mt19937::max());
  }
  duration between(duration least, duration most) {
    return least +
           microseconds(static_cast<std::int64_t>(random_()) %
                        std::max<std::int64_t>(1, std::chrono::duration_cast<microseconds>(most - least).count()));
  }

 private:
  struct event {
    time_point when;
    std::uint64_t number;  // of what happens at one time, the first planned comes first
    std::function<void()> what;
    bool operator<(const event& other) const { return when != other.when ? when > other.when : number > other.number; }
  };
  static constexpr std::uint64_t events_at_most = 5'000'000;  // the longest course takes a hundredth of them

  std::priority_queue<event> agenda_;
  time_point now_{seconds(1'000'000)};
  std::uint64_t last_ = 0;
  std::uint64_t happened_ = 0;
  std::mt19937 random_;
};

}  // namespace topupd::simulation
