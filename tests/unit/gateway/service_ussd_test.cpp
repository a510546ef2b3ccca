// Dialogues as the SMSC and the store see them: the state machine itself is in ussd_test.cpp.
#include "tests/unit/gateway/service_rig.hpp"

using namespace topupd;
using namespace topupd::test;
using taken = store::door::taken;
using store::action, store::outcome;

namespace {

constexpr const char* pin = "4821739055162749";

config::smsc smsc_with_ussd() {
  auto made = smsc_named("main");
  made.ussd = config::ussd_session::its_session_info;
  return made;
}

smpp::short_message ussd(std::uint8_t operation, const std::string& typed) {
  auto made = text_of(typed);
  made.service_type = "USSD";
  made.destination.digits = "123";
  made.ussd_service_op = operation;
  made.its_session_info = 0x1200;
  return made;
}

struct phone : service_rig {
  phone() : service_rig({smsc_with_ussd()}) {}
  std::uint32_t dials(const std::string& typed) { return comes(ussd(1, typed)); }
  std::uint32_t types(const std::string& typed, std::uint64_t epoch = 1) { return comes(ussd(18, typed), 0, epoch); }
  // What came to the phone last: its operation and its first line.
  std::string shows() const {
    if (links.submitted.empty()) return "nothing";
    const auto& last = links.submitted.back();
    return std::to_string(int{last.ussd_service_op.value_or(0)}) + " " + last.octets.substr(0, last.octets.find('\n'));
  }
};

}  // namespace

TEST_CASE("menus come at once, and what is asked of the store is acknowledged when it is decided") {
  phone anna;
  CHECK(anna.answer(anna.dials("*123#")) == "ESME_ROK");
  CHECK(anna.shows() == "2 1 Top up");
  CHECK(anna.answer(anna.types("1")) == "ESME_ROK");
  CHECK(anna.shows() == "2 Enter the card's PIN");
  CHECK(anna.door.texts.empty());

  const auto card = anna.types(pin);
  REQUIRE(anna.door.texts.size() == 1);
  CHECK(anna.door.texts[0].action == action::redeem);
  CHECK(anna.door.texts[0].ask);
  CHECK(anna.door.texts[0].source == "1.1.999701234567;ussd=4608;to=0.0.123");
  CHECK(anna.answer(card) == "none");
  anna.decide(outcome::asked);
  CHECK(anna.answer(card) == "ESME_ROK");
  CHECK(anna.shows() == "2 Add 50.00 USD?");

  CHECK(anna.answer(anna.types("7")) == "ESME_ROK");
  CHECK(anna.shows() == "2 Add 50.00 USD?");
  const auto yes = anna.types("1");
  CHECK(anna.door.texts.back().action == action::confirm);
  CHECK(anna.answer(yes) == "none");
  anna.decide();
  CHECK(anna.answer(yes) == "ESME_ROK");
}

TEST_CASE("every choice of the menu, and every language, asks the store for what it says") {
  struct row {
    std::vector<const char*> typed;
    action asked;
    const char* language;
  };
  for (const auto& [typed, asked, language] : {row{{"2"}, action::balance, "en"},
                                               {{"3"}, action::history, "en"},
                                               {{"4", "1"}, action::language, "en"},
                                               {{"4", "2"}, action::language, "ar"}}) {
    phone anna;
    anna.dials("*123#");
    for (const auto* each : typed) anna.types(each);
    REQUIRE(anna.door.texts.size() == 1);
    CHECK(anna.door.texts[0].action == asked);
    CHECK(anna.door.texts[0].language == language);
  }
}

