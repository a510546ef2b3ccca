// What subscribers do with credit besides topping up, end to end: TRANSFER, UNDO, a bonus, an account on hold.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/scenarios/stand.hpp"

using namespace topupd::scenarios;

namespace {

const std::string transfers =
    "[transfer]\\nenabled = true\\nper_transfer = \"20\"\\nper_day = \"30\"\\nremaining = \"1\"";

}  // namespace

TEST_CASE("credit is transferred after YES, both are told, and the limits are said") {
  stand here({.sandbox = {"--append", transfers}});
  here.ask("TOPUP " + here.pin(0));
  const auto question = here.ask("TRANSFER 0709876543 20");
  CAPTURE(question);
  CHECK(has(question, "20.00 USD"));
  CHECK(has(question, "0709876543"));
  CHECK(has(question, "YES"));
  CHECK(here.balance_of(here.self) == "50.00");
  const auto done = here.ask("YES");
  CAPTURE(done);
  CHECK(has(done, "30.00 USD"));
  here.until([&] { return here.replies_to(here.other) == 1; }, "the receiver's message");
  CHECK(has(here.last_reply_to(here.other), "20.00 USD"));
  CHECK(here.balance_of(here.self) == "30.00");
  CHECK(here.balance_of(here.other) == "20.00");
  CHECK(here.outcome_of_last() == "transferred");

  CHECK(has(here.ask("TRANSFER 0709876543 20.01"), "20.00 USD"));
  CHECK(has(here.ask("TRANSFER 0709876543 15"), "30.00 USD"));  // a day
  CHECK(here.outcome_of_last() == "not_transferred above_day");
  here.ask("TRANSFER 0701234567 5");
  CHECK(here.outcome_of_last() == "not_transferred to_oneself");
  here.ask("TRANSFER 0709876543 5");
  here.ask("NO");
  CHECK(here.outcome_of_last() == "cancelled transfer");
  CHECK(here.balance_of(here.self) == "30.00");
  here.check_all_is_well();
}

TEST_CASE("TRANSFER and UNDO are not offered unless the operator says so") {
  stand here;
  here.ask("TOPUP " + here.pin(0));
  here.ask("TRANSFER 0709876543 5");
  CHECK(here.outcome_of_last() == "unclear no_transfer");
  here.ask("UNDO");
  CHECK(here.outcome_of_last() == "unclear no_undo");
  CHECK(here.balance_of(here.self) == "50.00");
  here.check_all_is_well();
}

TEST_CASE("who credited the wrong number takes it back with UNDO, and both are told") {
  stand here({.sandbox = {"--undo", "10m"}});
  here.ask("TOPUP " + here.pin(0) + " 0709876543");
  here.ask("YES");
  here.until([&] { return here.replies_to(here.other) == 1; }, "the receiver's message");
  CHECK(here.balance_of(here.other) == "50.00");
  const auto undone = here.ask("UNDO");
  CAPTURE(undone);
  CHECK(has(undone, "50.00 USD"));
  CHECK(has(undone, "0709876543"));
  here.until([&] { return here.replies_to(here.other) == 2; }, "what the receiver is told");
  CAPTURE(here.last_reply_to(here.other));
  CHECK(has(here.last_reply_to(here.other), "0.00 USD"));
  CHECK(here.balance_of(here.self) == "50.00");
  CHECK(here.balance_of(here.other) == "0.00");
  here.ask("UNDO");
  CHECK(here.outcome_of_last() == "not_undone undone_before");
  here.check_all_is_well();
}

TEST_CASE("a card's bonus is told, and a card for an account on hold stays unused") {
  stand here;
  here.sql("update topup.product set bonus_minor = 250, bonus_days = 7");
  const auto said = here.ask("TOPUP " + here.pin(0));
  CAPTURE(said);
  CHECK(has(said, "50.00 USD"));
  CHECK(has(said, "2.50 USD"));
  CHECK(has(here.ask("BAL"), "2.50 USD"));
  CHECK(here.topupctl({"account", "hold", "0701234567", "--reason", "a test"}).status == 0);
  here.ask("TOPUP " + here.pin(1));
  CHECK(here.outcome_of_last() == "held_account");
  CHECK(here.topupctl({"account", "release", "0701234567", "--reason", "a test"}).status == 0);
  CHECK(has(here.ask("TOPUP " + here.pin(1)), "100.00 USD"));
  here.check_all_is_well();
}
