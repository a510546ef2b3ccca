// The worker's threads: batches, queues, claims, the end.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <thread>

#include "counter.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

// Makes every call wait while it lives.
class hold {
 public:
  explicit hold(const database& db) : connection_(db.url()), transaction_(connection_) {
    transaction_.exec("lock table topup.message in exclusive mode");
  }
  // Until a call waits behind it.
  void wait_for_a_call(database& db) {
    while (db.count("select count(*) from pg_locks l join pg_database d on d.oid = l.database "
                    "where not l.granted and d.datname = current_database()") == 0) {
    }
  }

 private:
  pqxx::connection connection_;
  pqxx::work transaction_;
};

}  // namespace

TEST_CASE("what has gathered while a call was away goes next, in one call; a lone text goes at once") {
  database db;
  const auto card = db.print(100);
  counter one{options(db)};
  std::vector<text> texts;
  for (int i = 0; i < 100; ++i) texts.push_back(redeem(alice + static_cast<std::uint64_t>(i), voucher(card + i)));
  {
    hold holding{db};
    CHECK(one.works.offer(texts[0]) == worker::taken::yes);
    holding.wait_for_a_call(db);
    for (std::size_t i = 1; i < texts.size(); ++i) CHECK(one.works.offer(texts[i]) == worker::taken::yes);
    CHECK(one.works.queued() == 99);
  }
  REQUIRE(one.until([&] { return one.answered() == 100; }));
  CHECK(db.count("select count(distinct batch_no) from topup.message") == 2);
  CHECK(db.count("select count(*) from topup.transfer") == 100);
  CHECK(one.states.empty());
}

TEST_CASE("identical texts that come together are one message: one is answered, the others are acknowledged") {
  database db;
  const auto card = db.print(1);
  counter one{options(db)};
  const text same = redeem(alice, voucher(card));
  {
    hold holding{db};
    one.works.offer(plain(bob, action::help));
    holding.wait_for_a_call(db);
    for (std::uint64_t i = 0; i < 3; ++i) {
      text again = same;
      again.ticket = 1'000'000 + i;
      one.works.offer(again);
    }
  }
  REQUIRE(one.until([&] { return one.answered() == 4; }));
  int owed = 0, duplicates = 0;
  for (const decision& said : one.decided) {
    if (said.ticket < 1'000'000) continue;
    CHECK(said.outcome == outcome::credited);
    owed += said.reply_owed;
    duplicates += said.duplicate;
  }
  CHECK(owed == 1);
  CHECK(duplicates == 2);
  CHECK(db.count("select seen from topup.message where outcome = 'credited'") == 3);
}

TEST_CASE("a full queue says so, and what was taken is still decided") {
  database db;
  auto at = options(db);
  at.queue_max = 10;
  counter one{at};
  {
    hold holding{db};
    one.works.offer(plain(alice, action::help));
    holding.wait_for_a_call(db);
    for (int i = 0; i < 10; ++i) CHECK(one.works.offer(plain(alice, action::help)) == worker::taken::yes);
    CHECK(one.works.offer(plain(alice, action::help)) == worker::taken::full);
  }
  CHECK(one.until([&] { return one.decided.size() == 11; }));
}

TEST_CASE("results of replies ride on the next call, or go by themselves after a while") {
  database db;
  auto at = options(db);
  at.report_delay = std::chrono::milliseconds{20};
  counter one{at};
  const auto state = [&] { return db.word("select string_agg(reply::text, ' ' order by receipt) from topup.message"); };
  const decision first = one.ask(plain(alice, action::help));
  one.works.report({.receipt = first.receipt, .what = reply_result::kind::sent, .smsc_message_id = "1", .status = 0});
  const auto before = one.works.progress();
  while (state() == "owed") CHECK(one.works.progress() < before + 1000);
  CHECK(state() == "sent");
}

