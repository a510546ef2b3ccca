// Several vouchers in one text: one transaction, an outcome and a message each, one reply for all.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "counter.hpp"
#include "wire.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

text redeem_all(std::uint64_t sender, std::initializer_list<voucher_digest> pins) {
  text one = redeem(sender, *pins.begin());
  one.vouchers = pins;
  return one;
}

std::string outcomes(const std::vector<decision>& all) {
  std::string words;
  for (const decision& one : all) words += std::string(words.empty() ? "" : " ") + std::string(name(one.outcome));
  return words;
}

// "3 cards, 2 added, credited: 2000, balance 2000 USD"
std::string together(const decision& leader) {
  if (!leader.several) return "alone";
  const several& all = *leader.several;
  return fmt::format("{} cards, {} added, {}: {}, balance {} {}", all.cards, all.added, name(all.outcome),
                     all.total.amount_minor, all.balance.amount_minor, all.total.currency);
}

std::int64_t owed(database& db) {
  return db.count("select count(*) from topup.message where reply = 'owed'");
}

}  // namespace

TEST_CASE("several vouchers in one text are credited in one transaction, with a message each and one reply") {
  database db;
  const auto card = db.print(2), big = db.print(1, {.value = 5000, .validity_days = 30});
  gateway one{db};
  const text text = redeem_all(alice, {voucher(card), voucher(big), voucher(card + 1)});
  const auto all = one.decide_all({text});
  REQUIRE(outcomes(all) == "credited credited credited");
  CHECK(together(all[0]) == "3 cards, 3 added, credited: 7000, balance 7000 USD");
  CHECK(all[0].reply_owed);
  CHECK_FALSE(all[0].leader);
  CHECK(all[0].serial == card);
  CHECK(all[0].balance.amount_minor == 1000);
  for (std::size_t i = 1; i < all.size(); ++i) {
    CHECK(all[i].leader == all[0].receipt);
    CHECK(all[i].ticket == text.ticket);
    CHECK_FALSE(all[i].reply_owed);
    CHECK_FALSE(all[i].several);
    CHECK(all[i].sender == msisdn(alice));
    CHECK(all[i].receipt > all[i - 1].receipt);
  }
  CHECK(all[1].serial == big);
  CHECK(all[2].balance.amount_minor == 7000);
  CHECK(db.count("select balance_minor from topup.account") == 7000);
  CHECK(db.count("select count(*) from topup.message") == 3);
  CHECK(db.count("select count(distinct batch_no) from topup.message") == 1);
  CHECK(owed(db) == 1);
}

TEST_CASE("each voucher of a text has an outcome of its own; the text's is the best of them") {
  struct row {
    const char* vouchers;  // good, used by another, mine already, unknown, held
    const char* expected;
    const char* together;
  };
  for (const row& row :
       {row{"gu", "credited used", "2 cards, 1 added, credited: 1000, balance 2000 USD"},
        {"ug", "used credited", "2 cards, 1 added, credited: 1000, balance 2000 USD"},
        {"xmg", "unknown_pin repeated credited", "3 cards, 1 added, credited: 1000, balance 2000 USD"},
        {"mu", "repeated used", "2 cards, 0 added, repeated: 0, balance 0 "},
        {"hxxxu", "not_active unknown_pin unknown_pin unknown_pin used", "5 cards, 0 added, used: 0, balance 0 "}}) {
    CAPTURE(row.vouchers);
    database db;
    const auto card = db.print(10), held = db.print(1, {.state = "held"});
    gateway one{db};
    one.decide(redeem(bob, voucher(card)));
    one.decide(redeem(alice, voucher(card + 1)));
    text text = redeem(alice, nobodys(0));
    text.vouchers.clear();
    for (int good = 2, unknown = 0; const char kind : std::string_view(row.vouchers))
      text.vouchers.push_back(kind == 'g'   ? voucher(card + good++)
                              : kind == 'u' ? voucher(card)
                              : kind == 'm' ? voucher(card + 1)
                              : kind == 'h' ? voucher(held)
                                            : nobodys(++unknown));
    const auto all = one.decide_all({text});
    CHECK(outcomes(all) == row.expected);
    CHECK(together(all[0]) == row.together);
    CHECK(all[0].reply_owed);
    CHECK(owed(db) == 3);
  }
}

TEST_CASE("one reply for all five wrong PINs of a text: its sender is locked") {
  database db;
  gateway one{db};
  const auto all = one.decide_all({redeem_all(alice, {nobodys(1), nobodys(2), nobodys(3), nobodys(4), nobodys(5)})});
  CHECK(outcomes(all) == "locked locked locked locked locked");
  CHECK(together(all[0]) == "5 cards, 0 added, locked: 0, balance 0 ");
  CHECK(all[0].reply_owed);
  CHECK(all[0].until);
  CHECK(owed(db) == 1);
  const auto card = db.print(2);
  const auto silent = one.decide_all({redeem_all(alice, {voucher(card), voucher(card + 1)})});
  CHECK(outcomes(silent) == "locked locked");
  CHECK_FALSE(silent[0].reply_owed);
}

