// Who guesses is locked, and who mistypes is not (DESIGN.md §2.8).
#include <doctest/doctest.h>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;
using std::chrono::hours;

namespace {

decision guess(gateway& at, int number) {
  return at.decide(redeem(alice, nobodys(number)));
}

hours lock_of(const decision& said) {
  return std::chrono::duration_cast<hours>(said.until.value() - said.decided_at);
}

}  // namespace

TEST_CASE("the fifth distinct unknown PIN within a day locks its sender, and says until when") {
  database db;
  const auto card = db.print(1);
  gateway one{db};
  for (int i = 1; i <= 4; ++i) {
    const decision said = guess(one, i);
    CHECK(said.outcome == outcome::unknown_pin);
    CHECK(said.reply_owed);
  }
  const decision fifth = guess(one, 5);
  CHECK(fifth.outcome == outcome::locked);
  CHECK(fifth.reply_owed);
  CHECK(lock_of(fifth) == hours{1});

  SUBCASE("then there is silence, whatever the PIN") {
    const decision silent = one.decide(redeem(alice, voucher(card)));
    CHECK(silent.outcome == outcome::locked);
    CHECK_FALSE(silent.reply_owed);
    CHECK_FALSE(silent.serial);
    CHECK(silent.until == fifth.until);
    CHECK(db.word("select reply from topup.message order by receipt desc limit 1") == "none");
    CHECK(db.count("select count(*) from topup.redemption") == 0);
  }
  SUBCASE("the sender may still ask, and others may still credit the sender") {
    CHECK(one.decide(plain(alice, action::balance)).outcome == outcome::balance);
    CHECK(one.decide(redeem_for(bob, voucher(card), alice)).outcome == outcome::credited);
  }
  SUBCASE("the lock ends") {
    db.pass("61 minutes");
    CHECK(one.decide(redeem(alice, voucher(card))).outcome == outcome::credited);
  }
  SUBCASE("another gateway keeps it too") {
    gateway two{db, "two"};
    CHECK(two.decide(redeem(alice, voucher(card))).outcome == outcome::locked);
  }
}

TEST_CASE(
    "the ladder: each new wrong PIN after a lock locks twice as long, a day at most; a day without lock starts it "
    "anew") {
  database db;
  gateway one{db};
  for (int i = 1; i <= 4; ++i) guess(one, i);
  int number = 5;
  for (const int expected : {1, 2, 4, 8, 16}) {
    const decision said = guess(one, number++);
    CHECK(said.outcome == outcome::locked);
    CHECK(said.reply_owed);
    CHECK(lock_of(said) == hours{expected});
    // The lock passes but the guesses stay in the window, so that the ladder is seen and not the window.
    db.sql("update topup.sender_lock set locked_until = now()");
  }
  for (int i = 0; i < 2; ++i) {
    CHECK(lock_of(guess(one, number++)) == hours{24});
    db.sql("update topup.sender_lock set locked_until = now()");
  }
  db.sql("update topup.sender_lock set locked_until = now() - interval '24 hours'");
  CHECK(lock_of(guess(one, number++)) == hours{1});
}

TEST_CASE(
    "what does not count: the same PIN again, a day-old one, a typo, a card that exists; and a success resets "
    "nothing") {
  database db;
  const auto held = db.print(5, {.state = "held"});
  const auto good = db.print(1);
  gateway one{db};
  for (int i = 1; i <= 4; ++i) guess(one, i);
  for (int i = 1; i <= 4; ++i) CHECK(guess(one, i).outcome == outcome::unknown_pin);
  for (int i = 0; i < 5; ++i) CHECK(one.decide(redeem(alice, voucher(held + i))).outcome == outcome::not_active);
  for (int i = 0; i < 5; ++i) CHECK(one.decide(plain(alice, action::unclear)).outcome == outcome::unclear);
  CHECK(one.decide(redeem(bob, nobodys(5))).outcome == outcome::unknown_pin);
  SUBCASE("a day later the old ones are forgotten") {
    db.pass("24 hours");
    CHECK(guess(one, 5).outcome == outcome::unknown_pin);
    CHECK(db.count("select count(*) from topup.wrong_pin") == 1);
  }
  SUBCASE("an old one tried anew counts anew") {
    db.pass("24 hours");
    for (int i = 1; i <= 4; ++i) CHECK(guess(one, i).outcome == outcome::unknown_pin);
    CHECK(guess(one, 5).outcome == outcome::locked);
  }
  SUBCASE("after a success the fifth is still the fifth") {
    CHECK(one.decide(redeem(alice, voucher(good))).outcome == outcome::credited);
    CHECK(guess(one, 5).outcome == outcome::locked);
  }
}

TEST_CASE(
    "guesses that come in one call are counted in it: all of that sender's are locked, one is told, others go on") {
  database db;
  const auto card = db.print(2);
  gateway one{db};
  std::vector<text> texts;
  for (int i = 1; i <= 6; ++i) texts.push_back(redeem(alice, nobodys(i)));
  texts.push_back(redeem(alice, voucher(card)));
  texts.push_back(redeem(bob, voucher(card + 1)));
  texts.push_back(redeem(carol, nobodys(1)));
  const auto all = one.decide_all(texts);
  int told = 0;
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(all[i].outcome == outcome::locked);
    told += all[i].reply_owed;
  }
  CHECK(told == 1);
  CHECK(all[7].outcome == outcome::credited);
  CHECK(all[8].outcome == outcome::unknown_pin);
  CHECK(db.count("select count(*) from topup.redemption") == 1);
}

TEST_CASE("a wrong PIN that is delivered twice, or decided again after an unknown COMMIT, counts once") {
  database db;
  gateway one{db};
  const text text = redeem(alice, nobodys(1));
  one.decide(text);
  one.repeat();
  one.decide(text);
  CHECK(db.count("select count(*) from topup.wrong_pin") == 1);
}
