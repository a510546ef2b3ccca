// Octets that nobody may print: PINs, passwords, keys.
//
// A secret has no formatter and no operator<<, compares in constant time, and wipes its octets when it dies or is
// moved from. reveal() is the only way in, so that `grep -rn 'reveal()'` lists every place that sees one (DESIGN.md
// §2.7). Header-only and without dependencies, because every module may hold one. Not thread-safe, like any value.
#pragma once

#include <string.h>  // explicit_bzero

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace topupd {

class secret {
 public:
  secret() = default;
  explicit secret(std::string_view octets) : octets_(octets.begin(), octets.end()) {}
  secret(const secret& other) = default;
  secret(secret&& other) noexcept : octets_(std::move(other.octets_)) { other.octets_.clear(); }
  secret& operator=(const secret& other) {
    if (this != &other) *this = secret(other);
    return *this;
  }
  secret& operator=(secret&& other) noexcept {
    if (this != &other) {
      wipe();
      octets_ = std::move(other.octets_);
      other.octets_.clear();
    }
    return *this;
  }
  ~secret() { wipe(); }

  // The octets in clear, valid while this lives. For computing with, never for showing.
  [[nodiscard]] std::string_view reveal() const noexcept { return {octets_.data(), octets_.size()}; }
  [[nodiscard]] std::size_t size() const noexcept { return octets_.size(); }
  [[nodiscard]] bool empty() const noexcept { return octets_.empty(); }

  // Takes the same time wherever the difference is; the lengths are no secret.
  friend bool operator==(const secret& a, const secret& b) noexcept {
    if (a.size() != b.size()) return false;
    unsigned char difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a.octets_[i] ^ b.octets_[i]);
    return difference == 0;
  }

 private:
  void wipe() noexcept {
    if (!octets_.empty()) explicit_bzero(octets_.data(), octets_.size());
    octets_.clear();
  }
  std::vector<char> octets_;  // not std::string: its small buffer would be copied, not moved, and stay behind
};

}  // namespace topupd
