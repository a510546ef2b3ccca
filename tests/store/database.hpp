// A database of its own for each test, which goes with the cluster, and a gateway to it. Needs PGHOST and PGPORT of a
// private cluster (tests/cluster run).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "store/gateway_link.hpp"
#include "store/worker.hpp"

namespace topupd::store::test {

inline constexpr std::int64_t first_serial = 1'000'000'000;
inline constexpr std::uint64_t alice = 999'701'000'001, bob = 999'701'000'002, carol = 999'701'000'003;

class database {
 public:
  database();

  [[nodiscard]] std::string url() const { return "dbname=" + name_; }
  pqxx::result sql(const std::string& statement);    // as superuser, committed
  std::int64_t count(const std::string& statement);  // its one number
  std::string word(const std::string& statement);    // its one text
  std::int64_t balance(std::uint64_t number);        // -1: no account
  std::int64_t bonus(std::uint64_t number);

  // A product of this value and `cards` active vouchers of it; returns the first serial. Their digests are voucher().
  struct batch {
    std::int64_t value = 1000;
    std::string currency = "USD";
    int validity_days = 0;
    std::string state = "active";
    std::string expires = {};  // at the end of this day
    std::string zone = "UTC";
  };
  std::int64_t print(std::int64_t cards, const batch& of);
  std::int64_t print(std::int64_t cards) { return print(cards, batch{}); }
  // The batch of this card, all of it.
  void change(std::int64_t card, const std::string& was, const std::string& state);
  // Everything that happened so far happened that much earlier.
  void pass(const std::string& interval);

 private:
  std::string name_;
  std::unique_ptr<pqxx::connection> connection_;
  std::int64_t next_serial_ = first_serial;
};

voucher_digest voucher(std::int64_t serial);
voucher_digest nobodys(int number);  // of no voucher
parser::msisdn msisdn(std::uint64_t number);
worker_options options(const database& at, const std::string& instance = "one");

// Texts, each different from all others.
text redeem(std::uint64_t sender, const voucher_digest& pin);
text redeem_for(std::uint64_t sender, const voucher_digest& pin, std::uint64_t target);
text ask_for(std::uint64_t sender, const voucher_digest& pin, std::uint64_t target);
text plain(std::uint64_t sender, action what);

// A gateway without its threads: each call is one call of topup.redeem(), done when it returns.
class gateway {
 public:
  explicit gateway(const database& at, const std::string& instance = "one");
  explicit gateway(worker_options options);

  decision decide(const text& one) { return decide_all({one}).at(0); }
  std::vector<decision> decide_all(std::vector<text> texts);
  void report(std::vector<reply_result> results);
  void note(std::vector<delivery> deliveries);
  std::vector<decision> claim(std::size_t at_most, const std::vector<std::string>& smscs = {}) {
    return link_.claim(at_most, smscs).value;
  }
  // As after an unknown COMMIT: the same texts with the same receipts as in the last decide.
  std::vector<decision> repeat();

  gateway_link& link() { return link_; }

 private:
  std::vector<decision> call(bool again);
  worker_options options_;
  gateway_link link_;
  std::vector<item> items_;
  std::int64_t next_ = 0, left_ = 0;
};

}  // namespace topupd::store::test
