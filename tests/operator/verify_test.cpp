// Every invariant is broken on purpose, by the administrator, and verify names it and the culprit.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "store/operations.hpp"
#include "tests/operator/books.hpp"

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
    {"every credited number has its account", "delete from account where msisdn = 999709876543",
     "receipt #13: account 999709876543 does not exist"},
    {"face value of redeemed vouchers = credits", "update transfer set amount_minor = 900 where receipt = 12",
     "USD: redeemed 5000, credited 4900"},
    {"face value of redeemed vouchers = credits", "update transfer set currency = 'EUR'", "redeemed 0, credited 5000"},
    // The sums agree, the vouchers do not.
    {"each redeemed voucher has its one credit",
     "update transfer set amount_minor = amount_minor + case receipt when 11 then 100 else -100 end where receipt < 13",
     "voucher 100000000001: redeemed by receipt #11 for 1000 USD, credited by receipt #11 1100 USD"},
    {"each redeemed voucher has its one credit", "delete from transfer where receipt = 12",
     "voucher 100000000002: redeemed by receipt #12 for 1000 USD, credited by receipt none"},
    {"each redeemed voucher has its one credit", "delete from voucher_end where serial = 100000000001",
     "voucher 100000000001: redeemed by receipt none"},
    {"each redeemed voucher has its one credit", "update transfer set debit = 2 where receipt = 11",
     "voucher 100000000001"},
    {"each redeemed voucher has its one credit", "update voucher_end set kind = 'void' where serial = 100000000001",
     "voucher 100000000001: redeemed by receipt none"},
    {"no voucher is credited twice",
     "insert into transfer (receipt, debit, credit, amount_minor, currency, serial) values "
     "(99, 1, 999709876543, 1000, 'USD', 100000000001)",
     "voucher 100000000001: credited by receipts #11 and #99"},
    {"no voucher ends twice, and every end has its voucher",
     "insert into voucher_end (serial, kind, receipt) values (100000000077, 'redeemed', 11)",
     "voucher 100000000077: ended, but does not exist"},
    {"no voucher ends twice, and every end has its voucher",
     "alter table voucher_end drop constraint voucher_end_pkey; "
     "insert into voucher_end (serial, kind, receipt) values (100000000001, 'void', 11)",
     "voucher 100000000001: ended 2 times"},
    {"every voucher is of a batch, within its serials", "update voucher set batch = 77 where serial = 100000000005",
     "voucher 100000000005: batch 77 does not exist"},
    {"every voucher is of a batch, within its serials",
     "update voucher set serial = 100000000077 where serial = 100000000004",
     "voucher 100000000077: batch 1 has serials 100000000001 to 100000000004"},
    {"every batch has all its vouchers", "delete from voucher where serial = 100000000004",
     "batch 1: 3 vouchers, 4 ordered"},
    {"only batches on sale were redeemed", "delete from batch_change where batch = 1",
     "voucher 100000000001: redeemed, but batch 1 was never activated"},
    {"only batches on sale were redeemed",
     "insert into voucher_end (serial, kind, receipt) values (100000000005, 'redeemed', 99)",
     "voucher 100000000005: redeemed, but batch 2 was never activated"},
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
    {"every message has its reply", "update message set leader = 99 where receipt = 17",
     "receipt #17: unknown_pin, reply none"},
    {"every message has its reply", "update message set leader = 18 where receipt = 17",
     "receipt #17: unknown_pin, reply none"},
    {"the reply to several vouchers tells of each", "update message set several.total_minor = 3000 where receipt = 16",
     "receipt #16: told 3 cards, 2 added, 3000 USD; found 3, 2, 2000 (minor units)"},
    {"the reply to several vouchers tells of each", "delete from message where receipt = 17",
     "receipt #16: told 3 cards, 2 added, 2000 USD; found 2, 2, 2000"},
    {"the reply to several vouchers tells of each", "update message set outcome = 'used' where receipt = 18",
     "receipt #16: told 3 cards, 2 added, 2000 USD; found 3, 1, 1000"},
    {"every notice is of a credit for its receiver", "update message set amount_minor = 9000 where receipt = 19",
     "receipt #19: 999706666666 is told of 9000 USD from 999705555555 by receipt #16"},
    {"every notice is of a credit for its receiver", "update message set sender = 999701234567 where receipt = 19",
     "receipt #19: 999701234567 is told of 2000 USD from 999705555555 by receipt #16"},
    {"every notice is of a credit for its receiver", "update message set giver = 999701234567 where receipt = 19",
     "receipt #19: 999706666666 is told of 2000 USD from 999701234567"},
    {"every account's chain reaches all its transfers",
     "update account set last_receipt = 11 where msisdn = 999701234567",
     "account 999701234567: the chain reaches 1 of 2 transfers"},
    {"every account's chain reaches all its transfers",
     "update account set last_receipt = null where msisdn = 999709876543",
     "account 999709876543: the chain reaches 0 of 1 transfers"},
    {"every account's chain reaches all its transfers", "update transfer set previous = null where receipt = 12",
     "account 999701234567: the chain reaches 1 of 2 transfers"},
    {"every account's chain reaches all its transfers", "update transfer set previous = 13 where receipt = 12",
     "account 999701234567: the chain reaches 1 of 2 transfers and does not end"},
    {"every account's chain reaches all its transfers", "update transfer set previous = 12 where receipt = 11",
     "and does not end"},
};

// check -> example, of those that found a violation
std::map<std::string, std::string> broken_by(pqxx::connection& administrator, const std::string& how) {
  pqxx::work transaction(administrator);  // rolled back: the next damage finds good books
  transaction.exec("set local search_path = topup");
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
  REQUIRE(broken_by(books.administrator(), "").empty());
  for (const damage& damage : damages) {
    CAPTURE(damage.how);
    const auto broken = broken_by(books.administrator(), damage.how);
    REQUIRE(broken.contains(damage.check));
    CHECK_MESSAGE(broken.at(damage.check).find(damage.culprit) != std::string::npos, broken.at(damage.check));
  }
}

TEST_CASE("a reply that is owed for less than an hour is no violation") {
  books books;
  books.fill();
  CHECK(broken_by(books.administrator(),
                  "update message set reply = 'owed', received_at = now() - interval '59 minutes' where receipt = 11")
            .empty());
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
