#include "gateway/reply_queue.hpp"

#include <cassert>

namespace topupd::gateway {

void reply_queue::add(const entry& reply) {
  auto& of = lines_[reply.subscriber];
  of.waiting.emplace(order{reply.decided_at, reply.receipt}, reply.lane);
  ++lanes_[reply.lane].waiting;
  stand(reply.subscriber, of, end::back);
}

std::optional<std::int64_t> reply_queue::front(std::size_t lane) const {
  const auto& waits = lanes_[lane].subscribers;
  if (waits.empty()) return std::nullopt;
  return lines_.at(waits.front()).waiting.begin()->first.second;
}

void reply_queue::take(const entry& reply) {
  auto& of = lines_.at(reply.subscriber);
  assert(of.lane == reply.lane && of.waiting.begin()->first.second == reply.receipt);
  of.waiting.erase(of.waiting.begin());
  --lanes_[reply.lane].waiting;
  step_out(of);
  of.on_its_way = true;
}

void reply_queue::put_back(const entry& reply) {
  auto& of = lines_.at(reply.subscriber);
  of.on_its_way = false;
  of.waiting.emplace(order{reply.decided_at, reply.receipt}, reply.lane);
  ++lanes_[reply.lane].waiting;
  stand(reply.subscriber, of, end::front);
}

// His next one stands behind the others: who has much to be told does not keep them from being told anything.
std::optional<std::size_t> reply_queue::finish(const entry& reply) {
  const auto found = lines_.find(reply.subscriber);
  auto& of = found->second;
  of.on_its_way = false;
  if (of.waiting.empty()) {
    lines_.erase(found);
    return std::nullopt;
  }
  stand(reply.subscriber, of, end::back);
  return of.lane;
}

void reply_queue::remove(const entry& reply) {
  const auto found = lines_.find(reply.subscriber);
  auto& of = found->second;
  of.waiting.erase({reply.decided_at, reply.receipt});
  --lanes_[reply.lane].waiting;
  if (!of.waiting.empty()) return stand(reply.subscriber, of, end::back);
  step_out(of);
  if (!of.on_its_way) lines_.erase(found);
}

// In the lane of his first one; where he stands there already he keeps his place.
void reply_queue::stand(std::uint64_t subscriber, line& of, end where) {
  const auto lane = of.waiting.begin()->second;
  if (of.on_its_way || of.lane == lane) return;
  step_out(of);
  auto& waits = lanes_[lane].subscribers;
  of.place = waits.insert(where == end::front ? waits.begin() : waits.end(), subscriber);
  of.lane = lane;
}

void reply_queue::step_out(line& of) {
  if (of.lane) lanes_[*of.lane].subscribers.erase(of.place);
  of.lane.reset();
}

}  // namespace topupd::gateway
