#include "gateway/pulse.hpp"

#include <doctest/doctest.h>

using topupd::gateway::pulse;
using namespace std::chrono_literals;

namespace {

const pulse::time_point start{1000s};

// Beats each second until `held_up`, and again from `goes_on`.
pulse held_up(pulse::time_point since, pulse::time_point until) {
  pulse heart;
  for (auto at = start; at <= since; at += 1s) heart.beat(at);
  heart.beat(until);
  return heart;
}

}  // namespace

TEST_CASE("what a steady process reads has just come") {
  const auto heart = held_up(start + 9s, start + 10s);
  CHECK(heart.earliest(start + 10s) == start + 10s);
  CHECK(heart.earliest_of_a_text(start + 10s) == start + 10s);
  CHECK(heart.steady(start + 5s, start + 10s));
}

TEST_CASE(
    "what is read after a hold-up may have come at its begin: for a second, a text for as long as wires may stall") {
  auto heart = held_up(start + 5s, start + 25s);
  CHECK(heart.earliest(start + 25s) == start + 5s);
  CHECK(heart.earliest_of_a_text(start + 25s) == start + 5s);
  CHECK_FALSE(heart.steady(start + 4s, start + 25s));
  for (auto at = start + 26s; at <= start + 39s; at += 1s) heart.beat(at);
  CHECK(heart.earliest(start + 39s) == start + 39s);
  CHECK(heart.earliest_of_a_text(start + 39s) == start + 5s);
  heart.beat(start + 40s);
  CHECK(heart.earliest_of_a_text(start + 40s) == start + 40s);
  CHECK_FALSE(heart.steady(start + 39s, start + 40s));
  CHECK(heart.steady(start + 40s, start + 41s));
}

TEST_CASE("before the next beat nobody knows whether this is a hold-up") {
  const auto heart = held_up(start + 4s, start + 5s);
  CHECK(heart.earliest(start + 5s + 1500ms) == start + 5s + 1500ms);
  CHECK(heart.earliest(start + 5s + 1501ms) == start + 5s);
  CHECK_FALSE(heart.steady(start + 5s, start + 5s + 1501ms));
}
