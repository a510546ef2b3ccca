// Whatever breaks in between: each text is decided once, and nobody is told what is not known (DESIGN.md §2.3, §2.5).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <optional>

#include "counter.hpp"
#include "wire.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

TEST_CASE("a COMMIT that nobody heard of is found again: the same receipt, one credit, not a duplicate") {
  for (const auto when : {wire::moment::before_answer, wire::moment::before_request}) {
    database db;
    const auto card = db.print(40);
    wire between;
    auto at = options(db);
    at.url += " " + between.host_and_port();
    counter one{at};
    one.ask(plain(carol, action::help));  // has a block of receipts: the next statement is the call itself
    for (int i = 0; i < 10; ++i) {
      between.cut_next(when);
      const decision said = one.ask(redeem(alice, voucher(card + i)));
      CHECK(said.outcome == outcome::credited);
      CHECK_FALSE(said.duplicate);
      CHECK(said.reply_owed);
      CHECK(said.balance.amount_minor == 1000 * (i + 1));
    }
    CHECK(between.cuts() == 10);
    CHECK(db.count("select count(*) from topup.transfer") == 10);
    CHECK(db.count("select max(seen) from topup.message") == 1);
    CHECK(one.states.size() >= 2);
    CHECK_FALSE(one.states[0].first);
    CHECK(one.states.back().first);
  }
}

namespace {

// While it lives, nobody may connect; who was connected is thrown out.
class closed_doors {
 public:
  explicit closed_doors(database& db) : name_(db.word("select current_database()")) {
    open(false);
    terminate_gateways(db);
  }
  ~closed_doors() { open(true); }
  closed_doors(const closed_doors&) = delete;
  closed_doors& operator=(const closed_doors&) = delete;

 private:
  void open(bool wide) {
    pqxx::nontransaction{outside_}.exec(fmt::format("alter database {} allow_connections {}", name_, wide));
  }
  pqxx::connection outside_{"dbname=postgres"};
  std::string name_;
};

}  // namespace

TEST_CASE("what was reported while the store was away is written before the worker says that it is back") {
  database db;
  auto at = options(db);
  at.report_delay = std::chrono::hours{1};  // it goes with nothing else
  counter one{at};
  const decision owed = one.ask(plain(alice, action::help));
  {
    const closed_doors away{db};
    REQUIRE(one.until([&] { return !one.states.empty(); }));
    one.works.report({.receipt = owed.receipt, .what = reply_result::kind::sent, .smsc_message_id = "1", .status = 0});
  }
  REQUIRE(one.until([&] { return one.states.back().first; }));
  CHECK(db.word("select reply from topup.message") == "sent");
}

TEST_CASE("while the store is away nothing is taken, and what waited is refused at once") {
  database db;
  const auto card = db.print(2);
  counter one{options(db)};
  one.ask(plain(carol, action::help));
  std::optional<closed_doors> closed{std::in_place, db};
  REQUIRE(one.until([&] { return !one.states.empty(); }));  // noticed without any text
  while (one.works.offer(plain(alice, action::help)) == worker::taken::yes) {
  }
  CHECK(one.works.offer(redeem(alice, voucher(card))) == worker::taken::away);
  CHECK(one.works.queued() == 0);
  CHECK_FALSE(one.seen(&counter::states)[0].first);
  const auto before = one.works.progress();
  while (one.works.progress() < before + 3) std::this_thread::yield();  // it goes on trying, and shows that it lives
  closed.reset();
  REQUIRE(one.until([&] { return one.states.back().first; }));
  CHECK(one.ask(redeem(alice, voucher(card))).outcome == outcome::credited);
  CHECK(db.count("select count(*) from topup.transfer") == 1);
}

