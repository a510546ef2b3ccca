// Breaks off what a connection waits for too long. A server process that is frozen, or one whose COMMIT waits for a
// standby that is gone, keeps its socket alive: neither TCP nor libpq would ever notice. Private to the store.
//
// Has a thread that looks a few times a second; a call that is in time pays nothing for it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace topupd::store {

class time_limit {
 public:
  explicit time_limit(int socket);  // end this before the connection
  ~time_limit();
  time_limit(const time_limit&) = delete;
  time_limit& operator=(const time_limit&) = delete;

  // While it lives, the socket is shut down when `most` has passed: what waits for it fails then, as if the server had
  // closed the connection. One at a time.
  class scope {
   public:
    scope(time_limit& of, std::chrono::milliseconds most);
    ~scope();
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

   private:
    time_limit& of_;
  };

  [[nodiscard]] bool passed() const { return passed_; }  // once; the connection is of no more use

 private:
  using clock = std::chrono::steady_clock;
  void run();

  const int socket_;  // a number of its own: the connection's may be somebody else's once that is closed
  std::atomic<clock::rep> until_;
  std::atomic<bool> passed_{false};
  std::mutex guard_;
  std::condition_variable wake_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace topupd::store
