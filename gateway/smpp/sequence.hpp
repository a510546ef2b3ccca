// The numbers of our requests: 1 to 0x7FFFFFFF and round again (SMPP 3.4 §5.1.4), skipping those still in flight.
#pragma once

#include <cstdint>

namespace topupd::smpp {

class sequence_numbers {
 public:
  static constexpr std::uint32_t last = 0x7FFFFFFF;

  explicit sequence_numbers(std::uint32_t first = 1) : previous_(first - 1) {}

  // in_flight(number) tells whether a number is still taken; there must be a free one.
  template <class InFlight>
  std::uint32_t next(InFlight in_flight) {
    do {
      previous_ = previous_ >= last ? 1 : previous_ + 1;
    } while (in_flight(previous_));
    return previous_;
  }

 private:
  std::uint32_t previous_;
};

}  // namespace topupd::smpp
