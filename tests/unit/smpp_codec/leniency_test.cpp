// What real SMSCs send and libsmpp34 refuses: it is read all the same (SMPP.md §1).
#include <doctest/doctest.h>

#include "gateway/smpp/codec.hpp"
#include "gateway/smpp/guard.hpp"
#include "octets.hpp"

using namespace topupd::smpp;
using topupd::smpp::test::frame;
using topupd::smpp::test::octets;
using topupd::smpp::test::raw_message;
using topupd::smpp::test::tlv;

namespace {

short_message message(const std::string& wire) {
  const pdu value = decode(wire);
  REQUIRE(std::holds_alternative<short_message>(value.body));
  return std::get<short_message>(value.body);
}

std::string repeated(std::size_t times, const std::string& part) {
  std::string out;
  while (times-- > 0) out += part;
  return out;
}

}  // namespace

TEST_CASE("status and sequence are kept as they came") {
  for (const char* words : {"00 00 04 00 00 00 00 01", "00 00 04 FF 00 00 00 00", "FF FF FF FF FF FF FF FF",
                            "00 00 00 09 80 00 00 00", "00 00 00 58 7F FF FF FF"}) {
    for (const char* id : {"80 00 00 00", "80 00 00 04", "80 00 00 05", "80 00 00 09", "80 00 00 15", "00 00 00 15"}) {
      CAPTURE(words);
      CAPTURE(id);
      const std::string header = octets("00 00 00 10") + octets(id) + octets(words);
      const pdu value = decode(header);
      CHECK_FALSE(std::holds_alternative<malformed>(value.body));
      std::string again;
      encode(value, again);
      CHECK_EQ(again.substr(8, 8), octets(words));
    }
  }
}

TEST_CASE("a response is read with or without its text, and with TLVs behind it") {
  struct row {
    const char* name;
    std::uint32_t id;
    std::string body;
    std::string text;
  };
  const std::string version = octets("02 10 00 01 34");  // sc_interface_version
  const row rows[] = {
      {"bind_resp, header only", 0x80000009, "", ""},
      {"bind_resp with its version", 0x80000009, octets("'SMSC' 00") + version, "SMSC"},
      {"bind_resp, nothing but its version", 0x80000001, octets("00") + version, ""},
      {"bind_resp, system_id of 15", 0x80000002, std::string(15, 's') + octets("00"), std::string(15, 's')},
      {"bind_resp, system_id of 16", 0x80000002, std::string(16, 's') + octets("00"), ""},
      {"submit_sm_resp, header only", 0x80000004, "", ""},
      {"submit_sm_resp without the NULL", 0x80000004, "4F1A", "4F1A"},
      {"submit_sm_resp with a TLV", 0x80000004, octets("'4F1A' 00") + tlv(0x0425, "x"), "4F1A"},
      {"submit_sm_resp with a vendor TLV cut short", 0x80000004, octets("'4F1A' 00 14 01 FF FF"), "4F1A"},
      {"submit_sm_resp, message_id of 64", 0x80000004, std::string(64, 'm') + octets("00"), std::string(64, 'm')},
      {"submit_sm_resp, message_id of 65", 0x80000004, std::string(65, 'm') + octets("00"), ""},
      {"deliver_sm_resp without its octet", 0x80000005, "", ""},
      {"deliver_sm_resp with a message_id", 0x80000005, octets("'4F1A' 00"), ""},
  };
  for (const row& r : rows) {
    CAPTURE(r.name);
    const pdu value = decode(frame(r.id, r.body));
    if (const auto* bound = std::get_if<bind_resp>(&value.body)) {
      CHECK_EQ(bound->system_id, r.text);
      CHECK_EQ(static_cast<std::uint32_t>(bound->kind) | response_bit, r.id);
    } else {
      REQUIRE(std::holds_alternative<short_message_resp>(value.body));
      CHECK_EQ(std::get<short_message_resp>(value.body).message_id, r.text);
      CHECK_EQ(static_cast<std::uint32_t>(std::get<short_message_resp>(value.body).kind) | response_bit, r.id);
    }
  }
}

TEST_CASE("a PDU without a body is read whatever follows its header") {
  const std::string behind = octets("00 FF 00 FF");
  CHECK(std::holds_alternative<enquire_link>(decode(frame(0x00000015, behind)).body));
  CHECK(std::holds_alternative<enquire_link_resp>(decode(frame(0x80000015, behind)).body));
  CHECK(std::holds_alternative<unbind>(decode(frame(0x00000006, behind)).body));
  CHECK(std::holds_alternative<unbind_resp>(decode(frame(0x80000006, behind)).body));
  CHECK(std::holds_alternative<generic_nack>(decode(frame(0x80000000, behind)).body));
}

TEST_CASE("a bind says its own version: node-smpp says 0x50, the specification's sample 0") {
  for (int version = 0; version <= 0xFF; ++version) {
    for (const std::uint32_t id : {0x1U, 0x2U, 0x9U}) {
      const pdu value = decode(frame(id, octets("'a' 00 'b' 00 00") + static_cast<char>(version) + octets("00 00 00")));
      REQUIRE(std::holds_alternative<bind>(value.body));
      CHECK_EQ(std::get<bind>(value.body).interface_version, version);
    }
  }
}

