// What becomes of one text, and of several that come together.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <thread>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;
using namespace std::chrono_literals;

TEST_CASE("a good voucher is credited to its sender: end, transfer, balance and owed reply in one") {
  database db;
  const auto card = db.print(1, {.value = 5000});
  gateway one{db};
  const text text = redeem(alice, voucher(card));
  const decision said = one.decide(text);
  CHECK(said.outcome == outcome::credited);
  CHECK(said.ticket == text.ticket);
  CHECK(said.reply_owed);
  CHECK_FALSE(said.duplicate);
  CHECK(said.serial == card);
  CHECK(said.amount == topupd::parser::money{5000, "USD"});
  CHECK(said.balance == topupd::parser::money{5000, "USD"});
  CHECK_FALSE(said.valid_until);
  CHECK_FALSE(said.target);
  CHECK(said.sender == msisdn(alice));
  CHECK(said.smsc == "main");
  CHECK(said.source == text.source);
  CHECK(said.batch > 0);
  CHECK(db.word("select concat_ws(' ', debit, credit, amount_minor, currency, serial, previous) from topup.transfer") ==
        fmt::format("1 {} 5000 USD {}", alice, card));
  CHECK(db.count("select balance_minor from topup.account") == 5000);
  CHECK(db.count("select receipt from topup.redemption") == said.receipt.number);
  CHECK(db.word("select concat_ws(' ', reply, lease_owner, seen) from topup.message") == "owed one 1");
}

TEST_CASE("a second top-up adds to the account and leads back to the first") {
  database db;
  const auto card = db.print(3);
  gateway one{db};
  const decision first = one.decide(redeem(alice, voucher(card)));
  const decision second = one.decide(redeem_for(bob, voucher(card + 1), alice));
  CHECK(second.balance.amount_minor == 2000);
  CHECK(second.target == msisdn(alice));
  CHECK(db.count("select previous from topup.transfer where receipt = " + std::to_string(second.receipt.number)) ==
        first.receipt.number);
  CHECK(db.count("select last_receipt from topup.account") == second.receipt.number);
  CHECK(db.count("select count(*) from topup.account") == 1);
}

TEST_CASE("several top-ups of one account in one call run up its balance, each with its own") {
  database db;
  const auto card = db.print(3);
  gateway one{db};
  const decision before = one.decide(redeem(alice, voucher(card)));
  const auto all = one.decide_all({redeem(alice, voucher(card + 1)), redeem_for(bob, voucher(card + 2), alice)});
  CHECK(all[0].balance.amount_minor == 2000);
  CHECK(all[1].balance.amount_minor == 3000);
  CHECK(db.count("select balance_minor from topup.account") == 3000);
  CHECK(db.word("select string_agg(coalesce(previous, 0)::text, ' ' order by receipt) from topup.transfer") ==
        fmt::format("0 {} {}", before.receipt.number, all[0].receipt.number));
}

TEST_CASE("what else a text can come to, and that it uses nothing") {
  struct row {
    outcome expected;
    database::batch batch;
    std::string before;  // SQL about the card {0}
  };
  const std::vector<row> rows{
      {outcome::not_active, {.state = "generated"}, ""},
      {outcome::not_active, {.state = "held"}, ""},
      {outcome::void_voucher, {.state = "void"}, ""},
      {outcome::void_voucher, {.state = "stolen"}, ""},
      {outcome::void_voucher, {.state = "damaged"}, ""},
      {outcome::held_account,
       {},
       "insert into topup.account (msisdn, currency, balance_minor, held) values (999701000001, 'USD', 7, true)"},
      {outcome::expired, {.expires = "2001-01-31"}, ""},
      {outcome::not_active, {.state = "held", .expires = "2001-01-31"}, ""},
      {outcome::other_currency,
       {},
       "insert into topup.account (msisdn, currency, balance_minor) values (999701000001, 'EUR', 7)"},
      {outcome::credited, {}, ""},
  };
  for (const row& row : rows) {
    database db;
    const auto card = db.print(1, row.batch);
    if (!row.before.empty()) db.sql(fmt::format(fmt::runtime(row.before), card));
    const auto ends = db.count("select count(*) from topup.redemption");
    gateway one{db};
    const decision said = one.decide(redeem(alice, voucher(card)));
    CAPTURE(row.batch.state);
    CHECK(name(said.outcome) == name(row.expected));
    CHECK(said.serial == card);
    CHECK(said.reply_owed);
    if (row.expected == outcome::credited) continue;
    CHECK(db.count("select count(*) from topup.redemption") == ends);
    CHECK(db.count("select count(*) from topup.transfer") == 0);
  }
}

