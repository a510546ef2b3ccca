// What topup.redeem() and topup.claim() promise, in memory and in simulated time: a call is one transaction, and is
// done or not. The SQL has tests of its own; this one is what the gateway relies on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/message.hpp"
#include "tests/simulation/world.hpp"

namespace topupd::simulation {

// A text on its way, with the receipt that it keeps when the call is repeated.
struct numbered_text {
  store::text text;
  store::receipt receipt;
};

class database {
 public:
  explicit database(world& time) : world_(time) {}

  struct account {
    std::int64_t balance_minor = 0;
    int credits = 0;
  };
  struct message {
    store::decision facts;
    store::fingerprint print;
    time_point received;
    enum class reply_state { owed, sent, dead, delivered, undelivered } reply = reply_state::owed;
    time_point lease_until;
    std::string lease_owner;
    bool heard = false;
    time_point sent_at = time_point::max();  // not yet
    std::optional<store::voucher_digest> card;
  };

  void add_card(const store::voucher_digest& digest, std::int64_t value_minor) { cards_[digest] = {value_minor, {}}; }
  store::receipt next_receipt() { return {++last_receipt_}; }

  std::vector<store::decision> redeem(const std::string& instance, const std::vector<numbered_text>& texts,
                                      const std::vector<store::reply_result>& marks, bool again);
  std::vector<store::decision> claim(const std::string& instance, std::size_t at_most,
                                     const std::vector<std::string>& smscs);
  void note(const store::delivery& value);

  duration lease = seconds(10);
  // For the oracle.
  [[nodiscard]] const std::map<std::int64_t, message>& rows() const { return rows_; }
  [[nodiscard]] const std::map<std::string, account>& accounts() const { return accounts_; }

 private:
  struct card {
    std::int64_t value_minor = 0;
    std::optional<std::int64_t> redeemed_by;  // receipt
  };
  void mark(const std::string& instance, const store::reply_result& value);
  store::decision decide(const std::string& instance, const numbered_text& asked, const store::fingerprint& print);
  store::decision again_known(const std::string& instance, message& known, const numbered_text& asked);
  message* known_as(const store::fingerprint& print);  // nothing: a new text
  static void credit(store::decision& to, account& of, card& with, std::int64_t receipt);

  world& world_;
  std::int64_t last_receipt_ = 1'000'000;
  std::map<std::int64_t, message> rows_;  // by receipt
  std::map<store::fingerprint, std::int64_t> by_print_;
  std::map<store::voucher_digest, card> cards_;
  std::map<std::string, account> accounts_;
  std::map<std::pair<std::string, std::string>, std::optional<std::int64_t>> awaited_;  // smsc, id -> receipt
  std::map<std::pair<std::string, std::string>, store::delivery_state> early_;          // came before the mark
};

}  // namespace topupd::simulation
