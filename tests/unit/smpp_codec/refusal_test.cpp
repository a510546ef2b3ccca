// Frames that cannot be used, and the status with which each is answered.
#include <doctest/doctest.h>

#include <functional>
#include <set>

#include "gateway/smpp/codec.hpp"
#include "octets.hpp"

using namespace topupd::smpp;
using topupd::smpp::test::frame;
using topupd::smpp::test::octets;
using topupd::smpp::test::raw_message;
using topupd::smpp::test::tlv;

namespace {

// ESME_ROK for a frame that can be used.
command_status refusal(const pdu& value) {
  const auto* bad = std::get_if<malformed>(&value.body);
  return bad == nullptr ? command_status::rok : bad->reason;
}

std::string text(std::size_t size) {
  return std::string(size, 'x') + octets("00");
}

}  // namespace

TEST_CASE("a message's field is taken up to its longest, and refused above it with the status of the field") {
  struct row {
    const char* name;
    std::function<void(raw_message&)> change;
    command_status expected;
  };
  using enum command_status;
  const row rows[] = {
      {"as it is", [](raw_message&) {}, rok},
      {"service_type of 5", [](raw_message& m) { m.service_type = text(5); }, rok},
      {"service_type of 6", [](raw_message& m) { m.service_type = text(6); }, rinvcmdlen},
      {"source empty", [](raw_message& m) { m.source = octets("00 00 00"); }, rok},
      {"source of 20", [](raw_message& m) { m.source = octets("01 01") + text(20); }, rok},
      {"source of 21", [](raw_message& m) { m.source = octets("01 01") + text(21); }, rinvsrcadr},
      {"destination empty", [](raw_message& m) { m.destination = octets("00 00 00"); }, rok},
      {"destination of 20", [](raw_message& m) { m.destination = octets("01 01") + text(20); }, rok},
      {"destination of 21", [](raw_message& m) { m.destination = octets("01 01") + text(21); }, rinvdstadr},
      {"schedule_delivery_time of 16", [](raw_message& m) { m.times = text(16) + text(0); }, rok},
      {"schedule_delivery_time of 17", [](raw_message& m) { m.times = text(17) + text(0); }, rinvcmdlen},
      {"validity_period of 16", [](raw_message& m) { m.times = text(0) + text(16); }, rok},
      {"validity_period of 17", [](raw_message& m) { m.times = text(0) + text(17); }, rinvcmdlen},
      {"no text", [](raw_message& m) { m.text = octets("00"); }, rok},
      {"text of 254", [](raw_message& m) { m.text = octets("FE") + std::string(254, 'x'); }, rok},
      {"text of 255", [](raw_message& m) { m.text = octets("FF") + std::string(255, 'x'); }, rinvmsglen},
      {"sm_length missing", [](raw_message& m) { m.text = ""; }, rinvmsglen},
      {"sm_length past the end", [](raw_message& m) { m.text = octets("04 'BAL'"); }, rinvmsglen},
      {"sm_length without text", [](raw_message& m) { m.text = octets("01"); }, rinvmsglen},
      {"message_payload past the end, and no other text",
       [](raw_message& m) {
         m.text = octets("00");
         m.tlvs = octets("04 24 00 04 'BAL'");
       },
       rinvmsglen},
      {"message_payload past the end beside a text", [](raw_message& m) { m.tlvs = octets("04 24 00 04 'BAL'"); }, rok},
  };
  for (const row& r : rows) {
    CAPTURE(r.name);
    raw_message raw;
    r.change(raw);
    CHECK_EQ(name(refusal(decode(raw.deliver_sm()))), name(r.expected));
    CHECK_EQ(name(refusal(decode(raw.submit_sm()))), name(r.expected));
  }
}

TEST_CASE("a bind's field is taken up to its longest, and refused above it") {
  struct row {
    const char* name;
    std::string body;
    command_status expected;
  };
  using enum command_status;
  const std::string numbers = octets("34 01 01");
  const row rows[] = {
      {"empty texts", text(0) + text(0) + text(0) + numbers + text(0), rok},
      {"longest texts", text(15) + text(8) + text(12) + numbers + text(40), rok},
      {"system_id of 16", text(16) + text(8) + text(12) + numbers + text(40), rinvsysid},
      {"password of 9", text(15) + text(9) + text(12) + numbers + text(40), rinvpaswd},
      {"system_type of 13", text(15) + text(8) + text(13) + numbers + text(40), rinvcmdlen},
      {"address_range of 41", text(15) + text(8) + text(12) + numbers + text(41), rinvcmdlen},
      {"address_range missing", text(15) + text(8) + text(12) + numbers, rinvmsglen},
      {"address_range without its NULL", text(15) + text(8) + text(12) + numbers + "123", rinvcmdlen},
      {"no body", "", rinvmsglen},
  };
  for (const row& r : rows) {
    for (const std::uint32_t id : {0x1U, 0x2U, 0x9U}) {
      CAPTURE(r.name);
      CHECK_EQ(name(refusal(decode(frame(id, r.body)))), name(r.expected));
    }
  }
}

