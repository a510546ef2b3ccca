// Two machines shall not talk to each other for ever: so many answers an hour, credits apart.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

worker_options limited(const database& db, int answers) {
  worker_options all = options(db);
  all.answers_per_hour = answers;
  return all;
}

text empty(std::uint64_t sender) {
  text one = plain(sender, action::help);
  one.reason = "empty";
  return one;
}

}  // namespace

TEST_CASE("above the limit there is silence, which is recorded; within any 60 minutes, not by the clock's hour") {
  database db;
  gateway one{limited(db, 3)};
  const auto ask = [&] { return one.decide(plain(alice, action::help)).reply_owed; };
  CHECK(ask());
  db.pass("30 minutes");
  CHECK(ask());
  CHECK(ask());
  CHECK_FALSE(ask());
  CHECK(db.count("select count(*) from topup.message where reply = 'none'") == 1);
  CHECK(one.decide(plain(bob, action::help)).reply_owed);  // the limit is each sender's own
  db.pass("29 minutes");
  CHECK_FALSE(ask());
  db.pass("1 minute");  // the first one is an hour old: one is free, and silence has not counted
  CHECK(ask());
  CHECK_FALSE(ask());
  db.pass("30 minutes");
  CHECK(ask());
  CHECK(ask());
  CHECK_FALSE(ask());
  CHECK(db.count("select max(cardinality(times)) from topup.answered") <= 3);
}

TEST_CASE("credits and notices are always told, and use up nothing") {
  database db;
  const auto card = db.print(12), big = db.print(1, {.value = 9000});
  auto at = limited(db, 1);
  at.ask_above_minor = 5000;
  gateway one{at};
  for (int i = 0; i < 3; ++i) CHECK(one.decide(redeem(alice, voucher(card + i))).reply_owed);
  CHECK(one.decide(plain(alice, action::balance)).reply_owed);
  CHECK_FALSE(one.decide(plain(alice, action::balance)).reply_owed);
  CHECK_FALSE(one.decide(redeem(alice, voucher(card))).reply_owed);  // repeated
  CHECK(one.decide(redeem(alice, voucher(card + 3))).reply_owed);
  const auto gift = one.decide_all({redeem_for(bob, voucher(card + 4), alice)});
  CHECK(gift.at(1).reply_owed);
  text several = redeem(alice, voucher(card + 5));
  several.vouchers = {nobodys(1), voucher(card + 5), nobodys(2)};
  CHECK(one.decide(several).reply_owed);
  several = redeem(alice, nobodys(3));
  several.vouchers = {nobodys(3), voucher(card)};
  CHECK_FALSE(one.decide(several).reply_owed);
  // A question that was not heard is none: its YES would spend what nobody was told of.
  const decision silent = one.decide(redeem(alice, voucher(big)));
  CHECK(silent.outcome == outcome::asked);
  CHECK_FALSE(silent.reply_owed);
  CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::no_question);
  CHECK(db.count("select count(*) from topup.question") == 0);
}

TEST_CASE("texts of one sender that come in one call share the limit") {
  database db;
  gateway one{limited(db, 2)};
  std::vector<text> texts;
  for (int i = 0; i < 4; ++i) texts.push_back(plain(alice, action::help));
  texts.push_back(plain(bob, action::help));
  int answered = 0;
  for (const decision& each : one.decide_all(texts)) answered += each.reply_owed;
  CHECK(answered == 3);
}

TEST_CASE("a text delivered again is not counted again, and a locked sender's one answer counts") {
  database db;
  gateway one{limited(db, 6)};
  const text text = plain(alice, action::help);
  one.decide(text);
  for (int i = 0; i < 10; ++i) CHECK(one.decide(text).duplicate);
  one.repeat();
  for (int i = 1; i <= 4; ++i) CHECK(one.decide(redeem(alice, nobodys(i))).reply_owed);
  CHECK(one.decide(redeem(alice, nobodys(5))).outcome == outcome::locked);
  CHECK(db.count("select cardinality(times) from topup.answered") == 6);
  CHECK_FALSE(one.decide(plain(alice, action::help)).reply_owed);
}

TEST_CASE("an empty text is answered only when its sender has had no answer within the hour, with a limit or without") {
  for (const int limit : {0, 5}) {
    CAPTURE(limit);
    database db;
    gateway one{limited(db, limit)};
    CHECK(one.decide(empty(alice)).reply_owed);
    CHECK_FALSE(one.decide(empty(alice)).reply_owed);
    CHECK(one.decide(plain(alice, action::help)).reply_owed);
    db.pass("1 hour");
    CHECK(one.decide(empty(alice)).reply_owed);
  }
  database db;
  gateway one{limited(db, 5)};
  one.decide(plain(alice, action::balance));
  CHECK_FALSE(one.decide(empty(alice)).reply_owed);
}

TEST_CASE("who has not been answered for an hour is forgotten, a few with each answer") {
  database db;
  gateway one{limited(db, 5)};
  std::vector<text> texts;
  for (std::uint64_t i = 0; i < 8; ++i) texts.push_back(plain(alice + 100 + i, action::help));
  one.decide_all(texts);
  db.pass("1 hour");
  for (int i = 0; i < 2; ++i) one.decide(plain(alice, action::help));
  CHECK(db.count("select count(*) from topup.answered") == 1);
}

TEST_CASE("no limit: everything is answered") {
  database db;
  gateway one{limited(db, 0)};
  for (int i = 0; i < 30; ++i) CHECK(one.decide(plain(alice, action::help)).reply_owed);
}
