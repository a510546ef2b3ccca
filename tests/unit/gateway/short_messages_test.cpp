// A reply as each SMSC takes it.
#include "gateway/short_messages.hpp"

#include <doctest/doctest.h>

#include "tests/unit/gateway/relay_rig.hpp"

using namespace topupd;
using namespace topupd::test;
using config::concatenation, config::receipt_match, config::receipt_policy, config::ussd_session;

namespace {

const std::string anna = "999701234567";
const std::string long_text(400, 'x');  // three parts of GSM 03.38
constexpr std::int64_t receipt = 0x123456789;

std::vector<smpp::short_message> parts(const std::string& text, const config::smsc& by) {
  return gateway::short_messages(text, relay_rig::owed(receipt, anna), by, {});
}

store::decision dialled(std::uint16_t session, store::outcome outcome = store::outcome::balance) {
  auto facts = relay_rig::owed(1, anna);
  facts.source = gateway::to_string(gateway::reply_path{.to = {1, 1, anna}, .ussd = session, .dialled = {0, 0, "123"}});
  facts.outcome = outcome;
  return facts;
}
config::smsc with(ussd_session how) {
  auto at = centre("main");
  at.ussd = how;
  at.service_type = "X";
  return at;
}

}  // namespace

TEST_CASE("a short text is one short message, whatever long ones are joined by") {
  for (const auto how : {concatenation::udh, concatenation::sar, concatenation::payload}) {
    auto by = centre("main");
    by.concatenation = how;
    const auto all = parts("hello", by);
    REQUIRE(all.size() == 1);
    CHECK(all[0].octets == "hello");
    CHECK(all[0].esm_class == 0);
    CHECK_FALSE(all[0].as_payload);
    CHECK_FALSE(all[0].sar_total_segments);
    CHECK(all[0].data_coding == 0);
  }
}

TEST_CASE("our short code is the source as the text was sent to it, or with the TON and NPI that the settings give") {
  auto by = centre("main");
  CHECK(parts("hello", by)[0].source == smpp::address{3, 0, "12345"});
  by.source_npi = 8;
  CHECK(parts("hello", by)[0].source == smpp::address{3, 8, "12345"});
  by.source_ton = 0;
  CHECK(parts("hello", by)[0].source == smpp::address{0, 8, "12345"});
}

TEST_CASE("the parts of a long text have a user data header") {
  const auto all = parts(long_text, centre("main"));
  REQUIRE(all.size() == 3);
  std::string text;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(all[i].esm_class == 0x40);
    CHECK(all[i].octets.substr(0, 6) == std::string({5, 0, 3, '\x89', 3, static_cast<char>(i + 1)}));
    CHECK_FALSE(all[i].sar_msg_ref_num);
    text += all[i].octets.substr(6);
  }
  CHECK(text == long_text);
}

TEST_CASE("or sar_* values beside a bare text") {
  auto by = centre("main");
  by.concatenation = concatenation::sar;
  const auto all = parts(long_text, by);
  REQUIRE(all.size() == 3);
  std::string text;
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(all[i].esm_class == 0);
    CHECK(all[i].sar_msg_ref_num == 0x6789);
    CHECK(all[i].sar_total_segments == 3);
    CHECK(all[i].sar_segment_seqnum == i + 1);
    CHECK(all[i].octets.size() <= 153);
    text += all[i].octets;
  }
  CHECK(text == long_text);
}

TEST_CASE("or go as one message_payload") {
  auto by = centre("main");
  by.concatenation = concatenation::payload;
  const auto all = parts(long_text, by);
  REQUIRE(all.size() == 1);
  CHECK(all[0].as_payload);
  CHECK(all[0].octets == long_text);
  CHECK(all[0].esm_class == 0);
}

TEST_CASE("a text is written in the alphabet of the SMSC that it leaves by") {
  auto by = centre("main");
  CHECK(parts("\u00e9", by)[0].octets == "\x05");
  by.default_alphabet = parser::alphabet::latin1;
  CHECK(parts("\u00e9", by)[0].octets == "\xE9");
  by.default_alphabet = parser::alphabet::ascii;
  CHECK(parts("\u00e9", by)[0].octets == std::string("\0\xE9", 2));
  CHECK(parts("\u00e9", by)[0].data_coding == 8);
}

