// What operators do and see: products, batches, vouchers, accounts, proofs. One connection, used by topupctl only.
// Each call is one transaction and one SQL function. Throws unavailable (the world), refused (the operator's mistake).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
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
  parser::money bonus = {};  // granted besides, in the same currency; 0: none
  int bonus_days = 0;        // 0: as long as the credit
  std::string text = {};
};
struct batch {
  std::int64_t id = 0;
  std::string product;
  std::string state;  // of its cards that are not redeemed: generated, active, held, void, stolen, damaged, expired; or
                      // redeemed when all are, mixed when they differ
  std::int64_t count = 0;
  std::int64_t first_serial = 0;
  std::int64_t last_serial = 0;
  std::string expires;  // "2027-12-31" or empty
  std::int64_t redeemed = 0;
  moment created{};
  std::map<std::string, std::int64_t> states = {};  // how many cards there are in each, redeemed ones too
  bool imported = false;
  std::optional<double> guesses_a_year = {};  // of a batch just made: how many PINs will be guessed (guess_rate.hpp)
};

// Which cards: those of a batch, or, without one, those with the serials first to last.
struct cards {
  std::optional<std::int64_t> batch;
  std::int64_t first = 0, last = 0;
};
std::string to_string(const cards& which);  // "batch 3", "serial 100000000001", "serials … to …"

struct card_change {
  cards of;
  std::string wanted;  // active, held, void, stolen, damaged
  std::string reason;
  bool dry_run = false;
};
// What became, or would become, of so many cards.
struct card_fate {
  enum class kind {
    changed,   // from `was` to what is wanted
    already,   // it was so before
    redeemed,  // and stays so
    waiting,   // for a second operator
  };
  kind what{};
  std::string was;
  std::int64_t count = 0;
  parser::money value;
};
struct card_changes {
  std::vector<card_fate> fates;
  std::optional<std::int64_t> approval;  // what a second operator must grant; none in a dry run
};

// What one operator asked for and another one must agree to.
struct approval {
  std::int64_t id = 0;
  std::string action;   // "batch activate"
  std::string subject;  // "batch 3"
  parser::money amount;
  std::string reason;
  moment asked{};
  std::string asked_by, asked_person;  // the database's user; the login that topupctl ran under
  std::string decision;                // granted, refused; empty: it waits
  std::optional<moment> decided;
  std::string decided_by, decided_person, decided_reason;
  std::string detail;  // of one just granted: what was done
};

