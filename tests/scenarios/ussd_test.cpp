// Top-up by USSD, end to end: in one string, and in a dialogue (SMPP 3.4 §5.3.2.43, §5.3.2.44; SMPP.md §2). What the
// gateway says of the operations is in tests/unit/gateway/service_ussd_test.cpp; here it is the money.
#include <doctest/doctest.h>

#include "tests/scenarios/stand.hpp"

using namespace topupd;
using namespace topupd::scenarios;
using namespace std::chrono_literals;

namespace {

const stand_options with_ussd{.sandbox = {"--set", "ussd = \"its_session_info\"", "--lease", "2s"}};

// A phone in a dialogue with *123#. its_session_info: the dialogue's number, and the count of its messages.
struct dialogue {
  stand& here;
  std::uint8_t session;
  std::string phone = stand::self;
  std::uint8_t messages = 0;

  smpp::short_message says(std::uint8_t operation, const std::string& typed) {
    smpp::short_message value;
    value.service_type = "USSD";
    value.source = {1, 1, phone};
    value.destination = {0, 1, "123"};
    value.ussd_service_op = operation;
    value.its_session_info = static_cast<std::uint16_t>(session << 8 | messages++ << 1);
    value.octets = typed;
    return value;
  }
  std::string dials(const std::string& code) { return here.ask(says(1, code)); }       // PSSR indication
  std::string answers(const std::string& typed) { return here.ask(says(18, typed)); }  // USSR confirm
};

}  // namespace

TEST_CASE("*123*PIN# credits the card and says so on the display") {
  stand here(with_ussd);
  dialogue first{here, 1};
  CHECK(has(first.dials("*123*" + here.pin(0) + "#"), "Confirmed. 50.00"));
  CHECK(here.balance_of(here.self) == "50.00");
  CHECK(has(here.outcome_of_last(), "credited"));

  dialogue second{here, 2};
  CHECK(has(second.dials("*123*" + here.pin(0) + "#"), "already"));
  dialogue third{here, 3, here.other};
  CHECK_FALSE(has(third.dials("*123*" + here.unknown_pin() + "#"), "Confirmed"));
  CHECK(here.balance_of(here.self) == "50.00");
  here.check_all_is_well();
}

TEST_CASE("a dialogue asks for the PIN, then whether to add it, and adds it once") {
  stand here(with_ussd);
  dialogue phone{here, 7};
  CHECK(has(phone.dials("*123#"), "1 Top up"));
  CHECK(has(phone.answers("1"), "PIN"));
  const auto question = phone.answers(here.pin(0));
  CHECK(has(question, "50.00"));
  CHECK(has(question, "1 Yes"));
  CHECK(here.balance_of(here.self) == "none");
  CHECK(has(phone.answers("1"), "Confirmed. 50.00"));
  CHECK(here.balance_of(here.self) == "50.00");

  dialogue balance{here, 8};
  balance.dials("*123#");
  CHECK(has(balance.answers("2"), "50.00"));
  here.check_all_is_well();
}

TEST_CASE("No in a dialogue leaves the card as it was") {
  stand here(with_ussd);
  dialogue phone{here, 7};
  phone.dials("*123#");
  phone.answers("1");
  phone.answers(here.pin(0));
  CHECK(has(phone.answers("2"), "not used"));
  CHECK(here.balance_of(here.self) == "none");
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed. 50.00"));
  here.check_all_is_well();
}

TEST_CASE("a daemon that dies in a dialogue spends nothing; the phone dials again, and the card is credited once") {
  stand here(with_ussd);
  dialogue phone{here, 7};
  phone.dials("*123#");
  phone.answers("1");
  SUBCASE("at the PIN: what is typed is read as a text is, and never lost") {
    here.kill_daemon();
    here.start_daemon();
    CHECK(has(phone.answers(here.pin(0)), "Confirmed. 50.00"));
    dialogue again{here, 9};
    again.dials("*123#");
    again.answers("1");
    CHECK(has(again.answers(here.pin(0)), "already"));
  }
  SUBCASE("at the question: a bare 1 is never a YES") {
    CHECK(has(phone.answers(here.pin(0)), "1 Yes"));
    here.kill_daemon();
    here.start_daemon();
    CHECK(has(phone.answers("1"), "1 Top up"));
    CHECK(here.balance_of(here.self) == "none");
    dialogue again{here, 9};
    again.dials("*123#");
    again.answers("1");
    CHECK(has(again.answers(here.pin(0)), "1 Yes"));
    CHECK(has(again.answers("1"), "Confirmed. 50.00"));
  }
  CHECK(here.balance_of(here.self) == "50.00");
  CHECK(here.sql("select count(*) from topup.transfer") == "1");
  here.check_all_is_well();
}
