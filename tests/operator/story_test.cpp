#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "store/operations.hpp"
#include "tests/operator/rich_books.hpp"

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
  const char* change = "insert into topup.card_change (batch, first_serial, last_serial, was, state) values ";
  const row rows[] = {
      {"", 100'000'000'001, "redeemed"},
      {"", 100'000'000'004, "active"},
      {"", 100'000'000'005, "generated"},
      {"(1, 100000000004, 100000000004, 'active', 'held')", 100'000'000'004, "held"},
      {"(1, 100000000001, 100000000003, 'active', 'void')", 100'000'000'003, "redeemed"},
      {"(2, 100000000005, 100000000005, 'generated', 'stolen')", 100'000'000'005, "stolen"},
      {"(1, 100000000004, 100000000004, 'held', 'active')", 100'000'000'004, "active"},
  };
  books books;
  books.fill();
  store::operations operations(books.url());
  for (const row& row : rows) {
    CAPTURE(row.change);
    CAPTURE(row.serial);
    if (*row.change) books.sql(std::string(change) + row.change);
    const auto voucher = operations.find_voucher(row.serial);
    REQUIRE(voucher);
    CHECK(voucher->state == row.state);
  }
  CHECK_FALSE(operations.find_voucher(1));

  books.sql("update topup.batch set expires = '2020-12-31', ends = '2021-01-01'");
  CHECK(operations.find_voucher(100'000'000'004)->state == "expired");
  CHECK(operations.find_voucher(100'000'000'003)->state == "redeemed");
  CHECK(operations.find_voucher(100'000'000'005)->state == "stolen");
}

TEST_CASE("a card's history tells each state it was in, since when, by whom and why") {
  books books;
  books.fill();
  enrich(books);
  store::operations operations(books.url());
  const auto states = [&](std::int64_t serial) {
    std::string all;
    for (const auto& each : operations.card_history(serial)) all += (all.empty() ? "" : " ") + each.state;
    return all;
  };
  CHECK(states(100'000'000'001) == "generated active redeemed");
  CHECK(states(100'000'000'005) == "generated");
  CHECK(states(100'000'000'014) == "generated active void");
  CHECK(states(1).empty());

  const auto last = operations.card_history(100'000'000'014).back();
  CHECK(last.was == "active");
  CHECK_FALSE(last.by.empty());
  CHECK(last.reason == "torn");
  CHECK(last.audit);

  books.sql("update topup.batch set expires = '2020-12-31', ends = '2021-01-01'");
  CHECK(states(100'000'000'013).find("expired") != std::string::npos);
  CHECK(states(100'000'000'001).find("expired") == std::string::npos);
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
  CHECK(operations.history(b, 10).at(0).other == a);
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

  REQUIRE(receipts(operations.trace(store::receipt{15})) == std::vector<std::int64_t>{13, 15});  // and what it repeats
  const auto story = operations.trace(store::receipt{15}).back();
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

TEST_CASE("a trace tells the question with its answer, what was undone with what undid it, and the notices of both") {
  books books;
  books.fill();
  enrich(books);
  store::operations operations(books.url());
  for (const std::int64_t receipt : {32, 33, 34}) {
    CAPTURE(receipt);
    CHECK(receipts(operations.trace(store::receipt{receipt})) == std::vector<std::int64_t>{32, 33, 34});
  }
  for (const std::int64_t receipt : {35, 36, 37, 38}) {
    CAPTURE(receipt);
    auto found = receipts(operations.trace(store::receipt{receipt}));
    std::sort(found.begin(), found.end());
    CHECK(found == std::vector<std::int64_t>{35, 36, 37, 38});
  }
  CHECK(receipts(operations.trace(store::receipt{39})) == std::vector<std::int64_t>{39});  // unanswered
}

TEST_CASE("a trace tells how a text came, how it was read, and what became of its reply") {
  books books;
  books.fill();
  enrich(books);
  books.sql("update topup.message set seen = 3, attempts = 2, reply = 'dead', reply_status = 11 where receipt = 33");
  store::operations operations(books.url());
  const auto all = operations.trace(store::receipt{33});
  const auto& yes = all.at(1);
  CHECK(yes.source == "1.1.999702222222");
  CHECK(yes.short_code == "0.0.12345");
  CHECK(yes.language == "en");
  CHECK(yes.heard);
  CHECK(yes.seen == 3);
  CHECK(yes.lease_owner == "gw-1");
  CHECK(yes.attempts == 2);
  CHECK(yes.reply_status == 11);
  CHECK_FALSE(all.at(0).reply_status);
  CHECK(all.at(0).until);
}

TEST_CASE("a trace tells by which SMSC a reply left, and what became of it there") {
  books books;
  books.fill();
  enrich(books);
  store::operations operations(books.url());
  const auto arrived = operations.trace(store::receipt{30}).at(0);
  CHECK(arrived.reply == "delivered");
  CHECK(arrived.sent_by == "backup");
  CHECK(arrived.delivery == "delivered");
  CHECK(arrived.delivery_at);
  const auto all = operations.trace(store::receipt{38});
  const auto lost = std::find_if(all.begin(), all.end(), [](const auto& each) { return each.receipt.number == 38; });
  REQUIRE(lost != all.end());
  CHECK(lost->reply == "undelivered");
  CHECK(lost->sent_by.empty());
  CHECK(lost->delivery == "undeliverable");
  CHECK(lost->delivery_error == "00b");
  CHECK_FALSE(lost->resent);
  CHECK_FALSE(lost->deferred_until);

  books.sql(
      "update topup.message set reply = 'owed', lease_owner = null, lease_until = now() + interval '1 minute', "
      "extra.resent_at = 1000000000 where receipt = 38");
  const auto again = operations.trace(*parser::msisdn::from_e164("999703333333"), 50);
  const auto owed =
      std::find_if(again.begin(), again.end(), [](const auto& each) { return each.receipt.number == 38; });
  REQUIRE(owed != again.end());
  CHECK(owed->resent == store::moment{std::chrono::seconds{1'000'000'000}});
  CHECK(owed->deferred_until > std::chrono::system_clock::now());
}

TEST_CASE("a balance in another currency than the card is told in its own") {
  books books;
  books.fill();
  enrich(books);
  const auto asked = store::operations(books.url()).trace(store::receipt{39}).at(0);
  CHECK(asked.amount == parser::money{2000, "USD"});
  CHECK(asked.balance == parser::money{700, "EUR"});
}

TEST_CASE("the ledger's lines are told with their accounts' names, what took them back, and the call they paid") {
  books books;
  books.fill();
  enrich(books);
  store::operations operations(books.url());
  const auto credit = operations.transfers({store::receipt{31}});
  REQUIRE(credit.size() == 2);
  CHECK(credit[0].kind == "topup");
  CHECK(credit[0].debit == "cards sold");
  CHECK(credit[0].credit == "999702222222");
  CHECK(credit[0].serial == 100'000'000'012);
  CHECK(credit[1].kind == "bonus");
  CHECK(credit[1].credit == "bonus of 999702222222");
  CHECK(credit[1].amount == parser::money{300, "USD"});

  REQUIRE(credit[0].reversed_by);
  const auto back = operations.transfers({*credit[0].reversed_by});
  REQUIRE(back.size() == 2);
  CHECK(back[0].kind == "reversal");
  CHECK(back[0].reverses == store::receipt{31});
  CHECK(operations.find_voucher(100'000'000'012)->reversed_by == credit[0].reversed_by);

  const auto all = operations.receipts_of(*parser::msisdn::from_e164("999702222222"), 100);
  const auto lines = operations.transfers(all);
  const auto call =
      std::find_if(lines.begin(), lines.end(), [](const auto& line) { return line.reference == "call-2"; });
  REQUIRE(call != lines.end());
  CHECK(call->kind == "charge");
  CHECK(call->credit == "calls charged");
}

TEST_CASE("receipts of operators' acts and of calls are found although no text has them") {
  books books;
  books.fill();
  enrich(books);
  store::operations operations(books.url());
  const auto number = *parser::msisdn::from_e164("999702222222");
  const auto all = operations.receipts_of(number, 100);
  CHECK(all.size() == 9);  // 30, 31, 33, 35, 36; a reversal, an adjustment, two calls
  CHECK(operations.receipts_of(number, 3).size() == 3);
  CHECK(operations.receipts_of(*parser::msisdn::from_e164("999700000000"), 3).empty());

  const auto reversal = *operations.transfers({store::receipt{31}})[0].reversed_by;
  CHECK(receipts(operations.trace(reversal)) == std::vector<std::int64_t>{31});  // what it took back
  const auto acts = operations.acts({reversal}, "");
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].action == "redemption reverse");
  CHECK(acts[0].reason == "wrong number");
  CHECK(acts[0].receipt == reversal);
  CHECK(acts[0].subject == "receipt " + to_string(store::receipt{31}));
  CHECK(operations.acts({store::receipt{31}}, "").size() == 1);  // from the other side, too
  CHECK(operations.acts({}, "account 999702222222").size() == 1);
}

TEST_CASE("the store's health names what a daemon refuses to run without") {
  books books;
  const store::health health = store::operations(books.url()).examine();
  CHECK(health.fsync);
  CHECK(health.full_page_writes);
  CHECK(health.synchronous_commit);
  CHECK(std::chrono::abs(health.clock_difference) < std::chrono::seconds(5));
  CHECK(health.schema_version > 0);
  CHECK(health.hosts == 1);
  CHECK(health.standbys.empty());
  CHECK(health.commit_waits_for == "on");
}

}  // namespace topupd::tests
