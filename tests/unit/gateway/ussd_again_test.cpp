// What the SMSC delivers again, what comes late, and what is never taken for a YES.
#include <random>
#include <set>

#include "tests/unit/gateway/ussd_rig.hpp"

using namespace topupd;
using namespace topupd::test;

TEST_CASE("a message that is delivered again is at the step where it was") {
  ussd_rig phone;
  const auto another_connection = [&] { ++phone.link.epoch; };

  SUBCASE("dialling begins no second dialogue") {
    CHECK(phone.comes(1, "*123#") == "ussd_menu");
    CHECK(phone.comes(18, "1") == "ussd_pin");
    another_connection();
    CHECK(phone.comes(1, "*123#") == "nothing");
    CHECK(phone.comes(18, "BAL") == "balance");  // where a PIN is wanted, still
  }
  SUBCASE("the last menu is shown again") {
    CHECK(phone.comes(1, "*123#") == "ussd_menu");
    CHECK(phone.comes(18, "4") == "ussd_languages");
    another_connection();
    CHECK(phone.comes(18, "4") == "ussd_languages");
    CHECK(phone.comes(18, "1") == "language en");
  }
  SUBCASE("a choice is no YES to the question that came after it") {
    CHECK(phone.comes(1, "*123#") == "ussd_menu");
    CHECK(phone.comes(18, "1") == "ussd_pin");
    CHECK(phone.comes(18, pin) == "redeem 2749 self ask");
    phone.decided(question);
    another_connection();
    CHECK(phone.comes(18, "1") == "nothing");
    CHECK(phone.comes(18, "2") == "cancel");
  }
  SUBCASE("on the same connection it is a new one") {
    CHECK(phone.comes(1, "*123#") == "ussd_menu");
    CHECK(phone.comes(18, "1") == "ussd_pin");
    CHECK(phone.comes(18, pin) == "redeem 2749 self ask");
    phone.decided(question);
    CHECK(phone.comes(18, "1") == "confirm");
  }
  SUBCASE("what the SMSC was refused for the moment is the same request, before and after it is decided") {
    CHECK(phone.comes(1, "*123#") == "ussd_menu");
    CHECK(phone.comes(18, pin) == "redeem 2749 self ask");
    const auto step = phone.last.step;
    CHECK(phone.comes(18, pin) == "redeem 2749 self ask");
    CHECK(phone.last.step == step);
    phone.decided(question, false);
    CHECK(phone.comes(18, pin) == "redeem 2749 self ask");
    CHECK(phone.last.step == step);
    phone.decided(question);
    CHECK(phone.comes(18, pin) == "redeem 2749 self ask");  // typed once more
    CHECK(phone.last.step != step);
  }
  SUBCASE("a YES, too, when the dialogue is over") {
    CHECK(phone.comes(1, "*123#") == "ussd_menu");
    CHECK(phone.comes(18, pin) == "redeem 2749 self ask");
    phone.decided(question);
    CHECK(phone.comes(18, "1") == "confirm");
    const auto step = phone.last.step;
    phone.decided({}, false);
    CHECK(phone.comes(18, "1") == "confirm");
    CHECK(phone.last.step == step);
  }
}

TEST_CASE("a decision that comes late changes nothing of where the phone is by then") {
  ussd_rig phone;
  CHECK(phone.comes(1, "*123#") == "ussd_menu");
  CHECK(phone.comes(18, "BAL") == "balance");
  const auto old = phone.last.from;
  CHECK(phone.comes(1, "*123#") == "ussd_menu");  // dialled anew
  CHECK(phone.comes(18, "1") == "ussd_pin");
  phone.dialogues.decided(old, true, "Add?", "en", phone.now);
  CHECK(phone.comes(18, "1") == "ussd_pin");
}

TEST_CASE("what is asked in two dialogues, or twice in one, differs in its step; what was dialled has none") {
  ussd_rig phone;
  const auto step_of_yes = [&] {
    CHECK(phone.comes(1, "*123#") == "ussd_menu");
    CHECK(phone.comes(18, pin) == "redeem 2749 self ask");
    phone.decided(question);
    CHECK(phone.comes(18, "1") == "confirm");
    phone.decided();
    return phone.last.step;
  };
  const auto first = step_of_yes();
  phone.now += 1s;
  const auto second = step_of_yes();
  CHECK_FALSE(first.empty());
  CHECK(first != second);
  CHECK(phone.comes(1, "*123*BAL#") == "balance");
  CHECK(phone.last.step.empty());  // another process must know it again
}
