#include "gateway/notify.hpp"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace topupd::gateway {
namespace {

constexpr int keep_environment = 0;

// A line end in a status would begin another assignment.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

void say(const std::string& state) {
  sd_notify(keep_environment, state.c_str());
}

}  // namespace

void notify::ready(std::string_view status) const {
  say("READY=1\nSTATUS=" + one_line(status));
}
void notify::status(std::string_view text) const {
  say("STATUS=" + one_line(text));
}
void notify::stopping() const {
  say("STOPPING=1\nSTATUS=finishing what is taken");
}
void notify::watchdog() const {
  say("WATCHDOG=1");
}

void notify::reloading() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);  // Type=notify-reload wants to know when it began
  const auto microseconds = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
  say("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

std::optional<std::chrono::microseconds> notify::watchdog_interval() const {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(keep_environment, &microseconds) <= 0) return std::nullopt;
  return std::chrono::microseconds(microseconds);
}

}  // namespace topupd::gateway