TEST_CASE("help and unclear texts are recorded with their reason") {
  database db;
  gateway one{db};
  text odd = plain(alice, action::unclear);
  odd.reason = "pin_length";
  odd.got = 15;
  const auto all = one.decide_all({plain(bob, action::help), odd});
  CHECK(all[0].outcome == outcome::help);
  CHECK(all[1].outcome == outcome::unclear);
  CHECK(all[1].reason == "pin_length");
  CHECK(all[1].got == 15);
  CHECK(all[1].reply_owed);
}

TEST_CASE("a used voucher: the same sender gets the first receipt again, anyone else is told nothing of it") {
  database db;
  const auto card = db.print(1, {.value = 2500});
  gateway one{db};
  const decision first = one.decide(redeem_for(alice, voucher(card), bob));
  const decision again = one.decide(redeem(alice, voucher(card)));
  CHECK(again.outcome == outcome::repeated);
  CHECK(again.earlier == first.receipt);
  CHECK(again.earlier_at == first.decided_at);
  CHECK(again.amount.amount_minor == 2500);
  CHECK(again.balance == topupd::parser::money{0, "USD"});  // the sender's own
  const decision other = one.decide(redeem(bob, voucher(card)));
  CHECK(other.outcome == outcome::used);
  CHECK_FALSE(other.earlier);
  // Whatever became of the batch since: it is the sender's credit.
  db.change(card, "active", "held");
  db.sql("update topup.batch set expires = '2001-01-31', ends = '2001-02-01'");
  CHECK(one.decide(redeem(alice, voucher(card))).outcome == outcome::repeated);
  CHECK(one.decide(redeem(bob, voucher(card))).outcome == outcome::not_active);
}

TEST_CASE("of several texts for one voucher in one call the first is credited") {
  database db;
  const auto card = db.print(1);
  gateway one{db};
  const auto all =
      one.decide_all({redeem(alice, voucher(card)), redeem(bob, voucher(card)), redeem(alice, voucher(card))});
  CHECK(all[0].outcome == outcome::credited);
  CHECK(all[1].outcome == outcome::used);
  CHECK(all[2].outcome == outcome::repeated);
  CHECK(all[2].earlier == all[0].receipt);
  CHECK(db.count("select count(*) from topup.transfer") == 1);
}

TEST_CASE("a card is good until its last day is over in the service's time zone") {
  // The same moment is another day elsewhere: find out what day it is there, and print a card that ends just then.
  for (const char* zone : {"Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"}) {
    database db;
    const std::string today = db.word(fmt::format("select (now() at time zone '{}')::date", zone));
    const std::string yesterday = db.word(fmt::format("select (now() at time zone '{}')::date - 1", zone));
    const auto good = db.print(1, {.expires = today, .zone = zone});
    const auto over = db.print(1, {.expires = yesterday, .zone = zone});
    auto at = options(db);
    at.time_zone = zone;
    gateway one{at};
    CHECK(one.decide(redeem(alice, voucher(good))).outcome == outcome::credited);
    CHECK(one.decide(redeem(alice, voucher(over))).outcome == outcome::expired);
  }
}

TEST_CASE("credit lasts to the last second of its last day there; the later end stays, and no end is the latest") {
  database db;
  const auto month = db.print(2, {.validity_days = 30});
  const auto week = db.print(1, {.validity_days = 7});
  const auto forever = db.print(1, {.validity_days = 0});
  auto at = options(db);
  at.time_zone = "America/New_York";
  gateway one{at};
  const auto expected = [&](int days) {
    return std::chrono::sys_seconds{std::chrono::seconds{db.count(
        fmt::format("select extract(epoch from ((now() at time zone 'America/New_York')::date + {} + 1)::timestamp "
                    "at time zone 'America/New_York')::bigint - 1",
                    days))}};
  };
  CHECK(one.decide(redeem(alice, voucher(week))).valid_until == expected(7));
  CHECK(one.decide(redeem(alice, voucher(month))).valid_until == expected(30));
  db.sql("update topup.account set valid_until = '2099-12-31 00:00Z'");
  CHECK(one.decide(redeem(alice, voucher(month + 1))).valid_until ==
        std::chrono::sys_days{std::chrono::year{2099} / 12 / 31});
  CHECK_FALSE(one.decide(redeem(alice, voucher(forever))).valid_until);
  CHECK(db.count("select count(*) from topup.account where valid_until is null") == 1);
}

