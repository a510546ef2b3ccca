#include "store/worker.hpp"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "store/gateway_link.hpp"
#include "store/writer.hpp"

namespace topupd::store {
namespace {

// The second connection: looks for replies that nobody sends, when asked to, and keeps parts of long texts. A claim
// that cannot be served is dropped, the gateway asks again; a part that cannot be kept is refused.
class claimer {
 public:
  claimer(const worker_options& options, const worker::callbacks& to, const writer& beside)
      : options_(options), to_(to), beside_(beside), thread_([this] { run(); }) {}
  ~claimer() { stop(); }

  void ask(std::size_t at_most) {
    const std::lock_guard lock{guard_};
    if (wanted_ == 0) wanted_ = at_most;
    wake_.notify_one();
  }

  worker::taken keep(part value) {
    if (!beside_.up()) return worker::taken::away;
    const std::lock_guard lock{guard_};
    if (stopping_) return worker::taken::away;
    if (parts_.size() >= options_.parts_max) return worker::taken::full;
    parts_.push_back(std::move(value));
    wake_.notify_one();
    return worker::taken::yes;
  }

  void stop() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock{guard_};
      stopping_ = true;
      if (link_) link_->cut();
      wake_.notify_one();
    }
    thread_.join();
  }

 private:
  void run() {
    pthread_setname_np(pthread_self(), "store-claimer");
    std::unique_lock lock{guard_};
    while (true) {
      wake_.wait(lock, [this] { return wanted_ != 0 || !parts_.empty() || stopping_; });
      if (stopping_) return;  // who sent a part and heard nothing sends it again
      if (!parts_.empty()) {
        const auto part = std::move(parts_.front());
        parts_.pop_front();
        lock.unlock();
        serve(part);
        lock.lock();
        continue;
      }
      const std::size_t at_most = wanted_;
      lock.unlock();
      serve(at_most);
      lock.lock();
      wanted_ = 0;
    }
  }

  void serve(const part& one) {
    if (beside_.up() && connect()) {
      auto answer = link_->keep(one);
      if (answer.fate == fate::away) replace({});
      if (answer.fate == fate::done) return to_.on_kept(one.ticket, std::move(answer.value));
    }
    to_.on_refused({one.ticket});
  }

  void serve(std::size_t at_most) {
    if (!beside_.up() || !connect()) return;
    auto answer = link_->claim(at_most);
    if (answer.fate == fate::away) replace({});
    if (!answer.value.empty()) to_.on_claimed(std::move(answer.value));
  }

  bool connect() {
    if (link_ && link_->alive()) return true;
    try {
      replace(std::make_unique<gateway_link>(options_, "topupd claimer"));
    } catch (const unavailable&) {
      replace({});  // the writer finds out for itself, and says so
    }
    return link_ != nullptr;
  }

  void replace(std::unique_ptr<gateway_link> link) {
    const std::lock_guard lock{guard_};
    link_ = std::move(link);
  }

  const worker_options& options_;
  const worker::callbacks& to_;
  const writer& beside_;
  std::mutex guard_;
  std::condition_variable wake_;
  std::unique_ptr<gateway_link> link_;  // used by the thread alone, replaced under guard_
  std::size_t wanted_ = 0;              // until it is served: one request at a time
  std::deque<part> parts_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

struct worker::body {
  body(worker_options given, callbacks receiver)
      : options(std::move(given)), to(std::move(receiver)), writing(options, to), claiming(options, to, writing) {}

  const worker_options options;
  const callbacks to;
  writer writing;
  claimer claiming;
};

worker::worker(worker_options options, callbacks to)
    : body_(std::make_unique<body>(std::move(options), std::move(to))) {}
worker::~worker() = default;

worker::taken worker::offer(text value) {
  return body_->writing.offer(std::move(value));
}
worker::taken worker::keep(part value) {
  return body_->claiming.keep(std::move(value));
}
void worker::report(reply_result value) {
  body_->writing.report(std::move(value));
}
void worker::claim(std::size_t at_most) {
  body_->claiming.ask(at_most);
}

void worker::stop(std::chrono::milliseconds within) {
  body_->claiming.stop();  // a reply claimed now would find nobody to send it
  body_->writing.stop(within);
}

std::uint64_t worker::progress() const {
  return body_->writing.progress();
}
std::size_t worker::queued() const {
  return body_->writing.queued();
}

}  // namespace topupd::store
