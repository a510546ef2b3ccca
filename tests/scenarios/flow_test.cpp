// How fast replies leave: as fast as the SMSC was said to take them, and slower when it says so itself (SMPP.md §2
// "rate"). How the rate comes back within a minute is in tests/unit/smpp_session/token_bucket_test.cpp.
#include <doctest/doctest.h>

#include "tests/scenarios/stand.hpp"

using namespace topupd::scenarios;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

// That many texts, each of another phone; returns when all are acknowledged.
void send(stand& here, std::size_t first, std::size_t count) {
  for (auto number = first; number < first + count; ++number)
    here.text("TOPUP " + here.pin(number), std::to_string(999705000000 + number));
  here.until_answered();
}

std::chrono::duration<double> until_replied(stand& here, std::size_t count) {
  const auto begin = clock_type::now();
  here.until([&] { return here.reply_count >= count; }, "reply to every text", 60s);
  return clock_type::now() - begin;
}

}  // namespace

TEST_CASE("replies leave no faster than the configured throughput") {
  stand here({.sandbox = {"--set", "throughput = 50"}});
  const auto begin = clock_type::now();
  send(here, 0, 100);
  until_replied(here, 100);
  // A bucket holds a tenth of a second's tokens: 95 of the 100 come one in 20 ms.
  CHECK(std::chrono::duration<double>(clock_type::now() - begin).count() > 1.85);
  here.check_all_is_well();
}

TEST_CASE("throttled, the gateway halves its rate instead of pressing, and every reply arrives once") {
  constexpr std::size_t rate = 100, count = 260;
  stand here({.sandbox = {"--set", "throughput = 100"}});
  send(here, 0, count);
  until_replied(here, rate);  // a second at full speed
  here.centre.throttle(300ms);
  here.until([&] { return here.centre.counters().throttled > 0; }, "ESME_RTHROTTLED");
  here.pass(400ms);
  const auto before = here.reply_count;
  const auto took = until_replied(here, count);
  // At the full rate they would take (count - before) / rate seconds.
  CHECK(took.count() > 1.4 * static_cast<double>(count - before) / static_cast<double>(rate));
  // What was on its way when it was said, and a try or two in a pause of at least 0.2 s that doubles.
  CHECK(here.centre.counters().throttled <= here.gateway_window + rate / 10);
  CHECK(here.reply_count == count);
  CHECK(here.replies.size() == count);
  CHECK(here.sql("select count(*), min(balance_minor), max(balance_minor) from topup.account") ==
        std::to_string(count) + "|5000|5000");
  here.check_all_is_well();
}

// The simulator refuses with ESME_RTHROTTLED alone; what that means is a setting. What other statuses mean by
// themselves is in tests/unit/gateway/relay_status_test.cpp.
TEST_CASE("a reply that is refused for good is dead and alarmed; its credit stays, and what follows leaves") {
  stand here({.sandbox = {"--set", "throttling_statuses = [0x14]", "--set", "permanent_statuses = [0x58]"}});
  here.centre.throttle(1h);
  here.text("TOPUP " + here.pin(0));
  here.until([&] { return here.sql("select reply from topup.message") == "dead"; }, "dead reply", 10s);
  here.centre.throttle(0ms);
  CHECK(has(here.log(), "error reply refused receipt="));
  CHECK(has(here.log(), "status=ESME_RTHROTTLED"));
  CHECK(here.balance_of(here.self) == "50.00");
  const auto trace = here.topupctl({"trace", here.self}).output;
  CHECK(has(trace, "refused"));
  CHECK(has(trace, "0x00000058"));

  CHECK(has(here.ask("TOPUP " + here.pin(1), here.other), "Confirmed"));
  CHECK(has(here.ask("BALANCE"), "50.00"));
  CHECK(here.replies_to(here.self) == 1);
  // Nobody takes it up again.
  CHECK(here.stop_daemon() == 0);
  here.start_daemon();
  CHECK(has(here.ask("please topup " + here.pin(0)), "already"));  // who asks in other words learns it
  CHECK(here.replies_to(here.self) == 2);
  here.check_all_is_well();
}

TEST_CASE("a phone that the SMSC refuses for now holds up nobody else, and has its reply in the end") {
  stand here({.sandbox = {"--set", "throttling_statuses = []"}});
  here.centre.throttle(1h);
  here.text("TOPUP " + here.pin(0));
  here.until([&] { return here.centre.counters().throttled == 1; }, "refusal");
  here.centre.throttle(0ms);
  const auto begin = clock_type::now();
  send(here, 1, 50);
  here.until([&] { return here.reply_count == 50; }, "reply to the others");
  CHECK(clock_type::now() - begin < 2s);
  CHECK(here.replies_to(here.self) == 0);
  here.until([&] { return here.replies_to(here.self) == 1; }, "the reply in the end");
  CHECK(has(here.last_reply_to(here.self), "Confirmed. 50.00"));
  CHECK(here.centre.counters().throttled == 1);
  here.check_all_is_well();
}
