#include "store/claimer.hpp"

#include <pthread.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace topupd::store {
namespace {

constexpr std::ptrdiff_t deliveries_at_most = 512;  // in one call
constexpr int races_at_most = 20;                   // each means that somebody else got on

}  // namespace

claimer::claimer(const worker_options& options, const worker::callbacks& to, const writer& beside)
    : options_(options), to_(to), beside_(beside), thread_([this] { run(); }) {}

worker::taken claimer::keep(part value) {
  return take(parts_, options_.parts_max, std::move(value));
}
worker::taken claimer::note(delivery value) {
  return take(deliveries_, options_.deliveries_max, std::move(value));
}

template <typename Value>
worker::taken claimer::take(std::deque<Value>& into, std::size_t at_most, Value value) {
  if (!beside_.up()) return worker::taken::away;
  const std::lock_guard lock{guard_};
  if (stopping_) return worker::taken::away;
  if (into.size() >= at_most) return worker::taken::full;
  into.push_back(std::move(value));
  wake_.notify_one();
  return worker::taken::yes;
}

void claimer::claim(std::size_t at_most, std::vector<std::string> smscs) {
  const std::lock_guard lock{guard_};
  if (wanted_.at_most == 0) wanted_ = {.at_most = at_most, .smscs = std::move(smscs)};
  wake_.notify_one();
}

void claimer::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{guard_};
    stopping_ = true;
    if (link_) link_->cut();
    wake_.notify_one();
  }
  thread_.join();
}

void claimer::run() {
  pthread_setname_np(pthread_self(), "store-claimer");
  std::unique_lock lock{guard_};
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || wanted_.at_most != 0 || !parts_.empty() || !deliveries_.empty(); });
    if (stopping_) return;
    const work now = next();
    lock.unlock();
    if (!now.deliveries.empty()) serve(now.deliveries);
    for (const part& one : now.parts) serve(one);
    if (now.wanted.at_most != 0) serve(now.wanted);
    lock.lock();
    if (now.wanted.at_most != 0) wanted_ = {};
  }
}

claimer::work claimer::next() {
  work found;
  const auto end = deliveries_.begin() + std::min(deliveries_at_most, std::ssize(deliveries_));
  found.deliveries.assign(std::make_move_iterator(deliveries_.begin()), std::make_move_iterator(end));
  deliveries_.erase(deliveries_.begin(), end);
  if (!parts_.empty()) {
    found.parts.push_back(std::move(parts_.front()));
    parts_.pop_front();
  }
  found.wanted = wanted_;
  return found;
}

void claimer::serve(const std::vector<delivery>& deliveries) {
  std::vector<std::uint64_t> tickets;
  for (const delivery& one : deliveries) tickets.push_back(one.ticket);
  for (int races = 0; races < races_at_most && beside_.up() && connect(); ++races) {
    const auto answer = link_->note(deliveries);
    if (answer.fate == fate::raced) continue;
    if (answer.fate == fate::away) replace({});
    if (answer.fate == fate::done) return to_.on_noted(std::move(tickets));
    break;
  }
  to_.on_refused(std::move(tickets));
}

void claimer::serve(const part& one) {
  if (beside_.up() && connect()) {
    auto answer = link_->keep(one);
    if (answer.fate == fate::away) replace({});
    if (answer.fate == fate::done) return to_.on_kept(one.ticket, std::move(answer.value));
  }
  to_.on_refused({one.ticket});
}

void claimer::serve(const request& wanted) {
  if (!beside_.up() || !connect()) return;
  auto answer = link_->claim(wanted.at_most, wanted.smscs);
  if (answer.fate == fate::away) replace({});
  if (!answer.value.empty()) to_.on_claimed(std::move(answer.value));
}

bool claimer::connect() {
  if (link_ && link_->alive()) return true;
  {
    const std::lock_guard lock{guard_};
    if (stopping_) return false;
  }
  try {
    replace(std::make_unique<gateway_link>(options_, "topupd claimer", last_));
  } catch (const unavailable&) {
    replace({});  // the writer finds out for itself, and says so
  }
  return link_ != nullptr;
}

void claimer::replace(std::unique_ptr<gateway_link> link) {
  if (link_ && !link_->unanswered().host.empty()) last_ = link_->unanswered();
  const std::lock_guard lock{guard_};
  link_ = std::move(link);
}

}  // namespace topupd::store
