// Who gets credit from somebody else is told of it, in a message of its own behind the giver's.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

void choose(gateway& at, std::uint64_t who, const std::string& language) {
  text choice = plain(who, action::language);
  choice.language = language;
  REQUIRE(at.decide(choice).outcome == outcome::language);
}

}  // namespace

TEST_CASE("a credit for another number is told to its receiver, with an owed reply of its own") {
  database db;
  const auto card = db.print(2, {.validity_days = 30});
  gateway one{db};
  one.decide(redeem(bob, voucher(card)));
  const text text = redeem_for(alice, voucher(card + 1), bob);
  const auto all = one.decide_all({text});
  REQUIRE(all.size() == 2);
  CHECK(all[0].outcome == outcome::credited);
  CHECK_FALSE(all[0].several);
  const decision& notice = all[1];
  CHECK(notice.action == action::notice);
  CHECK(notice.outcome == outcome::received);
  CHECK(notice.ticket == text.ticket);
  CHECK(notice.leader == all[0].receipt);
  CHECK(notice.earlier == all[0].receipt);
  CHECK(notice.receipt != all[0].receipt);
  CHECK(notice.sender == msisdn(bob));
  CHECK(notice.source == fmt::format("1.1.{}", bob));
  CHECK(notice.short_code == text.short_code);
  CHECK(notice.smsc == text.smsc);
  CHECK(notice.giver == msisdn(alice));
  CHECK_FALSE(notice.target);
  CHECK(notice.amount == topupd::parser::money{1000, "USD"});
  CHECK(notice.balance == topupd::parser::money{2000, "USD"});
  CHECK(notice.valid_until == all[0].valid_until);
  CHECK(notice.language == "en");
  CHECK(notice.reply_owed);
  CHECK_FALSE(notice.duplicate);

  SUBCASE("the text delivered again tells nobody twice") {
    const auto again = one.decide_all({text});
    REQUIRE(again.size() == 1);
    CHECK(again[0].duplicate);
    CHECK(db.count("select count(*) from topup.message where action = 'notice'") == 1);
  }
  SUBCASE("a call repeated after an unknown COMMIT finds it") {
    const auto again = one.repeat();
    REQUIRE(again.size() == 2);
    CHECK(again[1].receipt == notice.receipt);
    CHECK(again[1].reply_owed);
    CHECK_FALSE(again[1].duplicate);
  }
  SUBCASE("another gateway that takes it over has the same facts") {
    gateway two{db, "two"};
    db.pass("11 seconds");
    const auto claimed = two.claim(10);
    REQUIRE(claimed.size() == 3);
    const decision& taken = claimed[2];
    CHECK(taken.receipt == notice.receipt);
    CHECK(taken.outcome == notice.outcome);
    CHECK(taken.sender == notice.sender);
    CHECK(taken.source == notice.source);
    CHECK(taken.short_code == notice.short_code);
    CHECK(taken.giver == notice.giver);
    CHECK(taken.amount == notice.amount);
    CHECK(taken.balance == notice.balance);
    CHECK(taken.earlier == notice.earlier);
    CHECK(taken.language == notice.language);
  }
  SUBCASE("what the SMSC said to it is recorded as with any reply") {
    one.report({{.receipt = notice.receipt, .what = reply_result::kind::sent, .smsc_message_id = "n", .status = 0}});
    CHECK(db.word("select reply from topup.message where action = 'notice'") == "sent");
  }
}

TEST_CASE("no credit for another, no notice") {
  database db;
  const auto card = db.print(3), held = db.print(1, {.state = "held"});
  gateway one{db};
  CHECK(one.decide_all({redeem(alice, voucher(card))}).size() == 1);
  CHECK(one.decide_all({redeem_for(alice, voucher(card + 1), alice)}).size() == 1);  // herself is nobody else
  CHECK(one.decide_all({redeem_for(alice, voucher(held), bob)}).size() == 1);
  CHECK(one.decide_all({redeem_for(alice, nobodys(1), bob)}).size() == 1);
  CHECK(one.decide_all({redeem_for(alice, voucher(card), bob)}).size() == 1);
  CHECK(one.decide_all({ask_for(alice, voucher(card + 2), bob)}).size() == 1);
  CHECK(db.count("select count(*) from topup.message where action = 'notice'") == 0);
  // It comes with the YES that spends the voucher, and not with one that spends it for the sender.
  const auto yes = one.decide_all({plain(alice, action::confirm)});
  REQUIRE(yes.size() == 2);
  CHECK(yes[1].outcome == outcome::received);
  CHECK(yes[1].sender == msisdn(bob));
}

TEST_CASE("of several vouchers for another number the receiver is told once, of all that was credited") {
  database db;
  const auto card = db.print(1, {.validity_days = 30}), more = db.print(2);
  gateway one{db};
  text text = redeem_for(alice, nobodys(1), bob);
  text.vouchers = {nobodys(1), voucher(card), voucher(more), voucher(more + 1)};
  const auto all = one.decide_all({text, redeem(bob, nobodys(2))});
  REQUIRE(all.size() == 6);
  CHECK(all[4].outcome == outcome::received);
  CHECK(all[4].amount == topupd::parser::money{3000, "USD"});
  CHECK(all[4].balance == topupd::parser::money{3000, "USD"});
  CHECK_FALSE(all[4].valid_until);  // the last voucher's credit has no end
  CHECK(all[4].earlier == all[0].receipt);
  CHECK(db.count("select count(*) from topup.message where reply = 'owed'") == 3);
}

TEST_CASE("a receiver is told in the language that he has chosen, else in the service's, never in the giver's") {
  database db;
  const auto card = db.print(2);
  auto at = options(db);
  at.service_language = "fr";
  gateway one{at};
  choose(one, alice, "zh");
  const auto unasked = one.decide_all({redeem_for(alice, voucher(card), bob)});
  CHECK(unasked.at(0).language == "zh");
  CHECK(unasked.at(1).language == "fr");
  choose(one, bob, "ar");
  CHECK(one.decide_all({redeem_for(alice, voucher(card + 1), bob)}).at(1).language == "ar");
}