TEST_CASE("several texts with several vouchers, and plain ones between them, in one call") {
  database db;
  const auto card = db.print(7);
  gateway one{db};
  const auto all = one.decide_all(
      {redeem(alice, voucher(card)), redeem_all(bob, {voucher(card + 1), voucher(card + 2)}),
       redeem(carol, voucher(card + 1)), redeem_all(alice, {voucher(card + 3), voucher(card + 4), voucher(card + 5)}),
       plain(carol, action::help)});
  CHECK(outcomes(all) == "credited credited credited used credited credited credited help");
  CHECK(together(all[0]) == "alone");
  CHECK(together(all[1]) == "2 cards, 2 added, credited: 2000, balance 2000 USD");
  CHECK(together(all[4]) == "3 cards, 3 added, credited: 3000, balance 4000 USD");
  CHECK(all[6].leader == all[4].receipt);
}

TEST_CASE("a text with several vouchers that is delivered again is one duplicate, and moves nothing") {
  database db;
  const auto card = db.print(3);
  gateway one{db};
  text text = redeem_all(alice, {voucher(card), voucher(card + 1), nobodys(1)});
  const auto first = one.decide_all({text});
  for (int i = 0; i < 2; ++i) {
    const auto again = one.decide_all({plain(bob, action::help), text, redeem(carol, nobodys(1))});
    REQUIRE(outcomes(again) == "help credited unknown_pin");
    CHECK(again[1].duplicate);
    CHECK(again[1].receipt == first[0].receipt);
    CHECK(together(again[1]) == together(first[0]));
  }
  CHECK(db.count("select count(*) from topup.transfer") == 2);
  CHECK(db.count("select seen from topup.message where receipt = " + std::to_string(first[0].receipt.number)) == 3);
  CHECK(db.count("select count(*) from topup.wrong_pin where sender = 999701000001") == 1);

  SUBCASE("sent once more by the subscriber, it is another text, known in turn") {
    const auto now = std::chrono::steady_clock::now();
    one.report({{.receipt = first[0].receipt, .heard = true, .at = now - std::chrono::seconds{2}}});
    text.came = now - std::chrono::seconds{1};
    text.newer_than = first[0].receipt;
    const auto other = one.decide_all({text});
    CHECK(outcomes(other) == "repeated repeated unknown_pin");
    CHECK_FALSE(other[0].duplicate);
    CHECK(other[0].earlier == first[0].receipt);
    CHECK(other[1].earlier == first[1].receipt);
    const auto again = one.decide_all({text});
    REQUIRE(again.size() == 1);
    CHECK(again[0].duplicate);
    CHECK(again[0].receipt == other[0].receipt);
  }
}

TEST_CASE("a repeated call with several vouchers finds all its decisions, whatever the time that has passed") {
  database db;
  const auto card = db.print(3);
  gateway one{db};
  const auto first =
      one.decide_all({plain(bob, action::help), redeem_all(alice, {voucher(card), nobodys(1), voucher(card + 1)}),
                      redeem(carol, voucher(card + 2))});
  for (const char* later : {"0 seconds", "1 hour"}) {
    db.pass(later);
    const auto again = one.repeat();
    REQUIRE(again.size() == first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      CHECK(again[i].receipt == first[i].receipt);
      CHECK(again[i].ticket == first[i].ticket);
      CHECK(again[i].outcome == first[i].outcome);
      CHECK(again[i].leader == first[i].leader);
      CHECK(again[i].reply_owed == first[i].reply_owed);
      CHECK(together(again[i]) == together(first[i]));
      CHECK_FALSE(again[i].duplicate);
    }
  }
  CHECK(db.count("select count(*) from topup.transfer") == 3);
  CHECK(db.count("select max(seen) from topup.message") == 1);
}

TEST_CASE("a repeated call whose text another gateway has decided meanwhile finds that decision, and no more") {
  database db;
  const auto card = db.print(2);
  gateway one{db}, two{db, "two"};
  const text text = redeem_all(alice, {voucher(card), voucher(card + 1)});
  const auto first = two.decide_all({text});
  one.decide_all({text});
  const auto again = one.repeat();
  REQUIRE(again.size() == 1);
  CHECK(again[0].duplicate);
  CHECK(again[0].receipt == first[0].receipt);
}

