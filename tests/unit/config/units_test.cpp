#include "config/units.hpp"

#include <doctest/doctest.h>

namespace topupd::config {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a time is a whole number and one unit") {
  const std::vector<std::pair<std::string, std::optional<std::chrono::milliseconds>>> table = {
      {"500ms", 500ms},
      {"30s", 30s},
      {"10m", 10min},
      {"2h", 2h},
      {"90d", 24h * 90},
      {"0s", 0s},
      {"", std::nullopt},
      {"30", std::nullopt},
      {"s", std::nullopt},
      {"-1s", std::nullopt},
      {"1.5s", std::nullopt},
      {"30 s", std::nullopt},
      {"30S", std::nullopt},
      {"1m30s", std::nullopt},
      {"9223372036854775807ms", std::chrono::milliseconds::max()},
      {"9223372036854775807s", std::nullopt},   // overflows
      {"99999999999999999999s", std::nullopt},  // no 64-bit number
  };
  for (const auto& [text, time] : table) {
    CAPTURE(text);
    CHECK(time_from(text) == time);
  }
}

TEST_CASE("a time is told in the largest unit that fits") {
  CHECK(to_text(1499ms) == "1499ms");
  CHECK(to_text(1s) == "1s");
  CHECK(to_text(10min) == "10m");
  CHECK(to_text(36h) == "36h");
  CHECK(to_text(48h) == "2d");
  CHECK(to_text(0ms) == "0s");
}

TEST_CASE("the word meant is one or two slips away; another word is no guess") {
  const std::vector<std::string> keys = {"window", "port", "password", "bind_timeout"};
  CHECK(nearest("windw", keys) == "window");
  CHECK(nearest("widnow", keys) == "window");  // neighbours swapped
  CHECK(nearest("windows", keys) == "window");
  CHECK(nearest("pasword", keys) == "password");
  CHECK(nearest("prot", keys) == "port");
  CHECK(nearest("bind_time_out", keys) == "bind_timeout");
  CHECK(nearest("pool", keys).empty());
  CHECK(nearest("colour", keys).empty());
  CHECK(nearest("x", {"y"}).empty());  // every letter would be one slip
}

TEST_CASE("an address to listen on has a literal address and a port") {
  CHECK(endpoint_from("127.0.0.1:9095")->port == 9095);
  CHECK(endpoint_from("0.0.0.0:0")->address == "0.0.0.0");
  CHECK(endpoint_from("[::1]:80")->address == "::1");
  for (const auto* wrong : {"", ":", ":9095", "localhost:9095", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                            "127.0.0.1:-1", "::1:80", "[127.0.0.1]:80"}) {
    CAPTURE(wrong);
    CHECK_FALSE(endpoint_from(wrong));
  }
}

}  // namespace
}  // namespace topupd::config
