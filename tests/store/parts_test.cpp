// Parts of a long text wait for each other in the database, sealed (3GPP TS 23.040 §9.2.3.24.1).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "counter.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

fingerprint print_of(std::string_view what) {
  fingerprint print;
  for (std::size_t i = 0; i < what.size(); ++i)
    print.octets[i % print.octets.size()] ^= static_cast<std::uint8_t>(what[i]);
  return print;
}

// What the gateway would have sealed; the octets tell parts apart.
part part_of(std::string_view group, int number, int total, const std::string& octets, std::uint64_t sender = alice) {
  static std::atomic<std::uint64_t> ticket = 5'000'000;
  return {.ticket = ++ticket,
          .group = print_of(group),
          .number = number,
          .total = total,
          .print = print_of(octets),
          .sealed = std::string("\0\xFF", 2) + octets,
          .smsc = "main",
          .source = fmt::format("1.1.{}", sender),
          .short_code = "0.0.12345",
          .sender = msisdn(sender)};
}

// "one two three" when all are there, "…" when parts are missing.
std::string keep(gateway& at, const part& one) {
  const auto answer = at.link().keep(one);
  REQUIRE_MESSAGE(answer.fate == fate::done, answer.why);
  std::string all;
  for (const std::string& sealed : answer.value) {
    REQUIRE(sealed.starts_with(std::string("\0\xFF", 2)));
    all += (all.empty() ? "" : " ") + sealed.substr(2);
  }
  return all.empty() ? "…" : all;
}

std::int64_t parts(database& db) {
  return db.count("select count(*) from topup.part");
}

}  // namespace

