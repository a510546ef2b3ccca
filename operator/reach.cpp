#include "operator/reach.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace topupd::operators {
namespace {

// The errno of an attempt; 0: connected.
int attempt(const addrinfo& address, std::chrono::milliseconds within) {
  const int descriptor = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return errno;
  int error = connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd waiting{.fd = descriptor, .events = POLLOUT, .revents = 0};
    if (poll(&waiting, 1, static_cast<int>(within.count())) == 1) {
      socklen_t size = sizeof error;
      getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    } else {
      error = ETIMEDOUT;
    }
  }
  close(descriptor);
  return error;
}

}  // namespace

std::string why_unreachable(const std::string& host, std::uint16_t port, std::chrono::milliseconds within) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0)
    return gai_strerror(error);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  int error = 0;
  for (const addrinfo* address = addresses.get(); address; address = address->ai_next)
    if (error = attempt(*address, within); error == 0) return {};
  return std::generic_category().message(error);
}

}  // namespace topupd::operators
