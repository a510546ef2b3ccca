#include "operator/progress.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace topupd::operators {
namespace {

volatile sig_atomic_t noted = 0;

bool on_terminal() {
  return isatty(STDERR_FILENO) != 0;
}

}  // namespace

progress::progress(std::int64_t count) : count_(count), said_(std::chrono::steady_clock::now()) {}

void progress::operator()(std::int64_t done) {
  const auto now = std::chrono::steady_clock::now();
  const std::string text = count_ > 0 ? fmt::format("{} of {} cards", done, count_) : fmt::format("{} cards", done);
  if (on_terminal()) {
    fmt::print(stderr, "\r{}{}", text, done == count_ ? "\n" : "");
  } else if (now - said_ > std::chrono::seconds(10)) {
    fmt::print(stderr, "{}\n", text);
    said_ = now;
  }
}

void progress::end() const {
  if (count_ == 0 && on_terminal()) fmt::print(stderr, "\n");
}

void watch_for_interruption() {
  struct sigaction action {};
  action.sa_handler = [](int) { noted = 1; };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  signal(SIGXFSZ, SIG_IGN);
}

bool interrupted() noexcept {
  return noted != 0;
}

}  // namespace topupd::operators