TEST_CASE("every TON and NPI is taken; one that SMPP 3.4 does not name is unknown") {
  const std::string_view named_npis = "\x01\x03\x04\x06\x08\x09\x0A\x0E\x12";
  for (int octet = 0; octet <= 0xFF; ++octet) {
    raw_message raw;
    raw.source[0] = raw.source[1] = raw.destination[0] = raw.destination[1] = static_cast<char>(octet);
    const short_message value = message(raw.deliver_sm());
    const int ton = octet <= 6 ? octet : 0;
    const int npi = named_npis.find(static_cast<char>(octet)) != std::string_view::npos ? octet : 0;
    CHECK_EQ(value.source, address{static_cast<std::uint8_t>(ton), static_cast<std::uint8_t>(npi), "999701234567"});
    CHECK_EQ(value.destination, address{static_cast<std::uint8_t>(ton), static_cast<std::uint8_t>(npi), "12345"});
  }
}

TEST_CASE("a deliver_sm may carry times, a replace flag and a canned message's number") {
  raw_message raw;
  raw.times = octets("'261122180000000+' 00 '000001000000000R' 00");
  raw.flags = octets("11 01 08 05");
  for (const short_message& value : {message(raw.deliver_sm()), message(raw.submit_sm())}) {
    CHECK_EQ(value.octets, "BAL");
    CHECK_EQ(value.registered_delivery, 0x11);
    CHECK_EQ(value.data_coding, 8);
  }
}

TEST_CASE("each octet field is kept at every value") {
  for (int octet = 0; octet <= 0xFF; ++octet) {
    raw_message raw;
    raw.classes = std::string(3, static_cast<char>(octet));
    raw.flags[0] = raw.flags[2] = static_cast<char>(octet);
    for (const short_message& value : {message(raw.deliver_sm()), message(raw.submit_sm())}) {
      CHECK_EQ(value.esm_class, octet);
      CHECK_EQ(value.protocol_id, octet);
      CHECK_EQ(value.priority, octet);
      CHECK_EQ(value.registered_delivery, octet);
      CHECK_EQ(value.data_coding, octet);
    }
  }
}

TEST_CASE("a short message of any length, of any octets") {
  for (std::size_t size = 0; size <= 254; ++size) {
    raw_message raw;
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(size + i);
    raw.text = static_cast<char>(size) + text;
    CHECK_EQ(message(raw.deliver_sm()).octets, text);
    CHECK_EQ(message(raw.submit_sm()).octets, text);
  }
}

