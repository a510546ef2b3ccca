#include "tests/scenarios/pin_search.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <unordered_map>

namespace topupd::scenarios {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t key_size = 8;  // the beginning by which a needle is recognised

std::uint64_t key_at(const char* from) {
  std::uint64_t key = 0;
  std::memcpy(&key, from, key_size);
  return key;
}

std::string ucs2(const std::string& digits, bool little_endian) {
  std::string wide;
  for (const char c : digits) {
    wide += little_endian ? c : '\0';
    wide += little_endian ? '\0' : c;
  }
  return wide;
}

std::string hex(const std::string& octets, bool upper) {
  std::string text;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    text += upper ? fmt::format("{:02X}", octet) : fmt::format("{:02x}", octet);
  }
  return text;
}

// RFC 4648 §4 encodes three octets as four characters: what stands before and after touches the characters at the ends,
// so these are left out.
std::string base64_after(std::size_t before, const std::string& octets) {
  const std::string all = std::string(before, '\0') + octets;
  std::string out(4 * (all.size() / 3 + 1) + 1, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(all.data()),
                  static_cast<int>(all.size()));
  const std::size_t first = (before * 8 + 5) / 6;
  const std::size_t last = all.size() * 8 / 6;
  return out.substr(first, last - first);
}

class searcher {
 public:
  explicit searcher(std::span<const std::string> needles) : may_begin_(1U << bits) {
    for (const std::string& needle : needles) {
      const auto key = key_at(needle.data());
      may_begin_[slot(key)] = true;
      by_key_.emplace(key, needle);
    }
  }

  [[nodiscard]] std::size_t find_in(std::string_view text) const {
    for (std::size_t at = 0; at + key_size <= text.size(); ++at) {
      const auto key = key_at(text.data() + at);
      if (!may_begin_[slot(key)]) continue;
      const auto [from, to] = by_key_.equal_range(key);
      for (auto it = from; it != to; ++it)
        if (text.substr(at).starts_with(it->second)) return at;
    }
    return std::string_view::npos;
  }

 private:
  static constexpr unsigned bits = 22;
  static std::size_t slot(std::uint64_t key) { return (key * 0x9E3779B97F4A7C15U) >> (64U - bits); }
  std::vector<bool> may_begin_;
  std::unordered_multimap<std::uint64_t, std::string_view> by_key_;
};

// The octets of a file for as long as this lives.
class mapped {
 public:
  explicit mapped(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat facts {};
    if (file >= 0 && fstat(file, &facts) == 0 && facts.st_size > 0) {
      size_ = static_cast<std::size_t>(facts.st_size);
      place_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    }
    if (file >= 0) close(file);
  }
  ~mapped() {
    if (place_ != MAP_FAILED) munmap(place_, size_);
  }
  mapped(const mapped&) = delete;
  mapped& operator=(const mapped&) = delete;
  [[nodiscard]] std::string_view text() const {
    return place_ == MAP_FAILED ? std::string_view{} : std::string_view{static_cast<const char*>(place_), size_};
  }

 private:
  void* place_ = MAP_FAILED;
  std::size_t size_ = 0;
};

std::vector<std::string> files_under(const std::string& place) {
  std::error_code gone;
  if (!fs::is_directory(place, gone)) return {place};
  std::vector<std::string> all;
  for (auto it = fs::recursive_directory_iterator(place, gone); it != fs::recursive_directory_iterator{};
       it.increment(gone))
    if (it->is_regular_file(gone)) all.push_back(it->path());
  return all;
}

}  // namespace

std::vector<std::string> disguises_of(const std::string& digits) {
  std::vector<std::string> all;
  for (const std::string& octets : {digits, ucs2(digits, false), ucs2(digits, true)}) {
    all.push_back(octets);
    all.push_back(hex(octets, false));
    if (const auto upper = hex(octets, true); upper != all.back()) all.push_back(upper);
    for (const std::size_t before : {0U, 1U, 2U}) all.push_back(base64_after(before, octets));
  }
  return all;
}

std::vector<std::string> files_with(std::span<const std::string> needles, const std::vector<std::string>& places,
                                    std::size_t* octets) {
  const searcher look(needles);
  std::vector<std::string> found;
  for (const std::string& place : places) {
    for (const std::string& path : files_under(place)) {
      const mapped file(path);
      if (octets) *octets += file.text().size();
      if (const auto at = look.find_in(file.text()); at != std::string_view::npos)
        found.push_back(fmt::format("{}: at {}", path, at));
    }
  }
  return found;
}

}  // namespace topupd::scenarios
