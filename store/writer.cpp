#include "store/writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <tuple>

namespace topupd::store {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds first_pause{100}, longest_pause{1000};  // between attempts to reconnect
constexpr milliseconds idle_look{1000};                        // an idle writer looks whether the server is still there
constexpr int races_at_most = 50;    // each means that another gateway got on; so many mean something else
constexpr int failures_at_most = 3;  // of one text on its own, then it is quarantined
constexpr milliseconds failure_pause{50};
constexpr std::size_t results_at_most = 4096;  // in one call

// In order of receipt, as the function wants them, and one each: what is known for certain stands for what is not, and
// the lease that goes on for one that is over. That the SMSC has our ESME_ROK is true whatever else is said.
std::vector<reply_result> in_order(std::vector<reply_result> results) {
  using kind = reply_result::kind;
  const auto rank = [](const reply_result& of) {
    return std::tuple{of.receipt, of.what != kind::sent, of.what == kind::heard, -of.lease, of.what};
  };
  std::sort(results.begin(), results.end(),
            [&](const reply_result& a, const reply_result& b) { return rank(a) < rank(b); });
  std::vector<reply_result> one_each;
  for (auto& each : results) {
    if (one_each.empty() || one_each.back().receipt != each.receipt) {
      one_each.push_back(std::move(each));
    } else if (each.heard) {
      one_each.back().heard = true;
      one_each.back().at = std::max(one_each.back().at, each.at);
    }
  }
  return one_each;
}

// From half of it to all of it: many gateways that have lost the same server shall not all come back at once.
milliseconds jittered(milliseconds most) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return milliseconds{std::uniform_int_distribution{most.count() / 2, most.count()}(random)};
}

template <typename Container>
std::vector<typename Container::value_type> take_front(Container& from, std::size_t at_most) {
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(std::min(at_most, from.size()));
  std::vector<typename Container::value_type> taken{std::make_move_iterator(from.begin()),
                                                    std::make_move_iterator(end)};
  from.erase(from.begin(), end);
  return taken;
}

}  // namespace

writer::writer(const worker_options& options, const worker::callbacks& to)
    : options_(options), to_(to), link_(std::make_unique<gateway_link>(options, "topupd writer")) {
  thread_ = std::thread([this] { run(); });
}

worker::taken writer::offer(text value) {
  const std::lock_guard lock{guard_};
  if (!up_ || stopping_) return worker::taken::away;
  if (queue_.size() >= options_.queue_max) return worker::taken::full;
  queue_.push_back(std::move(value));
  wake_.notify_one();
  return worker::taken::yes;
}

void writer::report(reply_result value) {
  const std::lock_guard lock{guard_};
  if (results_.empty()) results_since_ = clock::now();
  results_.push_back(std::move(value));
  if (results_.size() == 1 || results_.size() == options_.report_max) wake_.notify_one();
}

// Before what was decided in the same call is told: whoever hears of that looks how much is not written yet.
void writer::written() {
  const std::lock_guard lock{guard_};
  results_in_call_ = 0;
}

bool writer::up() const {
  const std::lock_guard lock{guard_};
  return up_;
}

std::size_t writer::queued() const {
  const std::lock_guard lock{guard_};
  return queue_.size();
}

std::size_t writer::unwritten() const {
  const std::lock_guard lock{guard_};
  return results_.size() + results_in_call_;
}

void writer::stop(milliseconds within) {
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock{guard_};
    stopping_ = true;
    wake_.notify_all();
    if (!ended_.wait_for(lock, within, [this] { return done_; })) {
      abandoned_ = true;
      if (link_) link_->cut();
      wake_.notify_all();
    }
  }
  thread_.join();
}

void writer::run() {
  pthread_setname_np(pthread_self(), "store-writer");
  while (auto now = next()) {
    if (now->items.empty() && now->results.empty())
      look();
    else
      settle(now->items, std::move(now->results), false);
  }
  lost({});  // refuses what is left
  const std::lock_guard lock{guard_};
  done_ = true;
  ended_.notify_all();
}

// What is to be done now; nothing in it after an idle while; nothing at all when it is time to end.
std::optional<writer::work> writer::next() {
  std::unique_lock lock{guard_};
  results_in_call_ = 0;
  while (!abandoned_) {
    const auto now = clock::now();
    const bool results_due = !results_.empty() && (stopping_ || results_.size() >= options_.report_max ||
                                                   now >= results_since_ + options_.report_delay);
    if (!queue_.empty() || results_due) {
      work found;
      found.items = take_batch(queue_, options_.batch_max);
      found.results = in_order(take_front(results_, results_at_most));
      results_in_call_ = found.results.size();
      return found;
    }
    if (stopping_) break;
    const auto until = results_.empty() ? now + idle_look : results_since_ + options_.report_delay;
    const bool idle = wake_.wait_until(lock, until) == std::cv_status::timeout && results_.empty();
    progress_.fetch_add(1, std::memory_order_relaxed);
    if (idle) return work{};
  }
  return std::nullopt;
}

