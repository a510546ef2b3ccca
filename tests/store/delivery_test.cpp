// What becomes of replies on their way to the phone (SMPP 3.4 §5.2.28): delivery receipts come in any order, twice, to
// another gateway; and a reply that did not arrive is sent once more.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "counter.hpp"

using namespace topupd::store;
using namespace topupd::store::test;
using kind = reply_result::kind;

namespace {

reply_result sent(const decision& reply, const std::string& id = "id1") {
  return {.receipt = reply.receipt, .what = kind::sent, .smsc_message_id = id, .awaited = true};
}
delivery told(delivery_state state, const std::string& id = "id1", const std::string& smsc = "main") {
  return {.smsc = smsc, .smsc_message_id = id, .state = state, .error = "001"};
}

// "undelivered expired 001"
std::string fate_of(database& db, const decision& reply) {
  return db.word(
      fmt::format("select concat_ws(' ', reply, (extra).delivery, (extra).delivery_error) from topup.message "
                  "where receipt = {}",
                  reply.receipt.number));
}

}  // namespace

TEST_CASE("a reply becomes what its SMSC tells of it, in whatever order that is told") {
  struct row {
    const char* events;  // S the SMSC has taken it; D delivered, X expired, R rejected; those in () come together
    const char* fate;
  };
  const row rows[] = {
      {"S", "sent"},
      {"SD", "delivered delivered 001"},
      {"SX", "undelivered expired 001"},
      {"DS", "delivered delivered 001"},
      {"XS", "undelivered expired 001"},
      {"D", "owed"},  // perhaps not ours; the reply will be sent by another name
      {"SDD", "delivered delivered 001"},
      {"SXX", "undelivered expired 001"},
      {"SXR", "undelivered expired 001"},  // the first word stands
      {"XRS", "undelivered expired 001"},
      {"S(XR)", "undelivered expired 001"},
      {"SXD", "delivered delivered 001"},  // but the phone has it
      {"SDX", "delivered delivered 001"},
      {"XDS", "delivered delivered 001"},
      {"DXS", "delivered delivered 001"},
      {"S(XD)", "delivered delivered 001"},
      {"(XD)S", "delivered delivered 001"},
      {"SDS", "delivered delivered 001"},  // the call was repeated after an unknown COMMIT
      {"SXS", "undelivered expired 001"},
      {"DSXS", "delivered delivered 001"},
  };
  database db;
  gateway one{db}, two{db, "two"};
  int number = 0;
  for (const row& row : rows) {
    CAPTURE(row.events);
    const std::string id = fmt::format("id{}", ++number);
    const decision reply = one.decide(plain(alice + static_cast<std::uint64_t>(number), action::help));
    std::vector<delivery> together;
    bool open = false;
    for (const char event : std::string(row.events)) {
      if (event == '(' || event == ')')
        open = event == '(';
      else if (event == 'S')
        one.report({sent(reply, id)});
      else
        together.push_back(told(event == 'D'   ? delivery_state::delivered
                                : event == 'X' ? delivery_state::expired
                                               : delivery_state::rejected,
                                id));
      if (!open && !together.empty()) two.note(std::exchange(together, {}));  // they come to whichever gateway
    }
    CHECK(fate_of(db, reply) == row.fate);
  }
  CHECK(db.count("select count(*) from topup.message where (sent_at is null) <> (reply = 'owed')") == 0);
}

TEST_CASE("every final state has its word in the database") {
  database db;
  gateway one{db};
  for (int state = 0; state <= static_cast<int>(delivery_state::rejected); ++state) {
    const std::string id = fmt::format("id{}", state);
    const decision reply = one.decide(plain(alice, action::help));
    one.report({sent(reply, id)});
    one.note({told(delivery_state{state}, id)});
    CHECK(fate_of(db, reply) ==
          fmt::format("{} {} 001", state == 0 ? "delivered" : "undelivered", name(delivery_state{state})));
    CHECK(delivery_state_from(name(delivery_state{state})) == delivery_state{state});
  }
  CHECK_FALSE(delivery_state_from("enroute"));
}

