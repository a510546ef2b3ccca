// Credits taken back by correcting transfers, while they are unspent.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "store/operations.hpp"
#include "tests/operator/books.hpp"
#include "tests/operator/proof.hpp"

namespace topupd::tests {
namespace {

const auto a = *parser::msisdn::from_e164("999701234567");
const auto b = *parser::msisdn::from_e164("999709876543");
const auto d = *parser::msisdn::from_e164("999706666666");
const auto stranger = *parser::msisdn::from_e164("999700000000");

using which = store::reversal_order::which;

parser::money usd(std::int64_t minor) {
  return {minor, "USD"};
}

store::reversal_order order(std::int64_t credit, std::optional<parser::msisdn> to = {}) {
  return {.credit = {credit}, .to = to, .reason = "wrong number"};
}

std::vector<store::receipt> receipts(std::initializer_list<std::int64_t> numbers) {
  std::vector<store::receipt> out;
  for (const auto number : numbers) out.push_back({number});
  return out;
}

}  // namespace

TEST_CASE("an unspent credit goes back to the cards sold, once, and its card stays redeemed") {
  books books;
  books.fill();
  store::operations operations(books.url());
  const auto done = operations.reverse(order(12));
  CHECK(done.from == a);
  CHECK(done.amount == usd(1000));
  CHECK(done.reversed == receipts({12}));
  CHECK(operations.find_account(a)->balance == usd(1000));
  CHECK(operations.find_voucher(100'000'000'002)->state == "redeemed");
  const auto entry = operations.history(a, 1).at(0);
  CHECK(entry.kind == "reversal");
  CHECK(entry.amount == usd(-1000));
  CHECK(entry.reason == "wrong number");
  CHECK(entry.receipt == done.receipt);
  const std::string again = refusal([&] { operations.reverse(order(12)); });
  CHECK(again.find("was reversed before, by ") != std::string::npos);
  CHECK(again.ends_with(to_string(done.receipt)));
  CHECK(operations.find_account(a)->balance == usd(1000));
  CHECK(
      books
          .sql(
              "select count(*) from topup.audit_log where action = 'redemption reverse' and subject = 'receipt #12'")[0]
                                                                                                                     [0]
          .as<int>() == 1);
  prove(operations);
}

TEST_CASE("what was the sender's own UNDO is not reversed again") {
  books books;
  books.fill();
  store::operations operations(books.url());
  books.sql("insert into topup.reversal (reversed, receipt) values (13, 99)");
  CHECK(refusal([&] { operations.reverse(order(13)); }).find("the sender's own UNDO") != std::string::npos);
}

TEST_CASE("a credit for the wrong number goes to the right one, with its bonus and as long as it was valid") {
  books books;
  books.fill();
  grant_bonus(books);
  store::operations operations(books.url());
  books.sql("update topup.account set valid_until = now() + interval '90 days' where msisdn = 999701234567");
  const auto before = operations.find_account(a);
  const auto done = operations.reverse(order(12, stranger));
  CHECK(done.bonus == usd(100));
  const auto after = operations.find_account(a), there = operations.find_account(stranger);
  CHECK(after->balance == usd(1000));
  CHECK(after->bonus == usd(100));
  REQUIRE(there);
  CHECK(there->balance == usd(1000));
  CHECK(there->bonus == usd(100));
  CHECK(there->bonus_until == before->bonus_until);
  CHECK(there->valid_until == before->valid_until);
  CHECK(operations.history(stranger, 1).at(0).other == a);
  CHECK(operations.history(a, 1).at(0).other == stranger);
  prove(operations);
}

TEST_CASE("a bonus goes back to the bonuses granted") {
  books books;
  books.fill();
  grant_bonus(books);
  store::operations operations(books.url());
  operations.reverse(order(12));
  CHECK(operations.find_account(a)->bonus == usd(100));
  CHECK(books.sql("select amount_minor from topup.transfer where kind = 'reversal' and credit = 3")[0][0].as<int>() ==
        100);
  prove(operations);
}

TEST_CASE("nothing is reversed that is spent, reserved, no card's credit, or has no reason") {
  struct row {
    const char* before;
    store::reversal_order order;
    const char* says;
  };
  const row rows[] = {
      {"select topup.debit(999701234567, 1201, 'call')", order(12), "has 9.99 USD left"},
      {"select topup.reserve(999701234567, 1201, 'call')", order(12), "has 9.99 USD left"},
      {"update topup.account set bonus_until = now() - interval '1 second' where msisdn = 999701234567", order(12),
       "is spent or has lapsed"},
      {"select topup.debit(999701234567, 101, 'call')", order(12), "is spent or has lapsed"},  // of the bonus
      {"select", order(14), "no card's credit"},                                               // HELP
      {"select", order(4711), "no card's credit"},
      {"select topup.post(4711, 1, 'transfer', 999701234567, 999709876543, 1, 'USD', now())", order(4711),
       "no card's credit"},
      {"select", order(12, a), "it was meant for"},
      {"insert into topup.account (msisdn, currency, balance_minor) values (999700000000, 'EUR', 0)",
       order(12, stranger), "another currency"},
      {"select", {.credit = {12}, .to = {}, .reason = " "}, "--reason is needed"},
  };
  for (const row& row : rows) {
    CAPTURE(row.before);
    books books;
    books.fill();
    grant_bonus(books);
    books.sql(row.before);
    store::operations operations(books.url());
    CHECK(refusal([&] { operations.reverse(row.order); }).find(row.says) != std::string::npos);
    CHECK(books.sql("select count(*) from topup.reversal")[0][0].as<int>() == 0);
    CHECK(books.sql("select count(*) from topup.transfer where kind = 'reversal'")[0][0].as<int>() == 0);
  }
}

TEST_CASE("the receipt of a text with several cards is asked about: all of them, or its first alone") {
  SUBCASE("asked about") {
    books books;
    books.fill();
    store::operations operations(books.url());
    const std::string said = refusal([&] { operations.reverse(order(16)); });
    CHECK(said.find("the 2 cards of one text") != std::string::npos);
    CHECK(said.ends_with(to_string(store::receipt{18})));
    CHECK(operations.find_account(d)->balance == usd(2000));
  }
  SUBCASE("all, whichever of their receipts is named") {
    for (const std::int64_t named : {16, 18}) {
      books books;
      books.fill();
      store::operations operations(books.url());
      auto all = order(named, b);
      all.of = which::all;
      const auto done = operations.reverse(all);
      CHECK(done.amount == usd(2000));
      CHECK(done.reversed == receipts({16, 18}));
      CHECK(done.others.empty());
      CHECK(operations.find_account(d)->balance == usd(0));
      CHECK(operations.find_account(b)->balance == usd(3000));
      CHECK(refusal([&] { operations.reverse(all); }).find("reversed before") != std::string::npos);
      prove(operations);
    }
  }
  SUBCASE("the first alone, then the rest") {
    books books;
    books.fill();
    store::operations operations(books.url());
    auto only = order(16);
    only.of = which::only;
    const auto done = operations.reverse(only);
    CHECK(done.amount == usd(1000));
    CHECK(done.others == receipts({18}));
    CHECK(operations.find_account(d)->balance == usd(1000));
    auto rest = order(16);
    rest.of = which::all;
    CHECK(operations.reverse(rest).reversed == receipts({18}));
    CHECK(operations.find_account(d)->balance == usd(0));
    prove(operations);
  }
  SUBCASE("a later card has a receipt of its own") {
    books books;
    books.fill();
    store::operations operations(books.url());
    const auto done = operations.reverse(order(18));
    CHECK(done.reversed == receipts({18}));
    CHECK(done.others == receipts({16}));
  }
}

TEST_CASE("a held account stops no operator, but is told") {
  books books;
  books.fill();
  store::operations operations(books.url());
  operations.hold_account(a, true, "stolen");
  operations.hold_account(b, true, "stolen");
  const auto done = operations.reverse(order(12, b));
  CHECK(done.from_held);
  CHECK(done.to_held);
}

TEST_CASE("a dry run tells the same and changes nothing") {
  books books;
  books.fill();
  grant_bonus(books);
  store::operations operations(books.url());
  const auto state = [&] {
    return books.sql(
        "select (select string_agg(a::text, ' ' order by msisdn) from topup.account a), "
        "(select count(*) from topup.transfer), (select count(*) from topup.audit_log), "
        "(select count(*) from topup.reversal)");
  };
  const auto before = state();
  auto dry = order(12, stranger);
  dry.dry_run = true;
  const auto told = operations.reverse(dry);
  CHECK(state() == before);
  dry.dry_run = false;
  const auto done = operations.reverse(dry);
  CHECK(told.from == done.from);
  CHECK(told.amount == done.amount);
  CHECK(told.bonus == done.bonus);
  CHECK(told.reversed == done.reversed);
  dry.dry_run = true;
  CHECK(refusal([&] { operations.reverse(dry); }).find("reversed before") != std::string::npos);
}

}  // namespace topupd::tests
