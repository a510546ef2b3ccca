#include "tests/simulation/simulated_door.hpp"

#include <utility>

namespace topupd::simulation {
namespace {

constexpr std::size_t batch_max = 256;
constexpr std::size_t queue_max = 4096;
constexpr auto report_delay = milliseconds(100);

}  // namespace

simulated_door::simulated_door(process& host, database& behind, const weather& now, std::string instance, callbacks to)
    : host_(host), database_(behind), weather_(now), instance_(std::move(instance)), to_(std::move(to)) {}

store::door::taken simulated_door::offer(store::text value) {
  if (!up_) return taken::away;
  if (queue_.size() >= queue_max) return taken::full;
  queue_.push_back(std::move(value));
  host_.after(microseconds(10), [this] { gather(); });
  return taken::yes;
}

store::door::taken simulated_door::keep(store::part) {
  return taken::away;
}

store::door::taken simulated_door::note(store::delivery value) {
  if (!up_) return taken::away;
  host_.after(time_of_a_call(), [this, value = std::move(value)] {
    if (weather_.away) return to_.on_refused({value.ticket});
    database_.note(value);
    to_.on_noted({value.ticket});
  });
  return taken::yes;
}

void simulated_door::report(store::reply_result value) {
  marks_.push_back(std::move(value));
  if (std::exchange(report_timer_, true)) return;
  host_.after(report_delay, [this] {
    report_timer_ = false;
    gather();
  });
}

void simulated_door::claim(std::size_t at_most, std::vector<std::string> smscs) {
  if (!up_ || std::exchange(claiming_, true)) return;
  host_.after(time_of_a_call(), [this, at_most, smscs = std::move(smscs)] {
    claiming_ = false;
    if (weather_.away) return;
    auto owed = database_.claim(instance_, at_most, smscs);
    if (!owed.empty()) to_.on_claimed(std::move(owed));
  });
}

duration simulated_door::time_of_a_call() {
  auto& time = host_.time();
  return time.chance(weather_.slow_calls) ? time.between(milliseconds(10), seconds(3))
                                          : time.between(microseconds(500), milliseconds(5));
}

void simulated_door::gather() {
  if (busy_ || !up_ || (queue_.empty() && marks_.empty())) return;
  call work;
  while (!queue_.empty() && work.texts.size() < batch_max) {
    work.texts.push_back({std::move(queue_.front()), database_.next_receipt()});
    queue_.pop_front();
  }
  work.marks = std::exchange(marks_, {});
  begin(std::move(work));
}

void simulated_door::begin(call work) {
  busy_ = true;
  if (!up_) {  // before anybody claims again
    work.marks.insert(work.marks.end(), marks_.begin(), marks_.end());
    marks_.clear();
  }
  marks_in_call_ = work.marks.size();
  const auto takes = time_of_a_call();
  host_.after(takes / 2, [this, takes, work = std::move(work)]() mutable {
    const bool dies = host_.time().chance(weather_.lost_calls);
    if (weather_.away || (dies && host_.time().chance(0.5))) return lost(std::move(work));
    auto decided = database_.redeem(instance_, work.texts, work.marks, work.again);  // COMMIT
    if (dies) return lost(std::move(work));
    host_.after(takes - takes / 2, [this, decided = std::move(decided)]() mutable {
      busy_ = false;
      marks_in_call_ = 0;
      if (!std::exchange(up_, true)) to_.on_state(true);
      if (!decided.empty()) to_.on_decided(std::move(decided));
      gather();
    });
  });
}

// What waits is refused; what was sent already is to be repeated, because nobody knows.
void simulated_door::lost(call work) {
  work.again = true;
  unknown_ = std::move(work);
  std::vector<std::uint64_t> waiting;
  for (const auto& each : queue_) waiting.push_back(each.ticket);
  queue_.clear();
  if (std::exchange(up_, false)) to_.on_state(false);
  if (!waiting.empty()) to_.on_refused(std::move(waiting));
  reconnect();
}

void simulated_door::reconnect() {
  host_.after(host_.time().between(milliseconds(50), seconds(1)), [this] {
    if (weather_.away) return reconnect();
    begin(*std::exchange(unknown_, std::nullopt));
  });
}

}  // namespace topupd::simulation
