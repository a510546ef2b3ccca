// A gateway's connection: the few functions it may call, and what their failures mean for whoever calls. Private to the
// store. One thread calls; cut() may come from any other while this lives.
#pragma once

#include <cstdint>
#include <memory>
#include <pqxx/result>
#include <span>
#include <string>
#include <vector>

#include "store/call.hpp"
#include "store/connection.hpp"
#include "store/time_limit.hpp"

namespace topupd::store {

// What became of a call.
enum class fate {
  done,     // COMMIT was acknowledged
  raced,    // rolled back because somebody else was quicker: call again
  refused,  // rolled back, and will be whenever it is tried again with the same texts
  away,     // unknown whether it was committed, or nothing can be: reconnect, and call again with the same receipts
};

template <typename Value>
struct called {
  store::fate fate = fate::away;
  Value value{};
  std::string why;  // unless done
};

class gateway_link {
 public:
  // Connects and checks what must be so before a text is taken: schema, durability, time zone, rights. last: the server
  // to be asked after all others. Throws unavailable.
  gateway_link(const worker_options& options, const std::string& name, const server& last = {});

  called<std::vector<decision>> redeem(std::span<const item> items, std::span<const reply_result> results, bool again);
  called<std::vector<decision>> quarantine(const item& bad);  // empty when it was decided already
  called<std::vector<decision>> claim(std::size_t at_most, const std::vector<std::string>& smscs);  // none: of all
  called<std::vector<std::string>> keep(const part& one);   // all parts, sealed and in order, when none is missing
  called<bool> note(std::span<const delivery> deliveries);  // done: true
  called<std::int64_t> take_receipts();                     // the first of receipts_in_block

  [[nodiscard]] bool alive() const;  // between calls: false when the server has hung up
  // The server that let a COMMIT wait for longer than it may, or gave it up; none: no host.
  [[nodiscard]] server unanswered() const { return unanswered_; }
  void cut() noexcept;  // ends the call that is under way: its fate is away

  static constexpr std::int64_t receipts_in_block = 1024;

 private:
  void check();
  called<pqxx::result> call(const std::string& statement, const std::vector<std::string>& arguments);

  const worker_options& options_;
  std::unique_ptr<connection> connection_;
  time_limit limit_;
  server unanswered_;
};

}  // namespace topupd::store