TEST_CASE("a receipt is asked for as the settings say, of the last part alone") {
  for (const auto& [policy, asked] :
       {std::pair{receipt_policy::none, 0}, std::pair{receipt_policy::all, 1}, std::pair{receipt_policy::failure, 2}}) {
    auto by = centre("main");
    by.receipts = policy;
    const auto all = parts(long_text, by);
    CHECK(all[0].registered_delivery == 0);
    CHECK(all[1].registered_delivery == 0);
    CHECK(all[2].registered_delivery == asked);
    CHECK_FALSE(all[2].user_message_reference);
  }
}

TEST_CASE("the reply is named by what its delivery receipt will say of it") {
  struct row {
    receipt_match match;
    receipt_policy receipts;
    const char* message_id;
    const char* name;
  };
  const row rows[] = {
      {receipt_match::message_id, receipt_policy::all, "00aF", "af"},
      {receipt_match::message_id, receipt_policy::all, "", ""},
      {receipt_match::decimal_of_hex, receipt_policy::all, "00FF", "ff"},
      {receipt_match::hex_of_decimal, receipt_policy::all, "255", "ff"},
      {receipt_match::user_message_reference, receipt_policy::all, "msg_id_not_implemented", "701234567/26505"},
      {receipt_match::user_message_reference, receipt_policy::failure, "", "701234567/26505"},
      {receipt_match::user_message_reference, receipt_policy::none, "7", "7"},
  };
  for (const auto& each : rows) {
    CAPTURE(each.message_id);
    auto by = centre("main");
    by.receipt_match = each.match;
    by.receipts = each.receipts;
    const auto last = parts("hello", by).back();
    const bool by_reference =
        each.match == receipt_match::user_message_reference && each.receipts != receipt_policy::none;
    CHECK(last.user_message_reference.has_value() == by_reference);
    CHECK(gateway::name_in_receipts(last, each.message_id, by) == each.name);
  }
}

TEST_CASE("an answer in a dialogue gives its session back, and says whether the dialogue goes on") {
  struct row {
    ussd_session how;
    store::outcome outcome;
    std::uint8_t operation;
    std::optional<std::uint16_t> its_session_info, user_message_reference;
  };
  using store::outcome;
  const row rows[] = {
      {ussd_session::its_session_info, outcome::balance, 17, 0x1235, {}},  // with "end of session"
      {ussd_session::its_session_info, outcome::asked, 2, 0x1234, {}},
      {ussd_session::user_message_reference, outcome::balance, 17, {}, 0x1234},
      {ussd_session::user_message_reference, outcome::asked, 2, {}, 0x1234},
      {ussd_session::source, outcome::balance, 17, {}, {}},
  };
  for (const auto& each : rows) {
    const auto message = gateway::ussd_message("hello", dialled(0x1234, each.outcome), with(each.how));
    REQUIRE(message);
    CHECK(message->service_type == "USSD");
    CHECK(message->ussd_service_op == each.operation);
    CHECK(message->its_session_info == each.its_session_info);
    CHECK(message->user_message_reference == each.user_message_reference);
    CHECK(message->destination == smpp::address{1, 1, anna});
    CHECK(message->source == smpp::address{0, 0, "123"});
    CHECK(message->octets == "hello");
  }
}

TEST_CASE("the question about several cards goes on, too") {
  auto facts = dialled(4, store::outcome::unknown_pin);
  facts.several = {.cards = 2, .added = 1, .outcome = store::outcome::asked, .total = {}, .balance = {}};
  CHECK(gateway::ussd_message("hello", facts, with(ussd_session::source))->ussd_service_op == 2);
}

TEST_CASE("what is longer than a USSD string, or was no dialogue, or has an SMSC without USSD, is no answer in one") {
  const auto at = with(ussd_session::its_session_info);
  CHECK(gateway::ussd_message(std::string(182, 'x'), dialled(1), at));
  CHECK_FALSE(gateway::ussd_message(std::string(183, 'x'), dialled(1), at));
  std::string chinese;
  for (int i = 0; i < 80; ++i) chinese += "\u5145";
  CHECK(gateway::ussd_message(chinese, dialled(1), at));
  CHECK_FALSE(gateway::ussd_message(chinese + "\u5145", dialled(1), at));
  CHECK_FALSE(gateway::ussd_message("hello", relay_rig::owed(1, anna), at));
  CHECK_FALSE(gateway::ussd_message("hello", dialled(1), with(ussd_session::none)));
}
