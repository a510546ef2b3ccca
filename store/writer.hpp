// The one writing connection, with natural group commit: what has gathered while the last call was away goes next
// (DESIGN.md §3). Its thread keeps the promises of worker.hpp; offer(), report() and the questions come from other
// threads. Private to the store.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "store/gateway_link.hpp"
#include "store/worker.hpp"

namespace topupd::store {

class writer {
 public:
  // Both live longer than this. Connects; throws unavailable.
  writer(const worker_options& options, const worker::callbacks& to);
  ~writer() { stop(std::chrono::milliseconds{0}); }

  worker::taken offer(text value);
  void report(reply_result value);
  // Finishes what was taken. After `within` a call under way is broken off; its texts are neither decided nor refused,
  // because nobody knows. A connection attempt under way may take some seconds more.
  void stop(std::chrono::milliseconds within);

  [[nodiscard]] bool up() const;
  [[nodiscard]] std::size_t queued() const;
  [[nodiscard]] std::size_t unwritten() const;
  [[nodiscard]] std::uint64_t progress() const { return progress_.load(std::memory_order_relaxed); }

 private:
  struct work {
    std::vector<item> items;
    std::vector<reply_result> results;
  };

  void run();
  std::optional<work> next();
  void look();
  void settle(std::span<item> items, std::vector<reply_result> results, bool again);
  void written();
  void add_reported(std::vector<reply_result>& to);
  bool quarantine(const item& bad);
  bool give_receipts(std::span<item> items);
  bool give_receipt(receipt& to);
  void refuse(const item& one);
  void lost(const std::string& why);
  bool reconnect();
  void say(bool up, const std::string& why);
  bool pause(std::chrono::milliseconds time);

  const worker_options& options_;
  const worker::callbacks& to_;

  // The thread's own.
  std::int64_t next_receipt_ = 0, receipts_left_ = 0;
  std::chrono::milliseconds wait_{0};  // before the next attempt to connect
  bool said_ = true;                   // the last on_state()
  server last_;                        // to be asked after all others
  std::atomic<std::uint64_t> progress_{0};

  mutable std::mutex guard_;  // of all below; link_ is used by the thread alone, but replaced under it
  std::condition_variable wake_, ended_;
  std::unique_ptr<gateway_link> link_;  // null: lost
  std::deque<text> queue_;
  std::vector<reply_result> results_;
  std::size_t results_in_call_ = 0;
  std::chrono::steady_clock::time_point results_since_;
  bool up_ = true;
  bool stopping_ = false;   // nothing more is taken
  bool abandoned_ = false;  // and what is not finished will not be
  bool done_ = false;

  std::thread thread_;
};

}  // namespace topupd::store
