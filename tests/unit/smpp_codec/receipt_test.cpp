// Delivery receipts as SMSCs write them, and the ids by which they are told.
#include <doctest/doctest.h>

#include <functional>

#include "gateway/smpp/codec.hpp"
#include "gateway/smpp/delivery_receipt.hpp"
#include "octets.hpp"

using namespace topupd::smpp;
using topupd::smpp::test::octets;
using topupd::smpp::test::raw_message;
using topupd::smpp::test::tlv;

namespace {

short_message receipt_saying(std::string text) {
  short_message value;
  value.esm_class = 0x04;
  value.octets = std::move(text);
  return value;
}

std::string wide(const std::string& text) {
  std::string out;
  for (const char c : text) out += std::string(1, '\0') + c;
  return out;
}

// "4F1A DELIVERED 000", "nothing"
std::string words(const std::optional<delivery_receipt>& value) {
  if (!value) return "nothing";
  std::string out = value->message_id + ' ' + std::string(name(value->state)) + ' ' + value->error;
  if (value->user_message_reference) out += " reference " + std::to_string(*value->user_message_reference);
  return out;
}

}  // namespace

TEST_CASE("a receipt's text is read however an SMSC writes it") {
  struct row {
    const char* text;
    const char* read;
  };
  const row rows[] = {
      // Appendix B, and each of its states.
      {"id:0123456789 sub:001 dlvrd:001 submit date:2611221800 done date:2611221801 stat:DELIVRD err:000 "
       "text:Confirmed",
       "0123456789 DELIVERED 000"},
      {"id:1 sub:001 dlvrd:000 submit date:2611221800 done date:2611221801 stat:EXPIRED err:012 text:",
       "1 EXPIRED 012"},
      {"id:1 stat:DELETED err:000", "1 DELETED 000"},
      {"id:1 stat:UNDELIV err:027", "1 UNDELIVERABLE 027"},
      {"id:1 stat:ACCEPTD err:000", "1 ACCEPTED 000"},
      {"id:1 stat:UNKNOWN err:000", "1 UNKNOWN 000"},
      {"id:1 stat:REJECTD err:000", "1 REJECTED 000"},
      {"id:1 stat:ENROUTE err:000", "1 ENROUTE 000"},
      // Other spellings of the states.
      {"id:1 stat:DELIVERED", "1 DELIVERED "},
      {"id:1 stat:delivrd", "1 DELIVERED "},
      {"id:1 stat:DELIVERD err:0", "1 DELIVERED 0"},
      {"id:1 stat:DELIVERED_TO_HANDSET err:0", "1 DELIVERED 0"},
      {"id:1 stat:UNDELIVERABLE err:1", "1 UNDELIVERABLE 1"},
      {"id:1 stat:UNDELIVERED err:1", "1 UNDELIVERABLE 1"},
      {"id:1 stat:UNDLVRD err:1", "1 UNDELIVERABLE 1"},
      {"id:1 stat:NOT DELIVERED err:1", "1 UNDELIVERABLE 1"},
      {"id:1 stat:DELIVERY FAILED err:1", "1 UNDELIVERABLE 1"},
      {"id:1 stat:FAILED err:69", "1 UNDELIVERABLE 69"},
      {"id:1 stat:REJECTED err:1", "1 REJECTED 1"},
      {"id:1 stat:ACCEPTED err:0", "1 ACCEPTED 0"},
      {"id:1 stat:EN_ROUTE err:0", "1 ENROUTE 0"},
      {"id:1 stat:BUFFERED err:0", "1 ENROUTE 0"},
      {"id:1 stat:5 err:0", "1 UNDELIVERABLE 0"},
      // Ids.
      {"id:0000004f1a stat:DELIVRD err:000", "0000004f1a DELIVERED 000"},
      {"id:1f0b8e0c-0d2e-4e0b-9f5e-6c1a2b3c4d5e stat:DELIVRD err:000",
       "1f0b8e0c-0d2e-4e0b-9f5e-6c1a2b3c4d5e DELIVERED 000"},
      {"id:\"4F1A\" stat:\"DELIVRD\" err:\"000\"", "4F1A DELIVERED 000"},
      {"id:'4F1A',stat:'DELIVRD',err:'000'", "4F1A DELIVERED 000"},
      {"message_id:4F1A status:DELIVRD", "4F1A DELIVERED "},
      {"Message ID: 4F1A, Status: DELIVERED, Error Code: 0", "4F1A DELIVERED 0"},
      {"msgid=4F1A;stat=DELIVRD;err=000", "4F1A DELIVERED 000"},
      {"id:11111111112222222222333333333344444444445555555555666666666677777777778888888888 stat:DELIVRD",
       "1111111111222222222233333333334444444444555555555566666666667777 DELIVERED "},
      // Fields: missing, in another order, in another case, run together, empty.
      {"stat:DELIVRD id:4F1A", "4F1A DELIVERED "},
      {"ID:4F1A SUB:001 DLVRD:001 SUBMIT DATE:2611221800 DONE DATE:2611221801 STAT:DELIVRD ERR:000 TEXT:",
       "4F1A DELIVERED 000"},
      {"id:4F1A sub:001 dlvrd:001 submitdate:261122180000 donedate:261122180100 stat:DELIVRD err:000 text:x",
       "4F1A DELIVERED 000"},
      {"id:4F1A sub:001 dlvrd:001 submit_date:2611221800 done_date:2611221801 stat:DELIVRD err:000",
       "4F1A DELIVERED 000"},
      {"id:4F1A submit date:2611221800done date:2611221801stat:DELIVRD err:000", "4F1A DELIVERED 000"},
      {"id : 4F1A stat : DELIVRD err : 000", "4F1A DELIVERED 000"},
      {"id:4F1A sub: dlvrd: stat:DELIVRD err: text:", "4F1A DELIVERED "},
      {"id:4F1A stat: err:000 text:stat:DELIVRD", "nothing"},
      {"   id:4F1A\r\nstat:DELIVRD\r\nerr:000\r\n", "4F1A DELIVERED 000"},
      {"id:4F1A stat:DELIVRD err:000 text:id:9 stat:UNDELIV err:9", "4F1A DELIVERED 000"},
      {"text:Confirmed id:4F1A stat:DELIVRD", "4F1A DELIVERED "},
      {"id:4F1A stat:DELIVRD err:000 text:Confirmed \xFF\xFE\x01 trailing :: garbage", "4F1A DELIVERED 000"},
      {"id:4F1A stat:UNDELIV err:absent subscriber text:", "4F1A UNDELIVERABLE absent"},
      {"id:4F1A stat:UNDELIV err:0123456789012345678901234567890", "4F1A UNDELIVERABLE 0123456789012345"},
      // Osmocom's, word for word (SMPP.md §3).
      {"id:4F1A sub:001 dlvrd:001 submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DELIVRD err:000 "
       "text:01234567890123456789",
       "4F1A DELIVERED 000"},
      // Not understood: nothing, and no guess.
      {"", "nothing"},
      {"id:", "nothing"},
      {"id:4F1A", "nothing"},
      {"id:4F1A stat:", "nothing"},
      {"id:4F1A stat:WHATEVER", "nothing"},
      {"id:4F1A stat:0", "nothing"},
      {"id:4F1A stat:9", "nothing"},
      {"stat:DELIVRD err:000", "nothing"},
      {"valid:4F1A thermostat:DELIVRD", "nothing"},
      {"TOPUP 12345", "nothing"},
  };
  for (const row& r : rows) {
    CAPTURE(r.text);
    CHECK_EQ(words(read_delivery_receipt(receipt_saying(r.text))), r.read);
    CHECK_EQ(words(read_delivery_receipt(receipt_saying(wide(r.text)))), r.read);  // in UCS-2
  }
}

