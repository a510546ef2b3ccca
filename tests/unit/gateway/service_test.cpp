// When a text is answered, with what, and what makes it the same text.
#include "tests/unit/gateway/service_rig.hpp"

using namespace topupd;
using namespace topupd::test;
using taken = store::door::taken;

namespace {

constexpr const char* topup = "TOPUP 4821739055162749";

// 3GPP TS 23.040 §9.2.3.24.1: of two parts, with a reference of 8 bits.
smpp::short_message part_of(int number, const std::string& octets, int reference = 77) {
  auto made = text_of(std::string{5, 0, 3, static_cast<char>(reference), 2, static_cast<char>(number)} + octets);
  made.esm_class = 0x40;
  return made;
}

}  // namespace

TEST_CASE("a text is acknowledged when it is decided, and not before") {
  service_rig rig;
  const auto text = rig.comes(topup);
  REQUIRE(rig.door.texts.size() == 1);
  CHECK(rig.door.texts[0].action == store::action::redeem);
  CHECK(rig.door.texts[0].source == "1.1.999701234567");
  CHECK(rig.answer(text) == "none");
  CHECK(rig.service->pending() == 1);
  rig.decide();
  CHECK(rig.answer(text) == "ESME_ROK");
  CHECK(rig.service->pending() == 0);
  REQUIRE(rig.links.submitted.size() == 1);
  CHECK(rig.links.submitted[0].octets.find("Confirmed. 50.00 USD added") != std::string::npos);
  rig.pass(5s);
  CHECK(rig.answer(text) == "ESME_ROK");
}

TEST_CASE("an undecided text is told the SMSC's temporary status in time; its decision sends the reply all the same") {
  service_rig rig;
  const auto text = rig.comes(topup);
  CHECK(rig.service->deadline() == rig.now + 1350ms);
  rig.pass(1349ms);
  CHECK(rig.answer(text) == "none");
  rig.pass(1ms);
  CHECK(rig.answer(text) == "ESME_RX_T_APPN");
  CHECK(rig.service->deadline() == smpp::time_point::max());
  rig.pass(10s);
  rig.decide();
  CHECK(rig.answer(text) == "ESME_RX_T_APPN");
  CHECK(rig.links.submitted.size() == 1);
  CHECK(rig.service->pending() == 0);
}

TEST_CASE("each SMSC has its own time and status, and what is answered delays no other") {
  auto quick = smsc_named("quick"), slow = smsc_named("slow");
  quick.answer_within = 500ms;
  quick.temporary_status = 0x08;
  slow.answer_within = 1'000ms;
  slow.temporary_status = 0x410;
  service_rig rig({quick, slow});
  const auto at_slow = rig.comes(text_of(topup), 1);
  rig.pass(100ms);
  const auto at_quick = rig.comes(text_of(topup), 0);
  const auto decided = rig.comes(text_of("BAL"), 0);
  rig.decide(store::outcome::balance);
  rig.pass(100ms);
  const auto later = rig.comes(text_of("HELP"), 0);
  rig.pass(350ms);
  CHECK(rig.answer(at_quick) == "ESME_RSYSERR");
  CHECK(rig.answer(decided) == "ESME_ROK");
  CHECK(rig.answer(later) == "none");
  CHECK(rig.answer(at_slow) == "none");
  rig.pass(100ms);
  CHECK(rig.answer(later) == "ESME_RSYSERR");
  rig.pass(300ms);
  CHECK(rig.answer(at_slow) == "0x00000410");
}

TEST_CASE("what the store does not take is not taken: full and away are told apart, and so are they later") {
  service_rig rig;
  rig.door.says = taken::full;
  CHECK(rig.answer(rig.comes(topup)) == "ESME_RMSGQFUL");
  rig.door.says = taken::away;
  CHECK(rig.answer(rig.comes(topup)) == "ESME_RX_T_APPN");
  CHECK(rig.service->pending() == 0);
  rig.door.says = taken::yes;
  const auto text = rig.comes(topup);
  rig.service->refused({rig.door.texts.back().ticket, 4711});
  CHECK(rig.answer(text) == "ESME_RX_T_APPN");
  CHECK(rig.service->pending() == 0);
  rig.pass(5s);
  CHECK(rig.answer(text) == "ESME_RX_T_APPN");
}

TEST_CASE("what is no subscriber's text is acknowledged at once, never asked about and never answered") {
  struct row {
    const char* why;
    smpp::address source;
    std::uint8_t esm_class, data_coding;
    std::string octets;
  };
  const smpp::address phone{1, 1, "999701234567"};
  const row rows[] = {
      {"a name", {5, 0, "Bank"}, 0, 0, topup},
      {"a short code", {0, 0, "777"}, 0, 0, topup},
      {"our own address", {0, 0, "12345"}, 0, 0, topup},
      {"our own address, long as a phone's", {1, 1, "999700012345"}, 0, 0, topup},
      {"delivery acknowledgement (SMPP 3.4 §5.2.12)", phone, 0x08, 0, topup},
      {"manual acknowledgement", phone, 0x10, 0, topup},
      {"conversation abort", phone, 0x18, 0, topup},
      {"binary", phone, 0, 4, topup},
      {"for an application's port", phone, 0x40, 0, std::string{6, 5, 4, 0, 80, 0, 80} + topup},
  };
  for (const auto& each : rows) {
    CAPTURE(each.why);
    service_rig rig;
    auto value = text_of(each.octets);
    value.source = each.source;
    value.esm_class = each.esm_class;
    value.data_coding = each.data_coding;
    CHECK(rig.answer(rig.comes(value)) == "ESME_ROK");
    CHECK(rig.door.texts.empty());
    CHECK(rig.door.deliveries.empty());
    CHECK(rig.links.submitted.empty());
  }
}

