// What may become of cards, and what may not: the database itself says no.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <set>
#include <string>

#include "store/operations.hpp"
#include "tests/operator/books.hpp"
#include "tests/operator/proof.hpp"

namespace topupd::tests {
namespace {

const std::array<std::string, 8> states{"generated", "active",  "held",     "void",
                                        "stolen",    "damaged", "redeemed", "expired"};

// All that may become of a card.
const std::set<std::pair<std::string, std::string>> allowed{
    {"generated", "active"},  {"generated", "void"},  {"generated", "stolen"}, {"generated", "damaged"},
    {"generated", "expired"}, {"active", "redeemed"}, {"active", "held"},      {"active", "void"},
    {"active", "stolen"},     {"active", "damaged"},  {"active", "expired"},   {"held", "active"},
    {"held", "void"},         {"held", "stolen"},     {"held", "damaged"},     {"held", "expired"},
    {"stolen", "held"},       {"stolen", "void"},     {"damaged", "void"},     {"expired", "void"},
    {"expired", "stolen"},    {"expired", "damaged"}};

// A card in each state, one after the other; and the schema's owner, who tries what it likes.
class cards {
 public:
  cards() { owner("insert into product (code, value_minor, currency) values ('TEN', 1000, 'USD')"); }

  std::int64_t in(const std::string& state) {
    const std::int64_t serial = ++last_;
    owner(
        fmt::format("insert into batch (product, count, first_serial, last_serial) values ('TEN', 1, {0}, {0});"
                    "insert into voucher values ({0}, sha256('{0}'), (select max(id) from batch))",
                    serial));
    if (state == "expired") {
      owner(end_of(serial));
    } else if (state == "redeemed" || state == "held") {
      change(serial, "generated", "active");
      state == "held" ? change(serial, "active", "held") : redeem(serial);
    } else if (state != "generated") {
      change(serial, "generated", state);
    }
    REQUIRE(state_of(serial) == state);
    return serial;
  }
  void change(std::int64_t serial, const std::string& was, const std::string& state) {
    owner(
        fmt::format("insert into card_change (batch, first_serial, last_serial, was, state) "
                    "select batch, serial, serial, '{}', '{}' from voucher where serial = {}",
                    was, state, serial));
  }
  void redeem(std::int64_t serial) {
    owner(fmt::format("insert into redemption (serial, receipt) values ({0}, {0})", serial));
  }
  void expire(std::int64_t serial) { owner(end_of(serial)); }

  std::string state_of(std::int64_t serial) {
    return books_
        .sql(fmt::format("select coalesce((select 'redeemed' from topup.redemption where serial = {0}), "
                         "(select state::text from topup.cards_between({0}, {0}, clock_timestamp())))",
                         serial))[0][0]
        .as<std::string>();
  }
  void owner(const std::string& statement) {
    books_.sql("set local role topup_owner; set local search_path = topup; " + statement);
  }
  books& all() { return books_; }

