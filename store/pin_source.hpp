// New PINs, from the operating system's generator (getrandom(2)): every digit but the check digit is equally likely.
// Not thread-safe. Throws std::system_error when the system has no randomness to give.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "parser/pin.hpp"

namespace topupd::store {

// From the same generator.
void fill_with_random(std::span<std::uint8_t> octets);

class pin_source {
 public:
  explicit pin_source(parser::pin_rules rules);  // the first length is used
  ~pin_source();
  pin_source(const pin_source&) = delete;
  pin_source& operator=(const pin_source&) = delete;

  parser::pin next();

 private:
  char digit();

  parser::pin_rules rules_;
  std::array<std::uint8_t, 4096> octets_{};
  std::size_t used_ = octets_.size();
};

}  // namespace topupd::store
