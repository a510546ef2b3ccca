// Several ways between subscriber and gateway: transmitter and receiver as two links, and SMSCs that stand in for each
// other (SMPP 3.4 §2.2; the settings `bind` and `group`).
#include <doctest/doctest.h>

#include "tests/scenarios/stand.hpp"

using namespace topupd;
using namespace topupd::scenarios;
using namespace std::chrono_literals;

namespace {

constexpr auto away = 3s;

// A text is acknowledged by the first SMSC, which then goes away with the reply not sent.
void owe_a_reply(stand& here, std::size_t card) {
  here.centre.throttle(1h);  // nothing leaves by it
  here.text("TOPUP " + here.pin(card));
  here.until_answered();
  here.centre.go_away(away);
  here.centre.throttle(0ms);
}

}  // namespace

TEST_CASE("a pair takes texts on its receiver and answers on its transmitter, and does so again when both were cut") {
  stand here({.sandbox = {"--set", "bind = \"pair\""}});
  here.until([&] { return here.centre.binds() == 2; }, "both binds");
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed. 50.00"));
  here.until([&] { return here.sql("select reply from topup.message") == "sent"; }, "reply known to be sent");
  here.centre.cut();
  here.until([&] { return here.centre.binds() == 2; }, "both binds again");
  CHECK(has(here.ask("TOPUP " + here.pin(1)), "Confirmed. 50.00"));
  CHECK(here.balance_of(here.self) == "100.00");
  CHECK(here.reply_count == 2);
  here.check_all_is_well();
}

TEST_CASE("over a pair the same text sent again is a new text once the first was answered") {
  stand here({.sandbox = {"--set", "bind = \"pair\""}});
  here.until([&] { return here.centre.binds() == 2; }, "both binds");
  const auto for_other = [](const std::string& pin) { return "TOPUP " + pin + " " + stand::other; };
  for (std::size_t card = 0; card < 2; ++card) {
    CHECK(has(here.ask(for_other(here.pin(card))), "YES"));
    here.until_nothing_is_owed();
    CHECK(has(here.ask("YES"), "Confirmed. 50.00"));
    here.until_nothing_is_owed();
  }
  CHECK(here.balance_of(here.other) == "100.00");
  for (int times = 0; times < 3; ++times) {
    CHECK(has(here.ask("BAL", here.other), "100.00"));
    here.until_nothing_is_owed();
  }
  here.check_all_is_well();
}

TEST_CASE("a reply leaves by another SMSC of the group while its own is away") {
  stand here({.daemon = false, .sandbox = {"--set", "group = \"coast\""}});
  auto& second = here.add_centre("second", "group = \"coast\"");
  here.start_daemon();
  here.until([&] { return second.binds() == 1; }, "bind to the second SMSC");
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed"));
  CHECK(second.counters().replies == 0);  // its own is there

  owe_a_reply(here, 1);
  here.until([&] { return here.replies_to(here.self) == 2; }, "the confirmation by the second SMSC", 2s);
  CHECK(here.centre.binds() == 0);  // still away
  CHECK(second.counters().replies == 1);
  const auto& confirmation = here.last_reply_to(here.self);
  here.until_nothing_is_owed();
  CHECK(has(here.topupctl({"trace", confirmation.substr(0, confirmation.find(' '))}).output, "through second"));
  // The first one's link has shown that it was acknowledged; that of the second broke before.
  CHECK(here.sql("select string_agg(heard::text, chr(44) order by receipt) from topup.message") == "true,false");

  here.until([&] { return here.centre.binds() == 1; }, "the first SMSC's return");
  CHECK(has(here.ask("TOPUP " + here.pin(2)), "Confirmed"));
  CHECK(second.counters().replies == 1);
  CHECK(here.balance_of(here.self) == "150.00");
  here.check_all_is_well();
}

TEST_CASE("a reply waits for its own SMSC where no other one stands in for it") {
  stand here({.daemon = false});
  auto& second = here.add_centre("second", "");
  here.start_daemon();
  here.until([&] { return second.binds() == 1; }, "bind to the second SMSC");
  owe_a_reply(here, 0);
  // Its own texts go on meanwhile.
  second.deliver(here.other, "TOPUP " + here.pin(1));
  here.until([&] { return here.replies_to(here.other) == 1; }, "the answer to who texts by the second SMSC", 2s);
  here.until([&] { return here.replies_to(here.self) == 1; }, "the confirmation, late");
  CHECK(here.centre.counters().replies == 1);
  CHECK(second.counters().replies == 1);
  here.check_all_is_well();
}