TEST_CASE("an account that is opened has the currency of its voucher, and keeps it") {
  database db;
  const auto dollars = db.print(1), euros = db.print(2, {.currency = "EUR"});
  gateway one{db};
  const auto all = one.decide_all({redeem(alice, voucher(euros)), redeem_for(bob, voucher(dollars), alice)});
  CHECK(all[0].outcome == outcome::credited);
  CHECK(all[0].balance.currency == "EUR");
  CHECK(all[1].outcome == outcome::other_currency);
  const decision later = one.decide(redeem(alice, voucher(dollars)));
  CHECK(later.outcome == outcome::other_currency);
  CHECK(later.amount == topupd::parser::money{1000, "USD"});
  CHECK(later.balance == topupd::parser::money{1000, "EUR"});
}

TEST_CASE("the balance tells of the last top-up; without an account it is nothing, in the service's currency") {
  database db;
  const auto card = db.print(1, {.value = 700, .validity_days = 5});
  gateway one{db};
  const decision none = one.decide(plain(alice, action::balance));
  CHECK(none.outcome == outcome::balance);
  CHECK(none.balance == topupd::parser::money{0, "USD"});
  CHECK_FALSE(none.earlier_at);
  const decision credited = one.decide(redeem(alice, voucher(card)));
  const decision some = one.decide(plain(alice, action::balance));
  CHECK(some.balance == topupd::parser::money{700, "USD"});
  CHECK(some.amount == topupd::parser::money{700, "USD"});
  CHECK(some.earlier_at == credited.decided_at);
  CHECK(some.valid_until == credited.valid_until);
}

TEST_CASE("a hundred gateways' worth of attempts on one voucher: one credit") {
  database db;
  const auto card = db.print(1);
  std::atomic<int> credited{0}, used{0};
  std::vector<std::thread> gateways;
  for (int g = 0; g < 10; ++g)
    gateways.emplace_back([&, g] {
      gateway one{db, fmt::format("gateway-{}", g)};
      for (int call = 0; call < 2; ++call) {
        std::vector<text> texts;
        for (int i = 0; i < 5; ++i) {
          static std::mutex numbering;
          const std::lock_guard lock{numbering};
          texts.push_back(redeem(alice + static_cast<std::uint64_t>(100 * g + 10 * call + i), voucher(card)));
        }
        for (const decision& said : one.decide_all(texts)) {
          credited += said.outcome == outcome::credited;
          used += said.outcome == outcome::used;
        }
      }
    });
  for (auto& thread : gateways) thread.join();
  CHECK(credited == 1);
  CHECK(used == 99);
  CHECK(db.count("select count(*) from topup.transfer") == 1);
  CHECK(db.count("select sum(balance_minor) from topup.account") == 1000);
  CHECK(db.count("select count(*) from topup.message") == 100);
}

TEST_CASE("two gateways with the same accounts and texts in opposite order neither deadlock nor miscount") {
  database db;
  constexpr int rounds = 40, accounts = 8;
  const auto card = db.print(2 * rounds * accounts);
  const auto deadlocks = [&] {
    return db.count("select deadlocks from pg_stat_database where datname = current_database()");
  };
  std::vector<std::vector<text>> batches(2 * rounds);
  for (int r = 0; r < 2 * rounds; ++r)
    for (int i = 0; i < accounts; ++i) {
      const auto account = alice + static_cast<std::uint64_t>(r % 2 == 0 ? i : accounts - 1 - i);
      batches[static_cast<std::size_t>(r)].push_back(redeem(account, voucher(card + r * accounts + i)));
    }
  // Both also get the same BAL texts, as an SMSC does that redelivers to the other one.
  for (int r = 0; r < rounds; ++r) {
    const text first = plain(bob, action::balance), second = plain(carol, action::balance);
    auto& here = batches[static_cast<std::size_t>(2 * r)];
    auto& there = batches[static_cast<std::size_t>(2 * r + 1)];
    here.insert(here.end(), {first, second});
    there.insert(there.begin(), {second, first});
  }
  std::vector<std::thread> gateways;
  for (int g = 0; g < 2; ++g)
    gateways.emplace_back([&, g] {
      gateway one{db, fmt::format("gateway-{}", g)};
      for (int r = g; r < 2 * rounds; r += 2) one.decide_all(batches[static_cast<std::size_t>(r)]);
    });
  for (auto& thread : gateways) thread.join();
  CHECK(deadlocks() == 0);
  CHECK(db.count("select count(*) from topup.transfer") == 2 * rounds * accounts);
  CHECK(db.count("select count(*) from topup.account where balance_minor <> 1000 * " + std::to_string(2 * rounds)) ==
        0);
  CHECK(db.count("select count(*) from topup.message where outcome = 'balance'") == 2 * rounds);
  CHECK(db.count("select count(*) from (select previous from topup.transfer group by credit, previous having count(*) "
                 "> 1) x") == 0);
}
