// One text of each reading, through the real daemon: what it becomes, what the phone is told, and what it costs nobody.
#include <doctest/doctest.h>

#include "tests/scenarios/stand.hpp"

using namespace topupd::scenarios;
using namespace std::chrono_literals;

namespace {

struct row {
  std::string text;
  std::string outcome;             // as the store has it, with its reason
  std::vector<std::string> words;  // in the reply
};

void play(stand& here, const std::vector<row>& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto reply = here.ask(here.filled(row.text));
    CHECK(here.outcome_of_last() == row.outcome);
    for (const auto& word : row.words) {
      CAPTURE(word);
      CHECK_MESSAGE(has(reply, here.filled(word)), reply);
    }
  }
}

}  // namespace

TEST_CASE("each way to ask for credit has its own answer") {
  stand here;
  play(here, {
                 {"TOPUP {pin0}", "credited", {"Confirmed", "50.00"}},
                 {"topup {pin0}", "repeated", {"already", "50.00"}},
                 {"{pin1}", "credited", {"100.00"}},
                 {"TOPUP {pin2} {pin3}", "credited", {"2", "100.00", "200.00"}},
                 {"TOPUP {pin4} {serial4}", "credited", {"250.00"}},
                 {"TOPUP {pin5} {serial6}", "unclear wrong_serial", {"serial"}},
                 {"TOPUP {pin5} 50", "credited", {"300.00"}},
                 {"TOPUP {pin6} 20", "asked differs", {"50.00", "20", "YES"}},
                 {"NO", "cancelled", {}},
                 {"YES", "no_question", {}},
                 {"CHECK {pin6}", "asked check", {"50.00", "YES"}},
                 {"YES", "credited", {"Confirmed", "350.00"}},
             });
  CHECK(here.balance_of(here.self) == "350.00");
  CHECK(here.sql("select count(*) from topup.wrong_pin") == "0");
  here.check_all_is_well();
}

TEST_CASE("credit for another number is asked about first, and then both are told") {
  stand here;
  play(here, {{"TOPUP {pin0} 0709876543", "asked", {"50.00", "709876543", "YES"}}});
  CHECK(here.balance_of(here.other) == "none");
  play(here, {{"YES", "credited", {"Confirmed", "50.00", "709876543"}}});
  here.until([&] { return here.replies_to(here.other) == 1; }, "word to the other phone");
  CHECK(has(here.last_reply_to(here.other), "50.00"));
  CHECK_FALSE(has(here.last_reply_to(here.other), "999701234567"));  // whose gift it is, but not the whole number
  CHECK(here.balance_of(here.other) == "50.00");
  CHECK(here.balance_of(here.self) == "none");

  // Several at once, and the one that had been asked about before.
  play(here, {
                 {"{pin1} {pin2} {pin3} to 0709876543", "asked", {"3", "150.00", "YES"}},
                 {"YES", "credited", {"150.00", "709876543"}},
                 {"YES", "no_question", {}},
             });
  here.until([&] { return here.replies_to(here.other) == 2; }, "word to the other phone");
  CHECK(here.balance_of(here.other) == "200.00");
  here.check_all_is_well();
}

TEST_CASE("what one may ask about is answered, and says nothing about others") {
  stand here;
  const auto confirmation = here.ask("TOPUP " + here.pin(0));
  const auto receipt = confirmation.substr(0, confirmation.find(' '));
  play(here, {
                 {"BAL", "balance", {"50.00"}},
                 {"LAST", "history", {"50.00"}},
                 {"STATUS {serial0}", "status card_used", {"{serial0}", "50.00"}},
                 {"STATUS {serial1}", "status card_unused", {"{serial1}", "50.00"}},
                 {"STATUS 100099999999", "status card_unknown", {"100099999999"}},
                 {"TXN ZZZZZZ9", "status receipt_unknown", {}},
                 {"HELP", "help", {"100"}},
                 {"TRANSFER 0709876543 100", "unclear no_transfer", {}},
             });
  const auto found = here.ask("TXN " + receipt);
  CHECK(here.outcome_of_last() == "status receipt_credited");
  CHECK(has(found, receipt));
  CHECK(has(found, "50.00"));
  // Another phone learns that the card is used, and never whose receipt it was.
  CHECK_FALSE(has(here.ask("STATUS " + here.serial(0), here.other), "701234567"));
  here.ask("TXN " + receipt, here.other);
  CHECK(here.outcome_of_last(here.other) == "status receipt_unknown");
  here.check_all_is_well();
}

TEST_CASE("a text that cannot be read says why, and uses nothing") {
  stand here;
  auto mistyped = here.pin(0);
  mistyped.back() = mistyped.back() == '9' ? '0' : static_cast<char>(mistyped.back() + 1);
  CHECK(here.ask("TOPUP " + mistyped).size() > 0);
  CHECK(here.outcome_of_last() == "unclear check_digit");
  here.ask("TOPUP " + here.pin(0).substr(0, 15));
  CHECK(here.outcome_of_last() == "unclear pin_length");
  CHECK(has(here.last_reply_to(here.self), "15"));
  play(here, {
                 {"TOPUP", "unclear missing_pin", {}},
                 {"TOPUP {pin0} 112", "unclear bad_number", {}},
                 {"TOPUP {pin0} 0709876543 0701112223", "unclear two_targets", {}},
                 {"TOPUP {pin0} {pin1} {serial0}", "unclear two_pins", {}},
                 {"TOPUP {pin0} {pin1} {pin2} {pin3} {pin4} {pin5}", "unclear many_pins", {"5"}},
                 {"STATUS", "unclear missing_serial", {}},
                 {"LANG KLINGON", "unclear unknown_language", {}},
                 {"TRANSFER", "unclear missing_amount", {}},
             });
  CHECK(here.sql("select count(*) from topup.account") == "0");
  CHECK(here.sql("select count(*) from topup.wrong_pin") == "0");
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed"));
  here.check_all_is_well();
}

TEST_CASE("the eleventh answer within an hour is silence, and credit is confirmed all the same") {
  stand here({.sandbox = {"--answers", "10"}});
  std::string text = "HELP";
  for (int number = 0; number < 10; ++number) here.ask(text += ' ');
  here.text(text += ' ');
  here.until_answered();
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed"));
  CHECK(here.replies_to(here.self) == 11);
  here.ask("HELP", here.other);  // nobody else's silence
  here.text(text += ' ');
  here.until_answered();
  here.pass(300ms);
  CHECK(here.replies_to(here.self) == 11);
  here.check_all_is_well();
}
