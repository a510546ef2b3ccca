// Several daemons, one database: a lease is its owner's until it lapses, and one that was frozen meanwhile and goes on
// changes nothing that is somebody else's by then.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;
using kind = reply_result::kind;

namespace {

std::string row_of(database& db) {
  return db.word(
      "select concat_ws(' ', reply, lease_owner, attempts, reply_status, smsc_message_id, "
      "extract(epoch from lease_until - now())::integer between 1 and 10) from topup.message");
}

}  // namespace

TEST_CASE("whatever a gateway says of a reply that another one has taken over, only what was sent is believed") {
  struct row {
    kind what;
    const char* then;
  };
  const row rows[] = {
      {kind::release, "owed two 1 t"}, {kind::renew, "owed two 1 t"},     {kind::deferred, "owed two 1 t"},
      {kind::refused, "owed two 1 t"}, {kind::sent, "sent two 1 late t"},
  };
  for (const row& row : rows) {
    database db;
    gateway late{db}, two{db, "two"};
    const decision reply = late.decide(plain(alice, action::help));
    db.pass("40 seconds");  // SIGSTOP
    REQUIRE(two.claim(10).size() == 1);
    CHECK(row_of(db) == "owed two 1 t");
    late.report({{.receipt = reply.receipt,
                  .what = row.what,
                  .smsc_message_id = "late",
                  .status = 88,
                  .retry_in = std::chrono::hours{1}}});
    CHECK(row_of(db) == row.then);
    // The other one goes on as if nothing had been said; and what was sent is sent, whoever sent it.
    two.report({{.receipt = reply.receipt, .what = kind::sent, .smsc_message_id = "two"}});
    CHECK(row_of(db).starts_with("sent two 1"));
  }
}

TEST_CASE("nor is what a gateway says late of a lease that it had before believed of the one that it has now") {
  for (const kind what : {kind::release, kind::renew, kind::deferred, kind::refused, kind::sent}) {
    CAPTURE(static_cast<int>(what));
    database db;
    gateway one{db}, two{db, "two"};
    const decision before = one.decide(plain(alice, action::help));
    db.pass("40 seconds");
    REQUIRE(one.claim(10).size() == 1);
    db.pass("8 seconds");
    one.report({{.receipt = before.receipt, .what = what, .lease = before.lease, .status = 88}});
    CHECK(two.claim(10).empty());
    db.pass("3 seconds");
    CHECK(two.claim(10).size() == (what == kind::sent ? 0 : 1));
    CHECK(db.count("select attempts from topup.message") == 1);
  }
}

TEST_CASE("a call that is repeated hands its reply out on a new lease") {
  database db;
  gateway one{db}, two{db, "two"};
  const decision unheard = one.decide(plain(alice, action::help));
  const auto again = one.repeat();
  REQUIRE(again.size() == 1);
  CHECK(again[0].reply_owed);
  one.report({{.receipt = unheard.receipt, .what = kind::release, .lease = unheard.lease}});
  CHECK(two.claim(10).empty());
  one.report({{.receipt = unheard.receipt, .what = kind::release, .lease = again[0].lease}});
  CHECK(two.claim(10).size() == 1);
}

TEST_CASE("a reply that is claimed and given back, however often, was not tried yet") {
  database db;
  gateway one{db};
  decision reply = one.decide(plain(alice, action::help));
  for (int i = 0; i < 50; ++i) {
    one.report({{.receipt = reply.receipt, .what = kind::release, .lease = reply.lease}});
    const auto claimed = one.claim(10);
    REQUIRE(claimed.size() == 1);
    CHECK(claimed[0].attempts == 1);
    reply = claimed[0];
  }
}

TEST_CASE("leases are numbered anew when their numbers are used up") {
  database db;
  gateway one{db};
  const decision reply = one.decide(plain(alice, action::help));
  db.sql("update topup.message set lease_no = 32767");
  db.pass("40 seconds");
  const auto claimed = one.claim(10);
  REQUIRE(claimed.size() == 1);
  CHECK(claimed[0].lease == 1);
}

