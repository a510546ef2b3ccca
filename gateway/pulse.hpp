// Whether this process was held up: by SIGSTOP, a machine that slept, a disk that hung. Then it does not know how old
// what it reads is, nor whether its answers left in time. A beat a second tells. Pure; one thread.
#pragma once

#include <chrono>

namespace topupd::gateway {

class pulse {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  void beat(time_point now) {
    if (last_ != time_point{} && now > late()) {  // before the first beat nothing can have come
      held_up_since_ = last_;
      held_up_until_ = now;
    }
    last_ = now;
  }
  // Of what is read now: the earliest that it may have come.
  [[nodiscard]] time_point earliest(time_point now) const { return earliest(now, interval); }
  // Of a text that is read now, likewise: those that waited in a network that was held up as we were come later still.
  [[nodiscard]] time_point earliest_of_a_text(time_point now) const { return earliest(now, doubt); }
  // Whether nothing held up a text that was read `then`: neither us between the two, nor it before.
  [[nodiscard]] bool steady(time_point then, time_point now) const {
    return now <= late() && earliest(then, doubt) == then;
  }

 private:
  [[nodiscard]] time_point earliest(time_point now, std::chrono::milliseconds behind_a_hold_up) const {
    if (now > late()) return last_;
    const bool was_held_up = held_up_until_ != time_point{};
    return was_held_up && now < held_up_until_ + behind_a_hold_up ? held_up_since_ : now;
  }
  static constexpr std::chrono::milliseconds interval{1'000}, slack{500}, doubt{15'000};
  [[nodiscard]] time_point late() const { return last_ + interval + slack; }

  time_point last_{}, held_up_since_{}, held_up_until_{};
};

}  // namespace topupd::gateway