TEST_CASE("a reply of which no receipt was asked for is sent, and leaves nothing to wait for") {
  database db;
  gateway one{db};
  const decision reply = one.decide(plain(alice, action::help));
  one.report({{.receipt = reply.receipt, .what = kind::sent, .smsc_message_id = "id1"}});
  CHECK(db.count("select count(*) from topup.awaited") == 0);
  one.note({told(delivery_state::expired)});
  CHECK(fate_of(db, reply) == "sent");
}

TEST_CASE("ids are each SMSC's own: a reply that left by another one of its group is told of by that one") {
  database db;
  gateway one{db};
  const decision here = one.decide(plain(alice, action::help)), there = one.decide(plain(bob, action::help));
  reply_result by_another = sent(there);
  by_another.smsc = "backup";
  one.report({sent(here), by_another});
  CHECK(db.word(fmt::format("select (extra).sent_by from topup.message where receipt = {}", there.receipt.number)) ==
        "backup");
  one.note({told(delivery_state::delivered, "id1", "backup")});
  CHECK(fate_of(db, there) == "delivered delivered 001");
  CHECK(fate_of(db, here) == "sent");
}

TEST_CASE("an SMSC that begins its ids anew means the newest reply by them") {
  database db;
  gateway one{db};
  const decision old = one.decide(plain(alice, action::help)), newer = one.decide(plain(bob, action::help));
  one.report({sent(old)});
  one.note({told(delivery_state::delivered)});
  one.report({sent(newer)});
  CHECK(fate_of(db, newer) == "sent");
  one.note({told(delivery_state::expired)});
  CHECK(fate_of(db, newer) == "undelivered expired 001");
  CHECK(fate_of(db, old) == "delivered delivered 001");
}

TEST_CASE("a receipt waits an hour for the reply that it tells of, and what waited in vain goes") {
  database db;
  gateway one{db};
  const decision late = one.decide(plain(alice, action::help));
  one.note({told(delivery_state::delivered)});
  db.pass("61 minutes");
  one.report({sent(late)});
  CHECK(fate_of(db, late) == "sent");

  std::vector<delivery> nobodys;
  for (int i = 0; i < 200; ++i) nobodys.push_back(told(delivery_state::expired, fmt::format("nobody{}", i)));
  one.note(nobodys);
  CHECK(db.count("select count(*) from topup.awaited") == 201);
  db.pass("61 minutes");
  for (int i = 0; i < 12; ++i) one.note({told(delivery_state::expired, "x")});
  CHECK(db.count("select count(*) from topup.awaited") == 2);
  db.pass("8 days");
  one.note({told(delivery_state::expired, "y")});
  CHECK(db.count("select count(*) from topup.awaited") == 1);
}

TEST_CASE("whatever an SMSC puts into a receipt is kept as text and breaks nothing") {
  database db;
  gateway one{db};
  const decision reply = one.decide(plain(alice, action::help));
  const std::string odd = "a\"b\\c,{}(')\n\xff";
  one.report({sent(reply, odd)});
  delivery receipt = told(delivery_state::expired, odd);
  receipt.error = "\",)({}\\' and more than sixteen";
  one.note({receipt, receipt});
  CHECK(db.word("select (extra).delivery_error from topup.message") == "\",)({}\\' and mor");
  one.decide(plain(alice, action::help));
  const auto again = one.claim(10);
  REQUIRE(again.size() == 1);  // it can be read still
  CHECK(again[0].receipt == reply.receipt);
}

namespace {

std::vector<std::int64_t> receipts_of(const std::vector<decision>& all) {
  std::vector<std::int64_t> out;
  for (const decision& each : all) out.push_back(each.receipt.number);
  return out;
}

}  // namespace