 private:
  static std::string end_of(std::int64_t serial) {
    return fmt::format("update batch set expires = '2020-12-31', ends = '2021-01-01' where first_serial = {}", serial);
  }
  books books_;
  std::int64_t last_ = 100'000'000'000;
};

template <class Act>
bool refused_by_the_database(Act&& act) {
  try {
    act();
    return false;
  } catch (const pqxx::failure&) {
    return true;
  }
}

std::string told(const store::card_changes& changes) {
  std::string out;
  for (const store::card_fate& fate : changes.fates) {
    constexpr const char* words[] = {"changed", "already", "redeemed", "waiting"};
    out += fmt::format("{}{} {} {} {}", out.empty() ? "" : ", ", words[static_cast<std::size_t>(fate.what)], fate.count,
                       fate.was, parser::decimal(fate.value));
  }
  return out;
}

store::card_change to(const std::string& wanted, const store::cards& of, bool dry_run = false) {
  return {.of = of, .wanted = wanted, .reason = "a test", .dry_run = dry_run};
}
store::cards batch(std::int64_t id) {
  return {.batch = id};
}
store::cards serials(std::int64_t first, std::int64_t last) {
  return {.batch = {}, .first = first, .last = last};
}

}  // namespace

TEST_CASE("every transition in the table is possible, and the database refuses its owner every other one") {
  cards cards;
  const auto table = cards.all().sql("select was::text, state::text from topup.card_transition");
  CHECK(table.size() == allowed.size());
  for (const auto& row : table) CHECK(allowed.contains({row[0].as<std::string>(), row[1].as<std::string>()}));

  for (const std::string& was : states)
    for (const std::string& state : states) {
      CAPTURE(was);
      CAPTURE(state);
      const std::int64_t serial = cards.in(was);
      if (state == "expired") {  // nobody makes a card expire but the calendar
        CHECK(refused_by_the_database([&] { cards.change(serial, was, state); }));
        cards.expire(serial);
        CHECK((cards.state_of(serial) == "expired" && was != "expired") == allowed.contains({was, state}));
        continue;
      }
      const auto attempt = [&] { state == "redeemed" ? cards.redeem(serial) : cards.change(serial, was, state); };
      CHECK(refused_by_the_database(attempt) == !allowed.contains({was, state}));
      CHECK(cards.state_of(serial) == (allowed.contains({was, state}) ? state : was));
      if (state == "redeemed") CHECK(refused_by_the_database([&] { cards.change(serial, was, state); }));
    }
}

TEST_CASE("the state of cards changes through card_change alone, and its history stays") {
  cards cards;
  for (const std::string& was : states)
    for (const std::string& state : states) {
      CAPTURE(was);
      CAPTURE(state);
      static std::int64_t serial = 0;
      if (state == states.front()) serial = cards.in(was);
      CHECK(refused_by_the_database([&] {
        cards.owner(fmt::format("update serial_range set state = '{}' where first_serial = {}", state, serial));
      }));
      CHECK(cards.state_of(serial) == was);
    }
  const std::int64_t serial = cards.in("active");
  for (const char* attempt : {"delete from serial_range", "insert into serial_range values (1, 2, 1, 'active')",
                              "update serial_range set last_serial = last_serial + 1", "delete from card_change",
                              "update card_change set at = now()", "truncate card_change", "delete from redemption"}) {
    CAPTURE(attempt);
    CHECK(refused_by_the_database([&] { cards.owner(attempt); }));
  }
  // Whoever says that a card was what it was not, or that it is of another batch, is refused, too.
  CHECK(refused_by_the_database([&] { cards.change(serial, "held", "void"); }));
  CHECK(refused_by_the_database([&] {
    cards.owner(
        fmt::format("insert into card_change (batch, first_serial, last_serial, was, state) "
                    "values (1, {0}, {0}, 'active', 'held')",
                    serial));
  }));
}

TEST_CASE("a change tells of every card what becomes of it, and a dry run tells the same and changes nothing") {
  books books;
  books.fill();  // batch 1: three of four redeemed; batch 2: one generated; batch 3: both redeemed
  store::operations operations(books.url(), "UTC", "ada");
  struct row {
    const char* wanted;
    store::cards of;
    const char* tells;
  };
  const row rows[] = {
      {"held", batch(1), "changed 1 active 10.00, redeemed 3 redeemed 30.00"},
      {"held", batch(1), "already 1 held 10.00, redeemed 3 redeemed 30.00"},
      {"active", serials(100'000'000'001, 100'000'000'005),
       "changed 1 generated 10.00, changed 1 held 10.00, redeemed 3 redeemed 30.00"},
      {"held", serials(100'000'000'004, 100'000'000'007),
       "changed 2 active 20.00, redeemed 2 redeemed 20.00"},  // of three batches
      {"held", batch(3), "redeemed 2 redeemed 20.00"},
      {"stolen", serials(100'000'000'005, 100'000'000'005), "changed 1 held 10.00"},
      {"void", serials(100'000'000'005, 100'000'000'005), "changed 1 stolen 10.00"},
  };
  const auto lines = [&] {
    return books.sql("select (select count(*) from topup.card_change), (select count(*) from topup.audit_log)")[0][0]
        .as<int>();
  };
  for (const row& row : rows) {
    CAPTURE(row.tells);
    const int before = lines();
    CHECK(told(operations.change_cards(to(row.wanted, row.of, true))) == row.tells);
    CHECK(lines() == before);
    CHECK(told(operations.change_cards(to(row.wanted, row.of))) == row.tells);
    CHECK((lines() > before) == (std::string(row.tells).find("changed") != std::string::npos));
  }
  const auto last = books.sql(
      "select by = session_user, person, action, subject, reason, detail from topup.audit_log "
      "order by line desc limit 1")[0];
  CHECK(last[0].as<bool>());
  CHECK(last[1].as<std::string>() == "ada");
  CHECK(last[2].as<std::string>() == "voucher void");
  CHECK(last[3].as<std::string>() == "serial 100000000005");
  CHECK(last[4].as<std::string>() == "a test");
  CHECK(last[5].as<std::string>() == "1 cards stolen -> void");
  CHECK(books
            .sql("select count(*) from topup.card_change c where line > 2 and not exists "
                 "(select from topup.audit_log a where a.line = c.audit)")[0][0]
            .as<int>() == 0);
}

TEST_CASE("when one card may not become what is wanted, none does") {
  books books;
  books.fill();
  store::operations operations(books.url());
  struct row {
    const char* wanted;
    store::cards of;
    const char* why;
  };
  const row rows[] = {
      {"held", serials(100'000'000'004, 100'000'000'006), "1 card is generated"},
      {"active", batch(77), "no batch 77"},
      {"void", serials(100'000'000'004, 100'000'000'008), "no card has the serial 100000000008"},
      {"void", serials(1, 2), "no card has the serial 1;"},
  };
  for (const row& row : rows)
    for (const bool dry_run : {true, false}) {
      CAPTURE(row.why);
      const std::string why = refusal([&] { operations.change_cards(to(row.wanted, row.of, dry_run)); });
      CHECK_MESSAGE(why.find(row.why) != std::string::npos, why);
    }
  operations.change_cards(to("void", batch(2)));
  CHECK(refusal([&] { operations.change_cards(to("active", batch(2))); }).find("void is for good") !=
        std::string::npos);
  CHECK(refusal([&] {
          operations.change_cards({.of = batch(1), .wanted = "stolen", .reason = " "});
        }).find("--reason") != std::string::npos);
  CHECK(books.sql("select count(*) from topup.card_change")[0][0].as<int>() == 3);
}

TEST_CASE("a batch says how many of its cards are in which state") {
  books books;
  books.fill();
  store::operations operations(books.url());
  auto all = operations.batches();
  REQUIRE(all.size() == 3);
  CHECK(all[0].state == "active");
  CHECK(all[0].states == std::map<std::string, std::int64_t>{{"active", 1}, {"redeemed", 3}});
  CHECK(all[1].state == "generated");
  CHECK(all[2].state == "redeemed");

  books.sql(
      "insert into topup.batch (product, count, first_serial, last_serial) values ('TEN', 9, 500, 508);"
      "insert into topup.voucher select s, sha256(s::text::bytea), 4 from generate_series(500, 508) s");
  operations.change_cards(to("active", batch(4)));
  operations.change_cards(to("held", serials(502, 504)));
  operations.change_cards(to("stolen", serials(503, 503)));
  all = operations.batches();
  CHECK(all[3].state == "mixed");
  CHECK(all[3].states == std::map<std::string, std::int64_t>{{"active", 6}, {"held", 2}, {"stolen", 1}});
  // A whole batch is held or put on sale without its stolen cards: they come back only when they are named.
  operations.change_cards(to("held", batch(4)));
  CHECK(operations.batches()[3].states == std::map<std::string, std::int64_t>{{"held", 8}, {"stolen", 1}});
  operations.change_cards(to("held", serials(503, 503)));
  operations.change_cards(to("active", batch(4)));
  CHECK(operations.batches()[3].state == "active");
}

TEST_CASE("a batch that is held or void credits nothing, and one that is on sale again does") {
  cards cards;
  const std::int64_t serial = cards.in("active");
  store::operations operations(cards.all().url());
  operations.change_cards(to("held", serials(serial, serial)));
  CHECK(refused_by_the_database([&] { cards.redeem(serial); }));
  operations.change_cards(to("active", serials(serial, serial)));
  cards.redeem(serial);
  CHECK(told(operations.change_cards(to("void", serials(serial, serial)))) == "redeemed 1 redeemed 10.00");
}

TEST_CASE("a million cards become active by one row") {
  books books;
  books.sql(
      "insert into topup.product (code, value_minor, currency) values ('TEN', 1000, 'USD');"
      "insert into topup.batch (product, count, first_serial, last_serial) values ('TEN', 1000000, 1000000, 1999999)");
  store::operations operations(books.url());
  CHECK(told(operations.change_cards(to("active", batch(1)))) == "changed 1000000 generated 10000000.00");
  CHECK(books.sql("select count(*) from topup.serial_range")[0][0].as<int>() == 1);
}

}  // namespace topupd::tests
