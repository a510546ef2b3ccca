// Looks at the books every minute while the gateway runs: topup.watch() proves what is new (DESIGN.md §2.10), lets
// lapse what has come to its end, and says how much guessing there is.
//
// Its own thread and connection; the callback comes on that thread. Throws unavailable from the constructor, which
// looks once itself: a gateway does not begin with books that are known to be wrong. Later a database that is away is
// not its business, the worker says so: it tries again at the next minute.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace topupd::store {

struct watch_report {
  std::string wrong;    // the check that found a violation first, as `topupctl verify` names it; empty: none
  std::string example;  // its culprit
  int guess_level = 0;  // 0 none; 1 one wrong PIN locks its sender; 2 and who is no customer is not looked up
  std::optional<std::chrono::sys_seconds> guess_until;  // unless it is called for again
  std::int64_t wrong_pins_today = 0;                    // new ones of all senders, within 24 hours
  std::int64_t wrong_pins_this_hour = 0;
  double usual_an_hour = 0;  // over the last week
};

class watcher {
 public:
  struct options {
    std::string url;
    std::chrono::milliseconds every = std::chrono::minutes{1};
  };
  using callback = std::function<void(const watch_report&)>;
  // on_failed: a look that failed although the database is there, and why; the next one may not.
  watcher(options given, callback on_report, std::function<void(const std::string& why)> on_failed);
  ~watcher();  // breaks off a look under way
  watcher(const watcher&) = delete;
  watcher& operator=(const watcher&) = delete;

  [[nodiscard]] const watch_report& first() const;  // what the constructor saw
  void look();                                      // now, without waiting for the minute; reported like any other

 private:
  struct body;
  std::unique_ptr<body> body_;
};

}  // namespace topupd::store
