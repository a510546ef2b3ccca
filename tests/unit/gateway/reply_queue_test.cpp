// Whose turn it is, judged by a slow and simple model.
#include "gateway/reply_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using topupd::gateway::reply_queue;

namespace {

struct model {
  std::vector<reply_queue::entry> waiting, on_their_way;

  [[nodiscard]] bool may_leave(const reply_queue::entry& one) const {
    const auto his = [&](const auto& other) { return other.subscriber == one.subscriber; };
    const auto earlier = [&](const auto& other) {
      return his(other) && std::pair(other.decided_at, other.receipt) < std::pair(one.decided_at, one.receipt);
    };
    return std::ranges::none_of(on_their_way, his) && std::ranges::none_of(waiting, earlier);
  }
  [[nodiscard]] bool anything_may_leave(std::size_t lane) const {
    return std::ranges::any_of(waiting, [&](const auto& one) { return one.lane == lane && may_leave(one); });
  }
};

reply_queue::entry take_one(std::vector<reply_queue::entry>& from, std::size_t at) {
  const auto one = from[at];
  from.erase(from.begin() + static_cast<std::ptrdiff_t>(at));
  return one;
}

}  // namespace

TEST_CASE("whatever comes, goes, returns and is dropped, each lane offers one that may leave when there is one") {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::size_t most) { return static_cast<std::size_t>(random()) % most; };
    reply_queue queue(3);
    model all;
    std::int64_t last = 0;
    for (int step = 0; step < 300; ++step) {
      const auto what = below(6);
      if (what < 2) {
        all.waiting.push_back({.receipt = ++last,
                               .subscriber = below(5),
                               .lane = below(3),
                               .decided_at = std::chrono::sys_seconds(std::chrono::seconds(below(10)))});
        queue.add(all.waiting.back());
      } else if (what == 2) {
        const auto next = queue.front(below(3));
        if (!next) continue;
        const auto at = std::ranges::find(all.waiting, *next, &reply_queue::entry::receipt) - all.waiting.begin();
        all.on_their_way.push_back(take_one(all.waiting, static_cast<std::size_t>(at)));
        queue.take(all.on_their_way.back());
      } else if (what == 3 && !all.on_their_way.empty()) {
        const auto one = take_one(all.on_their_way, below(all.on_their_way.size()));
        const auto lane = queue.finish(one);
        const auto his = [&](const auto& other) { return other.subscriber == one.subscriber; };
        CHECK(lane.has_value() == std::ranges::any_of(all.waiting, his));
      } else if (what == 4 && !all.on_their_way.empty()) {
        const auto one = take_one(all.on_their_way, below(all.on_their_way.size()));
        all.waiting.push_back(one);
        queue.put_back(one);
        if (all.may_leave(one)) CHECK(queue.front(one.lane) == one.receipt);
      } else if (what == 5 && !all.waiting.empty() && below(3) == 0) {
        queue.remove(take_one(all.waiting, below(all.waiting.size())));
      }
      for (std::size_t lane = 0; lane < 3; ++lane) {
        const auto next = queue.front(lane);
        REQUIRE(next.has_value() == all.anything_may_leave(lane));
        CHECK(queue.waiting(lane) ==
              static_cast<std::size_t>(std::ranges::count(all.waiting, lane, &reply_queue::entry::lane)));
        if (!next) continue;
        const auto one = std::ranges::find(all.waiting, *next, &reply_queue::entry::receipt);
        REQUIRE(one != all.waiting.end());
        CHECK(one->lane == lane);
        CHECK(all.may_leave(*one));
      }
    }
  }
}

TEST_CASE("who has much to be told takes turns with the others") {
  reply_queue queue(1);
  const auto entry = [](std::int64_t receipt, std::uint64_t subscriber) {
    return reply_queue::entry{.receipt = receipt, .subscriber = subscriber};
  };
  for (std::int64_t i = 1; i <= 3; ++i) queue.add(entry(i, 7));
  queue.add(entry(4, 8));
  queue.add(entry(5, 9));
  std::vector<std::int64_t> order;
  while (const auto next = queue.front(0)) {
    const auto one = entry(*next, *next <= 3 ? 7 : *next == 4 ? 8 : 9);
    order.push_back(*next);
    queue.take(one);
    queue.finish(one);
  }
  CHECK(order == std::vector<std::int64_t>{1, 4, 5, 2, 3});
}