TEST_CASE("parts are whole in their order, whatever the order and how often they come") {
  std::vector<int> order{1, 2, 3};
  do {
    database db;
    gateway one{db};
    const std::string words[] = {"one", "two", "three"};
    for (std::size_t i = 0; i < 3; ++i) {
      const part next = part_of("text", order[i], 3, words[order[i] - 1]);
      for (int times = 0; times < 2; ++times) CHECK(keep(one, next) == (i == 2 ? "one two three" : "…"));
    }
    CHECK(parts(db) == 3);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("a part that comes again is written again: only then does COMMIT tell that a standby has it") {
  database db;
  gateway one{db};
  const part first = part_of("text", 1, 2, "one");
  keep(one, first);
  const auto before = db.word("select xmin from topup.part");
  keep(one, first);
  CHECK(db.word("select xmin from topup.part") != before);
}

TEST_CASE("parts of different texts do not mix, and a new process goes on where the last one stopped") {
  database db;
  {
    gateway before{db};
    keep(before, part_of("mine", 1, 2, "topup"));
    keep(before, part_of("yours", 2, 2, "help"));
  }
  gateway after{db, "two"};
  CHECK(keep(after, part_of("mine", 2, 2, "pin")) == "topup pin");
  CHECK(keep(after, part_of("yours", 1, 2, "please")) == "please help");
}

TEST_CASE("two binds that bring the two last parts at once: the text is whole for one of them at least") {
  database db;
  gateway one{db}, two{db, "two"};
  for (int round = 0; round < 50; ++round) {
    const std::string group = fmt::format("text {}", round);
    std::string first, second;
    std::thread other([&] {
      const auto answer = two.link().keep(part_of(group, 2, 2, "b"));
      second = answer.fate == fate::done ? (answer.value.size() == 2 ? "whole" : "…") : answer.why;
    });
    first = keep(one, part_of(group, 1, 2, "a"));
    other.join();
    CHECK((first == "a b" || second == "whole"));
  }
  CHECK(parts(db) == 100);
}

TEST_CASE("another part under the same reference and number begins another text: the old one's parts are not used") {
  database db;
  gateway one{db};
  keep(one, part_of("ref 7", 1, 3, "old 1"));
  keep(one, part_of("ref 7", 2, 3, "old 2"));
  CHECK(keep(one, part_of("ref 7", 1, 3, "new 1")) == "…");
  CHECK(parts(db) == 1);
  CHECK(keep(one, part_of("ref 7", 3, 3, "new 3")) == "…");
  CHECK(keep(one, part_of("ref 7", 2, 3, "new 2")) == "new 1 new 2 new 3");
}

TEST_CASE("half a text does not wait for ever, and what comes later begins anew") {
  database db;
  gateway one{db};
  keep(one, part_of("text", 1, 2, "early"));
  db.pass("10 minutes");
  CHECK(keep(one, part_of("text", 2, 2, "late")) == "…");
  CHECK(parts(db) == 1);
  CHECK(keep(one, part_of("text", 1, 2, "again")) == "again late");
}

TEST_CASE("whose text is not whole in time is told once; whole ones just go") {
  database db;
  gateway one{db}, two{db, "two"};
  text zh = plain(carol, action::language);
  zh.language = "zh";
  one.decide(zh);
  keep(one, part_of("whole", 1, 2, "a"));
  keep(one, part_of("whole", 2, 2, "b"));
  keep(one, part_of("half", 2, 3, "c", bob));
  keep(one, part_of("half", 3, 3, "d", bob));
  keep(one, part_of("other half", 1, 2, "e", carol));
  CHECK(one.claim(10).empty());
  db.pass("9 minutes");
  keep(one, part_of("young", 1, 2, "f"));
  db.pass("61 seconds");
  const auto claimed = two.claim(10);
  CHECK(parts(db) == 1);
  int told = 0;
  for (const decision& each : claimed) {
    if (each.reason != "in_parts") continue;
    ++told;
    CHECK(each.outcome == outcome::unclear);
    CHECK(each.action == action::unclear);
    CHECK(each.reply_owed);
    CHECK(each.receipt.number > 0);
    CHECK(each.smsc == "main");
    CHECK(each.short_code == "0.0.12345");
    CHECK(each.language == (each.sender == msisdn(carol) ? "zh" : "en"));
    CHECK(each.source == fmt::format("1.1.{}", each.sender == msisdn(bob) ? bob : carol));
  }
  CHECK(told == 2);
  db.pass("5 seconds");
  CHECK(one.claim(10).empty());
  CHECK(db.count("select count(*) from topup.message where reason = 'in_parts'") == 2);
}

TEST_CASE("a text that never gets whole counts as an answer to its sender") {
  database db;
  auto at = options(db);
  at.answers_per_hour = 1;
  gateway one{at};
  for (const char* group : {"first", "second"}) keep(one, part_of(group, 1, 2, group));
  db.pass("10 minutes");
  CHECK(one.claim(10).size() == 1);
  CHECK(parts(db) == 0);
  CHECK(db.count("select count(*) from topup.message where reason = 'in_parts'") == 2);
  CHECK_FALSE(one.decide(plain(alice, action::help)).reply_owed);
}

TEST_CASE("a claim never waits: while a call has the turn, what is too old waits for the next claim") {
  database db;
  gateway one{db};
  keep(one, part_of("half", 1, 2, "a"));
  db.pass("10 minutes");
  {
    pqxx::connection other{db.url()};
    pqxx::work calling{other};
    calling.exec("select topup.take_turn()");
    CHECK(one.claim(10).empty());
    CHECK(parts(db) == 1);
  }
  CHECK(one.claim(10).size() == 1);
}

TEST_CASE("many too old at once are told some with each claim, none twice") {
  database db;
  gateway one{db};
  // As if 1,500 subscribers had each sent the first of two parts.
  db.sql(
      "insert into topup.part (group_print, number, total, print, sealed, sender, source, short_code, smsc) "
      "select substr(sha256(int4send(i)), 1, 16), 1, 2, '', '', 999702000000 + i, '1.1.999', '0.0.12345', 'main' "
      "from generate_series(1, 1500) i");
  db.pass("10 minutes");
  const std::size_t first = one.claim(10'000).size();
  CHECK(first > 0);
  CHECK(first < 1500);
  CHECK(first + one.claim(10'000).size() == 1500);
  CHECK(parts(db) == 0);
}

// The worker --------------------------------------------------------------------------------------------------------

TEST_CASE("the worker keeps parts beside the redemptions, says full when too many wait, and refuses when it cannot") {
  database db;
  auto at = options(db);
  at.parts_max = 2;
  counter one{at};
  const auto kept = [&](std::uint64_t ticket) {
    std::optional<std::vector<std::string>> found;
    REQUIRE(one.until([&] {
      for (const auto& [number, sealed] : one.kept)
        if (number == ticket) found = sealed;
      return found.has_value();
    }));
    return *found;
  };
  const part first = part_of("text", 1, 2, "a"), second = part_of("text", 2, 2, "b");
  REQUIRE(one.works.keep(first) == worker::taken::yes);
  CHECK(kept(first.ticket).empty());
  REQUIRE(one.works.keep(second) == worker::taken::yes);
  CHECK(kept(second.ticket).size() == 2);

  SUBCASE("full") {
    pqxx::connection other{db.url()};
    std::optional<pqxx::work> holding{other};
    holding->exec("lock table topup.part in exclusive mode");
    std::vector<part> waiting;
    worker::taken last = worker::taken::yes;
    while (last == worker::taken::yes && waiting.size() < 10) {
      waiting.push_back(part_of(fmt::format("more {}", waiting.size()), 1, 2, "x"));
      last = one.works.keep(waiting.back());
    }
    CHECK(last == worker::taken::full);
    CHECK(waiting.size() <= 4);
    holding.reset();
    waiting.pop_back();
    for (const part& each : waiting) CHECK(kept(each.ticket).empty());
  }
  SUBCASE("what the store does not know how to keep goes back to the SMSC") {
    db.sql("alter function topup.keep_part rename to keep_part_tomorrow");
    const part lost = part_of("lost", 1, 2, "x");
    REQUIRE(one.works.keep(lost) == worker::taken::yes);
    REQUIRE(one.until([&] { return !one.refused.empty(); }));
    CHECK(one.refused == std::vector{lost.ticket});
    CHECK(one.ask(plain(alice, action::help)).outcome == outcome::help);  // redemptions go on
  }
  SUBCASE("after the end nothing is taken") {
    one.works.stop(std::chrono::seconds{5});
    CHECK(one.works.keep(part_of("late", 1, 2, "x")) == worker::taken::away);
  }
}
