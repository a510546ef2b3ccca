// Accounts as operators see and correct them.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "store/operations.hpp"
#include "tests/operator/books.hpp"
#include "tests/operator/proof.hpp"

namespace topupd::tests {
namespace {

const auto a = *parser::msisdn::from_e164("999701234567");
const auto b = *parser::msisdn::from_e164("999709876543");
const auto nobody = *parser::msisdn::from_e164("999700000000");

parser::money usd(std::int64_t minor) {
  return {minor, "USD"};
}

std::vector<std::string> actions(books& books) {
  std::vector<std::string> out;
  for (const auto& row :
       books.sql("select action || ', ' || subject || ', ' || reason from topup.audit_log where action like "
                 "'account %' order by line"))
    out.push_back(row[0].as<std::string>());
  return out;
}

}  // namespace

TEST_CASE("an account is added once, before its first credit") {
  books books;
  store::operations operations(books.url());
  operations.add_account(nobody, "USD");
  CHECK(refusal([&] { operations.add_account(nobody, "EUR"); }) == "999700000000 has an account already");
  const auto account = operations.find_account(nobody);
  REQUIRE(account);
  CHECK(account->balance == usd(0));
  CHECK_FALSE(account->held);
  CHECK(operations.history(nobody, 10).empty());
  CHECK(actions(books) == std::vector<std::string>{"account add, account 999700000000, "});
  prove(operations);
}

TEST_CASE("an account is held and released with a reason, once each, and the audit log has both") {
  books books;
  books.fill();
  store::operations operations(books.url());
  CHECK(refusal([&] { operations.hold_account(a, true, " "); }).starts_with("--reason is needed"));
  CHECK(refusal([&] { operations.hold_account(nobody, true, "stolen"); }).starts_with("999700000000 has no account"));
  operations.hold_account(a, true, "stolen phone");
  CHECK(operations.find_account(a)->held);
  CHECK(refusal([&] { operations.hold_account(a, true, "again"); }) == "999701234567 is held already");
  operations.hold_account(a, false, "found");
  CHECK_FALSE(operations.find_account(a)->held);
  CHECK(refusal([&] { operations.hold_account(a, false, "again"); }).starts_with("999701234567 is not held"));
  CHECK(actions(books) == std::vector<std::string>{"account hold, account 999701234567, stolen phone",
                                                   "account release, account 999701234567, found"});
}

TEST_CASE("an adjustment is a transfer with a reason, and takes nothing that is reserved") {
  books books;
  books.fill();
  store::operations operations(books.url());
  books.sql("select topup.reserve(999701234567, 600, 'call')");
  const auto taken = operations.adjust({a, usd(-500), "credited twice"});
  CHECK(taken.balance == usd(1500));
  CHECK_FALSE(taken.approval);
  CHECK(operations.adjust({a, usd(25), "courtesy"}).balance == usd(1525));
  CHECK(refusal([&] {
          operations.adjust({a, usd(-926), "more"});
        }) ==
        "999701234567 has 15.25 USD, of which 6.00 USD are reserved for calls: no more than the rest can be taken");
  CHECK(operations.adjust({a, usd(-925), "the rest"}).balance == usd(600));
  CHECK(refusal([&] { operations.adjust({a, {5, "EUR"}, "why"}); }).find("another currency") != std::string::npos);
  CHECK(refusal([&] { operations.adjust({nobody, usd(5), "why"}); }).starts_with("999700000000 has no account"));
  CHECK(refusal([&] { operations.adjust({a, usd(5), ""}); }).starts_with("--reason"));

  const auto history = operations.history(a, 3);
  REQUIRE(history.size() == 3);
  CHECK(history[2].receipt == taken.receipt);
  CHECK(history[2].kind == "adjustment");
  CHECK(history[2].amount == usd(-500));
  CHECK(history[2].reason == "credited twice");
  CHECK_FALSE(history[2].by.empty());
  CHECK(history[1].amount == usd(25));
  CHECK(books
            .sql("select sum(case debit when 4 then -amount_minor else amount_minor end) from topup.transfer where "
                 "kind = 'adjustment'")[0][0]
            .as<int>() == 1400);
  prove(operations);
}

TEST_CASE("a large adjustment waits for another operator, who finds it possible still or not") {
  books books;
  books.fill();
  books.sql("select topup.set_policy('USD', 'UTC', 0, 1000)");
  books.sql(
      "do $$ begin create role second_adjuster login; exception when duplicate_object then null; end $$; "
      "grant topup_operator to second_adjuster");
  store::operations first(books.url());
  store::operations second(books.url("second_adjuster"));
  CHECK_FALSE(first.adjust({a, usd(1000), "as much as one may"}).approval);
  const auto asked = first.adjust({a, usd(-1001), "paid at the counter"});
  REQUIRE(asked.approval);
  CHECK(first.find_account(a)->balance == usd(3000));
  CHECK_FALSE(refusal([&] { first.grant_approval(*asked.approval); }).empty());
  CHECK(first.find_account(a)->balance == usd(3000));
  CHECK(second.grant_approval(*asked.approval).detail.find("1999 now") != std::string::npos);
  CHECK(first.find_account(a)->balance == usd(1999));
  CHECK(first.history(a, 1).at(0).reason == "paid at the counter");
  CHECK(first.history(a, 1).at(0).by == "second_adjuster");

  // What was there when it was asked for is spent when it is granted.
  const auto late = first.adjust({a, usd(-1900), "late"});
  REQUIRE(late.approval);
  books.sql("select topup.debit(999701234567, 100, 'call')");
  CHECK(refusal([&] { second.grant_approval(*late.approval); }).find("cannot be taken") != std::string::npos);
  CHECK(first.find_account(a)->balance == usd(1899));
  prove(first);
}

TEST_CASE("a history tells of every kind what it was for, newest first, and no more receipts than asked for") {
  books books;
  books.fill();
  store::operations operations(books.url());
  books.sql(R"(
    select topup.take_turn();
    select topup.post(topup.next_receipt(), 1, 'bonus', 3, -999701234567, 50, 'USD', now());
    select topup.post(topup.next_receipt(), 1, 'transfer', 999701234567, 999709876543, 300, 'USD', now());
    select topup.post(topup.next_receipt(), 1, 'transfer', 999709876543, 999701234567, 20, 'USD', now());
    select topup.debit(999701234567, 80, 'mscl-4711');
    select topup.post(topup.next_receipt(), 1, 'bonus', 3, -999701234567, 7, 'USD', now());
    update topup.account set bonus_until = now() - interval '1 second' where msisdn = 999701234567;
    select topup.lapse(999701234567, now());
  )");
  operations.adjust({a, usd(-1), "rounding"});
  struct line {
    const char* kind;
    std::int64_t amount;
    bool of_bonus;
    const char* reference;
    std::optional<parser::msisdn> other;
  };
  const line lines[] = {
      {"adjustment", -1, false, "", {}},
      {"lapse", -7, true, "", {}},
      {"bonus", 7, true, "", {}},
      {"charge", -50, true, "mscl-4711", {}},
      {"charge", -30, false, "mscl-4711", {}},
      {"transfer", 20, false, "", b},
      {"transfer", -300, false, "", b},
      {"bonus", 50, true, "", {}},
      {"topup", 1000, false, "", {}},
      {"topup", 1000, false, "", {}},
  };
  const auto history = operations.history(a, 100);
  REQUIRE(history.size() == std::size(lines));
  for (std::size_t i = 0; i < history.size(); ++i) {
    CAPTURE(i);
    CHECK(history[i].kind == lines[i].kind);
    CHECK(history[i].amount == usd(lines[i].amount));
    CHECK(history[i].of_bonus == lines[i].of_bonus);
    CHECK(history[i].reference == lines[i].reference);
    CHECK(history[i].other == lines[i].other);
  }
  CHECK(history[8].serial == 100'000'000'002);
  CHECK(operations.history(a, 4).size() == 5);  // the call's receipt has two lines
  CHECK(operations.history(b, 2).at(1).amount == usd(300));
  CHECK(operations.history(b, 10).back().other == a);  // who sent the card
}

TEST_CASE("a bonus lapses at its end, but for what a call under way has reserved") {
  books books;
  books.fill();
  store::operations operations(books.url());
  const auto lapse = [&](int at_most) {
    return books.sql(fmt::format("select topup.lapse_bonuses({})", at_most))[0][0].as<int>();
  };
  grant_bonus(books);
  books.sql(R"(
    select topup.reserve(999701234567, 20, 'call');
    update topup.account set bonus_until = now() + interval '1 hour';
  )");
  CHECK(lapse(100) == 0);
  CHECK(operations.find_account(a)->bonus == usd(200));
  books.sql("update topup.account set bonus_until = now() - interval '1 second'");
  CHECK(operations.find_account(a)->bonus == usd(20));
  CHECK(operations.find_account(b)->bonus == usd(0));
  CHECK(lapse(2) == 2);
  CHECK(lapse(2) == 1);
  CHECK(lapse(2) == 0);
  CHECK(books.sql("select sum(bonus_minor) from topup.account")[0][0].as<int>() == 20);
  prove(operations);
  // The call takes 5 of its 20; what it gives back is over.
  books.sql("select topup.commit('call', 5)");
  CHECK(books.sql("select sum(bonus_minor) from topup.account")[0][0].as<int>() == 0);
  CHECK(operations.history(a, 1).at(0).kind == "lapse");
  CHECK(operations.history(a, 1).at(0).amount == usd(-15));
  CHECK(lapse(2) == 0);
  prove(operations);
}

}  // namespace topupd::tests
