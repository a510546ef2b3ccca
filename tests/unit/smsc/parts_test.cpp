// Long texts and long replies: how they are cut and put together, without a link.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "parser/alphabet.hpp"
#include "tests/smsc/long_text.hpp"
#include "tests/smsc/reply.hpp"

using namespace topupd;
using smsc::joined_by;

namespace {

std::string repeated(std::size_t count, const std::string& what) {
  std::string all;
  for (std::size_t each = 0; each < count; ++each) all += what;
  return all;
}

std::string hex(const std::string& octets) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string result;
  for (const char each : octets) {
    result += digits[static_cast<unsigned char>(each) >> 4];
    result += digits[static_cast<unsigned char>(each) & 0xF];
  }
  return result;
}

smpp::short_message to_phone(std::string octets, std::uint8_t data_coding = 0, bool header = true) {
  smpp::short_message message;
  message.source.digits = "12345";
  message.destination.digits = "999701234567";
  message.data_coding = data_coding;
  message.esm_class = header ? 0x40 : 0;
  message.octets = std::move(octets);
  return message;
}

smpp::short_message part(char reference, char total, char number, const std::string& text) {
  return to_phone(std::string{5, 0, 3, reference, total, number} + text);
}

}  // namespace

TEST_CASE("a long text is cut as phones cut it, and no character in two") {
  struct row {
    std::string text;
    std::vector<std::size_t> sizes;  // octets of each part, its header among them
    int data_coding;
  };
  const row rows[] = {
      {repeated(160, "a"), {160}, 0},
      {repeated(161, "a"), {6 + 153, 6 + 8}, 0},
      {repeated(152, "a") + "€" + repeated(20, "a"), {6 + 152, 6 + 22}, 0},  // the escape goes with its character
      {repeated(70, "充"), {140}, 8},
      {repeated(71, "充"), {6 + 134, 6 + 8}, 8},
      {repeated(66, "充") + "💳" + repeated(5, "充"), {6 + 132, 6 + 14}, 8},  // both halves of the pair
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    const auto parts = smsc::short_messages(row.text, 7);
    std::vector<std::size_t> sizes;
    std::string whole;
    for (const auto& each : parts) {
      sizes.push_back(each.octets.size());
      CHECK(each.data_coding == row.data_coding);
      CHECK(each.has_udh() == (parts.size() > 1));
      whole += *parser::decode(each.octets.substr(each.has_udh() ? 6 : 0), each.data_coding, parser::alphabet::gsm7);
    }
    CHECK(sizes == row.sizes);
    CHECK(whole == row.text);
  }
}

TEST_CASE("parts say in each of the four ways that they belong together") {
  const auto text = repeated(200, "a");
  const auto narrow = smsc::short_messages(text, 0x1234, joined_by::header);
  CHECK(hex(narrow[1].octets.substr(0, 6)) == "050003340202");
  const auto wide = smsc::short_messages(text, 0x1234, joined_by::wide_header);
  CHECK(hex(wide[1].octets.substr(0, 7)) == "06080412340202");
  const auto sar = smsc::short_messages(text, 0x1234, joined_by::sar);
  CHECK_FALSE(sar[1].has_udh());
  CHECK(sar[1].sar_msg_ref_num == 0x1234);
  CHECK(sar[1].sar_total_segments == 2);
  CHECK(sar[1].sar_segment_seqnum == 2);
  CHECK(sar[1].octets == repeated(47, "a"));
  const auto payload = smsc::short_messages(text, 0x1234, joined_by::nothing);
  REQUIRE(payload.size() == 1);
  CHECK(payload[0].octets == text);
}

TEST_CASE("a reply in parts is put together once, in any order") {
  smsc::reply_parts parts;
  CHECK_FALSE(parts.add(part(7, 3, 3, "c"), "11").whole);
  CHECK_FALSE(parts.add(part(7, 3, 1, "a"), "12").whole);
  CHECK_FALSE(parts.add(part(8, 2, 1, "another text"), "13").whole);
  CHECK(parts.incomplete() == 2);
  const auto [whole, odd] = parts.add(part(7, 3, 2, "b"), "14");
  REQUIRE(whole);
  CHECK(odd.empty());
  CHECK(whole->octets == "abc");
  CHECK(whole->segments == 3);
  CHECK(whole->message_id == "14");
  CHECK(whole->to == "999701234567");
  CHECK(whole->from == "12345");
  CHECK(parts.incomplete() == 1);
}

TEST_CASE("a short reply knows its alphabet") {
  smsc::reply_parts parts;
  const auto gsm = parts.add(to_phone("Balance", 0, false), "1").whole;
  const auto ucs2 = parts.add(to_phone({0x51, 0x45}, 8, false), "2").whole;
  REQUIRE((gsm && ucs2));
  CHECK(gsm->segments == 1);
  CHECK(smsc::alphabet_name(*gsm) == "GSM 03.38");
  CHECK(smsc::alphabet_name(*ucs2) == "UCS-2");
  CHECK(smsc::readable(*ucs2) == "充");
}

TEST_CASE("what a phone or a network stumbles over is said") {
  struct row {
    std::vector<smpp::short_message> messages;
    const char* odd;
  };
  const row rows[] = {
      {{part(7, 2, 1, "a"), part(7, 2, 1, "a")}, "came twice"},
      {{part(7, 2, 3, "a")}, "part 3 of 2"},
      {{part(7, 2, 0, "a")}, "part 0 of 2"},
      {{part(7, 1, 1, "a")}, "part 1 of 1"},
      {{part(7, 2, 1, "a"), part(7, 3, 2, "b")}, "of another text"},
      {{to_phone(std::string("\5\0\3\7\2", 5))}, "no phone reads"},
      {{to_phone("\1")}, "no phone reads"},
      {{part(7, 2, 1, repeated(154, "a"))}, "too long"},
      {{to_phone(repeated(161, "a"), 0, false)}, "longer than one message"},
      {{to_phone(repeated(142, "a"), 8, false)}, "longer than one message"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.odd);
    smsc::reply_parts parts;
    std::string said;
    for (const auto& each : row.messages) said = parts.add(each, "").odd;
    CHECK(said.find(row.odd) != std::string::npos);
  }
  smsc::reply_parts parts;
  CHECK(parts.add(to_phone(repeated(160, "a"), 0, false), "").odd.empty());
  CHECK(parts.add(part(7, 2, 1, repeated(153, "a")), "").odd.empty());
}
