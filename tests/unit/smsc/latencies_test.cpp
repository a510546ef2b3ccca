#include "tests/smsc/latencies.hpp"

#include <doctest/doctest.h>

using topupd::smsc::latencies;
using namespace std::chrono_literals;

TEST_CASE("a percentile is the smallest latency that so many do not exceed, in whatever order they came") {
  latencies all;
  CHECK(all.percentile(0.5) == 0);
  CHECK(all.longest() == 0);
  for (int ms = 1000; ms > 0; --ms) all.add(ms * 1ms);
  CHECK(all.count() == 1000);
  CHECK(all.percentile(0.5) == 500);
  CHECK(all.percentile(0.999) == 999);
  CHECK(all.longest() == 1000);
  all.add(250us);
  CHECK(all.percentile(0.0001) == 0.25);
}