TEST_CASE("what a receipt says in TLVs counts before its text") {
  struct row {
    const char* name;
    std::function<void(short_message&)> change;
    const char* read;
  };
  const row rows[] = {
      {"as it is", [](short_message&) {}, "77 UNDELIVERABLE 027"},
      {"id", [](short_message& m) { m.receipted_message_id = "4F1A"; }, "4F1A UNDELIVERABLE 027"},
      {"id, empty", [](short_message& m) { m.receipted_message_id = ""; }, "77 UNDELIVERABLE 027"},
      {"state", [](short_message& m) { m.message_state = 2; }, "77 DELIVERED 027"},
      {"state of SMPP 5", [](short_message& m) { m.message_state = 9; }, "77 UNDELIVERABLE 027"},
      {"state 0", [](short_message& m) { m.message_state = 0; }, "77 UNDELIVERABLE 027"},
      {"reference", [](short_message& m) { m.user_message_reference = 7; }, "77 UNDELIVERABLE 027 reference 7"},
      {"reference and no id",
       [](short_message& m) {
         m.user_message_reference = 7;
         m.octets = "stat:DELIVRD";
       },
       " DELIVERED  reference 7"},
      {"TLVs and no text",
       [](short_message& m) {
         m.receipted_message_id = "4F1A";
         m.message_state = 8;
         m.octets.clear();
       },
       "4F1A REJECTED "},
      {"a header before the text",
       [](short_message& m) {
         m.esm_class = 0x44;
         m.octets = octets("05 00 03 2A 01 01") + m.octets;
       },
       "77 UNDELIVERABLE 027"},
      {"a header past the end",
       [](short_message& m) {
         m.esm_class = 0x44;
         m.octets = octets("FF 00");
       },
       "nothing"},
      {"a header of nothing",
       [](short_message& m) {
         m.esm_class = 0x44;
         m.octets.clear();
       },
       "nothing"},
      {"an intermediate notification", [](short_message& m) { m.esm_class = 0x20; }, "77 ENROUTE 027"},
      {"a text", [](short_message& m) { m.esm_class = 0x00; }, "nothing"},
      {"an acknowledgement of the phone", [](short_message& m) { m.esm_class = 0x08; }, "nothing"},
      {"with bits of the network", [](short_message& m) { m.esm_class = 0x84; }, "77 UNDELIVERABLE 027"},
  };
  for (const row& r : rows) {
    CAPTURE(r.name);
    short_message value = receipt_saying("id:77 stat:UNDELIV err:027 text:");
    r.change(value);
    CHECK_EQ(words(read_delivery_receipt(value)), r.read);
  }
}

