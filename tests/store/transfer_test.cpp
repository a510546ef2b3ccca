// TRANSFER: credit that one subscriber gives another, after YES and within limits.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

worker_options limited(const database& at) {
  auto all = options(at);
  all.transfer_limits = {500, 800, 1200, 100};
  return all;
}

text transfer(std::uint64_t from, std::uint64_t to, std::int64_t amount) {
  text one = plain(from, action::transfer);
  one.target = msisdn(to);
  one.expected_minor = amount;
  return one;
}

// Asks and confirms.
decision give(gateway& at, std::uint64_t from, std::uint64_t to, std::int64_t amount) {
  const decision asked = at.decide(transfer(from, to, amount));
  if (asked.outcome != outcome::asked) return asked;
  return at.decide(plain(from, action::confirm));
}

}  // namespace

TEST_CASE("a transfer is asked about, and only YES moves the money, once; both are told") {
  database db;
  const auto card = db.print(1, {.value = 2000});
  gateway one{limited(db)};
  one.decide(redeem(alice, voucher(card)));
  const decision asked = one.decide(transfer(alice, bob, 300));
  CHECK(asked.outcome == outcome::asked);
  CHECK(asked.reason == "transfer");
  CHECK(asked.amount == topupd::parser::money{300, "USD"});
  CHECK(asked.target == msisdn(bob));
  CHECK(asked.until == asked.decided_at + std::chrono::minutes{10});
  CHECK(db.balance(alice) == 2000);

  const auto yes = one.decide_all({plain(alice, action::confirm)});
  REQUIRE(yes.size() == 2);
  CHECK(yes[0].outcome == outcome::transferred);
  CHECK(yes[0].action == action::confirm);
  CHECK(yes[0].amount.amount_minor == 300);
  CHECK(yes[0].balance.amount_minor == 1700);
  CHECK(yes[0].target == msisdn(bob));
  CHECK(yes[1].outcome == outcome::received);
  CHECK(yes[1].sender == msisdn(bob));
  CHECK(yes[1].giver == msisdn(alice));
  CHECK(yes[1].amount.amount_minor == 300);
  CHECK(yes[1].balance.amount_minor == 300);
  CHECK(yes[1].earlier == yes[0].receipt);
  CHECK(db.balance(alice) == 1700);
  CHECK(db.balance(bob) == 300);
  CHECK(db.word(
            "select string_agg(kind || ' ' || debit || ' ' || credit || ' ' || amount_minor, ', ') from topup.transfer "
            "where kind = 'transfer'") == fmt::format("transfer {} {} 300", alice, bob));
  CHECK(one.repeat().at(0).outcome == outcome::transferred);  // an unknown COMMIT
  CHECK(db.balance(bob) == 300);
  CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::no_question);
}

TEST_CASE("NO, and a question that has lapsed, move nothing") {
  database db;
  const auto card = db.print(1);
  gateway one{limited(db)};
  one.decide(redeem(alice, voucher(card)));
  one.decide(transfer(alice, bob, 300));
  const decision no = one.decide(plain(alice, action::cancel));
  CHECK(no.outcome == outcome::cancelled);
  CHECK(no.reason == "transfer");
  CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::no_question);
  one.decide(transfer(alice, bob, 300));
  db.pass("11 minutes");
  CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::no_question);
  CHECK(db.balance(alice) == 1000);
  CHECK(db.balance(bob) == -1);
}

TEST_CASE("what stands against a transfer is said, when asking and again at YES") {
  database db;
  const auto card = db.print(3, {.value = 1000});
  gateway one{limited(db)};
  one.decide(redeem(alice, voucher(card)));
  struct row {
    std::uint64_t to;
    std::int64_t amount;
    const char* reason;
    std::int64_t told;
  };
  for (const row& row :
       {row{alice, 100, "to_oneself", 100}, row{bob, 0, "no_amount", 0}, row{bob, 501, "above_transfer", 500}}) {
    const decision said = one.decide(transfer(alice, row.to, row.amount));
    CHECK(said.outcome == outcome::not_transferred);
    CHECK(said.reason == row.reason);
    CHECK(said.amount.amount_minor == row.told);
    CHECK(said.reply_owed);
  }
  text odd = transfer(alice, bob, 0);
  odd.expected_minor.reset();
  CHECK(one.decide(odd).reason == "no_amount");
  CHECK(one.decide(transfer(carol, bob, 100)).reason == "not_enough");  // no account

  CHECK(give(one, alice, bob, 500).outcome == outcome::transferred);
  const decision poor = one.decide(transfer(alice, bob, 500));
  CHECK(poor.reason == "not_enough");
  CHECK(poor.amount.amount_minor == 400);  // 500 less what must stay
  CHECK(poor.balance.amount_minor == 500);

  one.decide(redeem(alice, voucher(card + 1)));
  const decision daily = one.decide(transfer(alice, bob, 301));
  CHECK(daily.reason == "above_day");
  CHECK(daily.amount.amount_minor == 800);
  CHECK(give(one, alice, bob, 300).outcome == outcome::transferred);

  db.sql("update topup.message set received_at = received_at - interval '1 day'");
  const bool same_month =
      db.count("select (date_trunc('month', now()) = date_trunc('month', now() - interval '1 day'))::int") == 1;
  if (same_month) CHECK(one.decide(transfer(alice, bob, 401)).reason == "above_month");

  one.decide(transfer(alice, carol, 400));
  db.sql(fmt::format("update topup.account set held = true where msisdn = {}", alice));
  CHECK(one.decide(plain(alice, action::confirm)).reason == "held_account");
  db.sql(fmt::format(
      "update topup.account set held = false, valid_until = now() - interval '1 second' where msisdn = {}", alice));
  CHECK(one.decide(transfer(alice, carol, 100)).reason == "account_expired");
  db.sql(
      fmt::format("update topup.account set valid_until = null where msisdn = {}; "
                  "insert into topup.account (msisdn, currency, balance_minor) values ({}, 'EUR', 0)",
                  alice, carol));
  CHECK(one.decide(transfer(alice, carol, 100)).reason == "other_currency");
}

TEST_CASE("what is reserved for a call cannot be given away") {
  database db;
  const auto card = db.print(1);
  gateway one{limited(db)};
  one.decide(redeem(alice, voucher(card)));
  db.sql("update topup.account set reserved_minor = 700");
  const decision said = one.decide(transfer(alice, bob, 201));
  CHECK(said.reason == "not_enough");
  CHECK(said.amount.amount_minor == 200);
  CHECK(give(one, alice, bob, 200).outcome == outcome::transferred);
}

TEST_CASE("credits and transfers of one call find the same accounts") {
  database db;
  const auto card = db.print(4);
  gateway one{limited(db)};
  one.decide(redeem(alice, voucher(card)));
  one.decide(transfer(alice, bob, 300));
  const auto all = one.decide_all(
      {plain(alice, action::confirm), redeem_for(carol, voucher(card + 1), alice), redeem(bob, voucher(card + 2))});
  CHECK(all[0].outcome == outcome::transferred);
  CHECK(db.balance(alice) == 1700);
  CHECK(db.balance(bob) == 1300);
  // Both chains reach all transfers.
  CHECK(
      db.count(fmt::format(
          "select cardinality(topup.last_credits({0}, (select last_receipt from topup.account where msisdn = {0}), 9))",
          bob)) == 6);
  CHECK(
      db.count(fmt::format(
          "select cardinality(topup.last_credits({0}, (select last_receipt from topup.account where msisdn = {0}), 9))",
          alice)) == 6);
}