TEST_CASE("a reply that did not arrive is sent once more when the subscriber texts again, and only once") {
  database db;
  const auto card = db.print(1);
  gateway one{db}, two{db, "two"};
  const decision lost = one.decide(redeem(alice, voucher(card)));
  one.report({sent(lost)});
  one.note({told(delivery_state::undeliverable)});
  CHECK(one.claim(10).empty());
  one.decide(plain(bob, action::help));  // another subscriber
  CHECK(one.claim(10).empty());

  const decision next = one.decide(plain(alice, action::balance));
  const auto again = two.claim(10);
  REQUIRE(receipts_of(again) == std::vector{lost.receipt.number});
  CHECK(again[0].outcome == outcome::credited);
  CHECK(again[0].balance == lost.balance);
  CHECK(again[0].attempts == 1);
  two.report({sent(again[0], "id2")});
  CHECK(db.word(fmt::format("select reply from topup.message where receipt = {}", lost.receipt.number)) == "sent");
  one.report({sent(next, "id3")});

  SUBCASE("and arrives") {
    one.note({told(delivery_state::delivered, "id2")});
    CHECK(fate_of(db, lost) == "delivered delivered 001");
  }
  SUBCASE("and what is told of the first one once more changes nothing") {
    one.note({told(delivery_state::expired, "id1")});
    CHECK(fate_of(db, lost) == "sent undeliverable 001");
  }
  SUBCASE("unless the first one arrived after all") {
    one.note({told(delivery_state::delivered, "id1")});
    CHECK(fate_of(db, lost) == "delivered delivered 001");
  }
  SUBCASE("and fails again, for good") {
    one.note({told(delivery_state::expired, "id2")});
    CHECK(fate_of(db, lost) == "undelivered expired 001");
    one.decide(plain(alice, action::help));
    CHECK(one.claim(10).empty());
  }
  CHECK(db.count("select count(*) from topup.undelivered") == 0);
  CHECK(db.count("select count(*) from topup.transfer") == 1);
}

TEST_CASE("a text that comes again, and a text too late, bring no reply back; of several the newest comes") {
  database db;
  gateway one{db};
  const text asked = plain(alice, action::balance);
  const decision first = one.decide(asked), older = one.decide(plain(alice, action::help)),
                 newest = one.decide(plain(alice, action::help));
  one.report({sent(first, "first"), sent(older, "older"), sent(newest, "newest")});
  one.note({told(delivery_state::undeliverable, "newest"), told(delivery_state::undeliverable, "older")});

  SUBCASE("a redelivery is not the subscriber's doing") {
    CHECK(one.decide(asked).duplicate);
    CHECK(one.claim(10).empty());
  }
  SUBCASE("the newest of two") {
    one.decide(plain(alice, action::help));
    CHECK(receipts_of(one.claim(10)) == std::vector{newest.receipt.number});
    one.decide(plain(alice, action::help));
    CHECK(one.claim(10).empty());
    CHECK(fate_of(db, older) == "undelivered undeliverable 001");
  }
  SUBCASE("whichever was told of first") {
    one.note({told(delivery_state::expired, "first")});  // the oldest, last
    one.decide(plain(alice, action::help));
    CHECK(receipts_of(one.claim(10)) == std::vector{newest.receipt.number});
  }
  SUBCASE("after three days nobody wants it any more") {
    db.pass("73 hours");
    one.decide(plain(alice, action::help));
    CHECK(one.claim(10).empty());
  }
  SUBCASE("it arrived meanwhile") {
    one.note({told(delivery_state::delivered, "newest")});
    one.decide(plain(alice, action::help));
    CHECK(one.claim(10).empty());
  }
  SUBCASE("it arrives while it is owed again") {
    one.decide(plain(alice, action::help));
    one.note({told(delivery_state::delivered, "newest")});
    CHECK(one.claim(10).empty());
  }
}

TEST_CASE("an SMSC that names both attempts alike tells of the last") {  // by user_message_reference
  database db;
  gateway one{db};
  const decision lost = one.decide(plain(alice, action::help));
  one.report({sent(lost, "999/1")});
  one.note({told(delivery_state::undeliverable, "999/1")});
  one.decide(plain(alice, action::help));
  REQUIRE(one.claim(10).size() == 1);
  one.report({sent(lost, "999/1")});
  CHECK(fate_of(db, lost) == "sent undeliverable 001");  // what was told of the first
  one.note({told(delivery_state::delivered, "999/1")});
  CHECK(fate_of(db, lost) == "delivered delivered 001");
}

