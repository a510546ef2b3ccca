// A worker with somebody at its counter: keeps what the callbacks bring, and waits for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "database.hpp"

namespace topupd::store::test {

class counter {
 public:
  explicit counter(worker_options options)
      : works(std::move(options),
              {.on_decided = [this](std::vector<decision> all) { keep(decided, std::move(all)); },
               .on_refused = [this](std::vector<std::uint64_t> all) { keep(refused, std::move(all)); },
               .on_claimed = [this](std::vector<decision> all) { keep(claimed, std::move(all)); },
               .on_kept =
                   [this](std::uint64_t ticket, std::vector<std::string> sealed) {
                     keep(kept, std::vector{std::pair{ticket, std::move(sealed)}});
                   },
               .on_noted = [this](std::vector<std::uint64_t> all) { keep(noted, std::move(all)); },
               .on_state =
                   [this](bool up, std::string why) {
                     keep(states, std::vector{std::pair{up, std::move(why)}});
                   }}) {}

  // True when it came to be so before long. The time is a limit for a test that fails, not a wait.
  template <typename Condition>
  bool until(Condition condition) {
    std::unique_lock lock{guard};
    return news.wait_for(lock, std::chrono::seconds{60}, condition);
  }
  decision ask(const text& one) {
    if (works.offer(one) != worker::taken::yes) throw std::runtime_error("not taken");
    decision answer;
    const bool came = until([&] {
      for (const decision& said : decided)
        if (said.ticket == one.ticket) return answer = said, true;
      return false;
    });
    if (!came) throw std::runtime_error("no decision");
    return answer;
  }
  // What is there now, while more may come.
  template <typename Value>
  std::vector<Value> seen(std::vector<Value> counter::*what) {
    const std::lock_guard lock{guard};
    return this->*what;
  }
  std::size_t answered() { return decided.size() + refused.size(); }

  std::mutex guard;
  std::condition_variable news;
  std::vector<decision> decided;
  std::vector<std::uint64_t> refused;
  std::vector<decision> claimed;
  std::vector<std::pair<std::uint64_t, std::vector<std::string>>> kept;
  std::vector<std::uint64_t> noted;
  std::vector<std::pair<bool, std::string>> states;
  worker works;  // last: ends first

 private:
  template <typename Value>
  void keep(std::vector<Value>& where, std::vector<Value> what) {
    const std::lock_guard lock{guard};
    where.insert(where.end(), what.begin(), what.end());
    news.notify_all();
  }
};

// Ends the gateway's connections on the server's side, as an operator or a failing server would.
inline void terminate_gateways(database& db) {
  db.sql(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'topupd %' "
      "and datname = current_database()");
}

}  // namespace topupd::store::test
