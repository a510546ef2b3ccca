// Guessing by many: one bound over all senders, and over PINs that begin alike; and a flood fills no table.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

text guess(std::uint64_t sender, int number, std::int32_t prefix) {
  text one = redeem(sender, nobodys(number));
  one.prefixes = {prefix};
  return one;
}

}  // namespace

TEST_CASE("more wrong PINs in an hour than usual: one of them locks its sender") {
  database db;
  gateway one{db};
  for (int i = 1; i <= 51; ++i)
    CHECK(one.decide(guess(alice + 100 + static_cast<unsigned>(i), i, i)).outcome == outcome::unknown_pin);
  CHECK(db.count("select level from topup.guess_level") == 1);
  CHECK(one.decide(guess(alice, 1000, 1000)).outcome == outcome::locked);
  SUBCASE("it is over an hour later") {
    db.pass("61 minutes");
    CHECK(one.decide(guess(bob, 2000, 2000)).outcome == outcome::unknown_pin);
  }
  SUBCASE("who has a good card is credited as ever") {
    const auto card = db.print(1);
    CHECK(one.decide(redeem(bob, voucher(card))).outcome == outcome::credited);
  }
}

TEST_CASE("an hour lasts to its end") {
  database db;
  for (const char* at :
       {"2026-11-22 17:00:00Z", "2026-11-22 17:29:59Z", "2026-11-22 17:30:00Z", "2026-11-22 17:59:59.999Z"}) {
    CAPTURE(at);
    CHECK(db.count(fmt::format("select topup.hour_of('{}')", at)) == 498'713);
  }
  CHECK(db.count("select topup.hour_of('2026-11-22 18:00:00Z')") == 498'714);
}

TEST_CASE("what is usual follows the week") {
  database db;
  db.sql(
      "insert into topup.guess_hour select topup.hour_of(now()) - n, 40 from generate_series(1, "
      "168) n");
  auto at = options(db);
  at.alarm_factor = 2;
  gateway one{at};
  for (int i = 1; i <= 80; ++i) one.decide(guess(alice + 100 + static_cast<unsigned>(i), i, i));
  CHECK(db.count("select level from topup.guess_level") == 0);
  one.decide(guess(alice, 81, 81));
  CHECK(db.count("select level from topup.guess_level") == 1);
}

TEST_CASE("at the cap only customers are looked up, and the others are told once until when") {
  database db;
  const auto card = db.print(3);
  auto at = options(db);
  at.wrong_pins_per_day = 20;
  gateway one{at};
  one.decide(redeem(alice, voucher(card)));
  for (int i = 1; i <= 20; ++i) one.decide(guess(alice + 100 + static_cast<unsigned>(i), i, i));
  CHECK(db.count("select level from topup.guess_level") == 2);
  CHECK(one.decide(redeem(alice, voucher(card + 1))).outcome == outcome::credited);
  const decision stranger = one.decide(redeem(bob, voucher(card + 2)));
  CHECK(stranger.outcome == outcome::locked);
  CHECK(stranger.until.has_value());
  CHECK(stranger.reply_owed);
  CHECK_FALSE(stranger.serial);
  CHECK_FALSE(one.decide(redeem(bob, voucher(card + 2))).reply_owed);
  CHECK(db.count("select sum(wrong) from topup.guess_hour") == 20);
  db.pass("61 minutes");
  CHECK(one.decide(redeem(bob, voucher(card + 2))).outcome == outcome::credited);
}

TEST_CASE("eleven wrong PINs that begin alike, whoever sent them: each further one locks its sender") {
  database db;
  gateway one{db};
  for (int i = 1; i <= 10; ++i) one.decide(guess(alice + 100 + static_cast<unsigned>(i), i, 7));
  CHECK(one.decide(guess(alice, 11, 7)).outcome == outcome::locked);
  CHECK(one.decide(guess(bob, 12, 8)).outcome == outcome::unknown_pin);
}

TEST_CASE("a locked sender's flood is counted, and only its beginning kept") {
  database db;
  gateway one{db};
  for (int i = 1; i <= 5; ++i) one.decide(guess(alice, i, i));
  for (int i = 6; i <= 30; ++i) {
    const decision said = one.decide(guess(alice, i, i));
    CHECK(said.outcome == outcome::locked);
    CHECK_FALSE(said.reply_owed);
  }
  text both = redeem(alice, nobodys(100));
  both.vouchers.push_back(nobodys(101));
  CHECK(one.decide(both).outcome == outcome::locked);
  CHECK(db.count("select count(*) from topup.message") == 15);
  CHECK(db.count("select unheard from topup.sender_lock") == 26);
  CHECK(db.count("select count(*) from topup.wrong_pin") == 5);
}