TEST_CASE("a text is known by what it says, by whatever link and whenever it comes") {
  const auto print_of = [](service_rig& rig, const smpp::short_message& value, std::size_t smsc = 0,
                           std::uint64_t epoch = 1) {
    rig.comes(value, smsc, epoch);
    return rig.door.texts.back().print;
  };
  service_rig rig({smsc_named("main"), smsc_named("other")});
  const auto first = print_of(rig, text_of(topup));
  rig.pass(3s);
  CHECK(print_of(rig, text_of(topup), 0, 2) == first);
  CHECK(print_of(rig, text_of(topup), 1) != first);
  auto other = text_of(topup);
  other.source.digits = "999701234568";
  CHECK(print_of(rig, other) != first);
  other = text_of(topup);
  other.destination.digits = "12346";
  CHECK(print_of(rig, other) != first);
  CHECK(print_of(rig, text_of("TOPUP 5930184726650910")) != first);
  other = text_of(topup);
  other.vendor = "id-1";  // nobody has said that it means anything
  CHECK(print_of(rig, other) == first);
}

TEST_CASE("an SMSC that names its texts is believed: the id is the text, whatever it says") {
  auto naming = smsc_named("main");
  naming.message_id_tlv = 0x1401;
  service_rig rig({naming});
  const auto print_of = [&](const std::string& octets, const std::optional<std::string>& id, const char* source) {
    auto value = text_of(octets);
    value.vendor = id;
    value.source.digits = source;
    rig.comes(value);
    return rig.door.texts.back().print;
  };
  const auto first = print_of("YES", "id-1", "999701234567");
  CHECK(print_of("YES", "id-1", "999701234567") == first);
  CHECK(print_of("Yes", "id-1", "999701234567") == first);
  CHECK(print_of("YES", "id-2", "999701234567") != first);
  CHECK(print_of("YES", "id-1", "999701234568") != first);
  CHECK(print_of("YES", std::nullopt, "999701234567") != first);
  CHECK(print_of("YES", "", "999701234567") == print_of("YES", std::nullopt, "999701234567"));
}

TEST_CASE("the parts of a long text are kept, each acknowledged when it is safe, the last one when all is decided") {
  service_rig rig;
  const auto one = rig.comes(part_of(1, "TOPUP 48217390"));
  REQUIRE(rig.door.parts.size() == 1);
  CHECK(rig.answer(one) == "none");
  rig.service->kept(rig.door.parts[0].ticket, {});
  CHECK(rig.answer(one) == "ESME_ROK");

  const auto two = rig.comes(part_of(2, "55162749"));
  REQUIRE(rig.door.parts.size() == 2);
  const auto& parts = rig.door.parts;
  CHECK(parts[0].group == parts[1].group);
  CHECK(parts[0].print != parts[1].print);
  CHECK(parts[0].sealed.find("48217390") == std::string::npos);
  CHECK(rig.door.texts.empty());
  rig.service->kept(parts[1].ticket, {parts[0].sealed, parts[1].sealed});
  REQUIRE(rig.door.texts.size() == 1);
  CHECK(rig.door.texts[0].vouchers.size() == 1);
  CHECK(rig.answer(two) == "none");
  rig.decide();
  CHECK(rig.answer(two) == "ESME_ROK");
  CHECK(rig.service->pending() == 0);
}

TEST_CASE("a part waits for the store no longer than a text, nor does the text that it completes") {
  service_rig rig;
  const auto stuck = rig.comes(part_of(1, "TOPUP 48217390"));
  rig.pass(1'350ms);
  CHECK(rig.answer(stuck) == "ESME_RX_T_APPN");

  const auto last = rig.comes(part_of(2, "55162749"));
  rig.pass(1s);
  const auto& parts = rig.door.parts;
  rig.service->kept(parts[1].ticket, {parts[0].sealed, parts[1].sealed});
  rig.pass(350ms);
  CHECK(rig.answer(last) == "ESME_RX_T_APPN");
  rig.decide();
  CHECK(rig.answer(last) == "ESME_RX_T_APPN");
  CHECK(rig.links.submitted.size() == 1);

  rig.door.says = taken::full;
  CHECK(rig.answer(rig.comes(part_of(1, "TOPUP 48217390", 78))) == "ESME_RMSGQFUL");
  rig.door.says = taken::yes;
  const auto complete = rig.comes(part_of(2, "55162749"));
  rig.door.says = taken::full;
  rig.service->kept(parts.back().ticket, {parts[0].sealed, parts[1].sealed});
  rig.pass(5s);
  CHECK(rig.answer(complete) == "ESME_RMSGQFUL");
}

TEST_CASE("parts that nobody can open any more are acknowledged, and read as nothing") {
  service_rig rig;
  const auto last = rig.comes(part_of(2, "55162749"));
  rig.service->kept(rig.door.parts[0].ticket, {"sealed under another key", rig.door.parts[0].sealed});
  CHECK(rig.answer(last) == "ESME_ROK");
  CHECK(rig.door.texts.empty());
}

TEST_CASE("a long text is known by what it says even where the SMSC names each part") {
  auto naming = smsc_named("main");
  naming.message_id_tlv = 0x1401;
  service_rig rig({naming});
  const auto print_by_last_id = [&](const char* id) {
    auto one = part_of(1, "TOPUP 48217390"), two = part_of(2, "55162749");
    one.vendor = "id-1";
    two.vendor = id;
    rig.comes(one);
    rig.comes(two);
    const auto& parts = rig.door.parts;
    const auto n = parts.size();
    rig.service->kept(parts[n - 1].ticket, {parts[n - 2].sealed, parts[n - 1].sealed});
    return rig.door.texts.back().print;
  };
  CHECK(print_by_last_id("id-2") == print_by_last_id("id-3"));
}
