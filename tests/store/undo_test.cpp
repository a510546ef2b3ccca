// UNDO: a credit that went to the wrong number comes back to its giver while it is there.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

worker_options undoing(const database& at) {
  auto all = options(at);
  all.undo_time = std::chrono::minutes{10};
  all.transfer_limits = {500, 800, 1200, 0};
  return all;
}

}  // namespace

TEST_CASE("UNDO gives the last credit for another number to its sender, and tells both") {
  database db;
  const auto card = db.print(2, {.validity_days = 30});
  gateway one{undoing(db)};
  const decision credit = one.decide(redeem_for(alice, voucher(card), bob));
  const auto all = one.decide_all({plain(alice, action::undo)});
  REQUIRE(all.size() == 2);
  CHECK(all[0].outcome == outcome::undone);
  CHECK(all[0].amount.amount_minor == 1000);
  CHECK(all[0].target == msisdn(bob));
  CHECK(all[0].earlier == credit.receipt);
  CHECK(all[0].balance.amount_minor == 1000);
  CHECK(all[1].outcome == outcome::taken_back);
  CHECK(all[1].sender == msisdn(bob));
  CHECK(all[1].giver == msisdn(alice));
  CHECK(all[1].earlier == credit.receipt);
  CHECK(all[1].amount.amount_minor == 1000);
  CHECK(all[1].balance.amount_minor == 0);
  CHECK(db.balance(alice) == 1000);
  CHECK(db.balance(bob) == 0);
  CHECK(db.count("select count(*) from topup.account where valid_until is not null") == 2);
  CHECK(db.count("select count(*) from topup.reversal") == 1);

  const decision twice = one.decide(plain(alice, action::undo));
  CHECK(twice.outcome == outcome::not_undone);
  CHECK(twice.reason == "undone_before");
  CHECK(db.balance(alice) == 1000);
  // The card stays redeemed.
  CHECK(one.decide(redeem(alice, voucher(card))).outcome == outcome::repeated);
}

TEST_CASE("UNDO takes back all cards of one text, and a transfer too") {
  database db;
  const auto card = db.print(3);
  gateway one{undoing(db)};
  text both = redeem_for(alice, voucher(card), bob);
  both.vouchers.push_back(voucher(card + 1));
  one.decide_all({both});
  CHECK(db.balance(bob) == 2000);
  const decision undone = one.decide_all({plain(alice, action::undo)}).at(0);
  CHECK(undone.amount.amount_minor == 2000);
  CHECK(db.balance(bob) == 0);
  CHECK(db.balance(alice) == 2000);

  text give = plain(alice, action::transfer);
  give.target = msisdn(carol);
  give.expected_minor = 400;
  one.decide(give);
  one.decide_all({plain(alice, action::confirm)});
  CHECK(db.balance(carol) == 400);
  CHECK(one.decide_all({plain(alice, action::undo)}).at(0).amount.amount_minor == 400);
  CHECK(db.balance(carol) == 0);
  CHECK(db.balance(alice) == 2000);
}

TEST_CASE("what cannot be undone, and why") {
  database db;
  const auto card = db.print(4);
  gateway one{undoing(db)};
  CHECK(one.decide(plain(alice, action::undo)).reason == "nothing_to_undo");
  one.decide(redeem(alice, voucher(card)));
  CHECK(one.decide(plain(alice, action::undo)).reason == "nothing_to_undo");  // one's own is no mistake
  one.decide_all({redeem_for(alice, voucher(card + 1), bob)});
  CHECK(one.decide(plain(bob, action::undo)).reason == "nothing_to_undo");  // the receiver has given nothing
  SUBCASE("it is spent") {
    db.sql(fmt::format("update topup.account set reserved_minor = 1 where msisdn = {}", bob));
    CHECK(one.decide(plain(alice, action::undo)).reason == "spent");
    CHECK(db.balance(bob) == 1000);
  }
  SUBCASE("the account is on hold") {
    db.sql(fmt::format("update topup.account set held = true where msisdn = {}", bob));
    CHECK(one.decide(plain(alice, action::undo)).reason == "held_account");
    CHECK(db.balance(bob) == 1000);
  }
  SUBCASE("it is too late") {
    db.pass("11 minutes");
    CHECK(one.decide(plain(alice, action::undo)).reason == "nothing_to_undo");
  }
  SUBCASE("it is not offered") {
    gateway two{options(db, "two")};
    CHECK(two.decide(plain(alice, action::undo)).reason == "nothing_to_undo");
  }
}
