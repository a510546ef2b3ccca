// What stands beside the PIN: a serial that must be its card's, a value that the sender expects; and CHECK.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

text with_serial(std::uint64_t sender, const voucher_digest& pin, std::int64_t serial) {
  text one = redeem(sender, pin);
  one.serial = serial;
  return one;
}
text expecting(std::uint64_t sender, const voucher_digest& pin, std::int64_t minor) {
  text one = redeem(sender, pin);
  one.expected_minor = minor;
  return one;
}
text check(std::uint64_t sender, const voucher_digest& pin) {
  text one = redeem(sender, pin);
  one.ask = true;
  one.reason = "check";
  return one;
}

}  // namespace

TEST_CASE("a serial beside the PIN must be its card's; another one uses nothing and is no wrong PIN") {
  database db;
  const auto card = db.print(2), euros = db.print(1, {.currency = "EUR"});
  gateway one{db};
  const decision wrong = one.decide(with_serial(alice, voucher(card), card + 1));
  CHECK(wrong.outcome == outcome::unclear);
  CHECK(wrong.reason == "wrong_serial");
  CHECK(wrong.reply_owed);
  CHECK_FALSE(wrong.serial);  // nor does it tell the card's
  CHECK(db.count("select count(*) from topup.redemption") == 0);
  CHECK(db.count("select count(*) from topup.wrong_pin") == 0);
  CHECK(one.decide(with_serial(alice, voucher(card), card)).outcome == outcome::credited);
  CHECK(one.decide(with_serial(bob, voucher(euros), euros)).outcome ==
        outcome::credited);  // nothing was expected of it

  CHECK(one.decide(with_serial(alice, voucher(card), card + 1)).outcome == outcome::repeated);
  CHECK(one.decide(with_serial(bob, voucher(card), card + 1)).reason == "wrong_serial");
  CHECK(one.decide(with_serial(bob, voucher(card), card)).outcome == outcome::used);
  CHECK(one.decide(with_serial(bob, nobodys(1), card)).outcome == outcome::unknown_pin);
  for (int i = 2; i <= 5; ++i) one.decide(redeem(bob, nobodys(i)));
  CHECK(one.decide(with_serial(bob, voucher(card + 1), card)).outcome == outcome::locked);
}

TEST_CASE("a card for another number with the wrong serial credits nobody and tells nobody") {
  database db;
  const auto card = db.print(2);
  gateway one{db};
  text text = with_serial(alice, voucher(card), card + 1);
  text.target = msisdn(bob);
  const auto all = one.decide_all({text, redeem(carol, voucher(card + 1))});
  REQUIRE(all.size() == 2);
  CHECK(all[0].outcome == outcome::unclear);
  CHECK(all[1].outcome == outcome::credited);
}

TEST_CASE("a card that is not worth what its sender expects is asked about, with what it is worth") {
  database db;
  const auto card = db.print(3, {.value = 5000}), euros = db.print(1, {.value = 5000, .currency = "EUR"}),
             held = db.print(1, {.state = "held"});
  gateway one{db};
  CHECK(one.decide(expecting(alice, voucher(card), 5000)).outcome == outcome::credited);
  const decision asked = one.decide(expecting(alice, voucher(card + 1), 10000));
  CHECK(asked.outcome == outcome::asked);
  CHECK(asked.reason == "differs");
  CHECK(asked.expected_minor == 10000);
  CHECK(asked.amount == topupd::parser::money{5000, "USD"});
  CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::credited);
  CHECK(one.decide(expecting(alice, voucher(euros), 5000)).reason == "differs");  // the service's currency was meant
  const decision refused = one.decide(expecting(alice, voucher(held), 10000));
  CHECK(refused.outcome == outcome::not_active);
  CHECK(one.decide(expecting(bob, nobodys(1), 10000)).outcome == outcome::unknown_pin);
  CHECK(one.decide(expecting(alice, voucher(card), 1)).outcome == outcome::repeated);

  SUBCASE("another gateway asks in the same words") {
    gateway two{db, "two"};
    db.pass("11 seconds");
    for (const decision& each : two.claim(10))
      if (each.receipt == asked.receipt) {
        CHECK(each.reason == "differs");
        CHECK(each.expected_minor == 10000);
        return;
      }
    FAIL("it was not claimed");
  }
  SUBCASE("for another number YES credits that one") {
    text text = expecting(alice, voucher(card + 2), 1);
    text.target = msisdn(bob);
    const decision question = one.decide(text);
    CHECK(question.reason == "differs");
    CHECK(question.target == msisdn(bob));
    const auto yes = one.decide_all({plain(alice, action::confirm)});
    REQUIRE(yes.size() == 2);
    CHECK(yes[0].target == msisdn(bob));
    CHECK(yes[1].outcome == outcome::received);
  }
}

TEST_CASE("CHECK tells what a card is worth and until when it can be used, and YES uses it") {
  database db;
  const auto dated = db.print(1, {.value = 2500, .expires = "2099-12-31", .zone = "America/New_York"}),
             endless = db.print(2);
  auto at = options(db);
  at.time_zone = "America/New_York";
  gateway one{at};
  const decision told = one.decide(check(alice, voucher(dated)));
  CHECK(told.outcome == outcome::asked);
  CHECK(told.reason == "check");
  CHECK(told.amount == topupd::parser::money{2500, "USD"});
  CHECK(told.valid_until ==
        std::chrono::sys_days{std::chrono::year{2100} / 1 / 1} + std::chrono::hours{5} - std::chrono::seconds{1});
  CHECK(told.until == told.decided_at + std::chrono::minutes{10});
  CHECK(db.count("select count(*) from topup.redemption") == 0);
  CHECK(one.decide(plain(alice, action::confirm)).amount.amount_minor == 2500);

  CHECK_FALSE(one.decide(check(alice, voucher(endless))).valid_until);
  CHECK(one.decide(check(bob, voucher(dated))).outcome == outcome::used);
  CHECK(one.decide(check(bob, nobodys(1))).outcome == outcome::unknown_pin);
  for (int i = 2; i <= 5; ++i) one.decide(check(bob, nobodys(i)));
  CHECK(one.decide(check(bob, voucher(endless + 1))).outcome == outcome::locked);  // nobody guesses by CHECK either
}
