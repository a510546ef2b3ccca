// How fast one bind may submit: a token bucket counted in PDUs, halved when the peer says ESME_RTHROTTLED, recovering
// slowly (SMPP.md §2 "rate"). Pure: the time and the random number come in. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace topupd::smpp {

class token_bucket {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  // rate: tokens a second; 0: no limit, until throttled() finds one.
  token_bucket(std::uint32_t rate, time_point now);

  // How many may be taken now. A bucket holds a tenth of a second's tokens, one at least.
  [[nodiscard]] std::size_t room(time_point now) const;
  void take(time_point now);  // one; there must be room
  // When there is room for one again; min() when there is already. Then there is room: nobody is woken in vain.
  [[nodiscard]] time_point room_at(time_point now) const;
  // Half the rate from now on, and nothing for 0.2 to 30 s: twice as long each time in a row, and up to once more of it
  // at random (jitter: 0 to 1). What is said of one second, or of one pause, counts once: a whole window is answered
  // with the same status. The configured rate is back a minute later.
  void throttled(double jitter, time_point now);
  void accepted();                                  // an answer with ESME_ROK: the row of throttlings is over
  [[nodiscard]] double rate(time_point now) const;  // tokens a second now; 0: no limit

 private:
  // How many were taken in each tenth of the last second.
  class last_second {
   public:
    void count(time_point now);
    std::uint32_t total(time_point now);

   private:
    static constexpr std::int64_t tenths = 10;
    std::uint32_t& at(std::int64_t tenth);

    std::array<std::uint32_t, tenths> taken_{};
    std::int64_t newest_ = 0;  // no later one is counted
  };

  [[nodiscard]] bool recovering(time_point now) const;
  [[nodiscard]] double depth(time_point now) const;
  [[nodiscard]] double tokens(time_point now) const;

  double configured_;  // tokens a second; 0: no limit
  double tokens_;      // at filled_
  time_point filled_;
  double lowered_ = 0;  // the rate at throttled_
  time_point throttled_ = time_point::min();
  time_point paused_until_ = time_point::min();
  int row_ = 0;  // throttlings without an ESME_ROK between them
  last_second taken_;
};

}  // namespace topupd::smpp