// What the configuration says and the database holds everybody to.
struct policy {
  std::string currency, time_zone;
  std::int64_t activate_above_minor = 0, adjust_above_minor = 0;
  friend bool operator==(const policy&, const policy&) = default;
};
struct voucher {
  std::int64_t serial = 0;
  std::int64_t batch = 0;
  std::string product;
  parser::money value;
  std::string state;  // generated, active, held, void, stolen, damaged, redeemed, expired
  std::string expires;
  std::optional<store::receipt> receipt;  // redeemed by
  std::optional<parser::msisdn> sender;
  std::optional<parser::msisdn> account;
  std::optional<moment> ended;
  std::optional<store::receipt> reversed_by = {};  // what took the credit back; the card stays redeemed
};
struct card_event {  // what became of a card's state, from its making on
  moment at{};
  std::string was, state;
  std::string by, person, reason;     // of what an operator did
  std::optional<std::int64_t> audit;  // its line in the audit log
};
struct account {
  parser::msisdn msisdn;
  parser::money balance;
  std::optional<moment> valid_until;
  moment created{};
  parser::money bonus = {};                // spent first
  std::optional<moment> bonus_until = {};  // none: as long as there is some
  parser::money reserved = {};             // of both, for calls under way
  bool held = false;
};
// A receipt has one of these for the balance and one for the bonus, as far as it touched them.
struct account_entry {  // newest first
  store::receipt receipt;
  moment at{};
  std::string kind;      // topup, bonus, transfer, reversal, adjustment, charge, lapse
  parser::money amount;  // positive: credited
  bool of_bonus = false;
  std::optional<std::int64_t> serial;  // of a top-up: the card
  std::optional<parser::msisdn>
      other;               // who sent it, or the other side of a transfer; none: the subscriber, or the operator
  std::string reference;   // of a call: the charging system's name for it
  std::string by, reason;  // of what an operator did
};
struct adjustment {
  parser::msisdn msisdn;
  parser::money amount;  // negative: taken
  std::string reason;
};
struct adjusted {
  std::optional<std::int64_t> approval;  // nothing is done before a second operator grants it
  store::receipt receipt;                // when it is done
  parser::money balance;
  bool held = false;
};
struct reversal_order {
  store::receipt credit;
  std::optional<parser::msisdn> to;                         // the number that it was meant for; none: nobody
  enum class which { named, only, all } of = which::named;  // when its text had several cards: refused, this one, all
  std::string reason;
  bool dry_run = false;
};
struct reversal {
  store::receipt receipt;  // of the correcting transfer; none in a dry run
  parser::msisdn from;
  parser::money amount, bonus;
  std::vector<store::receipt> reversed;
  std::vector<store::receipt> others;  // of the same text: they stay as they are
  bool from_held = false, to_held = false;
};
// A message's whole life, for `trace`.
struct message_story {
  store::receipt receipt;
  moment received{};
  std::string smsc;
  std::string source, short_code;  // as they came, "1.1.999701234567"
  parser::msisdn sender;
  std::string action;
  std::string outcome;
  std::string language;
  std::string reason;
  std::optional<parser::msisdn> target;
  std::optional<std::int64_t> serial;
  parser::money amount;   // no currency: none
  parser::money balance;  // no currency: none
  std::optional<moment> valid_until;
  std::optional<moment> until;  // of a lock or a question
  int seen = 1;                 // how often the SMSC delivered it
  bool heard = false;           // the SMSC surely has our acknowledgement
  std::string reply;            // none, owed, sent, dead, delivered, undelivered
  std::string lease_owner;      // the gateway that has the reply, or had it last
  int attempts = 0;             // which one to send the reply this is: the SMSC refused those before for now
  std::optional<moment> sent;
  std::string smsc_message_id;
  std::optional<int> reply_status;            // the SMSC's, of a reply that it refused last, for good or for now
  std::optional<store::receipt> earlier;      // of the credit that this repeats, asks about, or tells its receiver of
  std::optional<store::receipt> leader = {};  // of several vouchers' first message, or a notice's credit
  std::optional<parser::msisdn> giver = {};   // of a notice
  int cards = 0, added = 0;                   // of the first of several: vouchers in its text, and those credited
  parser::money total = {};                   // of these
  parser::money expected = {};                // what the sender thought a card was worth
  parser::money bonus = {};
  std::optional<moment> bonus_until = {};
  std::string sent_by = {};                // the SMSC by which the reply left, when that is another one
  std::string delivery = {};               // what its last delivery receipt told: "delivered", "expired"; none: empty
  std::string delivery_error = {};         // the SMSC's own code
  std::optional<moment> delivery_at = {};  // when that came
  std::optional<moment> resent = {};       // when it became owed once more, because it was not delivered
  std::optional<moment> deferred_until = {};  // owed: the SMSC has refused it for now
};
// One line of the ledger, its accounts as people call them: "cards sold", "999701234567", "bonus of 999701234567".
struct transfer_line {
  store::receipt receipt;
  moment at{};
  std::string kind;  // topup, bonus, transfer, reversal, adjustment, charge, lapse
  std::string debit, credit;
  parser::money amount;
  std::optional<std::int64_t> serial;
  std::string reference;                      // of a call: the charging system's name for it
  std::optional<store::receipt> reversed_by;  // what took it back
  std::optional<store::receipt> reverses;     // what this takes back
};
struct act {  // a line of the audit log
  std::int64_t line = 0;
  moment at{};
  std::string by, person;  // the database's user; the login that topupctl ran under
  std::string action, subject, reason, detail;
  std::optional<store::receipt> receipt;  // of the transfer that it made
};
struct lock {
  parser::msisdn sender;
  moment until{};
  int rung = 0;                 // of the ladder; 0: a stranger, while all senders together guess too much
  bool told = false;            // the sender was told so
  std::int64_t unheard = 0;     // texts since, answered by silence
  std::int64_t wrong_pins = 0;  // distinct ones within 24 hours
};
struct cleared_lock {
  std::optional<moment> until;  // when it would have ended; none: not locked, but with wrong PINs to the name
  std::int64_t wrong_pins = 0;  // forgotten
};
// One of topup's views report_…. Amounts are in columns that end in _minor, in the currency of their row.
struct report {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
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
  int hosts = 1;                 // among which the URL lets us choose
  std::string standbys;          // synchronous_standby_names; empty: COMMIT waits for none
  std::string commit_waits_for;  // synchronous_commit: "on", "local", …
};

// Batches whose cards are under the same keys.
struct key_chain {
  std::vector<std::string> ids;  // the first one first applied
  std::int64_t batches = 0;
  std::int64_t cards = 0;
  std::int64_t open = 0;  // may be redeemed now or one day
  bool needed = false;    // there are open ones, or some were until lately
};

