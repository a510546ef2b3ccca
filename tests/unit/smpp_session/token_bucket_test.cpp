// The bucket alone, over simulated time.
#include "gateway/smpp/token_bucket.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

using namespace topupd::smpp;
using namespace std::chrono_literals;

namespace {

using time_point = token_bucket::time_point;
using duration = token_bucket::duration;

constexpr time_point start{1h};

// Takes all there is until `end`, as a sender does who sleeps to room_at(): how many.
int drain(token_bucket& bucket, time_point& now, time_point end) {
  int taken = 0;
  while (now < end) {
    for (auto room = bucket.room(now); room > 0; --room, ++taken) bucket.take(now);
    const auto next = bucket.room_at(now);
    REQUIRE(next > now);  // or the sender would spin
    now = next;
    REQUIRE(bucket.room(now) >= 1);  // or it would be woken in vain
  }
  return taken;
}

double milliseconds(duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

TEST_CASE("a bucket holds a tenth of a second's tokens, one at least, and is full at the start") {
  struct row {
    std::uint32_t rate;
    std::size_t room;
  };
  for (const row& it : {row{1, 1}, row{9, 1}, row{10, 1}, row{20, 2}, row{25, 2}, row{1000, 100}, row{100000, 10000}}) {
    CAPTURE(it.rate);
    token_bucket bucket(it.rate, start);
    CHECK(bucket.room(start) == it.room);
    CHECK(bucket.room_at(start) == time_point::min());
    CHECK(bucket.room(start + 1h) == it.room);  // nothing is saved up
    CHECK(bucket.rate(start) == it.rate);
  }
}

TEST_CASE("without a limit there is always room") {
  token_bucket bucket(0, start);
  for (int i = 0; i < 10000; ++i) bucket.take(start);
  CHECK(bucket.room(start) == std::numeric_limits<std::size_t>::max());
  CHECK(bucket.rate(start) == 0);
}

TEST_CASE("an empty bucket says when the next one may go") {
  token_bucket bucket(20, start);
  bucket.take(start);
  bucket.take(start);
  CHECK(bucket.room(start) == 0);
  CHECK(bucket.room_at(start) == start + 50ms);
  CHECK(bucket.room(start + 49ms) == 0);
  CHECK(bucket.room(start + 50ms) == 1);
  CHECK(bucket.room(start + 100ms) == 2);
}

TEST_CASE("over any time not more than the rate and one bucket are taken, and no less than the rate") {
  for (const std::uint32_t rate : {1U, 3U, 7U, 20U, 99U, 1000U, 5003U}) {
    CAPTURE(rate);
    token_bucket bucket(rate, start);
    auto now = start;
    const int taken = drain(bucket, now, start + 20s);
    CHECK(taken <= static_cast<int>(20 * rate + std::max(rate / 10, 1U)));
    CHECK(taken >= static_cast<int>(20 * rate));
  }
}

TEST_CASE("a throttling halves the rate, pauses, and the rate is back a minute later") {
  token_bucket bucket(100, start);
  bucket.throttled(0, start);
  CHECK(bucket.rate(start) == 50);
  CHECK(bucket.room(start) == 0);
  CHECK(bucket.room_at(start) == start + 200ms);
  CHECK(bucket.room(start + 199ms) == 0);
  CHECK(bucket.room(start + 200ms) == 1);
  double before = 50;
  for (auto at = start + 1s; at < start + 60s; at += 1s) {
    CHECK(bucket.rate(at) > before);
    CHECK(bucket.rate(at) < before * 1.02);  // slowly
    before = bucket.rate(at);
  }
  CHECK(bucket.rate(start + 60200ms) == 100);
}

TEST_CASE("where no limit is set, half of what went out in the last second is found, and no limit again in the end") {
  token_bucket bucket(0, start);
  for (int i = 0; i < 500; ++i) bucket.take(start);  // too old to count
  for (int i = 0; i < 80; ++i) bucket.take(start + 1500ms + i * 10ms);
  bucket.throttled(0, start + 2300ms);
  CHECK(bucket.rate(start + 2300ms) == 40);
  auto now = start + 2300ms;
  const int taken = drain(bucket, now, start + 7500ms);
  CHECK(taken > 40 * 5);
  CHECK(taken < 60 * 5);
  CHECK(bucket.rate(start + 12500ms) == doctest::Approx(80));  // twice as much in ten seconds
  CHECK(bucket.rate(start + 62500ms) == 0);
  CHECK(bucket.room(start + 62500ms) == std::numeric_limits<std::size_t>::max());
}

TEST_CASE("where no limit is set, what the rate has grown to while nothing was sent is not halved but forgotten") {
  token_bucket bucket(0, start);
  auto now = start;
  for (int i = 0; i < 80; ++i) bucket.take(now);
  for (int minutes = 0; minutes < 50; ++minutes) {  // grown by 32 each time it would be past every integer
    bucket.throttled(0, now);
    now += 59s;
    bucket.take(now);
  }
  CHECK(bucket.rate(now) < 100);
}

TEST_CASE("what is said of one second counts once, and so does what is said during a pause") {
  token_bucket bucket(100, start);
  for (int i = 0; i < 64; ++i) bucket.throttled(0, start + i * 1ms);
  CHECK(bucket.rate(start) == 50);
  bucket.throttled(0, start + 999ms);
  CHECK(bucket.rate(start) == 50);
  bucket.throttled(0, start + 1000ms);
  CHECK(bucket.rate(start + 1s) == doctest::Approx(25).epsilon(0.01));
}

TEST_CASE("pauses double in a row up to 30 s, more by chance, and begin again after an ESME_ROK") {
  struct row {
    double jitter;
    std::vector<int> pauses;  // ms
  };
  const row rows[] = {{0.0, {200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000}},
                      {0.5, {300, 600, 1200, 2400, 4800, 9600, 19200, 30000, 30000, 30000}},
                      {1.0, {400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000}}};
  for (const auto& it : rows) {
    CAPTURE(it.jitter);
    token_bucket bucket(1000, start);
    auto now = start;
    for (const int pause : it.pauses) {
      bucket.throttled(it.jitter, now);
      CHECK(milliseconds(bucket.room_at(now) - now) == doctest::Approx(pause));
      bucket.throttled(it.jitter, now + 10ms);  // of the same window
      now += std::max<duration>(std::chrono::milliseconds(pause), 1s);
    }
    bucket.accepted();
    bucket.throttled(it.jitter, now);
    CHECK(milliseconds(bucket.room_at(now) - now) == doctest::Approx(it.pauses.front()));
  }
}

TEST_CASE("however often it is throttled, one a second is left, or the configured rate when that is less") {
  for (const std::uint32_t rate : {0U, 1U, 2U, 1000U}) {
    CAPTURE(rate);
    token_bucket bucket(rate, start);
    auto now = start;
    for (int i = 0; i < 50; ++i, now += 30s) bucket.throttled(0, now);
    bucket.throttled(0, now);
    CHECK(bucket.rate(now) == 1);
    CHECK(bucket.room(now + 30s) == 1);
  }
}

TEST_CASE("a sender finds the rate of an SMSC that says too fast, and stays near it") {
  // An SMSC that takes 100 a second and throttles the rest; ours is set to 1000.
  token_bucket bucket(1000, start);
  auto now = start;
  int taken = 0;
  int refused = 0;
  for (auto second = start; second < start + 60s; second += 1s) {
    int left = 100;
    while (now < second + 1s) {
      for (auto room = bucket.room(now); room > 0; room = bucket.room(now)) {
        bucket.take(now);
        if (left > 0) {
          --left;
          ++taken;
          bucket.accepted();
        } else {
          ++refused;
          bucket.throttled(0.5, now);
        }
      }
      now = bucket.room_at(now);
    }
  }
  CHECK(taken > 60 * 50);
  CHECK(refused < taken / 5);
}