TEST_CASE("a dialogue's request waits no longer than a text, and is the same one when it comes again") {
  phone anna;
  anna.dials("*123#");
  anna.types("1");
  const auto first = anna.types(pin);
  anna.pass(1'350ms);
  CHECK(anna.answer(first) == "ESME_RX_T_APPN");
  const auto again = anna.types(pin);
  REQUIRE(anna.door.texts.size() == 2);
  CHECK(anna.door.texts[0].print == anna.door.texts[1].print);

  anna.door.says = taken::away;
  CHECK(anna.answer(anna.types(pin)) == "ESME_RX_T_APPN");
  anna.door.says = taken::yes;
  anna.decide(outcome::asked);
  CHECK(anna.answer(again) == "ESME_ROK");
  anna.types("1");
  const auto unheard = anna.door.texts.back().print;
  anna.pass(1'350ms);
  anna.decide(outcome::quarantined);  // too late for its answer: the SMSC delivers it again
  anna.types("1");
  CHECK(anna.door.texts.back().print == unheard);
  const auto yes = anna.door.texts.back().print;
  anna.decide();
  anna.dials("*123#");
  anna.types(pin);
  anna.decide(outcome::asked);
  anna.types("1");
  CHECK(anna.door.texts.back().print != yes);  // another YES
}

TEST_CASE("what was dialled in one is the same one in another process") {
  const auto print = [] {
    phone anna;
    anna.dials(std::string("*123*") + pin + "#");
    REQUIRE(anna.door.texts.size() == 1);
    CHECK_FALSE(anna.door.texts[0].ask);
    return anna.door.texts[0].print;
  };
  CHECK(print() == print());
}

TEST_CASE("a menu for which there is no room is lost, and its message acknowledged: it is dialled again") {
  phone anna;
  anna.links.has_room = false;
  CHECK(anna.answer(anna.dials("*123#")) == "ESME_ROK");
  CHECK(anna.shows() == "nothing");
  anna.links.has_room = true;
  anna.dials("*123#");
  CHECK(anna.shows() == "2 1 Top up");
}

TEST_CASE("what is said in the dialogue comes from the code that was dialled, and by text from our short code") {
  for (const auto* code : {"123", ""}) {
    phone anna;
    auto dialled = ussd(1, std::string("*123*") + pin + "#");
    dialled.destination = {.ton = 0, .npi = 1, .digits = code};
    anna.comes(dialled);
    auto late = anna.decision(outcome::asked);  // claimed when its dialogue is over
    late.ticket = 0;
    late.receipt = {100};
    auto notice = anna.decision(outcome::received);
    notice.source.clear();
    notice.ticket = 0;
    notice.receipt = {101};
    notice.sender = parser::msisdn::from_e164("999709876543");
    notice.giver = parser::msisdn::from_e164("999701234567");

    anna.decide();
    REQUIRE(anna.links.submitted.size() == 1);
    CHECK(anna.links.submitted[0].ussd_service_op);
    CHECK(anna.links.submitted[0].source == dialled.destination);
    anna.service->decided({notice}, anna.now);
    REQUIRE(anna.links.submitted.size() == 2);
    CHECK_FALSE(anna.links.submitted[1].ussd_service_op);
    CHECK(anna.links.submitted[1].source.digits == "12345");
    phone ben;
    ben.outbox->add(late, std::nullopt, ben.now);
    REQUIRE(ben.links.submitted.size() == 1);
    CHECK_FALSE(ben.links.submitted[0].ussd_service_op);
    CHECK(ben.links.submitted[0].source.digits == "12345");
  }
}

TEST_CASE("an SMSC that is too slow for our menus slows its link down") {
  phone anna;
  anna.dials("*123#");
  anna.service->submitted(anna.links.last, status::rok);
  CHECK(anna.links.slowed == 0);
  anna.service->submitted(anna.links.last, status::rthrottled);  // answered already
  CHECK(anna.links.slowed == 0);
  anna.dials("*123#");
  anna.service->submitted(anna.links.last, status::rthrottled);
  CHECK(anna.links.slowed == 1);
  CHECK(anna.counts.exposition().find("topupd_replies_total{result=\"throttled\"} 1\n") != std::string::npos);
  anna.dials("*123#");
  anna.service->unknown(anna.links.last);
  anna.service->submitted(anna.links.last, status::rthrottled);
  CHECK(anna.links.slowed == 1);
}

TEST_CASE("hanging up is acknowledged, and nobody asks the store for it") {
  phone anna;
  anna.dials("*123#");
  CHECK(anna.answer(anna.comes(ussd(129, ""))) == "ESME_ROK");
  CHECK(anna.door.texts.empty());
  CHECK(anna.links.submitted.size() == 1);
}

TEST_CASE("where the SMSC has no USSD such a message is a text") {
  service_rig rig;
  rig.comes(ussd(1, std::string("*123*") + pin + "#"));
  REQUIRE(rig.door.texts.size() == 1);
  CHECK(rig.door.texts[0].source == "1.1.999701234567");
  CHECK(rig.door.texts[0].action == action::redeem);
}

TEST_CASE("menus are in the language of the last answer, and of the texts that are in use now") {
  phone anna;
  anna.dials("*123#");
  anna.types("4");
  anna.types("5");
  auto chosen = anna.decision(outcome::language);
  CHECK(anna.door.texts.back().language == chosen.language);
  anna.service->decided({chosen}, anna.now);
  auto changed = anna.settings;
  for (auto& each : changed.languages)
    if (each.words.code == chosen.language) each.texts["ussd_menu"] = "1 again";
  anna.service->use(gateway::replies(changed));
  anna.dials("*123#");
  CHECK(anna.shows() == "2 1 again");
}
