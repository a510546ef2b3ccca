#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "gateway/outbox_relay.hpp"

using topupd::gateway::address_from;
using topupd::gateway::to_string;

TEST_CASE("an address comes back from the store as it came from the SMSC") {
  const topupd::smpp::address all[] = {
      {1, 1, "999701234567"}, {0, 0, "12345"}, {5, 0, "Bank.Name"}, {2, 8, ""}, {6, 18, "0"},
  };
  for (const auto& each : all) CHECK(address_from(to_string(each)) == each);
}

TEST_CASE("what is no address reads as an empty one") {
  for (const auto* text : {"", "1", "1.1", "..", "a.b"}) CHECK(address_from(text).digits.empty());
}
