// What an operator sees and may do while thousands of cards are made: a line that counts, and Ctrl-C.
#pragma once

#include <chrono>
#include <cstdint>

namespace topupd::operators {

// On a terminal a line that counts; elsewhere a line now and then, when it takes long.
class progress {
 public:
  explicit progress(std::int64_t count = 0);  // 0: not known yet
  void operator()(std::int64_t done);
  void end() const;  // of a count that was not known

 private:
  std::int64_t count_;
  std::chrono::steady_clock::time_point said_;
};

// Ctrl-C, SIGTERM and a lost terminal are noted from now on instead of ending the process, so that no half-made file
// with PINs stays behind; a limit on the size of files becomes an error of write(2).
void watch_for_interruption();
[[nodiscard]] bool interrupted() noexcept;

}  // namespace topupd::operators