TEST_CASE("many receipts and marks at once, each in its own order: every reply ends where it was told") {
  constexpr int replies = 300;
  database db;
  gateway marks{db}, notes{db, "two"};
  std::vector<text> texts;
  for (int i = 0; i < replies; ++i) texts.push_back(plain(alice + static_cast<std::uint64_t>(i), action::help));
  const auto owed = marks.decide_all(texts);
  const auto until_done = [](auto&& call) {
    for (int races = 0; races < 100; ++races) {
      const auto fate = call();
      if (fate != fate::raced) return fate;
    }
    return fate::raced;
  };
  std::thread noting{[&] {
    for (int from = replies - 10; from >= 0; from -= 10) {
      std::vector<delivery> some;
      for (int i = from; i < from + 10; ++i)
        some.push_back(told(i % 3 == 0 ? delivery_state::expired : delivery_state::delivered, fmt::format("id{}", i)));
      CHECK(until_done([&] { return notes.link().note(some).fate; }) == fate::done);
    }
  }};
  for (int from = 0; from < replies; from += 15) {
    std::vector<reply_result> some;
    for (int i = from; i < from + 15; ++i)
      some.push_back(sent(owed[static_cast<std::size_t>(i)], fmt::format("id{}", i)));
    CHECK(until_done([&] { return marks.link().redeem({}, some, false).fate; }) == fate::done);
  }
  noting.join();
  CHECK(db.count("select count(*) from topup.message where reply = 'delivered'") == 200);
  CHECK(db.count("select count(*) from topup.message where reply = 'undelivered'") == 100);
  CHECK(db.count("select count(*) from topup.undelivered") == 100);
}

TEST_CASE("receipts are acknowledged when they are in the store, many in one call, beside texts") {
  database db;
  counter one{options(db)};
  const decision reply = one.ask(plain(alice, action::help));
  for (std::uint64_t ticket = 1; ticket <= 1000; ++ticket) {
    delivery each = told(delivery_state::delivered, fmt::format("id{}", ticket));
    each.ticket = ticket;
    REQUIRE(one.works.note(each) == door::taken::yes);
  }
  REQUIRE(one.until([&] { return one.noted.size() == 1000; }));
  std::sort(one.noted.begin(), one.noted.end());
  CHECK(one.noted.front() == 1);
  CHECK(one.noted.back() == 1000);
  CHECK(db.count("select count(distinct at) from topup.awaited") < 100);  // a call has one time
  one.works.report(sent(reply, "id7"));
  one.works.stop(std::chrono::seconds{30});
  CHECK(fate_of(db, reply) == "delivered delivered 001");
  CHECK(one.works.note(told(delivery_state::delivered)) == door::taken::away);
}

TEST_CASE("receipts that cannot be kept are refused, and their queue is bounded") {
  database db;
  auto at = options(db);
  at.deliveries_max = 10;
  counter one{at};
  std::size_t taken = 0;
  {
    pqxx::connection other{db.url()};
    pqxx::work holding{other};
    holding.exec("lock table topup.awaited in access exclusive mode");
    const auto offer = [&] {
      delivery each = told(delivery_state::delivered, fmt::format("id{}", taken));
      each.ticket = taken;
      const auto said = one.works.note(each);
      if (said == door::taken::yes) ++taken;
      return said;
    };
    REQUIRE(offer() == door::taken::yes);
    std::int64_t waiting = 0;
    while (waiting == 0)
      waiting = db.count(
          "select coalesce(min(pid), 0) from pg_stat_activity where datname = current_database() "
          "and application_name = 'topupd claimer' and wait_event_type = 'Lock'");
    while (offer() == door::taken::yes) {
    }
    CHECK(offer() == door::taken::full);
    CHECK(taken == 11);
    db.sql(fmt::format("select pg_terminate_backend({})", waiting));
    REQUIRE(one.until([&] { return !one.refused.empty(); }));
  }
  REQUIRE(one.until([&] { return one.noted.size() + one.refused.size() == taken; }));
  CHECK(one.refused == std::vector<std::uint64_t>{0});
  CHECK(one.states.empty());
}
