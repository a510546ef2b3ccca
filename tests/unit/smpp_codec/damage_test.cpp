// Whatever the octets are, the answer is a pdu, and what is sent again is the same.
#include <doctest/doctest.h>

#include <random>

#include "gateway/smpp/codec.hpp"
#include "octets.hpp"

using namespace topupd::smpp;
using topupd::smpp::test::octets;
using topupd::smpp::test::raw_message;
using topupd::smpp::test::show;
using topupd::smpp::test::tlv;

namespace {

std::string good_one() {
  raw_message raw;
  raw.tlvs = tlv(0x0204, octets("00 07")) + tlv(0x1401, "vendor") + tlv(0x001E, octets("'4F1A' 00"));
  return raw.deliver_sm();
}

void check_stable(const std::string& wire) {
  const pdu value = decode(wire);
  if (std::holds_alternative<malformed>(value.body)) {
    // Only the guard refuses: ESME_RSYSERR would say that the library did so behind it.
    CHECK_NE(std::get<malformed>(value.body).reason, command_status::rsyserr);
    return;
  }
  std::string again;
  encode(value, again);
  CHECK_EQ(show(decode(again)), show(value));
}

}  // namespace

TEST_CASE("any one octet may have any value") {
  const std::string good = good_one();
  for (std::size_t place = 4; place < good.size(); ++place) {
    for (int octet = 0; octet <= 0xFF; ++octet) {
      std::string wire = good;
      wire[place] = static_cast<char>(octet);
      CAPTURE(place);
      CAPTURE(octet);
      check_stable(wire);
    }
  }
}

TEST_CASE("octets at random behind every known header") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint32_t ids[] = {0x1, 0x2, 0x4, 0x5, 0x6, 0x9, 0x15};
    const std::uint32_t id = ids[random() % std::size(ids)] | (random() % 2 == 0 ? response_bit : 0);
    std::string body(random() % 120, '\0');
    // Mostly zeros and letters, so that C-strings end within their fields often enough.
    for (char& c : body) c = random() % 3 == 0 ? '\0' : static_cast<char>(random() % 4 == 0 ? random() : 'a');
    check_stable(topupd::smpp::test::frame(id, body));
  }
}
