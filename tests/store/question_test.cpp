// Only the reply to YES spends a voucher in question (DESIGN.md §2.9).
#include <doctest/doctest.h>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

TEST_CASE("a text that must be asked about uses nothing; YES credits what was asked") {
  database db;
  const auto card = db.print(1, {.value = 5000});
  gateway one{db};
  const decision asked = one.decide(ask_for(alice, voucher(card), bob));
  CHECK(asked.outcome == outcome::asked);
  CHECK(asked.amount.amount_minor == 5000);
  CHECK(asked.target == msisdn(bob));
  CHECK(asked.until == asked.decided_at + std::chrono::minutes{10});
  CHECK(db.count("select count(*) from topup.redemption") == 0);

  SUBCASE("YES") {
    const text yes = plain(alice, action::confirm);
    const decision said = one.decide(yes);
    CHECK(said.outcome == outcome::credited);
    CHECK(said.action == action::confirm);
    CHECK(said.target == msisdn(bob));
    CHECK(said.serial == card);
    CHECK(db.count("select credit from topup.transfer") == static_cast<std::int64_t>(bob));
    CHECK(db.count("select count(*) from topup.question") == 0);
    // The same YES delivered again is a duplicate; another YES finds no question.
    const decision again = one.decide(yes);
    CHECK(again.duplicate);
    CHECK(again.outcome == outcome::credited);
    CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::no_question);
    CHECK(db.count("select count(*) from topup.transfer") == 1);
  }
  SUBCASE("NO") {
    CHECK(one.decide(plain(alice, action::cancel)).outcome == outcome::cancelled);
    CHECK(one.decide(plain(alice, action::cancel)).outcome == outcome::no_question);
    CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::no_question);
    CHECK(one.decide(redeem(carol, voucher(card))).outcome == outcome::credited);
  }
  SUBCASE("YES too late") {
    db.pass("10 minutes");
    CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::no_question);
  }
  SUBCASE("NO too late") {
    db.pass("10 minutes");
    CHECK(one.decide(plain(alice, action::cancel)).outcome == outcome::no_question);
  }
  SUBCASE("somebody else's YES") {
    CHECK(one.decide(plain(bob, action::confirm)).outcome == outcome::no_question);
    CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::credited);
  }
  SUBCASE("the card is used meanwhile") {
    CHECK(one.decide(redeem(carol, voucher(card))).outcome == outcome::credited);
    CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::used);
  }
  SUBCASE("a YES whose COMMIT is unknown") {
    CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::credited);
    const decision same = one.repeat().at(0);
    CHECK(same.outcome == outcome::credited);
    CHECK_FALSE(same.duplicate);
  }
}

TEST_CASE("a newer question takes the place of the older one") {
  database db;
  const auto card = db.print(2);
  gateway one{db};
  one.decide(ask_for(alice, voucher(card), bob));
  one.decide(ask_for(alice, voucher(card + 1), carol));
  const decision said = one.decide(plain(alice, action::confirm));
  CHECK(said.serial == card + 1);
  CHECK(said.target == msisdn(carol));
  CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::no_question);
}

TEST_CASE("a question is asked only about a card that could be credited") {
  database db;
  const auto held = db.print(1, {.state = "held"});
  gateway one{db};
  CHECK(one.decide(ask_for(alice, voucher(held), bob)).outcome == outcome::not_active);
  CHECK(one.decide(ask_for(alice, nobodys(1), bob)).outcome == outcome::unknown_pin);
  CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::no_question);
}

TEST_CASE("above the limit is asked, up to it is not; a card in another currency cannot be compared and is asked") {
  database db;
  const auto ten = db.print(1), eleven = db.print(1, {.value = 1001}),
             euro = db.print(1, {.value = 1, .currency = "EUR"});
  auto at = options(db);
  at.ask_above_minor = 1000;
  gateway one{at};
  CHECK(one.decide(redeem(alice, voucher(ten))).outcome == outcome::credited);
  CHECK(one.decide(redeem(bob, voucher(eleven))).outcome == outcome::asked);
  CHECK(one.decide(plain(bob, action::confirm)).outcome == outcome::credited);
  CHECK(one.decide(redeem(carol, voucher(euro))).outcome == outcome::asked);
}

TEST_CASE("a locked sender's YES finds the question still there when the lock is over") {
  database db;
  const auto card = db.print(1);
  auto at = options(db);
  at.question_time = std::chrono::hours{5};
  gateway one{at};
  one.decide(ask_for(alice, voucher(card), bob));
  for (int i = 1; i <= 5; ++i) one.decide(redeem(alice, nobodys(i)));
  CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::locked);
  db.pass("61 minutes");
  CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::credited);
}