TEST_CASE("message_payload is the text when short_message is empty, at any length") {
  raw_message raw;
  raw.text = octets("00");
  for (const std::size_t size : {0U, 1U, 254U, 255U, 1024U, 1025U, 65'535U}) {
    raw.tlvs = tlv(0x0424, std::string(size, 'p'));
    CHECK(message(raw.deliver_sm()).octets == std::string(size, 'p'));
  }
  raw.text = octets("03 'BAL'");
  CHECK_EQ(message(raw.deliver_sm()).octets, "BAL");
}

TEST_CASE("vendor TLVs, however many, cost nothing but a count") {
  // 29 of them corrupt libsmpp34's memory and 64 end the process (SMPP.md §1).
  for (const std::size_t count : {1U, 16U, 29U, 64U, 5'000U}) {
    raw_message raw;
    raw.tlvs = repeated(count, tlv(0x1401, "")) + tlv(0x0204, octets("00 07"));
    const short_message value = message(raw.deliver_sm());
    CHECK_EQ(value.octets, "BAL");
    CHECK_EQ(value.user_message_reference, 7);
    CHECK_EQ(guard(raw.deliver_sm())->unused_tlvs, count);
  }
}

TEST_CASE("a TLV that cannot be read is left out, and the message is not lost") {
  const std::string good = tlv(0x0204, octets("00 07"));
  struct row {
    const char* name;
    std::string tlvs;
    bool reference;  // the user_message_reference is there
  };
  const row rows[] = {
      {"one octet behind the last", good + octets("00"), true},
      {"three octets behind the last", good + octets("02 0C 00"), true},
      {"a length past the end", good + octets("02 0C 00 03 00 00"), true},
      {"the longest length", good + octets("14 01 FF FF"), true},
      {"past the end before a good one", octets("14 01 00 FF") + good, false},
      {"of no octets", octets("02 04 00 00"), false},
      {"of no octets, then a good one", octets("02 04 00 00") + good, true},
      {"too large for its width", tlv(0x0204, octets("01 00 07")), false},
      {"twice: the first counts", good + tlv(0x0204, octets("00 08")), true},
      {"a hundred times", good + repeated(100, tlv(0x0204, octets("00 08"))), true},
      {"in one octet", tlv(0x0204, octets("07")), true},
      {"in four octets", tlv(0x0204, octets("00 00 00 07")), true},
      {"in 300 octets", tlv(0x0204, std::string(299, '\0') + octets("07")), true},
  };
  for (const row& r : rows) {
    CAPTURE(r.name);
    raw_message raw;
    raw.tlvs = r.tlvs;
    for (const short_message& value : {message(raw.deliver_sm()), message(raw.submit_sm())}) {
      CHECK_EQ(value.octets, "BAL");
      CHECK_EQ(value.user_message_reference.has_value(), r.reference);
      if (r.reference) CHECK_EQ(*value.user_message_reference, 7);
    }
  }
}

TEST_CASE("the vendor TLV that is asked for is kept as it came, and no other") {
  struct row {
    const char* name;
    std::uint16_t wanted;
    std::string tlvs;
    std::optional<std::string> kept;
  };
  const std::string id = octets("00 FF '4F1A' 00");
  const row rows[] = {
      {"none is wanted", 0, tlv(0x1401, id), std::nullopt},
      {"a tag of 0 is none, too", 0, tlv(0x0000, id), std::nullopt},
      {"it is there", 0x1401, tlv(0x1401, id), id},
      {"behind others", 0x1401, tlv(0x1400, "x") + tlv(0x0204, octets("00 07")) + tlv(0x1401, id), id},
      {"it is not there", 0x1401, tlv(0x1400, id), std::nullopt},
      {"twice: the first counts", 0x1401, tlv(0x1401, id) + tlv(0x1401, "x"), id},
      {"empty: names nothing", 0x1401, tlv(0x1401, ""), std::nullopt},
      {"empty, then not", 0x1401, tlv(0x1401, "") + tlv(0x1401, id), id},
      {"past the end", 0x1401, octets("14 01 00 03 'ab'"), std::nullopt},
      {"of 60,000 octets", 0x1401, tlv(0x1401, std::string(60'000, 'v')), std::string(60'000, 'v')},
      {"a tag that is known besides", 0x0204, tlv(0x0204, octets("00 07")), octets("00 07")},
  };
  for (const row& r : rows) {
    CAPTURE(r.name);
    raw_message raw;
    raw.tlvs = r.tlvs;
    for (const std::string& wire : {raw.deliver_sm(), raw.submit_sm()}) {
      const pdu value = decode(wire, r.wanted);
      CHECK(std::get<short_message>(value.body).vendor == r.kept);
      CHECK_EQ(std::get<short_message>(value.body).octets, "BAL");
    }
  }
  raw_message raw;
  raw.tlvs = tlv(0x1401, id) + tlv(0x1400, id);
  CHECK_EQ(guard(raw.deliver_sm(), 0x1401)->unused_tlvs, 1);
  raw.tlvs = tlv(0x0204, octets("00 07"));
  CHECK_EQ(std::get<short_message>(decode(raw.deliver_sm(), 0x0204).body).user_message_reference, 7);
}

TEST_CASE("every useful TLV is read, in both messages and in any order") {
  raw_message raw;
  raw.tlvs = tlv(0x0427, octets("05")) + tlv(0x001E, octets("'4F1A' 00")) + tlv(0x1383, octets("FF FE")) +
             tlv(0x0501, octets("12")) + tlv(0x020F, octets("FF")) + tlv(0x020E, octets("00 FE")) +
             tlv(0x020C, octets("01 02")) + tlv(0x0204, octets("03 04"));
  for (const short_message& value : {message(raw.deliver_sm()), message(raw.submit_sm())}) {
    CHECK_EQ(value.message_state, 5);
    CHECK_EQ(value.receipted_message_id, "4F1A");
    CHECK_EQ(value.its_session_info, 0xFFFE);
    CHECK_EQ(value.ussd_service_op, 0x12);
    CHECK_EQ(value.sar_segment_seqnum, 0xFF);
    CHECK_EQ(value.sar_total_segments, 0xFE);
    CHECK_EQ(value.sar_msg_ref_num, 0x0102);
    CHECK_EQ(value.user_message_reference, 0x0304);
    std::string wire;
    encode({.body = value}, wire);
    CHECK_EQ(topupd::smpp::test::show(decode(wire)), topupd::smpp::test::show({.body = value}));
  }
}

TEST_CASE("receipted_message_id is read with and without its NULL, up to 64 characters") {
  struct row {
    std::string value;
    std::optional<std::string> id;
  };
  const std::string longest(64, 'm');
  const row rows[] = {
      {"", ""},
      {octets("00"), ""},
      {"4F1A", "4F1A"},
      {octets("'4F1A' 00 00"), "4F1A"},
      {longest, longest},
      {longest + octets("00"), longest},
      {longest + "m", std::nullopt},
      {std::string(65'000, 'm'), std::nullopt},
  };
  for (const row& r : rows) {
    raw_message raw;
    raw.tlvs = tlv(0x001E, r.value);
    CHECK_EQ(message(raw.deliver_sm()).receipted_message_id, r.id);
  }
}
