// What we tell systemd (sd_notify(3)): READY, STATUS, RELOADING, STOPPING and the watchdog. Does nothing, and fails at
// nothing, where systemd did not start us. Any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace topupd::gateway {

class notify {
 public:
  void ready(std::string_view status) const;  // after start and after each reloading()
  void status(std::string_view text) const;   // one line, shown by `systemctl status`
  void reloading() const;
  void stopping() const;
  void watchdog() const;  // alive; to be said from the event loop, never from a timer thread

  // Within which watchdog() must be said (WatchdogSec= of the unit): say it twice as often. Nothing when nobody waits
  // for it.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() const;
};

}  // namespace topupd::gateway
