// What subscribers ask about: their last top-ups, a card, a receipt; and the language of the answers.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;
using topupd::parser::money;

namespace {

text about_card(std::uint64_t sender, std::int64_t serial) {
  text one = plain(sender, action::status);
  one.serial = serial;
  return one;
}
text about_receipt(std::uint64_t sender, const receipt& asked) {
  text one = plain(sender, action::status);
  one.about = asked;
  return one;
}
text choice(std::uint64_t sender, const std::string& language) {
  text one = plain(sender, action::language);
  one.language = language;
  return one;
}

}  // namespace

TEST_CASE("LAST tells the three newest top-ups of the sender's account, whoever paid them, newest first") {
  database db;
  const auto card = db.print(2), big = db.print(3, {.value = 5000, .currency = "USD"});
  gateway one{db};
  const decision none = one.decide(plain(alice, action::history));
  CHECK(none.outcome == outcome::history);
  CHECK(none.history.empty());
  CHECK(none.reply_owed);
  one.decide(redeem(alice, voucher(card)));
  db.pass("2 hours");
  const decision second = one.decide(redeem_for(bob, voucher(big), alice));
  CHECK(one.decide(plain(alice, action::history)).history.size() == 2);
  const decision third = one.decide(redeem(alice, voucher(card + 1)));
  const decision fourth = one.decide(redeem(alice, voucher(big + 1)));
  const auto all =
      one.decide_all({plain(carol, action::help), plain(alice, action::history), plain(bob, action::history)});
  CHECK(all[0].history.empty());
  CHECK(all[2].history.empty());
  const decision said = all[1];
  REQUIRE(said.history.size() == 3);
  const decision* expected[] = {&fourth, &third, &second};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(said.history[i].receipt == expected[i]->receipt);
    CHECK(said.history[i].amount == expected[i]->amount);
    CHECK(said.history[i].at == expected[i]->decided_at);
  }

  gateway two{db, "two"};
  db.pass("11 seconds");
  for (const decision& each : two.claim(100))
    if (each.receipt == said.receipt) CHECK(each.history.size() == 3);
}

TEST_CASE("STATUS tells what can still be done with a card, and never who used it") {
  struct row {
    const char* reason;
    database::batch batch;
    std::string before;  // SQL about the card {0}
    bool dated = false;
  };
  for (const row& row :
       {row{"card_unused", {.value = 700}, "", false},
        row{"card_unused", {.value = 700, .expires = "2099-12-31"}, "", true},
        row{"card_used", {.value = 700}, "insert into topup.redemption values ({0}, 1)"},
        row{"card_used",
            {.value = 700},
            "insert into topup.redemption values ({0}, 1); insert into topup.card_change (batch, first_serial, "
            "last_serial, was, state) values (1, {0}, {0}, 'active', 'held')"},
        row{"card_unusable", {.value = 700, .state = "stolen"}, ""},
        row{"card_unusable", {.value = 700, .state = "generated"}, ""},
        row{"card_unusable", {.value = 700, .state = "held"}, ""},
        row{"card_unusable", {.value = 700, .state = "void"}, ""},
        row{"card_expired", {.value = 700, .expires = "2001-01-31"}, "", true}}) {
    CAPTURE(row.batch.state);
    CAPTURE(row.reason);
    database db;
    const auto card = db.print(1, row.batch);
    if (!row.before.empty()) db.sql(fmt::format(fmt::runtime(row.before), card));
    gateway one{db};
    const decision said = one.decide(about_card(alice, card));
    CHECK(said.outcome == outcome::status);
    CHECK(said.reason == row.reason);
    CHECK(said.serial == card);
    CHECK(said.amount == money{700, "USD"});
    CHECK(said.valid_until.has_value() == row.dated);
    CHECK_FALSE(said.target);
    CHECK_FALSE(said.earlier);
    CHECK_FALSE(said.earlier_at);
    CHECK(said.reply_owed);
  }
  database db;
  const decision unknown = gateway{db}.decide(about_card(alice, 7));
  CHECK(unknown.reason == "card_unknown");
  CHECK(unknown.serial == 7);
}

TEST_CASE("TXN tells of a receipt to its sender and to whom it credited; to anybody else it does not exist") {
  database db;
  const auto card = db.print(3);
  gateway one{db};
  const auto gift = one.decide_all({redeem_for(alice, voucher(card), bob)});
  const decision used = one.decide(redeem(alice, nobodys(1)));
  text many = redeem(alice, voucher(card + 1));
  many.vouchers = {nobodys(2), voucher(card + 1), voucher(card + 2)};
  const auto several = one.decide_all({many});
  db.pass("1 hour");
  struct row {
    const char* what;
    std::uint64_t asker;
    receipt about;
    const char* reason;
    money amount;
    bool other;
  };
  for (const row& row :
       {row{"the giver", alice, gift[0].receipt, "receipt_credited", {1000, "USD"}, true},
        row{"the receiver", bob, gift[0].receipt, "receipt_credited", {1000, "USD"}, false},
        row{"a stranger", carol, gift[0].receipt, "receipt_unknown", {}, false},
        row{"the notice's receiver", bob, gift[1].receipt, "receipt_credited", {1000, "USD"}, false},
        row{"a stranger about a notice", carol, gift[1].receipt, "receipt_unknown", {}, false},
        row{"the leader of several", alice, several[0].receipt, "receipt_credited", {2000, "USD"}, false},
        row{"one of several", alice, several[1].receipt, "receipt_credited", {1000, "USD"}, false},
        row{"nothing came of it", alice, used.receipt, "receipt_nothing", {}, false},
        row{"there is none", alice, receipt{12345678}, "receipt_unknown", {}, false}}) {
    CAPTURE(row.what);
    const decision said = one.decide(about_receipt(row.asker, row.about));
    CHECK(said.outcome == outcome::status);
    CHECK(said.reason == row.reason);
    CHECK(said.earlier == row.about);
    CHECK(said.amount == row.amount);
    CHECK(said.target.has_value() == row.other);
    CHECK(said.earlier_at.has_value() == (said.reason != "receipt_unknown"));
    if (said.earlier_at) CHECK(*said.earlier_at + std::chrono::hours{1} <= said.decided_at);
    CHECK_FALSE(said.serial);
  }
}

TEST_CASE("a chosen language is that of every later answer, until another is chosen; others keep theirs") {
  database db;
  const auto card = db.print(2);
  gateway one{db};
  CHECK(one.decide(redeem(alice, voucher(card))).language == "en");
  const decision chosen = one.decide(choice(alice, "zh"));
  CHECK(chosen.outcome == outcome::language);
  CHECK(chosen.language == "zh");
  const auto all =
      one.decide_all({plain(bob, action::help), redeem(alice, voucher(card + 1)), plain(carol, action::help)});
  CHECK(all[0].language == "en");
  CHECK(all[1].language == "zh");
  CHECK(all[2].language == "en");
  CHECK(db.word("select language from topup.message where receipt = " + std::to_string(all[1].receipt.number)) == "zh");
  CHECK(one.decide(choice(alice, "ar")).language == "ar");
  CHECK(one.decide(plain(alice, action::balance)).language == "ar");
  CHECK(db.count("select count(*) from topup.subscriber") == 1);
  // Two in one call, and one that is delivered twice.
  const text again = choice(bob, "fr");
  one.decide_all({again, choice(carol, "es")});
  CHECK(one.decide(again).duplicate);
  CHECK(one.decide(plain(bob, action::help)).language == "fr");
}
