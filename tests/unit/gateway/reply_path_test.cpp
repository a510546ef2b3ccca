// What the store keeps of where a reply goes.
#include "gateway/reply_path.hpp"

#include <doctest/doctest.h>

using topupd::gateway::reply_path;
using topupd::gateway::reply_path_from;
using topupd::gateway::to_string;

TEST_CASE("an address comes back from the store as it came from the SMSC") {
  const topupd::smpp::address all[] = {
      {1, 1, "999701234567"}, {0, 0, "12345"}, {5, 0, "Bank.Name"}, {2, 8, ""}, {6, 18, "0"}, {255, 255, "+999;5"},
  };
  for (const auto& each : all) {
    CAPTURE(each.digits);
    CHECK(reply_path_from(to_string(each)).to == each);
    CHECK_FALSE(reply_path_from(to_string(each)).ussd);
  }
}

TEST_CASE("a dialogue comes back with the address that it belongs to") {
  for (const std::uint16_t session : std::initializer_list<std::uint16_t>{0, 1, 4660, 65535}) {
    for (const auto* code : {"", "123", "*123#"}) {
      const reply_path path{.to = {1, 1, "999701234567"}, .ussd = session, .dialled = {0, 1, code}};
      const auto back = reply_path_from(to_string(path));
      CHECK(back.to == path.to);
      CHECK(back.ussd == session);
      CHECK(back.dialled == path.dialled);
    }
  }
  CHECK(to_string(reply_path{.to = {1, 1, "999701234567"}, .ussd = 4660}) == "1.1.999701234567;ussd=4660");
  CHECK(to_string(reply_path{.to = {1, 1, "999701234567"}, .ussd = 4660, .dialled = {0, 1, "123"}}) ==
        "1.1.999701234567;ussd=4660;to=0.1.123");
}

TEST_CASE("what is no address reads as an empty one") {
  for (const auto* text :
       {"", "1", "1.1", "..", "a.b.", "a.b.5", "256.1.5", "-1.1.5", "1 .1.5", "1.1x.5", ".1.5", ";ussd=5"}) {
    CAPTURE(text);
    CHECK(reply_path_from(text).to == topupd::smpp::address{});
  }
}

TEST_CASE("what is no dialogue stays part of the address, and is lost with none of it") {
  // What was dialled may be anything that a peer writes.
  const reply_path odd{.to = {1, 1, "999701234567"}, .ussd = 4660, .dialled = {0, 1, "1;ussd=1;to=2"}};
  CHECK(reply_path_from(to_string(odd)).to == odd.to);
  CHECK(reply_path_from(to_string(odd)).ussd == odd.ussd);
  for (const auto* digits : {"7;ussd=", "7;ussd=x", "7;ussd=65536", "7;ussd=-1", "7;ussd=5 "}) {
    const auto path = reply_path_from(std::string("1.1.") + digits);
    CHECK(path.to.digits == digits);
    CHECK_FALSE(path.ussd);
  }
}
