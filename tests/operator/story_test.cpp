#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "store/operations.hpp"
#include "tests/operator/books.hpp"

namespace topupd::tests {
namespace {

const auto a = *parser::msisdn::from_e164("999701234567");
const auto b = *parser::msisdn::from_e164("999709876543");

std::vector<std::int64_t> receipts(const std::vector<store::message_story>& stories) {
  std::vector<std::int64_t> out;
  for (const auto& story : stories) out.push_back(story.receipt.number);
  return out;
}

}  // namespace

TEST_CASE("a voucher's state tells first what happened to it, then its batch, then the calendar") {
  struct row {
    const char* change;
    std::int64_t serial;
    const char* state;
  };
  const row rows[] = {
      {"select", 100'000'000'001, "redeemed"},
      {"select", 100'000'000'004, "active"},
      {"select", 100'000'000'005, "inactive"},
      {"update topup.batch set state = 'held' where id = 1", 100'000'000'004, "held"},
      {"update topup.batch set expires = '2020-12-31'", 100'000'000'004, "expired"},
      {"update topup.batch set expires = '2020-12-31'", 100'000'000'003, "redeemed"},
      {"update topup.batch set state = 'void'", 100'000'000'004, "void"},
      {"insert into topup.voucher_end (serial, kind, receipt) values (100000000005, 'void', 9)", 100'000'000'005,
       "void"},
  };
  books books;
  books.fill();
  store::operations operations(books.url());
  for (const row& row : rows) {
    CAPTURE(row.change);
    CAPTURE(row.serial);
    books.sql(row.change);
    const auto voucher = operations.find_voucher(row.serial);
    REQUIRE(voucher);
    CHECK(voucher->state == row.state);
  }
  CHECK_FALSE(operations.find_voucher(1));
}

TEST_CASE("a card is good to the end of its last day where the service is") {
  books books;
  books.fill();
  const auto ends = [&](const char* zone) {
    return books
        .sql(std::string("select extract(epoch from topup.end_of_day('2026-03-08', '") + zone + "'))::bigint")[0][0]
        .as<std::int64_t>();
  };
  CHECK(ends("UTC") == 1'773'014'400);               // 2026-03-09T00:00:00Z
  CHECK(ends("America/New_York") == 1'773'028'800);  // 04:00Z: summer time began that day
  CHECK(ends("Pacific/Kiritimati") == 1'773'014'400 - 14 * 3600);
}

TEST_CASE("a redeemed voucher tells by whom, for whom, and the receipt") {
  books books;
  books.fill();
  const auto voucher = store::operations(books.url()).find_voucher(100'000'000'003);
  REQUIRE(voucher);
  CHECK(voucher->sender == a);
  CHECK(voucher->account == b);
  CHECK(voucher->receipt == store::receipt{13});
  CHECK(voucher->ended);
  CHECK(voucher->value == parser::money{1000, "USD"});
}

TEST_CASE("an account's history follows its chain, newest first, and no further than asked") {
  books books;
  books.fill();
  store::operations operations(books.url());
  const auto all = operations.history(a, 10);
  REQUIRE(all.size() == 2);
  CHECK(all[0].receipt == store::receipt{12});
  CHECK(all[1].receipt == store::receipt{11});
  CHECK(all[0].serial == 100'000'000'002);
  CHECK(operations.history(a, 1).size() == 1);
  CHECK(operations.history(b, 10).at(0).sender == a);
  CHECK(operations.find_account(a)->balance == parser::money{2000, "USD"});
}

TEST_CASE(
    "a trace finds a message by its receipt, a number's by sender and by account, a card's with the later attempts") {
  books books;
  books.fill();
  store::operations operations(books.url());
  CHECK(receipts(operations.trace(store::receipt{14})) == std::vector<std::int64_t>{14});
  CHECK(receipts(operations.trace(store::receipt{99})).empty());
  CHECK(receipts(operations.trace(a, 50)) == std::vector<std::int64_t>{15, 14, 13, 12, 11});
  CHECK(receipts(operations.trace(a, 2)) == std::vector<std::int64_t>{15, 14});
  CHECK(receipts(operations.trace(b, 50)) == std::vector<std::int64_t>{13});
  CHECK(receipts(operations.trace_serial(100'000'000'003)) == std::vector<std::int64_t>{13, 15});

  const auto story = operations.trace(store::receipt{15}).at(0);
  CHECK(story.outcome == "repeated");
  CHECK(story.earlier == store::receipt{13});
  CHECK(story.reply == "sent");
  CHECK(story.smsc_message_id == "id15");
}

TEST_CASE("a trace of one of several vouchers, or of a notice, tells all that goes with it") {
  books books;
  books.fill();
  store::operations operations(books.url());
  for (const std::int64_t receipt : {16, 17, 18, 19}) {
    CAPTURE(receipt);
    CHECK(receipts(operations.trace(store::receipt{receipt})) == std::vector<std::int64_t>{16, 17, 18, 19});
  }
  const auto all = operations.trace(store::receipt{17});
  CHECK(all[0].cards == 3);
  CHECK(all[0].added == 2);
  CHECK(all[0].total == parser::money{2000, "USD"});
  CHECK_FALSE(all[0].leader);
  CHECK(all[1].leader == store::receipt{16});
  CHECK(all[1].cards == 0);
  CHECK(all[3].giver == parser::msisdn::from_e164("999705555555"));
  CHECK(receipts(operations.trace(*parser::msisdn::from_e164("999706666666"), 50)) ==
        std::vector<std::int64_t>{19, 18, 16});
  CHECK(receipts(operations.trace_serial(100'000'000'007)) == std::vector<std::int64_t>{18});
}

TEST_CASE("the store's health names what a daemon refuses to run without") {
  books books;
  const store::health health = store::operations(books.url()).examine();
  CHECK(health.fsync);
  CHECK(health.full_page_writes);
  CHECK(health.synchronous_commit);
  CHECK(std::chrono::abs(health.clock_difference) < std::chrono::seconds(5));
  CHECK(health.schema_version > 0);
}

}  // namespace topupd::tests
