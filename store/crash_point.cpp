#include "store/crash_point.hpp"

#ifdef TOPUPD_CRASH_POINTS

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace topupd::store {
namespace {

struct wish {
  std::size_t where = crash_point_names.size();  // none
  int nth = 1;
};

wish read_wish() {
  const char* given = std::getenv("TOPUPD_STOP_AT");
  if (given == nullptr) return {};
  const std::string_view words = given;
  const auto colon = std::min(words.find(':'), words.size());
  const auto found = std::find(crash_point_names.begin(), crash_point_names.end(), words.substr(0, colon));
  wish read{.where = static_cast<std::size_t>(found - crash_point_names.begin())};
  const auto number = words.substr(std::min(colon + 1, words.size()));
  const bool counted =
      number.empty() || std::from_chars(number.data(), number.data() + number.size(), read.nth).ec == std::errc();
  if (found == crash_point_names.end() || !counted) {
    std::fprintf(stderr, "topupd: TOPUPD_STOP_AT: \"%s\" is no crash point; store/crash_point.hpp has them\n", given);
    std::_Exit(2);
  }
  return read;
}

}  // namespace

void come_by(crash_point here) {
  static const wish wanted = read_wish();
  static std::atomic<int> times{0};
  if (static_cast<std::size_t>(here) == wanted.where && ++times == wanted.nth) raise(SIGSTOP);
}

}  // namespace topupd::store

#else

void topupd::store::come_by(crash_point) {}

#endif
