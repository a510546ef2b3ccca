// What operators do and see: products, batches, vouchers, accounts, proofs. One connection, used by topupctl only.
// Each call is one transaction and one SQL function. Throws unavailable (the world), refused (the operator's mistake).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "parser/money.hpp"
#include "parser/msisdn.hpp"
#include "parser/pin.hpp"
#include "store/digest.hpp"
#include "store/receipt.hpp"

namespace topupd::store {

// The operator asked for what cannot be: exit status 1. what() says why and what to do, in one line.
struct refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The answer to COMMIT was lost and the database stays away: what was asked for may be done or not. what() says how to
// see.
struct in_doubt : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using moment = std::chrono::sys_seconds;

struct product {
  std::string code;
  parser::money value;
  int validity_days = 0;  // of the credit, from the top-up on; 0: without end
  std::string brand;
};
struct batch {
  std::int64_t id = 0;
  std::string product;
  std::string state;  // inactive, active, held, void
  std::int64_t count = 0;
  std::int64_t first_serial = 0;
  std::int64_t last_serial = 0;
  std::string expires;  // "2027-12-31" or empty
  std::int64_t redeemed = 0;
  moment created{};
};
struct voucher {
  std::int64_t serial = 0;
  std::int64_t batch = 0;
  std::string product;
  parser::money value;
  std::string state;  // inactive, active, held, void, expired, redeemed
  std::string expires;
  std::optional<store::receipt> receipt;  // redeemed by
  std::optional<parser::msisdn> sender;
  std::optional<parser::msisdn> account;
  std::optional<moment> ended;
};
struct account {
  parser::msisdn msisdn;
  parser::money balance;
  std::optional<moment> valid_until;
  moment created{};
};
struct account_entry {  // newest first
  store::receipt receipt;
  moment at{};
  std::string kind;      // "topup"
  parser::money amount;  // positive: credited
  std::optional<std::int64_t> serial;
  std::optional<parser::msisdn> sender;
};
// One line of a message's life, for `trace`.
struct message_story {
  store::receipt receipt;
  moment received{};
  std::string smsc;
  parser::msisdn sender;
  std::string action;
  std::string outcome;
  std::string reason;
  std::optional<parser::msisdn> target;
  std::optional<std::int64_t> serial;
  parser::money amount;   // no currency: none
  parser::money balance;  // no currency: none
  int seen = 1;           // how often the SMSC delivered it
  std::string reply;      // none, owed, sent, dead
  int attempts = 0;
  std::optional<moment> sent;
  std::string smsc_message_id;
  std::optional<store::receipt> earlier;      // of the credit that this repeats, asks about, or tells its receiver of
  std::optional<store::receipt> leader = {};  // of several vouchers' first message, or a notice's credit
  std::optional<parser::msisdn> giver = {};   // of a notice
  int cards = 0, added = 0;                   // of the first of several: vouchers in its text, and those credited
  parser::money total = {};                   // of these
};
struct check {       // one invariant of DESIGN.md §2.10
  std::string name;  // "balances = sum of transfers"
  std::int64_t examined = 0;
  std::int64_t violations = 0;
  std::string example;  // of a violation: "account 999701234567: balance 50.00, transfers 40.00"
};
struct health {  // for `doctor`
  std::string server_version;
  int schema_version = 0;
  bool fsync = false, full_page_writes = false, synchronous_commit = false;
  std::chrono::seconds clock_difference{};  // database minus this machine
  std::int64_t owed_replies = 0;
  std::string user;
};

class operations {
 public:
  // time_zone: the service's; a card's last day ends there. Works with an operator's rights, else with an auditor's.
  explicit operations(const std::string& url, const std::string& time_zone = "UTC");
  ~operations();

  void add_product(const product& value);
  std::vector<product> products();

  // Reserves serials and writes the vouchers, inactive. serial_form: "1000########", its # counted up. `on_card` gets
  // each card in clear exactly once, in serial order, after its row is written and before COMMIT; PINs come from the
  // operating system's generator and are unique by the database's constraint. `before_commit` is called last: whatever
  // it or `on_card` throws comes out of here, and no batch was made.
  struct new_batch {
    std::string product;
    std::int64_t count = 0;
    std::string expires;  // "2027-12-31", end of that day in the service's time zone; empty: never
    std::string serial_form;
    parser::pin_rules pins;  // the first length is used
  };
  batch generate(const new_batch& order, const keyring& keys,
                 const std::function<void(std::int64_t serial, const parser::pin&)>& on_card,
                 const std::function<void(std::int64_t done)>& on_progress,
                 const std::function<void()>& before_commit = {});
  batch set_batch_state(std::int64_t id, const std::string& state);  // active, held, void
  std::vector<batch> batches();

  std::optional<voucher> find_voucher(std::int64_t serial);
  std::optional<account> find_account(const parser::msisdn& number);
  std::vector<account_entry> history(const parser::msisdn& number, int at_most);

  std::vector<message_story> trace(receipt value);  // with what goes with it, by receipt
  std::vector<message_story> trace(const parser::msisdn& number, int at_most);
  std::vector<message_story> trace_serial(std::int64_t serial);

  std::vector<check> verify();
  health examine();

 private:
  struct body;
  std::unique_ptr<body> body_;
};

}  // namespace topupd::store
