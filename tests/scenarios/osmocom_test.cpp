// The gateway at OsmoMSC, as `profile = "osmocom"` has it: SMPP.md §3, every quirk at once. What OsmoMSC would not take
// of the gateway (a PDU in pieces, an answer cut short, a queue overrun, a generic_nack) the simulator says is odd, and
// so no scenario here is well with it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/scenarios/stand.hpp"

using namespace topupd::scenarios;
using namespace std::chrono_literals;

namespace {

// The window is the profile's.
stand_options at_osmocom(std::vector<std::string> more = {}) {
  std::vector<std::string> sandbox{"--window", "", "--set", "profile = \"osmocom\""};
  sandbox.insert(sandbox.end(), more.begin(), more.end());
  return {.sandbox = sandbox, .profile = topupd::smsc::profile::osmocom};
}

const std::vector<std::string> with_receipts{"--set", "receipts = \"all\""};

std::size_t replies_that_are(stand& here, const std::string& state) {
  return std::stoul(here.sql("select count(*) from topup.message where reply = '" + state + "'"));
}

}  // namespace

TEST_CASE("at OsmoMSC a top-up is credited and confirmed, and the balance told, each followed to its phone") {
  stand here(at_osmocom(with_receipts));
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed. 50.00"));
  CHECK(has(here.ask("TOPUP " + here.pin(1), here.other), "Confirmed. 50.00"));
  CHECK(has(here.ask("BAL"), "50.00"));
  here.until([&] { return replies_that_are(here, "delivered") == 3; }, "receipt for every reply", 10s);
  CHECK(here.last_reply.message_id == "msg_id_not_implemented");
  CHECK(here.balance_of(here.self) == "50.00");
  CHECK(here.balance_of(here.other) == "50.00");
  CHECK(here.reply_count == 3);  // a receipt is never answered
  // Each text came behind an alert_notification.
  CHECK_FALSE(has(here.log(), "link lost"));
  CHECK(here.centre.counters().links == 1);
  here.check_all_is_well();
}

TEST_CASE("at OsmoMSC a text in Arabic is credited and answered in Arabic, in GSM 03.38 the signs it has are read") {
  stand here(at_osmocom(with_receipts));
  const auto reply = here.ask("شحن " + here.pin(0));
  CHECK(here.outcome_of_last() == "credited");
  CHECK(std::any_of(reply.begin(), reply.end(), [](char c) { return c >= '\xD8' && c <= '\xDB'; }));
  CHECK(here.last_reply.data_coding == 8);
  CHECK(has(here.ask("@TOPUP_" + here.pin(1), here.other), "Confirmed"));  // data_coding 1, octets 0 and 0x11
  here.until([&] { return replies_that_are(here, "delivered") == 2; }, "receipt for both replies", 10s);
  here.check_all_is_well();
}

TEST_CASE("at OsmoMSC a pair is bound, its receiver answered as a transmitter, and again when both were cut") {
  stand here(at_osmocom({"--set", "bind = \"pair\"", "--set", "receipts = \"all\""}));
  for (std::size_t turn = 0; turn < 2; ++turn) {
    here.until([&] { return here.centre.binds() == 2; }, "both binds");
    CHECK(has(here.ask("TOPUP " + here.pin(turn)), "Confirmed. 50.00"));
    here.until([&] { return replies_that_are(here, "delivered") == turn + 1; }, "receipt", 10s);
    if (turn > 0) break;
    here.centre.cut();
    here.until([&] { return here.centre.binds() == 0; }, "the end of both");
  }
  CHECK(here.balance_of(here.self) == "100.00");
  CHECK(here.reply_count == 2);
  here.check_all_is_well();
}

TEST_CASE("at OsmoMSC as many phones as its queue holds text at once, and none of their replies is dropped") {
  stand here(at_osmocom(with_receipts));
  here.ask("BAL");  // the answer to the bind is in the queue, too
  for (std::size_t wave = 0; wave < 5; ++wave) {
    for (std::size_t phone = 0; phone < 10; ++phone)
      here.text("TOPUP " + here.pin(wave * 10 + phone), std::to_string(999705000000 + phone));
    here.until([&] { return replies_that_are(here, "delivered") == 1 + (wave + 1) * 10; }, "every receipt");
  }
  CHECK(here.centre.counters().lost == 0);
  CHECK(here.reply_count == 51);
  CHECK(here.sql("select count(*), min(balance_minor), max(balance_minor) from topup.account") == "10|25000|25000");
  here.check_all_is_well();
}

TEST_CASE("at OsmoMSC a text that is refused while the database is away comes no more, and credits nothing") {
  stand here(at_osmocom());
  const std::string cluster = std::getenv("TOPUP_TEST_CLUSTER");
  REQUIRE(here.run({CLUSTER, "stop", cluster}).status == 0);
  const auto begin = std::chrono::steady_clock::now();
  here.text("TOPUP " + here.pin(0));
  here.until_answered();
  CHECK(std::chrono::steady_clock::now() - begin < 4s);  // within its 5 s: the phone has its word
  CHECK(here.centre.counters().refused == 1);
  REQUIRE(here.run({CLUSTER, "start", cluster}).status == 0);
  here.pass(1s);  // ten times the simulator's delay
  CHECK(here.centre.counters().sent == 1);
  CHECK(here.centre.counters().taken == 0);
  CHECK(here.reply_count == 0);
  CHECK(here.balance_of(here.self) == "none");

  // "Try again later": she does, until it is taken.
  for (int turn = 0; turn < 50 && here.centre.counters().taken == 0; ++turn) {
    here.text("TOPUP " + here.pin(0));
    here.until_answered();
    here.pass(200ms);
  }
  here.until([&] { return here.replies_to(here.self) == 1; }, "the confirmation");
  CHECK(has(here.last_reply_to(here.self), "Confirmed. 50.00"));
  CHECK(here.balance_of(here.self) == "50.00");
  here.check_all_is_well();
}

TEST_CASE("at OsmoMSC a text whose answer is lost is credited once, however often its sender tries again") {
  stand here(at_osmocom());
  here.centre.faults.cut_before_answer = 1;
  here.text("TOPUP " + here.pin(0));
  here.until([&] { return here.centre.counters().lost == 1; }, "loss of the answer");
  here.until([&] { return here.replies_to(here.self) == 1; }, "the confirmation");
  for (std::uint64_t turn = 1; turn <= 2; ++turn) {
    here.text("TOPUP " + here.pin(0));
    here.until_answered();
    CHECK(here.centre.counters().taken == turn);
  }
  CHECK(has(here.replies.at(here.self).front(), "Confirmed. 50.00"));
  CHECK(here.balance_of(here.self) == "50.00");
  here.check_all_is_well();
}