TEST_CASE("a lease that lapsed and that nobody took is its owner's still") {
  database db;
  gateway late{db}, two{db, "two"};
  const decision reply = late.decide(plain(alice, action::help));
  db.pass("40 seconds");
  late.report({{.receipt = reply.receipt, .what = kind::renew}});
  CHECK(two.claim(10).empty());
}

TEST_CASE(
    "a call that was frozen on its way is repeated as late as it likes: one credit, and the reply is not its own") {
  database db;
  const auto card = db.print(1);
  gateway late{db}, two{db, "two"};
  const text text = redeem(alice, voucher(card));
  const decision first = late.decide(text);
  db.pass("40 seconds");
  CHECK(two.decide(text).reply_owed);  // the SMSC has delivered it to the other one meanwhile
  const auto again = late.repeat();
  REQUIRE(again.size() == 1);
  CHECK(again[0].receipt == first.receipt);
  CHECK_FALSE(again[0].reply_owed);
  CHECK(db.word("select lease_owner from topup.message") == "two");
  CHECK(db.count("select count(*) from topup.transfer") == 1);
}

TEST_CASE(
    "a reply that is refused for now is owed again then, to whoever claims it, and tells how often it was tried") {
  database db;
  const auto card = db.print(1);
  gateway one{db}, two{db, "two"};
  const decision first = one.decide(redeem(alice, voucher(card)));
  CHECK(first.attempts == 1);
  const auto defer = [](gateway& by, const decision& reply, std::chrono::seconds time) {
    by.report(
        {{.receipt = reply.receipt, .what = kind::deferred, .lease = reply.lease, .status = 8, .retry_in = time}});
  };
  for (int i = 0; i < 2; ++i) defer(one, first, std::chrono::seconds{20});  // its COMMIT was unknown
  CHECK(db.word("select concat_ws(' ', reply, reply_status, lease_owner) from topup.message") == "owed 8");
  CHECK(one.claim(10).empty());
  db.pass("19 seconds");
  CHECK(two.claim(10).empty());
  db.pass("2 seconds");
  const auto second = two.claim(10);
  REQUIRE(second.size() == 1);
  CHECK(second[0].attempts == 2);
  two.report({{.receipt = first.receipt, .what = kind::renew, .lease = second[0].lease}});
  CHECK(db.count("select reply_status from topup.message") == 8);  // why it is late
  defer(two, second[0], std::chrono::hours{1});
  db.pass("59 minutes");
  CHECK(one.claim(10).empty());
  db.pass("2 minutes");
  const auto third = one.claim(10);
  REQUIRE(third.size() == 1);

  SUBCASE("until it is taken") {
    one.report({{.receipt = first.receipt, .what = kind::sent, .smsc_message_id = "x"}});
    CHECK(db.word("select concat_ws(' ', reply, reply_status, attempts) from topup.message") == "sent 3");
  }
  SUBCASE("or refused for good: the reply is dead, the credit stands") {
    one.report({{.receipt = first.receipt, .what = kind::refused, .lease = third[0].lease, .status = 11}});
    db.pass("1 day");
    CHECK(one.claim(10).empty());
    CHECK(db.word("select concat_ws(' ', reply, reply_status, attempts) from topup.message") == "dead 11 3");
    CHECK(db.balance(alice) == 1000);
  }
}

TEST_CASE("a block of receipts is written to the log before it is used, so that no standby gives it to another one") {
  database db;
  gateway one{db};
  for (int i = 0; i < 3; ++i) {
    const auto before = db.word("select pg_current_wal_insert_lsn()");
    const auto block = one.link().take_receipts().value;
    CHECK(db.count(fmt::format("select pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '{}')", before)) > 0);
    CHECK(one.link().take_receipts().value >= block + gateway_link::receipts_in_block);
  }
}
