// A bonus comes with some cards: an account of its own in the ledger, with an end of its own.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

std::int64_t print_with_bonus(database& db, std::int64_t cards, std::int64_t bonus, int bonus_days, int validity_days) {
  const auto card = db.print(cards, {.validity_days = validity_days});
  db.sql(fmt::format("update topup.product set bonus_minor = {}, bonus_days = {} where code = 'P{}'", bonus, bonus_days,
                     card));
  return card;
}

}  // namespace

TEST_CASE("a card's bonus is granted with its credit, beside the balance") {
  database db;
  const auto card = print_with_bonus(db, 3, 150, 7, 30);
  const auto simple = db.print(1);
  gateway one{db};
  const decision first = one.decide(redeem(alice, voucher(card)));
  CHECK(first.outcome == outcome::credited);
  CHECK(first.amount.amount_minor == 1000);
  CHECK(first.bonus == topupd::parser::money{150, "USD"});
  CHECK(first.bonus_until.has_value());
  CHECK(first.bonus_until < first.valid_until);
  CHECK(first.balance.amount_minor == 1000);
  CHECK(db.bonus(alice) == 150);
  const auto both = one.decide_all({redeem(alice, voucher(card + 1)), redeem(bob, voucher(simple))});
  CHECK(both[0].bonus.amount_minor == 150);
  CHECK(both[1].bonus.currency.empty());
  CHECK(db.bonus(alice) == 300);
  CHECK(db.count(fmt::format("select sum(amount_minor) from topup.transfer where credit = -{} and debit = 3", alice)) ==
        300);

  const decision told = one.decide(plain(alice, action::balance));
  CHECK(told.balance.amount_minor == 2000);
  CHECK(told.bonus.amount_minor == 300);
  CHECK(told.bonus_until == both[0].bonus_until);
}

TEST_CASE("a bonus without days of its own lasts as long as the credit; a lapsed one is gone, and does not come back") {
  database db;
  const auto card = print_with_bonus(db, 2, 150, 0, 30);
  const auto endless = print_with_bonus(db, 1, 10, 0, 0);
  gateway one{db};
  const decision first = one.decide(redeem(alice, voucher(card)));
  CHECK(first.bonus_until == first.valid_until);
  db.sql("update topup.account set bonus_until = now() - interval '1 second'");
  CHECK(one.decide(plain(alice, action::balance)).bonus.currency.empty());
  one.decide(redeem(alice, voucher(card + 1)));
  CHECK(db.bonus(alice) == 150);
  CHECK(db.count("select sum(amount_minor) from topup.transfer where kind = 'lapse' and credit = 5") == 150);
  const decision last = one.decide(redeem(alice, voucher(endless)));
  CHECK_FALSE(last.bonus_until);
  CHECK(db.bonus(alice) == 160);
  CHECK(db.count("select count(*) from topup.account where bonus_until is null") == 1);
}

TEST_CASE("UNDO takes the bonus along") {
  database db;
  const auto card = print_with_bonus(db, 1, 150, 7, 30);
  auto at = options(db);
  at.undo_time = std::chrono::minutes{10};
  gateway one{at};
  one.decide_all({redeem_for(alice, voucher(card), bob)});
  CHECK(one.decide_all({plain(alice, action::undo)}).at(0).outcome == outcome::undone);
  CHECK(db.bonus(bob) == 0);
  CHECK(db.bonus(alice) == 150);
  CHECK(db.count(fmt::format("select count(*) from topup.account where msisdn = {} and bonus_until > now()", alice)) ==
        1);
}
