#include "store/time_limit.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <limits>

namespace topupd::store {
namespace {

constexpr auto never = std::numeric_limits<std::chrono::steady_clock::rep>::max();
constexpr std::chrono::milliseconds look_every{200};

}  // namespace

time_limit::time_limit(int socket) : socket_(fcntl(socket, F_DUPFD_CLOEXEC, 0)), until_(never) {
  thread_ = std::thread([this] { run(); });
}

time_limit::~time_limit() {
  {
    const std::lock_guard lock{guard_};
    ended_ = true;
    wake_.notify_one();
  }
  thread_.join();
  close(socket_);
}

time_limit::scope::scope(time_limit& of, std::chrono::milliseconds most) : of_(of) {
  of_.until_ = (clock::now() + most).time_since_epoch().count();
}
time_limit::scope::~scope() {
  of_.until_ = never;
}

void time_limit::run() {
  pthread_setname_np(pthread_self(), "store-limit");
  std::unique_lock lock{guard_};
  while (!wake_.wait_for(lock, look_every, [this] { return ended_; })) {
    if (clock::now().time_since_epoch().count() < until_) continue;
    passed_ = true;
    shutdown(socket_, SHUT_RDWR);
  }
}

}  // namespace topupd::store
