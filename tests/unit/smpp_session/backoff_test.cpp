#include <doctest/doctest.h>

#include <limits>

#include "gateway/smpp/supervisor.hpp"

using namespace topupd::smpp;
using namespace std::chrono_literals;

namespace {
constexpr auto highest = std::numeric_limits<std::uint32_t>::max();
}

TEST_CASE("the longest possible wait doubles up to the cap, and begins again after a bind that held") {
  backoff wait(1s, 60s);
  for (const duration expected : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}) CHECK(wait.next(highest) == expected);
  for (int i = 0; i < 1000; ++i) wait.next(highest);  // for ever means for ever
  CHECK(wait.next(highest) == 60s);
  wait.reset();
  CHECK(wait.next(highest) == 1s);
}

TEST_CASE("full jitter is uniform from nothing, but never below 50 ms") {
  backoff wait(8s, 8s);
  CHECK(wait.next(0) == 50ms);
  CHECK(wait.next(1) == 50ms);
  CHECK(std::chrono::round<std::chrono::milliseconds>(wait.next(highest / 2)) == 4s);
  CHECK(std::chrono::round<std::chrono::milliseconds>(wait.next(highest / 4)) == 2s);
}

TEST_CASE("a refused password waits long from the first time on, until a bind held") {
  backoff wait(1s, 60s);
  wait.at_cap();
  CHECK(wait.next(0) == 30s);
  CHECK(wait.next(highest) == 60s);
  wait.reset();
  CHECK(wait.next(highest) == 1s);
}
