#include "store/worker.hpp"

#include <utility>

#include "store/claimer.hpp"
#include "store/writer.hpp"

namespace topupd::store {

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
worker::taken worker::note(delivery value) {
  return body_->claiming.note(std::move(value));
}
void worker::report(reply_result value) {
  body_->writing.report(std::move(value));
}
std::size_t worker::unwritten() const {
  return body_->writing.unwritten();
}
void worker::claim(std::size_t at_most, std::vector<std::string> smscs) {
  body_->claiming.claim(at_most, std::move(smscs));
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