TEST_CASE("a receipt is read off the wire") {
  raw_message raw;
  raw.classes = octets("04 00 00");
  raw.text = octets("00");
  raw.tlvs = tlv(0x0424, "id:1 stat:DELIVRD") + tlv(0x001E, octets("'4F1A' 00")) + tlv(0x0427, octets("05")) +
             tlv(0x0204, octets("12 34"));
  const auto value = decode(raw.deliver_sm());
  CHECK_EQ(words(read_delivery_receipt(std::get<short_message>(value.body))), "4F1A UNDELIVERABLE  reference 4660");
}

TEST_CASE("the numbers of message_state are those of SMPP 3.4 §5.2.28, and six of them are final") {
  std::string final_ones;
  for (int number = 0; number <= 0xFF; ++number) {
    short_message value = receipt_saying("");
    value.receipted_message_id = "1";
    value.message_state = static_cast<std::uint8_t>(number);
    const auto read = read_delivery_receipt(value);
    CHECK_EQ(read.has_value(), number >= 1 && number <= 8);
    if (read && is_final(read->state)) final_ones += std::string(name(read->state)) + ' ';
  }
  CHECK_EQ(final_ones, "DELIVERED EXPIRED DELETED UNDELIVERABLE UNKNOWN REJECTED ");
}

TEST_CASE("an id of submit_sm_resp and the one of its receipt have one key") {
  using enum receipt_match;
  struct row {
    receipt_match match;
    const char* submitted;  // message_id of submit_sm_resp
    const char* receipted;
    const char* key;  // of both
  };
  const row rows[] = {
      {message_id, "4F1A", "4F1A", "4f1a"},
      {message_id, "4f1a", "4F1A", "4f1a"},
      {message_id, "00004F1A", "4F1A", "4f1a"},
      {message_id, "0123456789", "123456789", "123456789"},
      {message_id, "0", "0000000000", "0"},
      {message_id, "0x4F1A", "4f1a", "4f1a"},
      {message_id, "1F0B8E0C-0D2E", "1f0b8e0c-0d2e", "1f0b8e0c-0d2e"},
      {message_id, "", "", ""},
      {message_id, "   ", "", ""},
      {decimal_of_hex, "4F1A", "20250", "4f1a"},
      {decimal_of_hex, "00004f1a", "0000020250", "4f1a"},
      {decimal_of_hex, "10", "16", "10"},
      {decimal_of_hex, "4F1A", "4F1A", "4f1a"},  // the TLV has it as it was, whatever the text has
      {decimal_of_hex, "FFFFFFFFFFFFFFFF", "18446744073709551615", "ffffffffffffffff"},
      {decimal_of_hex, "10000000000000000", "18446744073709551616", "10000000000000000"},
      {decimal_of_hex, "0", "0", "0"},
      {hex_of_decimal, "20250", "4F1A", "4f1a"},
      {hex_of_decimal, "0020250", "00004f1a", "4f1a"},
      {hex_of_decimal, "16", "10", "10"},
      {hex_of_decimal, "1f0b-8e", "1F0B-8E", "1f0b-8e"},
      {hex_of_decimal, "", "", ""},
      {user_message_reference, "msg_id_not_implemented", "msg_id_not_implemented", "msg_id_not_implemented"},
  };
  for (const row& r : rows) {
    CAPTURE(r.submitted);
    CAPTURE(r.receipted);
    CHECK_EQ(receipt_key(r.submitted, id_in::submit_sm_resp, r.match), r.key);
    CHECK_EQ(receipt_key(r.receipted, id_in::receipt, r.match), r.key);
  }
  CHECK_NE(receipt_key("16", id_in::submit_sm_resp, decimal_of_hex), receipt_key("16", id_in::receipt, decimal_of_hex));
  CHECK_EQ(receipt_key(std::string(64, '9'), id_in::receipt, decimal_of_hex).size(), 54);
  CHECK_EQ(receipt_key(std::string(1000, 'a'), id_in::receipt, message_id).size(), 64);
  CHECK_EQ(receipt_key("999701234567", 7), "999701234567/7");
}
