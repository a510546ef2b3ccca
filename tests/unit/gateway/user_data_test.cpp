// Headers written by hand from 3GPP TS 23.040 §9.2.3.24.
#include <doctest/doctest.h>

#include <string>

#include "gateway/user_data_header.hpp"

using topupd::gateway::split_user_data;
using kind = topupd::gateway::user_data::kind;

namespace {
std::string octets(std::initializer_list<int> all, const std::string& text) {
  std::string made;
  for (const int each : all) made += static_cast<char>(each);
  return made + text;
}
}  // namespace

TEST_CASE("a header is told from the text behind it") {
  struct row {
    std::string octets;
    kind what;
    int number;
    std::string text;
  };
  const row rows[] = {
      {octets({5, 0x00, 3, 77, 1, 1}, "BAL"), kind::whole, 1, "BAL"},           // concatenated, one of one
      {octets({5, 0x00, 3, 77, 2, 1}, "TOPUP 48"), kind::part, 1, "TOPUP 48"},  // 8-bit reference
      {octets({6, 0x08, 4, 1, 77, 3, 2}, "21"), kind::part, 2, "21"},           // 16-bit reference
      {octets({5, 0x00, 3, 77, 2, 3}, "x"), kind::addressed, 3, "x"},           // the third of two
      {octets({5, 0x00, 3, 77, 2, 0}, "x"), kind::addressed, 0, "x"},
      {octets({3, 0x24, 1, 1}, "BAL"), kind::whole, 1, "BAL"},                 // national language single shift
      {octets({6, 0x05, 4, 0x0B, 0x84, 0, 0}, "x"), kind::addressed, 1, "x"},  // port 2948: WAP push
      {octets({11, 0x05, 4, 0x0B, 0x84, 0, 0, 0x00, 3, 1, 2, 1}, "x"), kind::addressed, 1, "x"},
      {octets({0}, "BAL"), kind::whole, 1, "BAL"},
      {octets({9, 0x00, 3}, ""), kind::addressed, 1, ""},      // past the end
      {octets({3, 0x00, 9, 1}, "x"), kind::addressed, 1, ""},  // an element past the end of the header
      {"", kind::addressed, 1, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(&row - rows);
    const auto found = split_user_data(row.octets);
    CHECK(found.what == row.what);
    CHECK(found.number == row.number);
    CHECK(found.text == row.text);
  }
}

TEST_CASE("parts belong together by reference, its width and their number") {
  const auto narrow = split_user_data(octets({5, 0x00, 3, 77, 2, 1}, ""));
  CHECK(narrow.reference == 77);
  CHECK(narrow.total == 2);
  CHECK_FALSE(narrow.long_reference);
  const auto wide = split_user_data(octets({6, 0x08, 4, 1, 77, 3, 2}, ""));
  CHECK(wide.reference == 256 + 77);
  CHECK(wide.total == 3);
  CHECK(wide.long_reference);
}

TEST_CASE("the header we write is one we read") {
  const auto octets = topupd::gateway::concatenation_header(0x1FE, 3, 2) + "text";
  const auto read = split_user_data(octets);
  CHECK(read.what == kind::part);
  CHECK(read.reference == 0xFE);
  CHECK(read.total == 3);
  CHECK(read.number == 2);
  CHECK(read.text == "text");
}