void writer::look() {
  if (link_->alive()) return;
  lost("PostgreSQL has closed the connection");
  if (reconnect()) settle({}, {}, false);
}

// Until these texts are decided, refused or, on an abandoned stop, left to be delivered again.
void writer::settle(std::span<item> items, std::vector<reply_result> results, bool again) {
  int races = 0, failures = 0;
  while (link_ || reconnect()) {
    if (!up()) add_reported(results);
    if (!give_receipts(items)) continue;
    auto answer = link_->redeem(items, results, again);
    progress_.fetch_add(1, std::memory_order_relaxed);
    if (answer.fate == fate::raced && ++races < races_at_most) continue;
    if (answer.fate == fate::away) {
      lost(answer.why);
      again = true;
      continue;
    }
    wait_ = milliseconds{0};
    say(true, {});
    if (answer.fate == fate::done) {
      written();
      if (!answer.value.empty()) to_.on_decided(std::move(answer.value));
      return;
    }
    // It will fail as often as it is tried. Whose fault is it?
    if (!results.empty() && !items.empty()) {
      settle({}, std::exchange(results, {}), false);
    } else if (items.size() > 1) {
      settle(items.first(items.size() / 2), {}, again);
      settle(items.subspan(items.size() / 2), {}, again);
      return;
    } else if (++failures < failures_at_most) {
      if (!pause(failure_pause)) return;
    } else if (items.empty() || quarantine(items.front())) {
      return;  // results that cannot be written: their replies are owed again when the lease lapses
    }
  }
}

// What was reported while the store was away is written before anybody claims again: a reply that has left meanwhile
// shall not leave once more.
void writer::add_reported(std::vector<reply_result>& to) {
  const std::lock_guard lock{guard_};
  std::move(results_.begin(), results_.end(), std::back_inserter(to));
  results_.clear();
  to = in_order(std::move(to));
  results_in_call_ = to.size();
}

// False when the connection was lost over it.
bool writer::quarantine(const item& bad) {
  auto answer = link_->quarantine(bad);
  if (answer.fate == fate::away) {
    lost(answer.why);
    return false;
  }
  if (answer.fate == fate::done && !answer.value.empty())
    to_.on_decided(std::move(answer.value));
  else
    refuse(bad);  // nothing was written; the SMSC may try it once more
  return true;
}

bool writer::give_receipts(std::span<item> items) {
  for (item& one : items) {
    const auto places = more_places(one.text).all();
    if (one.receipt.number == 0 && !give_receipt(one.receipt)) return false;
    while (one.more.size() < places) {
      store::receipt next;
      if (!give_receipt(next)) return false;
      one.more.push_back(next);
    }
  }
  return true;
}

bool writer::give_receipt(receipt& to) {
  if (receipts_left_ == 0) {
    const auto block = link_->take_receipts();
    if (block.fate != fate::done) {
      lost(block.why);
      return false;
    }
    next_receipt_ = block.value;
    receipts_left_ = gateway_link::receipts_in_block;
  }
  to.number = next_receipt_++;
  --receipts_left_;
  return true;
}

void writer::refuse(const item& one) {
  std::vector<std::uint64_t> tickets{one.text.ticket};
  for (const text& copy : one.copies) tickets.push_back(copy.ticket);
  to_.on_refused(std::move(tickets));
}

// What waits is refused at once; what was sent already is its caller's to repeat.
void writer::lost(const std::string& why) {
  std::vector<std::uint64_t> tickets;
  {
    const std::lock_guard lock{guard_};
    if (link_ && !link_->unanswered().host.empty()) last_ = link_->unanswered();
    link_.reset();
    up_ = false;
    for (const text& waiting : queue_) tickets.push_back(waiting.ticket);
    queue_.clear();
  }
  if (!tickets.empty()) to_.on_refused(std::move(tickets));
  if (!why.empty()) say(false, why);
}

// As often as it takes; at once after a call that went well. False when there is no more time for it.
bool writer::reconnect() {
  while (pause(jittered(wait_))) {
    wait_ = std::clamp(2 * wait_, first_pause, longest_pause);
    progress_.fetch_add(1, std::memory_order_relaxed);
    try {
      auto link = std::make_unique<gateway_link>(options_, "topupd writer", last_);
      const std::lock_guard lock{guard_};
      link_ = std::move(link);
      return true;
    } catch (const unavailable& problem) {
      say(false, problem.what());
    }
  }
  return false;
}

void writer::say(bool up, const std::string& why) {
  {
    const std::lock_guard lock{guard_};
    up_ = up;
  }
  if (std::exchange(said_, up) == up) return;
  to_.on_state(up, why);
}

bool writer::pause(milliseconds time) {
  std::unique_lock lock{guard_};
  wake_.wait_for(lock, time, [this] { return abandoned_; });
  return !abandoned_;
}

}  // namespace topupd::store