TEST_CASE("so many results do not wait") {
  database db;
  auto at = options(db);
  at.report_delay = std::chrono::hours{1};
  at.report_max = 2;
  counter one{at};
  const decision first = one.ask(plain(alice, action::help)), second = one.ask(plain(bob, action::help));
  one.works.report({.receipt = first.receipt});
  CHECK(one.works.unwritten() == 1);
  one.works.report({.receipt = second.receipt});
  for (int i = 0; i < 5000 && one.works.unwritten() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  CHECK(db.count("select count(*) from topup.message where reply = 'sent'") == 2);
}

TEST_CASE(
    "of what is said of a reply in one call, that it was sent counts most, then what is said of its newest lease; that "
    "our acknowledgement was heard counts beside") {
  database db;
  auto at = options(db);
  at.report_delay = std::chrono::hours{1};
  counter one{at};
  const decision kept = one.ask(plain(alice, action::help)), sent = one.ask(plain(bob, action::help));
  db.pass("11 seconds");
  one.works.claim(100, {});
  REQUIRE(one.until([&] { return one.claimed.size() == 2; }));
  db.pass("9 seconds");
  for (const decision& before : {kept, sent}) {
    one.works.report({.receipt = before.receipt, .what = reply_result::kind::heard, .heard = true});
    one.works.report({.receipt = before.receipt, .what = reply_result::kind::release, .lease = before.lease});
  }
  for (const decision& now : one.seen(&counter::claimed))
    one.works.report({.receipt = now.receipt, .what = reply_result::kind::renew, .lease = now.lease});
  one.works.report({.receipt = sent.receipt, .lease = sent.lease, .smsc_message_id = "1"});
  one.works.stop(std::chrono::seconds{30});
  db.pass("5 seconds");
  CHECK(gateway{db, "two"}.claim(100).empty());
  CHECK(db.count("select count(*) from topup.message where reply = 'sent'") == 1);
  CHECK(db.count("select count(*) from topup.message where heard") == 2);
}

TEST_CASE("a stop finishes what was taken and writes the last results") {
  database db;
  const auto card = db.print(500);
  auto at = options(db);
  at.report_delay = std::chrono::hours{1};
  counter one{at};
  const decision first = one.ask(plain(carol, action::help));
  for (int i = 0; i < 500; ++i)
    REQUIRE(one.works.offer(redeem(alice + static_cast<std::uint64_t>(i), voucher(card + i))) == worker::taken::yes);
  one.works.report({.receipt = first.receipt, .what = reply_result::kind::sent, .smsc_message_id = "1", .status = 0});
  one.works.stop(std::chrono::seconds{30});
  CHECK(one.decided.size() == 501);
  CHECK(one.refused.empty());
  CHECK(one.works.offer(plain(alice, action::help)) == worker::taken::away);
  CHECK(db.count("select count(*) from topup.message where reply = 'sent'") == 1);
}

TEST_CASE("a stop that may not wait breaks off the call, refuses what was never sent, and loses nothing") {
  database db;
  const auto card = db.print(2);
  const text sent = redeem(alice, voucher(card)), waiting = redeem(bob, voucher(card + 1));
  {
    counter one{options(db)};
    hold holding{db};
    one.works.offer(sent);
    holding.wait_for_a_call(db);
    one.works.offer(waiting);
    one.works.stop(std::chrono::milliseconds{10});
    CHECK(one.decided.empty());  // nobody knows
    REQUIRE(one.refused.size() == 1);
    CHECK(one.refused[0] == waiting.ticket);
  }
  counter two{options(db, "two")};  // the SMSC delivers both again
  CHECK(two.ask(sent).outcome == outcome::credited);
  CHECK(two.ask(waiting).outcome == outcome::credited);
  CHECK(db.count("select count(*) from topup.transfer") == 2);
}

TEST_CASE("a worker takes over the replies of one that died") {
  database db;
  const auto card = db.print(3);
  {
    counter dead{options(db)};
    for (int i = 0; i < 3; ++i) dead.ask(redeem(alice, voucher(card + i)));
  }
  counter two{options(db, "two")};
  two.works.claim(100, {});
  db.pass("11 seconds");
  while (two.seen(&counter::claimed).empty()) two.works.claim(100, {});
  CHECK(two.until([&] { return two.claimed.size() == 3; }));
  for (const decision& reply : two.claimed) CHECK(reply.outcome == outcome::credited);
  CHECK(db.count("select count(*) from topup.message where lease_owner = 'two'") == 3);
}

TEST_CASE("an idle writer still shows that it lives") {
  database db;
  counter one{options(db)};
  const auto before = one.works.progress();
  while (one.works.progress() == before) std::this_thread::yield();
  CHECK(one.states.empty());
}
