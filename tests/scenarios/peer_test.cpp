// What an SMSC does to us: absent, refusing, throttling, speaking nonsense. The process stays, and says what is the
// matter.
#include <doctest/doctest.h>

#include "tests/scenarios/stand.hpp"

using namespace topupd::scenarios;
using namespace std::chrono_literals;

TEST_CASE("an SMSC that is away at the start is waited for") {
  stand here({.daemon = false});
  here.centre.stop_listening();
  here.launch_daemon();
  here.until([&] { return has(here.log(), "refused"); }, "a line about the refused connection");
  CHECK_FALSE(here.daemon().exit_status());
  here.centre.listen();
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed"));
  here.check_all_is_well();
}

TEST_CASE("an SMSC that goes away for a while is bound again, and a text waits there meanwhile") {
  stand here;
  here.centre.go_away(1500ms);
  here.until([&] { return here.centre.binds() == 0; }, "the end of the link");
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed"));
  here.check_all_is_well();
}

TEST_CASE("a refused bind is tried again and said in the log") {
  stand here({.daemon = false});
  here.centre.faults.refuse_binds = 2;
  here.launch_daemon();
  here.until([&] { return here.centre.binds() == 1; }, "the bind");
  CHECK(has(here.log(), "ESME_RINVPASWD"));
  CHECK(has(here.ask("BAL"), "0.00"));
  here.check_all_is_well();
}

TEST_CASE("a throttled confirmation stays owed and comes later") {
  stand here;
  here.centre.throttle(800ms);
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed"));
  CHECK(here.centre.counters().throttled > 0);
  CHECK(here.replies_to(here.self) == 1);
  here.check_all_is_well();
}

TEST_CASE("a confirmation that the SMSC never answers is sent again on a link where nothing else happens") {
  stand here({.sandbox = {"--set", "response_timeout = \"1s\""}});
  here.centre.faults.deaf = true;
  here.text("TOPUP " + here.pin(0));
  here.until([&] { return here.centre.counters().taken == 1; }, "the acknowledgement");
  here.pass(300ms);
  here.centre.faults.deaf = false;
  here.until([&] { return here.replies_to(here.self) == 1; }, "the confirmation", 5s);
  here.check_all_is_well();
}

TEST_CASE("garbage from the SMSC never ends the process") {
  stand here({.daemon = false});
  here.centre.faults.spoil_links = 16;  // twice each kind
  here.launch_daemon();
  here.until([&] { return here.centre.faults.spoil_links == 0 && here.centre.binds() == 1; }, "a good bind", 60s);
  CHECK_FALSE(here.daemon().exit_status());
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed"));
  here.check_all_is_well();
}

TEST_CASE("a text while the database is away is answered with the temporary status, and taken later") {
  stand here;
  const std::string cluster = std::getenv("TOPUP_TEST_CLUSTER");
  REQUIRE(here.run({CLUSTER, "stop", cluster}).status == 0);
  here.text("TOPUP " + here.pin(0));
  here.until([&] { return here.centre.counters().sent > 1; }, "second attempt: the first one's answer was for now");
  CHECK(here.centre.counters().taken == 0);
  CHECK(here.reply_count == 0);
  REQUIRE(here.run({CLUSTER, "start", cluster}).status == 0);
  here.until([&] { return here.replies_to(here.self) == 1 && here.centre.unanswered() == 0; }, "the confirmation");
  CHECK(has(here.last_reply_to(here.self), "Confirmed"));
  here.check_all_is_well();
}
