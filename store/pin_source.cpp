#include "store/pin_source.hpp"

#include <string.h>  // explicit_bzero
#include <sys/random.h>

#include <cassert>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace topupd::store {
void fill_with_random(std::span<std::uint8_t> octets) {
  while (!octets.empty()) {
    const ssize_t got = getrandom(octets.data(), octets.size(), 0);
    if (got > 0) octets = octets.subspan(static_cast<std::size_t>(got));
    if (got < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
  }
}

pin_source::pin_source(parser::pin_rules rules) : rules_(std::move(rules)) {
  assert(!rules_.lengths.empty());
}

pin_source::~pin_source() {
  explicit_bzero(octets_.data(), octets_.size());
}

parser::pin pin_source::next() {
  std::array<char, 32> digits{};
  const auto length = static_cast<std::size_t>(rules_.lengths.front());
  assert(length > 1 && length <= digits.size());
  const bool checked = rules_.check != parser::check_digit::none;
  const std::size_t random = checked ? length - 1 : length;
  for (std::size_t i = 0; i < random; ++i) digits[i] = digit();
  if (checked) digits[random] = parser::compute_check_digit({digits.data(), random}, rules_.check);

  const std::optional<parser::pin> made = parser::pin::from_digits({digits.data(), length}, rules_);
  explicit_bzero(digits.data(), digits.size());
  assert(made);
  return *made;
}

char pin_source::digit() {
  while (true) {
    if (used_ == octets_.size()) {
      fill_with_random(octets_);
      used_ = 0;
    }
    const std::uint8_t octet = std::exchange(octets_[used_++], std::uint8_t{0});
    if (octet < 250) return static_cast<char>('0' + octet % 10);  // 250 to 255 would favour 0 to 5
  }
}

}  // namespace topupd::store
