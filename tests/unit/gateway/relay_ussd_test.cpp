// Replies to who has dialled: in the dialogue while there is one, else as a text.
#include <doctest/doctest.h>

#include "tests/unit/gateway/relay_rig.hpp"

using namespace topupd;
using namespace topupd::test;

namespace {

const std::string anna = "999701234567";

config::smsc centre_with_ussd() {
  auto made = centre("main", "pair");
  made.ussd = config::ussd_session::its_session_info;
  made.receipts = config::receipt_policy::all;
  return made;
}

store::decision dialled(store::outcome outcome = store::outcome::credited) {
  auto facts = relay_rig::owed(1, anna);
  facts.source = "1.1." + anna + ";ussd=4608";
  facts.outcome = outcome;
  facts.until = facts.decided_at + 10min;
  return facts;
}

bool is_ussd(const submission& one) {
  return one.message.ussd_service_op.has_value();
}

}  // namespace

TEST_CASE("who has dialled is answered in the dialogue, and no delivery receipt is asked for") {
  relay_rig rig({centre_with_ussd()});
  rig.add(dialled());
  const auto sent = rig.one();
  CHECK(sent.message.ussd_service_op == 17);
  CHECK(sent.message.its_session_info == 4609);
  CHECK(sent.message.registered_delivery == 0);
  CHECK(sent.message.destination == smpp::address{1, 1, anna});
  rig.answer(sent, 0, "8");
  CHECK_FALSE(rig.said().at(0).awaited);
}

TEST_CASE("a question in a dialogue is answered by digits, and asked in words when it goes as a text") {
  relay_rig rig({centre_with_ussd()});
  rig.add(dialled(store::outcome::asked));
  const auto sent = rig.one();
  CHECK(sent.message.ussd_service_op == 2);
  CHECK(sent.message.octets.find("YES") == std::string::npos);
  rig.answer(sent, 0x64);
  const auto text = rig.one();
  CHECK_FALSE(is_ussd(text));
  CHECK(text.message.octets.find("YES") != std::string::npos);
}

TEST_CASE("a reply that another process owed, or that has waited for too long, goes as a text") {
  for (const bool claimed : {true, false}) {
    auto at = centre_with_ussd();
    at.ussd_timeout = 5s;
    relay_rig rig({at});
    rig.links.centres[0].room = 0;
    auto facts = dialled();
    if (claimed) facts.ticket = 0;
    rig.add(facts);
    if (!claimed) rig.pass(5s);
    rig.recover(0);
    const auto sent = rig.one();
    CHECK_FALSE(is_ussd(sent));
    CHECK_FALSE(sent.message.its_session_info);
    CHECK(sent.message.service_type.empty());
    CHECK(sent.message.destination == smpp::address{1, 1, anna});
    CHECK(sent.message.registered_delivery == 1);
  }
}

TEST_CASE("a reply that leaves by another SMSC goes as a text: the dialogue is at the first") {
  auto other = centre_with_ussd();
  other.name = "other";
  relay_rig rig({centre_with_ussd(), other});
  rig.links.centres[0].up = false;
  rig.add(dialled());
  CHECK_FALSE(is_ussd(rig.one()));
}

TEST_CASE("a dialogue that is over takes no answer: it goes as a text at once, whatever the status") {
  for (const std::uint32_t status : {0x0BU, 0x45U, 0x410U}) {
    CAPTURE(status);
    relay_rig rig({centre_with_ussd()});
    rig.add(dialled());
    rig.answer(rig.one(), status);
    const auto text = rig.one();
    CHECK_FALSE(is_ussd(text));
    CHECK(rig.said().empty());
    rig.answer(text, 0, "7");
    CHECK(rig.said().at(0).awaited);
  }
}

TEST_CASE("throttled, an answer stays in its dialogue; unknown, it goes as a text") {
  for (const bool lost : {false, true}) {
    relay_rig rig({centre_with_ussd()});
    rig.add(dialled());
    const auto sent = rig.one();
    lost ? rig.lose(sent) : rig.answer(sent, 0x58);
    rig.pass(0ms);
    rig.recover(0);
    CHECK(is_ussd(rig.one()) != lost);
  }
}

TEST_CASE("an answer too long for a USSD string goes as a text") {
  auto settings = example();
  for (auto& each : settings.languages) {
    if (each.words.code == "en") each.texts["credited"] = std::string(183, 'x');
  }
  relay_rig rig({centre_with_ussd()}, {}, settings);
  rig.add(dialled());
  const auto sent = rig.out();
  REQUIRE(sent.size() == 2);
  CHECK_FALSE(is_ussd(sent[0]));
}
