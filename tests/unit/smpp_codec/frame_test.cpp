#include "gateway/smpp/frame.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "octets.hpp"

using namespace topupd::smpp;
using topupd::smpp::test::frame;
using topupd::smpp::test::octets;

namespace {

void receive(frame_reader& reader, std::string_view octets) {
  std::ranges::copy(octets, reader.prepare(octets.size()).begin());
  reader.commit(octets.size());
}

std::vector<std::string> all_frames(frame_reader& reader) {
  std::vector<std::string> frames;
  while (const auto frame = reader.next()) frames.emplace_back(*frame);
  return frames;
}

const std::string probe = octets("00 00 00 10 00 00 00 15 00 00 00 00 00 00 00 07");
const std::string nack = octets("00 00 00 10 80 00 00 00 00 00 00 03 00 00 00 00");

}  // namespace

TEST_CASE("a frame comes out once its last octet is in, however it is cut") {
  const std::string stream = probe + frame(0x00000005, std::string(300, 'x')) + nack;
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    frame_reader reader;
    std::string joined;
    std::size_t count = 0;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      receive(reader, std::string_view(stream).substr(at, piece));
      for (const std::string& one : all_frames(reader)) {
        joined += one;
        ++count;
      }
    }
    CAPTURE(piece);
    CHECK_EQ(joined, stream);
    CHECK_EQ(count, 3);
    CHECK_FALSE(reader.broken());
  }
}

TEST_CASE("what stands behind a frame is kept for the next read") {
  // A deliver_sm comes in the same segment as the bind_resp (SMPP.md §2, "framing").
  frame_reader reader;
  receive(reader, probe + nack.substr(0, 5));
  CHECK_EQ(all_frames(reader), std::vector{probe});
  receive(reader, nack.substr(5));
  CHECK_EQ(all_frames(reader), std::vector{nack});
}

TEST_CASE("a length word is taken from 16 to the limit and breaks the stream outside") {
  struct row {
    const char* length;
    bool broken;
  };
  const row rows[] = {
      {"00 00 00 00", true},  {"00 00 00 01", true}, {"00 00 00 0F", true}, {"00 00 00 10", false},
      {"00 01 11 70", false},                                                                       // 70,000
      {"00 01 11 71", true},  {"7F FF FF FF", true}, {"80 00 00 00", true}, {"FF FF FF FF", true},  // 2^32 - 1
  };
  for (const row& r : rows) {
    CAPTURE(r.length);
    frame_reader reader;
    receive(reader, octets(r.length));
    CHECK_FALSE(reader.next().has_value());
    CHECK_EQ(reader.broken(), r.broken);
  }
}

TEST_CASE("the limit may be a lower one") {
  for (const auto& [length, broken] : {std::pair{"00 00 02 00", false}, std::pair{"00 00 02 01", true}}) {
    frame_reader reader(512);
    receive(reader, octets(length));
    CHECK_FALSE(reader.next().has_value());
    CHECK_EQ(reader.broken(), broken);
  }
}

TEST_CASE("a frame of the largest size comes out whole") {
  const std::string largest = frame(std::string(frame_limit - 4, 'x'));
  frame_reader reader;
  receive(reader, largest + probe);
  CHECK_EQ(all_frames(reader), std::vector{largest, probe});
}

TEST_CASE("three octets are not yet a length") {
  frame_reader reader;
  receive(reader, octets("FF FF FF"));
  CHECK_FALSE(reader.next().has_value());
  CHECK_FALSE(reader.broken());
}

TEST_CASE("a broken stream shows the header of the PDU that broke it, and gives out nothing more") {
  const std::string bad = octets("00 00 00 0F 00 00 00 05 00 00 00 00 00 00 00 2A");
  frame_reader reader;
  receive(reader, probe + bad + probe);
  CHECK_EQ(all_frames(reader), std::vector{probe});
  CHECK(reader.broken());
  CHECK_EQ(reader.broken_header(), bad);
  receive(reader, probe);
  CHECK_FALSE(reader.next().has_value());
  CHECK_EQ(reader.broken_header(), bad);
}

TEST_CASE("the header of a broken stream may be short") {
  frame_reader reader;
  CHECK_EQ(reader.broken_header(), "");
  receive(reader, octets("FF FF FF FF 00"));
  CHECK_FALSE(reader.next().has_value());
  CHECK_EQ(reader.broken_header(), octets("FF FF FF FF 00"));
}

TEST_CASE("a long stream is read in a buffer that does not move while frames are taken as they come") {
  frame_reader reader;
  const char* const buffer = reader.prepare(4096).data();
  for (int i = 0; i < 10'000; ++i) {
    receive(reader, probe);
    REQUIRE_EQ(all_frames(reader).size(), 1);
  }
  CHECK_EQ(static_cast<const void*>(reader.prepare(4096).data()), static_cast<const void*>(buffer));
}
