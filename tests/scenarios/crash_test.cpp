// What breaks between a text and its confirmation: links, the daemon, the database. Each card is credited once, each
// text answered (DESIGN.md §2.1-§2.5).
#include <doctest/doctest.h>
#include <signal.h>

#include <cstdlib>
#include <optional>

#include "tests/scenarios/stand.hpp"

using namespace topupd::scenarios;
using namespace std::chrono_literals;

namespace {

// `count` texts, each from a phone of its own with a card of its own, `each` apart.
void send_load(stand& here, int count, std::chrono::milliseconds each, const std::function<void(int)>& meanwhile) {
  for (int number = 0; number < count; ++number) {
    here.text("TOPUP " + here.pin(static_cast<std::size_t>(number)), std::to_string(999702000000 + number));
    meanwhile(number);
    here.pass(each);
  }
}

void check_credited_once(stand& here, int count) {
  here.until([&] { return here.replies.size() == static_cast<std::size_t>(count); }, "a reply to each phone", 60s);
  CHECK(here.sql("select count(*), min(balance_minor), max(balance_minor) from topup.account") ==
        std::to_string(count) + "|5000|5000");
  CHECK(here.sql("select count(*) from topup.transfer") == std::to_string(count));
}

// While it lives, a standby is waited for that never comes: COMMIT is durable here, and its answer is late for ever.
struct endless_commits {
  stand& here;
  explicit endless_commits(stand& at) : here(at) {
    set("set synchronous_standby_names = 'nobody'");
    // It holds when the checkpointer has heard of it, and only a COMMIT that waits tells.
    here.until(
        [this] {
          here.run({"timeout", "0.3", "psql", "-Xqc", "select pg_logical_emit_message(true, '', '')", "postgres"});
          return waiting("psql") != "0";
        },
        "COMMIT that waits");
  }
  ~endless_commits() { set("reset synchronous_standby_names"); }
  // COMMITs of that program.
  [[nodiscard]] std::string waiting(const std::string& of) const {
    return here.sql("select count(*) from pg_stat_activity where wait_event = 'SyncRep' and application_name = '" + of +
                    "'");
  }
  void set(const std::string& what) {
    here.sql("alter system " + what);
    here.sql("select pg_reload_conf()");
  }
};

}  // namespace

TEST_CASE("a text whose answer is lost with the link is delivered again, credited once and answered") {
  stand here;
  here.centre.faults.cut_before_answer = 1;
  here.text("TOPUP " + here.pin(0));
  here.until([&] { return here.replies_to(here.self) > 0 && here.centre.unanswered() == 0; }, "the confirmation");
  CHECK(here.centre.counters().sent == 2);
  CHECK(here.balance_of(here.self) == "50.00");
  CHECK(here.sql("select max(seen) from topup.message") == "2");
  here.check_all_is_well();
}

TEST_CASE("a daemon killed between commit and acknowledgement credits once and answers after its restart") {
  stand here;
  std::optional<endless_commits> stall(here);
  here.text("TOPUP " + here.pin(0));
  here.until([&] { return stall->waiting("topupd writer") == "1"; }, "a COMMIT that waits");
  here.kill_daemon();
  CHECK(here.centre.counters().taken == 0);
  stall.reset();
  here.start_daemon();
  here.until([&] { return here.replies_to(here.self) > 0 && here.centre.unanswered() == 0; }, "the confirmation");
  CHECK(here.balance_of(here.self) == "50.00");
  CHECK(here.sql("select count(*) from topup.message") == "1");
  here.check_all_is_well();
}

TEST_CASE("a daemon killed between a submit_sm and its response sends the same confirmation again") {
  stand here({.sandbox = {"--lease", "3s"}});
  here.centre.faults.mute = true;
  const auto first = here.ask("TOPUP " + here.pin(0));
  here.kill_daemon();
  here.centre.faults.mute = false;
  here.start_daemon();
  here.until([&] { return here.replies_to(here.self) == 2; }, "the confirmation again");
  CHECK(here.last_reply_to(here.self) == first);
  CHECK(here.balance_of(here.self) == "50.00");
  here.check_all_is_well();
}

TEST_CASE("a confirmation that a hanging SMSC lost is sent by the next process") {
  stand here({.sandbox = {"--lease", "3s"}});
  here.centre.faults.deaf = true;
  here.text("TOPUP " + here.pin(0));
  here.until([&] { return here.centre.unanswered() == 0; }, "acknowledgement");
  here.pass(300ms);  // longer than the store waits with what it is told of replies
  here.kill_daemon();
  here.centre.faults.deaf = false;
  here.start_daemon();
  here.until([&] { return here.replies_to(here.self) == 1; }, "the confirmation");
  CHECK(has(here.last_reply_to(here.self), "Confirmed"));
  here.check_all_is_well();
}

TEST_CASE("a link cut as a submit_sm arrives brings the same confirmation again, by the same process") {
  stand here;
  here.centre.faults.cut_at_submit = 1;
  const auto first = here.ask("TOPUP " + here.pin(0));
  here.until([&] { return here.replies_to(here.self) == 2; }, "the confirmation again");
  CHECK(here.last_reply_to(here.self) == first);
  here.check_all_is_well();
}

TEST_CASE("a confirmation lost with the link is sent again") {
  stand here;
  here.centre.faults.lose_at_submit = 1;
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed"));
  CHECK(here.replies_to(here.self) == 1);
  CHECK(here.balance_of(here.self) == "50.00");
  here.check_all_is_well();
}

TEST_CASE("PostgreSQL crashing under load loses nothing and doubles nothing") {
  stand here;
  std::optional<process> restart;
  const std::string cluster = std::getenv("TOPUP_TEST_CLUSTER");
  send_load(here, 300, 5ms, [&](int number) {
    if (number == 100) {
      restart.emplace(std::vector<std::string>{CLUSTER, "restart", cluster, "--immediate"}, environment{},
                      here.folder() + "/restart");
    }
  });
  here.until([&] { return restart->exit_status().has_value(); }, "PostgreSQL's restart");
  CHECK(restart->exit_status() == 0);
  check_credited_once(here, 300);
  here.check_all_is_well();
}

TEST_CASE("SIGTERM under load finishes what is taken; the next process answers the rest") {
  stand here;
  send_load(here, 300, 3ms, [&](int number) {
    if (number == 150) here.daemon().signal(SIGTERM);
  });
  here.until([&] { return here.daemon().exit_status().has_value(); }, "the daemon's end", 10s);
  CHECK(here.daemon().exit_status() == 0);
  CHECK(here.sql("select count(*) from topup.message where reply = 'owed'") == "0");
  here.start_daemon();
  check_credited_once(here, 300);
  CHECK(here.reply_count == 300);  // an orderly end needs no reply twice
  here.check_all_is_well();
}

TEST_CASE("a daemon killed three times under load loses nothing and doubles nothing") {
  stand here({.sandbox = {"--lease", "3s"}});
  send_load(here, 300, 5ms, [&](int number) {
    if (number % 100 != 50) return;
    here.kill_daemon();
    here.launch_daemon();
  });
  check_credited_once(here, 300);
  CHECK(here.reply_count <= 300 + 3 * 64);  // at most the window for each kill
  here.check_all_is_well();
}