TEST_CASE("of the command ids 0 to 0x200 and their responses, those that a top-up needs are known") {
  const std::set<std::uint32_t> header_only = {0x80000000, 0x80000001, 0x80000002, 0x80000004, 0x80000005,
                                               0x80000009, 0x00000006, 0x80000006, 0x00000015, 0x80000015};
  const std::set<std::uint32_t> with_body = {0x00000001, 0x00000002, 0x00000004, 0x00000005, 0x00000009};
  for (std::uint32_t id = 0; id <= 0x200; ++id) {
    for (const std::uint32_t either : {id, id | response_bit}) {
      CAPTURE(either);
      const pdu value = decode(frame(either, ""));
      if (header_only.contains(either)) {
        CHECK_EQ(name(refusal(value)), "ESME_ROK");
        continue;
      }
      REQUIRE(std::holds_alternative<malformed>(value.body));
      CHECK_EQ(std::get<malformed>(value.body).id, either);
      CHECK_EQ(value.sequence, 1);
      CHECK_EQ(name(refusal(value)), with_body.contains(either) ? "ESME_RINVMSGLEN" : "ESME_RINVCMDID");
    }
  }
}

TEST_CASE("an unsupported command is refused by its id whatever its body, and keeps sequence and status") {
  // query_sm, outbind, alert_notification, data_sm, and one that nobody has defined.
  for (const char* id : {"00 00 00 03", "00 00 00 0B", "00 00 01 02", "00 00 01 03", "DE AD BE EF"}) {
    CAPTURE(id);
    const pdu value = decode(frame(octets(id) + octets("00 00 04 10 00 00 00 2A 'any body' 00")));
    CHECK_EQ(name(refusal(value)), "ESME_RINVCMDID");
    CHECK_EQ(value.sequence, 42);
    CHECK_EQ(name(value.status), "0x00000410");
  }
}

TEST_CASE("a frame that is not as long as it says is refused as a whole") {
  CHECK_EQ(name(refusal(decode(""))), "ESME_RINVCMDLEN");
  CHECK_EQ(name(refusal(decode(octets("00 00 00 0F 00 00 00 15 00 00 00 00 00 00 00")))), "ESME_RINVCMDLEN");
  CHECK_EQ(name(refusal(decode(octets("00 00 00 11 00 00 00 15 00 00 00 00 00 00 00 01")))), "ESME_RINVCMDLEN");
  CHECK_EQ(name(refusal(decode(octets("00 00 00 10 00 00 00 15 00 00 00 00 00 00 00 01 00")))), "ESME_RINVCMDLEN");
}

TEST_CASE("a message that ends early is refused at every octet up to the end of its text") {
  raw_message raw;
  raw.tlvs = tlv(0x0204, octets("00 07"));
  const std::string whole = raw.deliver_sm().substr(16);
  const std::size_t text_end = whole.size() - 6;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const pdu value = decode(frame(0x00000005, whole.substr(0, size)));
    CHECK_EQ(std::holds_alternative<short_message>(value.body), size >= text_end);
    if (size >= text_end) CHECK_EQ(std::get<short_message>(value.body).octets, "BAL");
  }
  // Where a field had begun, the field's own status; where it had not, the length's.
  struct row {
    std::size_t size;
    command_status expected;
  };
  using enum command_status;
  for (const row& r : {row{0, rinvmsglen}, row{1, rinvmsglen}, row{2, rinvmsglen}, row{3, rinvmsglen},
                       row{4, rinvsrcadr}, row{15, rinvsrcadr}, row{16, rinvmsglen}, row{18, rinvmsglen},
                       row{19, rinvdstadr}, row{23, rinvdstadr}, row{24, rinvmsglen}, row{33, rinvmsglen}}) {
    CAPTURE(r.size);
    CHECK_EQ(name(refusal(decode(frame(0x00000005, whole.substr(0, r.size))))), name(r.expected));
  }
}
