// The store at run time: one writing connection with natural group commit, one for claiming owed replies, parts and
// delivery receipts (DESIGN.md §3).
//
// What has gathered while the last batch was away goes next, at most batch_max, in ONE call of topup.redeem() in ONE
// transaction; results of replies ride along. There is no timer for texts: a lone text waits for nothing.
//
// Threads: a door's functions may be called from any one thread and never block; the callbacks are called on
// the worker's own threads and must only hand the values over (post to the gateway's io_context). Values cross, nothing
// else.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "store/message.hpp"

namespace topupd::store {

struct worker_options {
  std::string url;       // any libpq URL, several hosts too; target_session_attrs=read-write is added when absent
  std::string instance;  // who holds the leases: unique per process start, "host-pid-random"
  std::size_t batch_max = 256;
  std::size_t queue_max = 4096;  // texts waiting; above it offer() says full
  std::chrono::seconds lease{10};
  std::string service_currency = "USD";
  std::string service_language = "en";      // of a notice to somebody who has chosen none
  std::vector<std::string> key_ids = {};    // of the PIN keys: keyring::ids()
  std::string time_zone = "UTC";            // a card expires at the end of its day there
  std::int64_t ask_above_minor = 0;         // ask before crediting more than this; 0: never
  std::chrono::seconds question_time{600};  // YES within
  std::chrono::seconds part_time{600};      // a long text's parts within; then its sender is told
  int answers_per_hour = 10;                // to one sender, credits apart; 0: no limit
  // Of TRANSFER, in minor units: the most in one, in a day and in a month, and what must stay on the sender's account.
  std::array<std::int64_t, 4> transfer_limits{};
  std::chrono::seconds undo_time{0};         // UNDO within; 0: never
  std::int64_t wrong_pins_per_day = 20'000;  // over all senders; at it, who is no customer is not looked up
  int alarm_factor = 5;                      // more wrong PINs than so many times the usual: one locks its sender
  std::size_t parts_max = 1024;              // parts waiting to be kept; above it keep() says full
  std::size_t deliveries_max = 8192;         // delivery receipts waiting; above it note() says full
  // A call that takes longer is broken off, and repeated on a new connection: perhaps with another server.
  std::chrono::milliseconds call_limit{5000};
  std::chrono::milliseconds report_delay{100};  // results of replies wait this long for a batch to ride on
  std::size_t report_max = 256;                 // so many do not wait
};

// The world's failure: the database is away, refuses us, or has a schema we do not know. what() is one line with the
// remedy and no secret.
struct unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What a gateway asks of the store while it runs. The worker is the one that does it; a simulation has another.
class door {
 public:
  enum class taken { yes, full, away };
  virtual ~door() = default;
  virtual taken offer(text value) = 0;     // queued; its decision or refusal comes by callback. away: no connection now
  virtual taken keep(part value) = 0;      // on the second connection; its fate comes by callback
  virtual taken note(delivery value) = 0;  // likewise, many in one call
  virtual void report(reply_result value) = 0;  // never refused: bounded by what was handed out
  // Reported, and not yet known to be written.
  [[nodiscard]] virtual std::size_t unwritten() const = 0;
  // Asks for owed replies with a lapsed lease to texts of these SMSCs; one request at a time, others are dropped.
  virtual void claim(std::size_t at_most, std::vector<std::string> smscs) = 0;
};

class worker final : public door {
 public:
  struct callbacks {
    // After COMMIT was acknowledged, a batch at a time; a `doubtful` one is not decided.
    std::function<void(std::vector<decision>)> on_decided;
    std::function<void(std::vector<std::uint64_t>)>
        on_refused;                                         // tickets not taken: the store is away. Nothing was written
    std::function<void(std::vector<decision>)> on_claimed;  // owed replies whose lease is now ours
    // A part is kept, for good: with all parts of its text in order when it was the last one missing, else empty.
    // tickets of parts that could not be kept go to on_refused.
    std::function<void(std::uint64_t ticket, std::vector<std::string> sealed)> on_kept = {};
    std::function<void(std::vector<std::uint64_t>)> on_noted = {};  // of delivery receipts: committed
    std::function<void(bool up, std::string why)> on_state;         // said once per change
  };

  // Connects, and checks what start-up must check: the schema's version, fsync, full_page_writes, synchronous_commit,
  // rights, and that the PIN keys are those of the cards. Throws unavailable.
  worker(worker_options options, callbacks to);
  ~worker() override;  // stop()s
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  taken offer(text value) override;
  taken keep(part value) override;
  taken note(delivery value) override;
  void report(reply_result value) override;
  [[nodiscard]] std::size_t unwritten() const override;
  void claim(std::size_t at_most, std::vector<std::string> smscs) override;
  // Finishes what was taken (bounded by `within`, and by a connection attempt under way), writes the last reports, ends
  // both threads. A text whose call had to be broken off is neither decided nor refused: nobody knows, and it will be
  // delivered again.
  void stop(std::chrono::milliseconds within);

  // Grows with every completed round trip or idle wait of the writer: one that stands still hangs. Any thread.
  [[nodiscard]] std::uint64_t progress() const;
  [[nodiscard]] std::size_t queued() const;

 private:
  struct body;
  std::unique_ptr<body> body_;
};

}  // namespace topupd::store