TEST_CASE("COMMITs of several vouchers and of a YES that nobody heard of are found again, followers and all") {
  database db;
  const auto card = db.print(8);
  wire between;
  auto at = options(db);
  at.url += " " + between.host_and_port();
  counter one{at};
  one.ask(plain(carol, action::help));
  text question = redeem_all(alice, {voucher(card), voucher(card + 1)});
  question.ask = true;
  question.target = msisdn(bob);
  one.ask(question);
  const auto decisions_about = [&](std::uint64_t ticket) {
    std::vector<decision> all;
    for (const decision& each : one.seen(&counter::decided))
      if (each.ticket == ticket) all.push_back(each);
    return all;
  };
  const text yes = plain(alice, action::confirm);
  between.cut_next(wire::moment::before_answer);
  one.ask(yes);
  CHECK(outcomes(decisions_about(yes.ticket)) == "credited credited received");
  const text more = redeem_all(alice, {voucher(card + 2), voucher(card + 3), voucher(card + 4)});
  between.cut_next(wire::moment::before_answer);
  one.ask(more);
  const auto all = decisions_about(more.ticket);
  CHECK(outcomes(all) == "credited credited credited");
  CHECK_FALSE(all[0].duplicate);
  CHECK(between.cuts() == 2);
  CHECK(db.count("select count(*) from topup.transfer") == 5);
  CHECK(db.count("select max(seen) from topup.message") == 1);
}

TEST_CASE("a question about several vouchers: YES credits those that could be credited, each with its outcome") {
  database db;
  const auto card = db.print(3);
  gateway one{db};
  text text = redeem_all(alice, {voucher(card), nobodys(1), voucher(card + 1), voucher(card + 2)});
  text.ask = true;
  const auto asked = one.decide_all({text});
  CHECK(outcomes(asked) == "asked unknown_pin asked asked");
  CHECK(together(asked[0]) == "4 cards, 3 added, asked: 3000, balance 0 USD");
  CHECK(db.count("select cardinality(digests) from topup.question") == 3);
  CHECK(db.count("select receipt from topup.question") == asked[0].receipt.number);
  CHECK(db.count("select count(*) from topup.transfer") == 0);

  SUBCASE("YES") {
    one.decide(redeem(carol, voucher(card + 1)));
    const auto yes = one.decide_all({plain(alice, action::confirm)});
    CHECK(outcomes(yes) == "credited used credited");
    CHECK(together(yes[0]) == "3 cards, 2 added, credited: 2000, balance 2000 USD");
    CHECK(yes[2].leader == yes[0].receipt);
    CHECK(one.decide(plain(alice, action::confirm)).outcome == outcome::no_question);
  }
  SUBCASE("NO") {
    // The question's other vouchers are nobody's, whoever comes next in the call.
    const auto no = one.decide_all({plain(alice, action::cancel), plain(carol, action::confirm)});
    CHECK(outcomes(no) == "cancelled no_question");
    CHECK(outcomes(one.decide_all({plain(alice, action::confirm)})) == "no_question");
    CHECK(db.count("select count(*) from topup.message where (extra).leader is not null") == 3);
  }
}

TEST_CASE("when one voucher of a text must be asked about, the others wait for the same YES") {
  database db;
  const auto ten = db.print(3), hundred = db.print(1, {.value = 10000});
  auto at = options(db);
  at.ask_above_minor = 5000;
  gateway one{at};
  const auto asked = one.decide_all({redeem(carol, voucher(ten + 2)),
                                     redeem_all(alice, {nobodys(1), voucher(ten), voucher(hundred), voucher(ten + 1)}),
                                     redeem(bob, nobodys(2))});
  CHECK(outcomes(asked) == "credited unknown_pin asked asked asked unknown_pin");
  CHECK(together(asked[1]) == "4 cards, 3 added, asked: 12000, balance 0 USD");
  CHECK(asked[1].until);  // of the question: the reply to all says how long it waits
  CHECK(db.count("select count(*) from topup.wrong_pin") == 2);
  CHECK(outcomes(one.decide_all({plain(alice, action::confirm)})) == "credited credited credited");
  CHECK(db.count("select balance_minor from topup.account where msisdn = 999701000001") == 12000);
}

TEST_CASE("another gateway that takes over the reply to several vouchers has the same facts") {
  database db;
  const auto card = db.print(2);
  gateway one{db}, two{db, "two"};
  const auto all = one.decide_all({redeem_all(alice, {voucher(card), nobodys(1), voucher(card + 1)})});
  db.pass("11 seconds");
  const auto claimed = two.claim(10);
  REQUIRE(claimed.size() == 1);
  CHECK(claimed[0].receipt == all[0].receipt);
  CHECK(together(claimed[0]) == together(all[0]));
}

TEST_CASE("of vouchers in two currencies for a new account the first decides which is credited") {
  database db;
  const auto dollars = db.print(1), euros = db.print(1, {.value = 700, .currency = "EUR"});
  gateway one{db};
  const auto all = one.decide_all({redeem_all(alice, {voucher(euros), voucher(dollars)})});
  CHECK(outcomes(all) == "credited other_currency");
  CHECK(together(all[0]) == "2 cards, 1 added, credited: 700, balance 700 EUR");
}