namespace {

// Offers until everything is taken and decided, as an SMSC does that gets a temporary status.
void redeem_all(counter& at, const std::vector<text>& texts, const std::function<void(std::size_t done)>& meanwhile) {
  std::map<std::uint64_t, const text*> open;
  for (const text& one : texts) open[one.ticket] = &one;
  std::size_t seen_decided = 0, seen_refused = 0;
  auto waiting = open;  // not taken yet
  while (!open.empty()) {
    for (auto it = waiting.begin(); it != waiting.end() && at.works.offer(*it->second) == worker::taken::yes;)
      it = waiting.erase(it);
    {
      std::unique_lock lock{at.guard};
      at.news.wait_for(lock, std::chrono::milliseconds{5});
      for (; seen_decided < at.decided.size(); ++seen_decided) open.erase(at.decided[seen_decided].ticket);
      for (; seen_refused < at.refused.size(); ++seen_refused)
        waiting[at.refused[seen_refused]] = open.at(at.refused[seen_refused]);
    }
    meanwhile(texts.size() - open.size());
  }
}

void check_books(database& db, std::int64_t cards) {
  CHECK(db.count("select count(*) from topup.transfer") == cards);
  CHECK(db.count("select count(distinct serial) from topup.transfer") == cards);
  CHECK(db.count("select count(*) from topup.redemption") == cards);
  CHECK(db.count("select count(*) from topup.message where outcome = 'credited'") == cards);
  CHECK(db.count("select sum(balance_minor) from topup.account") == 1000 * cards);
  CHECK(db.count("select max(seen) from topup.message") == 1);
}

std::vector<text> one_for_each(std::int64_t first, std::int64_t cards) {
  std::vector<text> all;
  for (std::int64_t i = 0; i < cards; ++i)
    all.push_back(redeem(alice + static_cast<std::uint64_t>(i % 97), voucher(first + i)));
  return all;
}

}  // namespace

TEST_CASE("backends killed again and again under load: every text decided, every card credited once") {
  database db;
  constexpr std::int64_t cards = 3000;
  const auto texts = one_for_each(db.print(cards), cards);
  auto at = options(db);
  at.batch_max = 32;
  counter one{at};
  std::size_t next_kill = 100;
  int kills = 0;
  redeem_all(one, texts, [&](std::size_t done) {
    if (done < next_kill) return;
    next_kill = done + 100;
    ++kills;
    terminate_gateways(db);
  });
  CHECK(kills >= 5);
  check_books(db, cards);
}

TEST_CASE("PostgreSQL crashing under load: every text decided, every card credited once") {
  const char* cluster = std::getenv("TOPUP_CLUSTER");
  const char* dir = std::getenv("TOPUP_TEST_CLUSTER");
  REQUIRE_MESSAGE((cluster && dir), "run by tests/cluster run");
  database db;
  constexpr std::int64_t cards = 4000;
  const auto texts = one_for_each(db.print(cards), cards);
  auto at = options(db);
  at.batch_max = 32;
  counter one{at};
  std::size_t next_crash = 300;
  int crashes = 0;
  redeem_all(one, texts, [&](std::size_t done) {
    if (done < next_crash || crashes == 3) return;
    next_crash = done + 300;
    ++crashes;
    REQUIRE(std::system(fmt::format("'{}' restart '{}' --immediate", cluster, dir).c_str()) == 0);
  });
  CHECK(crashes == 3);
  check_books(db, cards);
}

TEST_CASE("a text on which the store fails again and again is quarantined; those that came with it are decided") {
  database db;
  const auto card = db.print(20);
  db.sql(
      "create function topup.fail() returns trigger language plpgsql as $$ begin raise exception 'a bug'; end $$; "
      "create trigger fail before insert on topup.transfer for each row when (new.credit = 999701000002) "
      "execute function topup.fail()");
  counter one{options(db)};
  std::vector<text> texts;
  for (int i = 0; i < 20; ++i)
    texts.push_back(redeem(i == 7 ? bob : carol + static_cast<std::uint64_t>(i), voucher(card + i)));
  for (const text& text : texts) one.works.offer(text);
  REQUIRE(one.until([&] { return one.answered() == 20; }));
  CHECK(one.refused.empty());
  for (const decision& said : one.decided) {
    const bool bad = said.sender == msisdn(bob);
    CHECK(said.outcome == (bad ? outcome::quarantined : outcome::credited));
    CHECK(said.reply_owed);
  }
  CHECK(db.count("select count(*) from topup.transfer") == 19);
  CHECK(db.count("select count(*) from topup.message where outcome = 'quarantined'") == 1);
  CHECK(one.states.empty());
  texts[7].ticket = 1'000'000;
  CHECK(one.ask(texts[7]).duplicate);  // and is not tried again
}

TEST_CASE("a failure that is not the text's is never held against it") {
  database db;
  const auto card = db.print(1);
  counter one{options(db)};
  one.ask(plain(carol, action::help));
  db.sql("alter function topup.redeem rename to redeem_tomorrow");
  const text text = redeem(alice, voucher(card));
  REQUIRE(one.works.offer(text) == worker::taken::yes);
  REQUIRE(one.until([&] { return one.states.size() == 1; }));
  CHECK_FALSE(one.states[0].first);
  CHECK(one.decided.size() == 1);
  db.sql("alter function topup.redeem_tomorrow rename to redeem");
  REQUIRE(one.until([&] { return one.decided.size() == 2; }));
  CHECK(one.decided[1].outcome == outcome::credited);
  CHECK(one.states.back().first);
}
