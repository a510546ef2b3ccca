// The store's worker in simulated time: one call at a time with all that has gathered, as store/writer has it, and a
// connection that dies before COMMIT, behind it, or with the answer on its way.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "store/worker.hpp"
#include "tests/simulation/database.hpp"
#include "tests/simulation/process.hpp"

namespace topupd::simulation {

// How the database behaves, for all who use it.
struct weather {
  bool away = false;      // no connection, and every call fails
  double lost_calls = 0;  // share of calls whose connection dies: half of them behind COMMIT
  double slow_calls = 0;  // share of calls that take up to three seconds
};

class simulated_door final : public store::door {
 public:
  struct callbacks {
    std::function<void(std::vector<store::decision>)> on_decided;
    std::function<void(std::vector<std::uint64_t>)> on_refused;
    std::function<void(std::vector<store::decision>)> on_claimed;
    std::function<void(std::vector<std::uint64_t>)> on_noted;
    std::function<void(bool up)> on_state;
  };
  simulated_door(process& host, database& behind, const weather& now, std::string instance, callbacks to);

  taken offer(store::text value) override;
  taken keep(store::part value) override;  // there are no long texts here
  taken note(store::delivery value) override;
  void report(store::reply_result value) override;
  [[nodiscard]] std::size_t unwritten() const override { return marks_.size() + marks_in_call_; }
  void claim(std::size_t at_most, std::vector<std::string> smscs) override;

 private:
  struct call {
    std::vector<numbered_text> texts;
    std::vector<store::reply_result> marks;
    bool again = false;
  };
  void gather();
  void begin(call work);
  void lost(call work);
  void reconnect();
  duration time_of_a_call();

  process& host_;
  database& database_;
  const weather& weather_;
  std::string instance_;
  callbacks to_;
  std::deque<store::text> queue_;
  std::vector<store::reply_result> marks_;
  std::size_t marks_in_call_ = 0;
  bool busy_ = false;  // a call is under way, or waits for a connection to be repeated
  bool up_ = true;
  bool claiming_ = false;
  bool report_timer_ = false;
  std::optional<call> unknown_;  // to be repeated
};

}  // namespace topupd::simulation
