// What a failing-over PostgreSQL shows to a gateway: COMMITs whose standby is gone, servers that only read, servers
// that are frozen. The real thing, with three servers, is tests/ha.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>

#include "counter.hpp"
#include "wire.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

// Comes to be so before long. The time is a limit for a test that fails, not a wait.
template <typename Condition>
void until(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (!condition()) REQUIRE(std::chrono::steady_clock::now() < end);
}

// The writer's process at the server; 0: none is so.
std::int64_t backend_that(database& db, const std::string& condition) {
  return db.count(
      "select coalesce(min(pid), 0) from pg_stat_activity where application_name = 'topupd writer' "
      "and datname = current_database() and " +
      condition);
}
std::int64_t backend(database& db, const std::string& condition) {
  std::int64_t pid = 0;
  until([&] { return (pid = backend_that(db, condition)) != 0; });
  return pid;
}
void until_gone(database& db, std::int64_t pid) {
  until([&] { return db.count(fmt::format("select count(*) from pg_stat_activity where pid = {}", pid)) == 0; });
}

// Of all databases of the cluster, while it lives.
class server_setting {
 public:
  server_setting(database& db, std::string name, const std::string& value) : db_(db), name_(std::move(name)) {
    db_.sql(fmt::format("alter system set {} = '{}'", name_, value));
    reload_until(value);
  }
  ~server_setting() {
    db_.sql("alter system reset " + name_);
    db_.sql("select pg_reload_conf()");
  }

 private:
  void reload_until(const std::string& value) {
    db_.sql("select pg_reload_conf()");
    until([&] { return db_.word("select current_setting('" + name_ + "')") == value; });
  }
  database& db_;
  std::string name_;
};

}  // namespace

TEST_CASE("a COMMIT that no standby has is not told to anybody, also when the server gives up waiting for one") {
  database db;
  auto card = db.print(1000);
  counter one{options(db)};
  one.ask(plain(carol, action::help));
  std::size_t told = 1;
  const std::string waits = "wait_event = 'SyncRep'";
  {
    const server_setting nobody{db, "synchronous_standby_names", "nobody"};
    // A session knows it before the checkpointer makes it hold for everybody: the first COMMITs may wait for no one.
    REQUIRE(one.works.offer(redeem(alice, voucher(card))) == worker::taken::yes);
    until([&] {
      if (one.seen(&counter::decided).size() > told) {
        ++told;
        REQUIRE(one.works.offer(redeem(alice, voucher(++card))) == worker::taken::yes);
      }
      return backend_that(db, waits) != 0;
    });
    // Cancelled, COMMIT succeeds with a WARNING (DESIGN.md §7). The call is repeated, and waits again.
    for (int times = 0; times < 3; ++times) {
      const auto pid = backend(db, waits);
      CHECK(one.seen(&counter::decided).size() == told);
      db.sql(fmt::format("select pg_cancel_backend({})", pid));
      until_gone(db, pid);
    }
    // Here, and perhaps nowhere else.
    CHECK(db.count("select count(*) from topup.transfer") == static_cast<std::int64_t>(told));
    CHECK_FALSE(one.seen(&counter::states).at(0).first);
    backend(db, waits);
    CHECK(one.seen(&counter::decided).size() == told);
  }
  REQUIRE(one.until([&] { return one.decided.size() == told + 1; }));
  CHECK(one.decided[told].outcome == outcome::credited);
  CHECK_FALSE(one.decided[told].duplicate);
  CHECK(one.decided[told].reply_owed);
  CHECK(db.count("select count(*) from topup.transfer") == static_cast<std::int64_t>(told));
}

TEST_CASE("a server that begins to refuse writes is left for one that takes them") {
  database db;
  const auto card = db.print(1);
  counter one{options(db)};
  one.ask(plain(carol, action::help));
  const text text = redeem(alice, voucher(card));
  {
    const server_setting demoted{db, "default_transaction_read_only", "on"};
    backend(db, "true");
    while (one.works.offer(text) == worker::taken::yes && one.seen(&counter::states).empty()) std::this_thread::yield();
    REQUIRE(one.until([&] { return !one.states.empty(); }));
    CHECK_FALSE(one.seen(&counter::states)[0].first);
    db.sql("set default_transaction_read_only = off");
  }
  REQUIRE(one.until([&] { return one.states.back().first; }));
  CHECK(one.ask(plain(bob, action::help)).outcome == outcome::help);
  CHECK(db.count("select count(*) from topup.transfer") == 1);
  CHECK(db.balance(alice) == 1000);
}

TEST_CASE("a server process that is frozen is left in time, and what it does when it goes on changes nothing") {
  database db;
  const auto card = db.print(2);
  auto at = options(db);
  at.call_limit = std::chrono::milliseconds{1000};
  counter one{at};
  one.ask(plain(carol, action::help));
  const auto frozen = static_cast<pid_t>(backend(db, "state = 'idle'"));
  REQUIRE(kill(frozen, SIGSTOP) == 0);
  const text text = redeem(alice, voucher(card));
  const decision said = one.ask(text);
  CHECK(said.outcome == outcome::credited);
  CHECK(said.reply_owed);
  CHECK_FALSE(said.duplicate);
  CHECK(one.seen(&counter::states).at(0).second.ends_with(" did not answer in time"));
  REQUIRE(kill(frozen, SIGCONT) == 0);
  // It finds the call that it was frozen before, and nobody to tell the answer to.
  until_gone(db, frozen);
  CHECK(db.count("select count(*) from topup.transfer") == 1);
  CHECK(db.count("select max(seen) from topup.message") == 1);
  CHECK(one.ask(redeem(alice, voucher(card + 1))).balance.amount_minor == 2000);
}

TEST_CASE(
    "of several hosts the one that takes writes is found, whichever is named first and whatever is wrong with it") {
  database db;
  const std::string port = std::getenv("PGPORT");
  for (const std::string& hosts : {fmt::format("host=127.0.0.1,127.0.0.1 port=1,{}", port),
                                   fmt::format("host=127.0.0.1,127.0.0.1 port={},1", port)}) {
    auto at = options(db);
    at.url += " " + hosts;
    counter one{at};
    CHECK(one.ask(plain(alice, action::help)).outcome == outcome::help);
  }
}

TEST_CASE("a server that lets everybody in and acknowledges nothing is not asked again while there is another one") {
  database db;
  const auto card = db.print(1);
  wire old_primary;
  auto at = options(db);
  at.call_limit = std::chrono::milliseconds{300};
  at.url += fmt::format(" host=127.0.0.1,127.0.0.1 port={},{}", old_primary.port(), std::getenv("PGPORT"));
  counter one{at};
  one.ask(plain(carol, action::help));
  one.works.claim(1, {});
  old_primary.hang();
  CHECK(one.ask(redeem(alice, voucher(card))).outcome == outcome::credited);
  CHECK(one.seen(&counter::states).at(0).second ==
        fmt::format("PostgreSQL on 127.0.0.1:{} did not answer in time", old_primary.port()));
  // The second connection finds its way, too.
  REQUIRE(one.works.note({.ticket = 7, .smsc = "main", .smsc_message_id = "id1"}) == door::taken::yes);
  REQUIRE(one.until([&] { return one.refused.size() + one.noted.size() == 1; }));
  while (one.seen(&counter::noted).empty()) {
    one.works.note({.ticket = 8, .smsc = "main", .smsc_message_id = "id1"});
    std::this_thread::yield();
  }
}
