// What the fuzz targets share: octets taken as a script of what happens, and the end of a run in which a promise was
// broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace topupd::fuzz {

inline void promise(bool kept, const char* which) {
  if (kept) return;
  std::fprintf(stderr, "broken: %s\n", which);
  std::abort();
}

class script {
 public:
  script(const std::uint8_t* data, std::size_t size) : at_(data), left_(size) {}
  [[nodiscard]] bool done() const { return left_ == 0; }
  // Zeros behind the end, so that every script is whole.
  std::uint8_t octet() {
    if (left_ == 0) return 0;
    --left_;
    return *at_++;
  }
  std::uint16_t word() {
    const unsigned high = octet();
    return static_cast<std::uint16_t>(high << 8 | octet());
  }
  std::string_view octets(std::size_t wanted) {
    const std::size_t size = wanted < left_ ? wanted : left_;
    const std::string_view taken(reinterpret_cast<const char*>(at_), size);
    at_ += size;
    left_ -= size;
    return taken;
  }

 private:
  const std::uint8_t* at_;
  std::size_t left_;
};

}  // namespace topupd::fuzz
