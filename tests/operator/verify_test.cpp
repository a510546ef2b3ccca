// Every invariant is broken on purpose, past the triggers, by the administrator, and verify names it and the culprit.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "store/operations.hpp"
#include "tests/operator/rich_books.hpp"

namespace topupd::tests {
namespace {

struct damage {
  const char* check;  // that must notice
  const char* how;
  const char* culprit;  // in its example
};

const damage damages[] = {
    {"balances = sum of transfers", "update account set balance_minor = 2500 where msisdn = 999701234567",
     "account 999701234567: balance 2500 USD, transfers 2000 USD"},
    {"balances = sum of transfers", "update account set currency = 'EUR' where msisdn = 999709876543",
     "account 999709876543: balance 1000 EUR, transfers 1000 USD"},
    {"balances = sum of transfers",
     "insert into account (msisdn, currency, balance_minor) values (999700000001, 'USD', 1)",
     "account 999700000001: balance 1 USD, transfers 0 USD"},
    {"balances = sum of transfers", "update account set bonus_minor = bonus_minor + 5 where msisdn = 999702222222",
     "account 999702222222: balance"},
    {"balances = sum of transfers", "update account set bonus_minor = 7 where msisdn = 999703333333",
     "; bonus 7, transfers 0"},
    {"every account in a transfer exists", "update transfer set debit = 7 where receipt = 11",
     "receipt #11: account 7 does not exist"},
    {"every account in a transfer exists", "update transfer set debit = -1 where receipt = 11",
     "receipt #11: account -1 does not exist"},
    {"every account in a transfer exists", "update transfer set credit = -999700000009 where receipt = 30 and line = 2",
     "receipt #30: account -999700000009 does not exist"},
    {"each transfer is between the accounts of its kind", "update transfer set debit = 2 where receipt = 11",
     "receipt #11: topup from 2 to 999701234567"},
    {"each transfer is between the accounts of its kind", "update transfer set kind = 'charge' where receipt = 33",
     "receipt #33: charge from 999702222222 to 999703333333"},
    {"each transfer is between the accounts of its kind",
     "update transfer set serial = 100000000013 where receipt = 33", "receipt #33: transfer from"},
    {"what is reserved = open reservations",
     "update account set reserved_minor = reserved_minor + 3 where msisdn = 999702222222",
     "account 999702222222: reserved 3"},
    {"what is reserved = open reservations",
     "update reservation set bonus_minor = 99, balance_minor = 1 where reference = 'call-1'", "reservations 1 and 99"},
    {"what is reserved = open reservations", "update account set reserved_minor = 10 where msisdn = 999701234567",
     "account 999701234567: reserved 10 and 0 of bonus, reservations 0 and 0"},
    {"each call is charged once, and as asked", "update reservation set charged_minor = 1 where reference = 'call-2'",
     "account 999702222222 asked for 1, charged 70"},
    {"each call is charged once, and as asked", "delete from reservation where reference = 'call-3'",
     "account 999702222222 asked for 0, charged 60"},
    {"every account in a transfer exists", "delete from account where msisdn = 999709876543",
     "receipt #13: account 999709876543 does not exist"},
    {"face value of redeemed vouchers = credits", "update transfer set amount_minor = 900 where receipt = 12",
     "USD: redeemed 9000, credited 8900"},
    {"face value of redeemed vouchers = credits", "update transfer set currency = 'EUR'", "redeemed 0, credited 9000"},
    // The sums agree, the vouchers do not.
    {"each redeemed voucher has its one credit",
     "update transfer set amount_minor = amount_minor + case receipt when 11 then 100 else -100 end where receipt < 13",
     "voucher 100000000001: redeemed by receipt #11 for 1000 USD, credited by receipt #11 1100 USD"},
    {"each redeemed voucher has its one credit", "delete from transfer where receipt = 12",
     "voucher 100000000002: redeemed by receipt #12 for 1000 USD, credited by receipt none"},
    {"each redeemed voucher has its one credit", "delete from redemption where serial = 100000000001",
     "voucher 100000000001: redeemed by receipt none"},
    {"each redeemed voucher has its one credit", "update redemption set receipt = 14 where serial = 100000000001",
     "voucher 100000000001: redeemed by receipt #14 for 1000 USD, credited by receipt #11"},
    {"each bonus is its product's", "update transfer set amount_minor = 400 where receipt = 30 and line = 2",
     "receipt #30: 300 promised, 400 granted"},
    {"each bonus is its product's", "delete from transfer where receipt = 30 and line = 2",
     "receipt #30: 300 promised, 0 granted"},
    {"each bonus is its product's",
     "insert into transfer (receipt, line, kind, debit, credit, amount_minor, currency) values "
     "(11, 2, 'bonus', 3, -999701234567, 100, 'USD')",
     "receipt #11: 0 promised, 100 granted"},
    {"no voucher is credited twice",
     "insert into transfer (receipt, debit, credit, amount_minor, currency, serial) values "
     "(99, 1, 999709876543, 1000, 'USD', 100000000001)",
     "voucher 100000000001: credited by receipts #11 and #99"},
    {"no voucher is redeemed twice, and every one exists",
     "insert into redemption (serial, receipt) values (100000000077, 11)",
     "voucher 100000000077: redeemed, but does not exist"},
    {"no voucher is redeemed twice, and every one exists",
     "alter table redemption drop constraint redemption_pkey; "
     "insert into redemption (serial, receipt) values (100000000001, 11)",
     "voucher 100000000001: redeemed 2 times"},
    {"every voucher is of a batch, within its serials", "update voucher set batch = 77 where serial = 100000000005",
     "voucher 100000000005: batch 77 does not exist"},
    {"every voucher is of a batch, within its serials",
     "update voucher set serial = 100000000077 where serial = 100000000004",
     "voucher 100000000077: batch 1 has serials 100000000001 to 100000000004"},
    {"every batch has all its vouchers", "delete from voucher where serial = 100000000004",
     "batch 1: 3 vouchers, 4 ordered"},
    {"only cards on sale were redeemed", "delete from card_change where batch = 1", "but was never activated"},
    {"only cards on sale were redeemed", "insert into redemption (serial, receipt) values (100000000005, 99)",
     "voucher 100000000005: redeemed by receipt #99"},
    {"only cards on sale were redeemed",
     "insert into redemption (serial, receipt, at) values (100000000014, 99, now() + interval '1 minute')",
     "when it was not active"},
    {"only cards on sale were redeemed",
     "update redemption set at = now() - interval '4 days' where serial = 100000000001",
     "voucher 100000000001: redeemed by receipt #11"},
    {"only cards on sale were redeemed", "update batch set expires = '2020-01-01', ends = '2020-01-02' where id = 1",
     "but expired at"},
    {"serial ranges are exactly the batches' serials", "delete from serial_range where batch = 2",
     "batch 2, serials 100000000005 to 100000000005: no range"},
    {"serial ranges are exactly the batches' serials",
     "update serial_range set last_serial = 100000000012 where first_serial = 100000000011",
     "batch 4, serials 100000000014 to 100000000014: not joined to its neighbours"},
    {"serial ranges are exactly the batches' serials",
     "insert into serial_range values (100000000003, 100000000003, 1, 'active')",
     "batch 1, serials 100000000003 to 100000000003: in another range too"},
    {"serial ranges are exactly the batches' serials",
     "update serial_range set first_serial = 100000000012 where first_serial = 100000000011",
     "batch 4, serials 100000000012 to 100000000013: not joined"},
    {"cards are in the state that their history says",
     "update serial_range set state = 'active' where first_serial = 100000000014",
     "batch 4, serials 100000000014 to 100000000014: active, by their history void"},
    {"cards are in the state that their history says", "update serial_range set state = 'active' where batch = 2",
     "batch 2, serials 100000000005 to 100000000005: active, by their history generated"},
    {"cards are in the state that their history says", "update card_change set state = 'held' where batch = 3",
     "batch 3, serials 100000000006 to 100000000007: active, by their history held"},
    {"cards are in the state that their history says", "update card_change set was = 'held' where batch = 3",
     "batch 3, serials 100000000006 to 100000000007: held, by their history generated"},
    {"cards are in the state that their history says",
     "delete from serial_range where batch = 4; "
     "insert into serial_range values (100000000011, 100000000014, 4, 'void')",
     "by their history not all in one state"},
    {"each reversal takes back what was credited", "update transfer set amount_minor = 200 where receipt = 36",
     "receipt #36: takes 200 from account 999703333333, of 300 credited"},
    {"each reversal takes back what was credited", "delete from reversal where reversed = 35",
     "receipt #36: takes 300 from account 999703333333, of 0 credited"},
    {"each reversal takes back what was credited", "insert into reversal (reversed, receipt) values (77, 78)",
     "receipt #78: takes 0 from account none"},
    {"each reversal takes back what was credited", "delete from transfer where kind = 'reversal' and debit < 0",
     "from account -999702222222, of 300 credited"},
    {"the audit log is whole", "update audit_log set reason = 'torn by me' where line = 4", "line 4: voucher void by"},
    {"the audit log is whole", "delete from audit_log where line = 3", "line 4: voucher void by"},
    {"the audit log is whole", "update audit_log set at = at + interval '1 second' where line = 1",
     "line 1: batch activate by"},
    {"every act of an operator is in the audit log", "update card_change set audit = null where batch = 1",
     "batch 1, serials 100000000001 to 100000000004: active, by nobody"},
    {"every act of an operator is in the audit log",
     "delete from correction where receipt = (select receipt from transfer where kind = 'adjustment')",
     "adjustment, by nobody"},
    {"every act of an operator is in the audit log",
     "delete from correction where receipt in (select receipt from transfer where kind = 'reversal')",
     "reversal, by nobody"},
    {"every act of an operator is in the audit log", "update correction set audit = 1", "by nobody"},
    {"what operators set is what the audit log says", "update account set held = true where msisdn = 999709876543",
     "account 999709876543: on hold, by the audit log not on hold"},
    {"what operators set is what the audit log says",
     "select audit('account hold', 'account 999709876543', 'stolen phone')",
     "account 999709876543: not on hold, by the audit log on hold"},
    {"what operators set is what the audit log says", "update policy set adjust_above_minor = 7",
     "the policy: currency"},
    {"what operators set is what the audit log says", "select audit('approval ask', 'approval 77')",
     "approval 77: asked for by"},
    {"what two must agree to, two have",
     "alter table approval drop constraint two_pairs_of_eyes; update approval set asked_by = decided_by",
     "approval 1, batch activate of batch 4: asked by"},
    {"each transfer by text has its message", "delete from message where receipt = 33",
     "receipt #33: from 999702222222 to 999703333333, message none, transfers 500"},
    {"each transfer by text has its message", "update message set amount_minor = 30 where receipt = 36",
     "receipt #36: from 999703333333 to 999702222222, message 30, transfers 300"},
    {"each transfer by text has its message", "delete from transfer where receipt = 35",
     "receipt #35: from 999702222222 to 999703333333, message 300, transfers none"},
    {"every message has its reply", "update message set reply = 'none' where receipt = 33",
     "receipt #33: transferred, reply none"},
    {"every message has its reply", "update message set reply = 'none' where receipt = 37",
     "receipt #37: taken_back, reply none"},
    {"questions and locks are as the gateway makes them", "update question set digests = '{}'",
     "question of 999703333333"},
    {"questions and locks are as the gateway makes them", "delete from message where receipt = 39",
     "question of 999703333333"},
    {"questions and locks are as the gateway makes them",
     "update sender_lock set locked_until = now() + interval '3 days'", "lock of 999704444444"},
    {"questions and locks are as the gateway makes them", "update guess_level set level = 9", "the level of guessing"},
    {"each credited message has its transfer", "delete from message where receipt = 12",
     "receipt #12: message none, transfer 999701234567 1000 USD 100000000002"},
    {"each credited message has its transfer", "delete from transfer where receipt = 12",
     "receipt #12: message 999701234567 1000 USD 100000000002, transfer none"},
    {"each credited message has its transfer", "update message set target = null where receipt = 13",
     "receipt #13: message 999701234567 1000 USD 100000000003, transfer 999709876543"},
    {"each credited message has its transfer", "update message set amount_minor = 1 where receipt = 11",
     "receipt #11: message"},
    {"each credited message has its transfer", "update message set outcome = 'credited' where receipt = 15",
     "receipt #15: message 999701234567 1000 USD 100000000003, transfer none"},
    {"every message has its reply", "update message set reply = 'owed' where receipt = 14",
     "receipt #14: help, reply owed for"},
    {"every message has its reply", "update message set sent_at = null where receipt = 14",
     "receipt #14: help, reply sent, without a time"},
    {"every message has its reply", "update message set reply = 'none' where receipt = 11",
     "receipt #11: credited, reply none"},
    {"every message has its reply", "update message set reply = 'none' where receipt = 16",
     "receipt #16: credited, reply none"},
    {"every message has its reply", "update message set reply = 'none' where receipt = 19",
     "receipt #19: received, reply none"},
    {"every message has its reply",
     "update message set reply = 'none', received_at = now() - interval '3 hours' where receipt = 15",
     "receipt #15: repeated, reply none"},
    {"every message has its reply", "update message set extra.leader = 99 where receipt = 17",
     "receipt #17: unknown_pin, reply none"},
    {"every message has its reply", "update message set extra.leader = 18 where receipt = 17",
     "receipt #17: unknown_pin, reply none"},
    {"every message has its reply", "update message set sent_at = null where receipt = 30",
     "receipt #30: credited, reply delivered, without a time"},
    {"every message has its reply", "update message set sent_at = null where receipt = 38",
     "receipt #38: received, reply undelivered, without a time"},
    {"every message has its reply",
     "update message set reply = 'owed', extra.resent_at = seconds(now()) - 7200 where receipt = 11",
     "receipt #11: credited, reply owed for 02:00:00"},
    {"every message has its reply",
     "update message set reply = 'owed', lease_until = now() - interval '61 minutes' where receipt = 11",
     "receipt #11: credited, reply owed for"},
    {"every message has its reply",
     "update message set reply = 'owed', lease_until = now() + interval '5 seconds', lease_owner = 'gw-1' where "
     "receipt = 11",
     "receipt #11: credited, reply owed for"},
    {"replies became what their SMSCs told", "update message set reply = 'undelivered' where receipt = 30",
     "receipt #30: reply undelivered, told delivered"},
    {"replies became what their SMSCs told", "update message set reply = 'delivered' where receipt = 11",
     "receipt #11: reply delivered, told nothing"},
    {"replies became what their SMSCs told", "update message set reply = 'undelivered' where receipt = 11",
     "receipt #11: reply undelivered, told nothing"},
    {"replies became what their SMSCs told", "update message set reply = 'sent' where receipt = 38",
     "receipt #38: reply sent, told undeliverable"},
    {"replies became what their SMSCs told", "update message set extra.delivery_at = null where receipt = 30",
     "receipt #30: reply delivered, told delivered"},
    {"replies became what their SMSCs told", "update awaited set receipt = 99 where smsc_message_id = 'sm37'",
     "receipt #99: awaited from main, which does not exist"},
    {"replies became what their SMSCs told", "update undelivered set receipt = 30",
     "receipt #30: to be sent once more to 999703333333"},
    {"replies became what their SMSCs told", "update undelivered set sender = 999701234567",
     "receipt #38: to be sent once more to 999701234567"},
    {"replies became what their SMSCs told", "update message set extra.resent_at = 1 where receipt = 38",
     "receipt #38: to be sent once more to 999703333333"},
    {"the reply to several vouchers tells of each",
     "update message set extra.several.total_minor = 3000 where receipt = 16",
     "receipt #16: told 3 cards, 2 added, 3000 USD; found 3, 2, 2000 (minor units)"},
    {"the reply to several vouchers tells of each", "delete from message where receipt = 17",
     "receipt #16: told 3 cards, 2 added, 2000 USD; found 2, 2, 2000"},
    {"the reply to several vouchers tells of each", "update message set outcome = 'used' where receipt = 18",
     "receipt #16: told 3 cards, 2 added, 2000 USD; found 3, 1, 1000"},
    {"every notice is of a transfer from or to its receiver",
     "update message set amount_minor = 9000 where receipt = 19",
     "receipt #19: 999706666666 is told of 9000 USD from 999705555555 by receipt #16"},
    {"every notice is of a transfer from or to its receiver",
     "update message set sender = 999701234567 where receipt = 19",
     "receipt #19: 999701234567 is told of 2000 USD from 999705555555 by receipt #16"},
    {"every notice is of a transfer from or to its receiver",
     "update message set extra.giver = 999701234567 where receipt = 19",
     "receipt #19: 999706666666 is told of 2000 USD from 999701234567"},
    {"every notice is of a transfer from or to its receiver",
     "update message set outcome = 'received' where receipt = 37",
     "receipt #37: 999703333333 is told of 300 USD from 999702222222 by receipt #36"},
    {"every account's chain reaches all its transfers",
     "update account set last_receipt = 11 where msisdn = 999701234567",
     "account 999701234567: the chain reaches 1 of 2 receipts"},
    {"every account's chain reaches all its transfers", "update transfer set debit_previous = null where receipt = 33",
     "account 999702222222: the chain reaches"},
    {"every account's chain reaches all its transfers",
     "update account set last_receipt = null where msisdn = 999709876543",
     "account 999709876543: the chain reaches 0 of 1 receipts"},
    {"every account's chain reaches all its transfers", "update transfer set previous = null where receipt = 12",
     "account 999701234567: the chain reaches 1 of 2 receipts"},
    {"every account's chain reaches all its transfers", "update transfer set previous = 13 where receipt = 12",
     "account 999701234567: the chain reaches 1 of 2 receipts and does not end"},
    {"every account's chain reaches all its transfers", "update transfer set previous = 12 where receipt = 11",
     "and does not end"},
};

// check -> example, of those that found a violation
std::map<std::string, std::string> broken_by(pqxx::connection& administrator, const std::string& how) {
  pqxx::work transaction(administrator);  // rolled back: the next damage finds good books
  // As a replica applies what comes: neither triggers nor foreign keys stand in the way.
  transaction.exec("set local search_path = topup; set local session_replication_role = replica");
  if (!how.empty()) transaction.exec(how);
  std::map<std::string, std::string> broken;
  for (const auto& row : transaction.exec("select name, example from topup.verify() where violations > 0"))
    broken[row[0].c_str()] = row[1].c_str();
  return broken;
}

}  // namespace

TEST_CASE("good books have no violation, and every check has looked at something") {
  books books;
  books.fill();
  enrich(books);
  for (const store::check& check : store::operations(books.url()).verify()) {
    CAPTURE(check.name);
    CHECK(check.examined > 0);
    CHECK(check.violations == 0);
    CHECK(check.example.empty());
  }
}

TEST_CASE("every damage to the books is noticed by its check, which names the culprit") {
  books books;
  books.fill();
  enrich(books);
  REQUIRE(broken_by(books.administrator(), "").empty());
  for (const damage& damage : damages) {
    CAPTURE(damage.how);
    const auto broken = broken_by(books.administrator(), damage.how);
    REQUIRE(broken.contains(damage.check));
    CHECK_MESSAGE(broken.at(damage.check).find(damage.culprit) != std::string::npos, broken.at(damage.check));
  }
}

TEST_CASE("there is no check that is not broken above") {
  books books;
  std::set<std::string> broken;
  for (const damage& damage : damages) broken.insert(damage.check);
  for (const store::check& check : store::operations(books.url()).verify())
    CHECK_MESSAGE(broken.contains(check.name), check.name);
}

TEST_CASE("a reply that is owed for less than an hour is no violation") {
  books books;
  books.fill();
  CHECK(broken_by(books.administrator(),
                  "update message set reply = 'owed', received_at = now() - interval '59 minutes' where receipt = 11")
            .empty());
}

TEST_CASE("nor is one that is owed again since, or that the SMSC wants later") {
  books books;
  books.fill();
  for (const char* how : {"extra.resent_at = seconds(now()) - 3500", "lease_until = now() + interval '50 minutes'",
                          "lease_until = now() - interval '59 minutes'"}) {
    CAPTURE(how);
    CHECK(broken_by(books.administrator(),
                    "update message set reply = 'owed', " + std::string(how) + " where receipt = 11")
              .empty());
  }
}

TEST_CASE("silence about money is no violation for a sender who had an answer within the hour") {
  books books;
  books.fill();
  CHECK(
      broken_by(books.administrator(), "update message set reply = 'none', sent_at = null where receipt = 15").empty());
}

TEST_CASE("an operator reads receipts as subscribers know them") {
  books books;
  books.fill();
  books.sql("update topup.message set reply = 'none' where receipt = 11");
  bool named = false;
  for (const store::check& check : store::operations(books.url()).verify())
    if (check.violations > 0)
      named = check.example == "receipt " + to_string(store::receipt{11}) + ": credited, reply none";
  CHECK(named);
}

}  // namespace topupd::tests
