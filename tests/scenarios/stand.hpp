// The stand of one scenario: the real daemon on a database of its own, the simulator as its SMSC, and what the world
// does.
//
// One thread: while the stand waits for anything, a reply or a program's end, the simulator goes on. Needs the cluster
// that PGHOST, PGPORT and TOPUP_TEST_CLUSTER name (tests/cluster run).
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/scenarios/process.hpp"
#include "tests/smsc/journal.hpp"
#include "tests/smsc/simulator.hpp"

namespace topupd::scenarios {

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct finished {
  int status = 0;
  std::string output;
};

struct stand_options {
  bool daemon = true;                          // started, and bound, before the scenario begins
  std::vector<std::string> sandbox = {};       // more arguments for tests/sandbox
  std::chrono::milliseconds retry_delay{100};  // of the simulator
  std::size_t window = 64;
  std::size_t cards = 1200;  // the first stand of a process says for all
  bool journal = false;      // of the first SMSC
  smsc::profile profile = smsc::profile::smpp34;
};

class stand {
 public:
  explicit stand(stand_options options = {});
  ~stand();
  stand(const stand&) = delete;
  stand& operator=(const stand&) = delete;

  // The daemon --------------------------------------------------------
  void start_daemon();   // and waits for its bind
  void launch_daemon();  // does not wait
  void kill_daemon();    // kill -9
  int stop_daemon();     // SIGTERM; its exit status. Throws when it takes longer than the 10 s of DESIGN.md §6
  process& daemon() { return *daemon_; }
  // One more beside it, on the same database and settings, and waits for its bind. It logs to topupd2.log, topupd3.log
  // …
  process& add_daemon();
  [[nodiscard]] std::string log() const;  // all it has said
  [[nodiscard]] std::string log_end() const;

  // Subscribers -------------------------------------------------------
  const std::string& pin(std::size_t number);     // of the active cards, 0 …
  const std::string& serial(std::size_t number);  // of the same card
  static std::string unknown_pin();               // well-formed, and on no card
  // "TOPUP {pin3} {serial3}" with what stands on that card.
  std::string filled(std::string words);
  // Sends a text and waits for the next reply to that phone. Throws when none comes.
  std::string ask(const std::string& text, const std::string& from = self);
  std::string ask(const smpp::short_message& message);
  void text(const std::string& text, const std::string& from = self) { centre.deliver(from, text); }
  void until_nothing_is_owed();
  void until_answered();  // every text is acknowledged by the gateway; replies may still be on their way
  std::size_t replies_to(const std::string& phone) const;
  std::string last_reply_to(const std::string& phone) const;

  // One more SMSC, and its table in the settings of daemons that are started from now on.
  smsc::simulator& add_centre(const std::string& name, const std::string& more_settings);

  // The world ---------------------------------------------------------
  void until(const std::function<bool()>& condition, const std::string& what,
             std::chrono::seconds within = std::chrono::seconds(30));
  void pass(std::chrono::milliseconds time);
  finished run(const std::vector<std::string>& words, const environment& more = {});
  finished topupctl(std::vector<std::string> words);
  std::string sql(const std::string& statement, const std::string& database = {});
  // Of the last text of that phone: "credited", "unclear pin_length".
  std::string outcome_of_last(const std::string& phone = self);
  std::string balance_of(const std::string& msisdn);  // "50.00", or "none"

  // What every scenario ends with: SIGTERM obeyed, `verify` clean, every text answered, every reply whole and nothing
  // odd about it, and no PIN in the log or in any file of the database. Throws with the reason.
  void check_all_is_well();

  static inline const std::string self = "999701234567";
  static inline const std::string other = "999709876543";
  static constexpr std::size_t gateway_window = 64;  // of tests/sandbox

  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> open{io.get_executor()};
  std::map<std::string, std::vector<std::string>> replies;  // of each phone, in order
  std::size_t reply_count = 0;
  std::set<std::string> acknowledged;  // phones whose text was answered ESME_ROK
  smsc::reply last_reply;
  std::function<void()> on_lost;  // a reply, as centre.faults.lose_at_submit has it
  std::vector<std::string> odd;   // about replies, in words; a scenario that expects it clears it
  std::string journal_file;       // empty: none is wanted
  std::unique_ptr<smsc::journal> journal;
  smsc::simulator centre;
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] static std::string cards_file();  // of `topupctl batch generate`
  [[nodiscard]] std::string config() const { return folder_ + "/topupd.toml"; }

 private:
  smsc::events listeners();
  smsc::events recorded(bool wanted);  // listeners, and the journal behind them
  [[nodiscard]] bool is_answered() const;
  void prepare();
  void look_for_pins();
  std::string reply_after(const std::string& phone, const std::function<void()>& sending);

  stand_options options_;
  std::string name_;  // of the database
  std::string folder_;
  struct card {
    std::string serial, pin;
  };
  std::vector<card> cards_;
  std::vector<std::unique_ptr<smsc::simulator>> more_centres_;
  std::unique_ptr<process> daemon_;
  std::vector<std::unique_ptr<process>> more_daemons_;
};

}  // namespace topupd::scenarios