class operations {
 public:
  // time_zone: the service's; a card's last day ends there. Works with an operator's rights, else with an auditor's.
  // person: who the audit log says it was, beside the database's user.
  explicit operations(const std::string& url, const std::string& time_zone = "UTC", const std::string& person = "");
  ~operations();

  void add_product(const product& value);
  std::vector<product> products();

  // Reserves serials and writes the vouchers, for nobody to redeem yet. serial_form: "1000########", its # counted up.
  // `on_card` gets each card in clear exactly once, in serial order, after its row is written and before COMMIT; PINs
  // come from the operating system's generator and are unique by the database's constraint. `before_commit` is called
  // last: whatever it or `on_card` throws comes out of here, and no batch was made.
  struct new_batch {
    std::string product;
    std::int64_t count = 0;
    std::string expires;  // "2027-12-31", end of that day in the service's time zone; empty: never
    std::string serial_form;
    parser::pin_rules pins;               // the first length is used
    std::int64_t wrong_pins_per_day = 0;  // guessed at most, over all senders; PINs too easily hit are refused
  };
  batch generate(const new_batch& order, const keyring& keys,
                 const std::function<void(std::int64_t serial, const parser::pin&)>& on_card,
                 const std::function<void(std::int64_t done)>& on_progress,
                 const std::function<void(const batch&)>& before_commit = {});
  std::vector<batch> batches();

  // Makes a batch of cards that somebody else made. `read` calls what it is given for each card, in the order of the
  // file. What it throws comes out of here, and no batch was made. Refused with a line for each fault, by the line in
  // the file, never with a PIN.
  struct imported_card {
    int line = 0;
    std::int64_t serial = 0;
    parser::pin pin;
  };
  using card_taker = std::function<void(const imported_card&)>;
  struct new_import {
    std::string product;
    parser::check_digit check = parser::check_digit::none;
    std::int64_t wrong_pins_per_day = 0;
    bool dry_run = false;
  };
  struct import_file {
    std::string sha256;   // of the file, 64 hexadecimal digits
    std::string expires;  // "2027-12-31"; empty: never
  };
  struct import_result {
    store::batch batch;
    bool before = false;  // the same file was imported before, as this batch
  };
  import_result import(const new_import& order, const keyring& keys,
                       const std::function<import_file(const card_taker&)>& read);

  // All of the cards become what is wanted, or none does: refused when any is in a state from which nothing leads
  // there. Redeemed ones stay as they are. A dry run changes nothing and tells the same.
  card_changes change_cards(const card_change& change);

  std::vector<approval> approvals();
  approval grant_approval(std::int64_t id);  // and does what was asked for
  approval refuse_approval(std::int64_t id, const std::string& reason);
  store::policy policy();

  std::optional<voucher> find_voucher(std::int64_t serial);
  std::optional<account> find_account(const parser::msisdn& number);
  std::vector<account_entry> history(const parser::msisdn& number, int at_most);  // so many receipts
  void add_account(const parser::msisdn& number, const std::string& currency);
  void hold_account(const parser::msisdn& number, bool held, const std::string& reason);
  adjusted adjust(const adjustment& order);       // from or to the system's account for adjustments
  reversal reverse(const reversal_order& order);  // of a credit that is not spent; the card stays redeemed

  std::vector<message_story> trace(receipt value);  // with what goes with it, by receipt
  std::vector<message_story> trace(const parser::msisdn& number, int at_most);
  std::vector<message_story> trace_serial(std::int64_t serial);
  std::vector<card_event> card_history(std::int64_t serial);
  std::vector<transfer_line> transfers(const std::vector<receipt>& receipts);
  std::vector<receipt> receipts_of(const parser::msisdn& number,
                                   int at_most);  // of an account's transfers, newest first
  std::vector<act> acts(const std::vector<receipt>& receipts, const std::string& subject);  // about either

  std::vector<lock> locks(const std::optional<parser::msisdn>& number, int at_most);  // the longest first
  cleared_lock clear_lock(const parser::msisdn& number, const std::string& reason);   // and what counted towards it

  // name: daily, batches, liability, failures. Days as "2026-11-22", both included; empty: without end. Liability is
  // now.
  store::report report(const std::string& name, const std::string& first, const std::string& last);

  // An operator's clean proof also lets gateways start again that have stopped because the watch had found something.
  std::vector<check> verify();
  health examine();

  std::vector<key_chain> key_chains();
  // Why there are cards that nobody would find with these keys, and what to do; empty: all are found.
  std::string why_cards_are_lost(const keyring& keys);
  std::int64_t gateways_without(const keyring& keys);  // connections of gateways whose newest key is another one

 private:
  struct body;
  std::unique_ptr<body> body_;
};

}  // namespace topupd::store
