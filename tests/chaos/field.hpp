// Where chaos happens: daemons on one database, each behind wires of its own to the SMSC and to PostgreSQL; phones that
// text all the time; and a journal of what they and the SMSC saw and of what was broken, which is all that the oracle
// (tests/ha/oracle.py) reads. The books are opened afterwards, for a second opinion.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/network/kernel.hpp"
#include "tests/network/proxy.hpp"
#include "tests/scenarios/stand.hpp"

namespace topupd::chaos {

using std::chrono::milliseconds;

struct gateway {
  std::unique_ptr<network::proxy> to_smsc, to_store;
  std::string config;  // the file
  std::string log;
  std::unique_ptr<scenarios::process> daemon;  // null: none runs
  std::chrono::steady_clock::time_point frozen_until{};
  bool frozen = false;
  std::optional<std::chrono::steady_clock::time_point> ended{};  // by itself
};

struct field_options {
  std::size_t daemons = 2;
  std::size_t cards = 0;
  int texts_a_second = 100;       // of all phones together
  milliseconds retry_delay{100};  // the SMSC's, of a text that was refused
  std::size_t window = 8;         // so many replies of a daemon may come again after a fault, and no more
  std::vector<std::string> sandbox{"--lease", "3s"};  // more arguments for tests/sandbox
};

class field {
 public:
  field(const field_options& options, std::mt19937& random);
  ~field();

  scenarios::stand here;
  std::vector<gateway> gateways;
  std::optional<network::kernel> kernel;  // none: only the proxies make faults

  // Into the journal, before it is done: what breaks now, for how long, and the links of how many daemons. What follows
  // writes itself down.
  void note(const std::string& fault, milliseconds lasts = milliseconds(0), std::size_t daemons = 1);
  // Whether nothing is broken any more but by what is done next.
  [[nodiscard]] bool whole() const { return std::chrono::steady_clock::now() >= broken_until_; }
  void start(gateway& which, const scenarios::environment& more = {});
  void kill(gateway& which);
  void freeze(gateway& which, milliseconds time);
  void crash_store();  // stopped at once, and started again
  // Stopped at once, and away for so long, while a phone texts each second. Throws when a text was acknowledged or a
  // daemon grew meanwhile; prints what they hold each minute. Returns the time from the database's start to the first
  // acknowledgement.
  milliseconds lose_store(std::chrono::seconds time);

  // Phones text for so long; what was frozen long enough goes on, and what has ended by itself is started again.
  void go_on(milliseconds time);
  // From now until a text is acknowledged, phones texting all the while. Throws after `within`.
  milliseconds until_acknowledged(milliseconds within);

  // A fresh card from a fresh phone, in a text of several parts or not.
  void send_fresh(bool in_parts) { send(cards.size(), in_parts); }

  // No trouble any more, and every daemon runs: every text answered, every phone with its reply. Throws with what is
  // not so.
  void rest();
  void settle();  // and every daemon ended
  // The oracle, then the books: each card credited once, whoever sent it, everybody told so, and told twice only what
  // was on its way when something broke. Throws likewise; prints what there was.
  void judge();

  std::uint16_t store_port;  // PostgreSQL's
  int texts = 0;
  std::set<std::size_t> cards;  // that were sent at least once

 private:
  void send_one();
  void send(std::size_t card, bool in_parts);
  void tend();  // thaws what was frozen long enough, starts what has ended by itself
  void cluster(std::vector<std::string> words);
  scenarios::finished ask_oracle();

  std::mt19937& random_;
  std::size_t window_;
  milliseconds between_texts_;
  std::chrono::steady_clock::time_point next_text_{}, broken_until_{};
};

}  // namespace topupd::chaos
