// What the codec does to a pdu on its way out, beyond the tables of golden_test.cpp.
#include <doctest/doctest.h>

#include <algorithm>

#include "gateway/smpp/codec.hpp"
#include "octets.hpp"

using namespace topupd::smpp;
using topupd::smpp::test::difference;
using topupd::smpp::test::octets;

extern "C" char smpp34_strerror[2048];  // libsmpp34's log of the fields of the last PDU

namespace {

std::string encoded(const short_message& value) {
  std::string out;
  encode({.sequence = 1, .body = value}, out);
  return out;
}

// A submit_sm from 12345 to nobody, up to sm_length: 38 octets.
std::string submit_sm_of(const char* command_length, const char* sm_length) {
  return octets(command_length) +
         octets(
             "00 00 00 04 00 00 00 00 00 00 00 01"  // submit_sm
             "00 00 00 '12345' 00 00 00 00"         // service_type, source, destination
             "00 00 00 00 00 00 00 00 00") +        // esm_class … sm_default_msg_id
         octets(sm_length);
}

}  // namespace

TEST_CASE("up to 254 octets go out as short_message, more as message_payload") {
  struct row {
    std::size_t size;
    std::string before;  // the octets
  };
  const row rows[] = {
      {253, submit_sm_of("00 00 01 23", "FD")},                             // 291
      {254, submit_sm_of("00 00 01 24", "FE")},                             // 292: the library refuses it
      {255, submit_sm_of("00 00 01 29", "00") + octets("04 24 00 FF")},     // 297: message_payload of 255
      {1024, submit_sm_of("00 00 04 2A", "00") + octets("04 24 04 00")},    // 1,066
      {1025, submit_sm_of("00 00 04 2B", "00") + octets("04 24 04 01")},    // 1,067: over the library's TLV
      {65'535, submit_sm_of("00 01 00 29", "00") + octets("04 24 FF FF")},  // 65,577
  };
  for (const row& r : rows) {
    CAPTURE(r.size);
    short_message message;
    message.kind = command_id::submit_sm;
    message.source.digits = "12345";
    message.octets = std::string(r.size, 'A');
    const std::string expected = r.before + message.octets;
    CHECK_EQ(difference(encoded(message), expected), "");
    CHECK(std::get<short_message>(decode(expected).body).octets == message.octets);
  }
}

TEST_CASE("the text stands before the TLVs, a payload behind them") {
  short_message message;
  message.kind = command_id::deliver_sm;
  message.user_message_reference = 0x0102;
  message.octets = "AB";
  CHECK_EQ(encoded(message).substr(32), octets("02 'AB' 02 04 00 02 01 02"));
  message.octets = std::string(255, 'C');
  CHECK_EQ(encoded(message).substr(32), octets("00 02 04 00 02 01 02 04 24 00 FF") + message.octets);
}

TEST_CASE("a short text goes out as message_payload where the SMSC wants it so") {
  short_message message;
  message.kind = command_id::submit_sm;
  message.source.digits = "12345";
  message.as_payload = true;
  for (const std::string& text : {std::string("HELLO"), std::string(), std::string(254, 'A')}) {
    message.octets = text;
    const std::string wire = encoded(message);
    CHECK_EQ(wire.substr(16, 22), submit_sm_of("", "00").substr(12));
    CHECK_EQ(wire.substr(38), topupd::smpp::test::tlv(0x0424, text));
    CHECK_EQ(std::get<short_message>(decode(wire).body).octets, text);
  }
}

TEST_CASE("a TON or NPI that SMPP 3.4 does not name goes out as unknown") {
  short_message message;
  message.kind = command_id::submit_sm;
  message.source = {.ton = 7, .npi = 5, .digits = "1"};
  message.destination = {.ton = 6, .npi = 18, .digits = "2"};
  CHECK_EQ(encoded(message).substr(16, 9), octets("00 00 00 '1' 00 06 12 '2' 00"));
}

TEST_CASE("a status has the name that the specification gives it, or its number") {
  CHECK_EQ(name(command_status::rok), "ESME_ROK");
  CHECK_EQ(name(command_status::rthrottled), "ESME_RTHROTTLED");
  CHECK_EQ(name(static_cast<command_status>(0xFE)), "ESME_RDELIVERYFAILURE");
  CHECK_EQ(name(static_cast<command_status>(0x410)), "0x00000410");
  CHECK_EQ(name(static_cast<command_status>(0xFFFFFFFF)), "0xFFFFFFFF");
}

TEST_CASE("the library's log keeps no password") {
  bind value;
  value.system_id = "topup";
  value.password = topupd::secret("pass1234");
  std::string wire;
  encode({.sequence = 1, .body = value}, wire);
  CHECK(std::ranges::all_of(smpp34_strerror, [](char c) { return c == '\0'; }));
  decode(wire);
  CHECK(std::ranges::all_of(smpp34_strerror, [](char c) { return c == '\0'; }));
}
