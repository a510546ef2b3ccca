// Delivery receipts on their way in: into the store, and never read as texts.
#include "tests/unit/gateway/service_rig.hpp"

using namespace topupd;
using namespace topupd::test;
using taken = store::door::taken;
using store::delivery_state;

namespace {

smpp::short_message receipt(const std::string& text, std::uint8_t esm_class = 0x04) {
  auto made = text_of(text);
  made.esm_class = esm_class;
  return made;
}
const char* const delivered =
    "id:7B sub:001 dlvrd:001 submit date:2611221800 done date:2611221801 stat:DELIVRD err:000";

}  // namespace

TEST_CASE("a delivery receipt is acknowledged when it is in the store, and not before") {
  service_rig rig;
  const auto came = rig.comes(receipt(delivered));
  REQUIRE(rig.door.deliveries.size() == 1);
  const auto& noted = rig.door.deliveries[0];
  CHECK(noted.smsc == "main");
  CHECK(noted.smsc_message_id == "7b");
  CHECK(noted.state == delivery_state::delivered);
  CHECK(noted.error == "000");
  CHECK(rig.answer(came) == "none");
  rig.service->noted({noted.ticket, 4711});
  CHECK(rig.answer(came) == "ESME_ROK");
  CHECK(rig.service->pending() == 0);
  CHECK(rig.counts.exposition().find(R"(state="delivered"} 1)") != std::string::npos);
}

TEST_CASE("a receipt that the store does not take is delivered again, as a text is") {
  service_rig rig;
  rig.door.says = taken::full;
  CHECK(rig.answer(rig.comes(receipt(delivered))) == "ESME_RMSGQFUL");
  rig.door.says = taken::away;
  CHECK(rig.answer(rig.comes(receipt(delivered))) == "ESME_RX_T_APPN");
  rig.door.says = taken::yes;
  const auto refused = rig.comes(receipt(delivered));
  rig.service->refused({rig.door.deliveries.back().ticket});
  CHECK(rig.answer(refused) == "ESME_RX_T_APPN");

  const auto late = rig.comes(receipt(delivered));
  rig.pass(1'350ms);
  CHECK(rig.answer(late) == "ESME_RX_T_APPN");
  rig.service->noted({rig.door.deliveries.back().ticket});
  CHECK(rig.answer(late) == "ESME_RX_T_APPN");
  CHECK(rig.service->pending() == 0);
}

TEST_CASE("what a receipt says is never a text, whoever it comes from and whether it is understood or not") {
  const std::string topup = "TOPUP 4821739055162749";
  struct row {
    const char* why;
    std::string text;
    std::uint8_t esm_class;
  };
  for (const auto& [why, text, esm_class] : {
           row{"not final", "id:7B stat:ENROUTE", 0x04},
           row{"not final", "id:7B stat:ACCEPTD", 0x04},
           row{"intermediate notification", delivered, 0x20},
           row{"names nothing", "stat:DELIVRD", 0x04},
           row{"says nothing", "id:7B", 0x04},
           row{"a request", topup, 0x04},
           row{"a request", topup, 0x20},
           row{"empty", "", 0x04},
       }) {
    CAPTURE(why);
    service_rig rig;
    CHECK(rig.answer(rig.comes(receipt(text, esm_class))) == "ESME_ROK");
    CHECK(rig.door.deliveries.empty());
    CHECK(rig.door.texts.empty());
    CHECK(rig.links.submitted.empty());
  }
  service_rig rig;
  auto from_us = receipt("id:7B stat:UNDELIV err:27");
  from_us.source.digits = "12345";
  rig.comes(from_us);
  REQUIRE(rig.door.deliveries.size() == 1);
  CHECK(rig.door.deliveries[0].state == delivery_state::undeliverable);
  CHECK(rig.door.texts.empty());
}

TEST_CASE("a receipt names the reply in the way of its SMSC") {
  using config::receipt_match;
  struct row {
    receipt_match by;
    std::string text;
    std::optional<std::uint16_t> reference;
    std::string key;
  };
  for (const auto& [by, text, reference, key] : {
           row{receipt_match::message_id, "id:00AB12 stat:DELIVRD", {}, "ab12"},
           row{receipt_match::decimal_of_hex, "id:43794 stat:DELIVRD", {}, "ab12"},
           row{receipt_match::hex_of_decimal, "id:AB12 stat:DELIVRD", {}, "ab12"},
           row{receipt_match::user_message_reference, "id:msg_id_not_implemented stat:DELIVRD", 513,
               "999701234567/513"},
       }) {
    auto at = smsc_named("main");
    at.receipt_match = by;
    service_rig rig({at});
    auto value = receipt(text);
    value.user_message_reference = reference;
    rig.comes(value);
    REQUIRE(rig.door.deliveries.size() == 1);
    CHECK(rig.door.deliveries[0].smsc_message_id == key);
  }
  auto at = smsc_named("main");
  at.receipt_match = receipt_match::user_message_reference;
  service_rig rig({at});
  CHECK(rig.answer(rig.comes(receipt("id:7B stat:DELIVRD"))) == "ESME_ROK");  // without the number it names nothing
  CHECK(rig.door.deliveries.empty());
}

TEST_CASE("each final state is told as it is") {
  struct row {
    std::uint8_t wire;  // SMPP 3.4 §5.2.28
    delivery_state state;
  };
  for (const auto& [wire, state] :
       {row{2, delivery_state::delivered}, row{3, delivery_state::expired}, row{4, delivery_state::deleted},
        row{5, delivery_state::undeliverable}, row{7, delivery_state::unknown}, row{8, delivery_state::rejected}}) {
    service_rig rig;
    auto value = receipt("");
    value.receipted_message_id = "7B";
    value.message_state = wire;
    rig.comes(value);
    REQUIRE(rig.door.deliveries.size() == 1);
    CHECK(rig.door.deliveries[0].state == state);
  }
}
