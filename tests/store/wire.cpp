#include "wire.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace topupd::store::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

int connected(std::uint16_t port) {
  const int made = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in at = loopback(port);
  if (connect(made, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return made;
  close(made);
  return -1;
}

void send_all(int to, std::string_view octets) {
  while (!octets.empty()) {
    const auto sent = send(to, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// ReadyForQuery ends an answer, outside a transaction: the server has committed (PostgreSQL 15, §55.7).
bool is_ready(std::string_view octets) {
  return octets.ends_with(std::string_view{"Z\0\0\0\5I", 6});
}
// Bind begins what libpq sends to execute a prepared statement.
bool is_execution(std::string_view octets) {
  return octets.starts_with('B');
}

}  // namespace

wire::wire() {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at = loopback(0);
  socklen_t size = sizeof at;
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&at), size) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error("no port for the wire");
  port_ = ntohs(at.sin_port);
  acceptor_ = std::thread([this] { accept(); });
}

wire::~wire() {
  ended_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock{guard_};
    for (const int socket : sockets_) shutdown(socket, SHUT_RDWR);
  }
  for (auto& carrier : carriers_) carrier.join();
  for (const int socket : sockets_) close(socket);
  close(listener_);
}

std::string wire::host_and_port() const {
  return "host=127.0.0.1 port=" + std::to_string(port_);
}

void wire::accept() {
  while (!ended_) {
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client < 0) continue;
    const int server = connected(static_cast<std::uint16_t>(std::atoi(std::getenv("PGPORT"))));
    const std::lock_guard lock{guard_};
    sockets_.push_back(client);
    if (server < 0) {
      shutdown(client, SHUT_RDWR);
      continue;
    }
    sockets_.push_back(server);
    carriers_.emplace_back([this, client, server] { carry(client, server); });
  }
}

void wire::carry(int client, int server) {
  std::array<char, 65536> buffer;
  std::string answer;
  bool swallow = false;
  std::array<pollfd, 2> ends{pollfd{.fd = client, .events = POLLIN, .revents = 0},
                             pollfd{.fd = server, .events = POLLIN, .revents = 0}};
  while (poll(ends.data(), ends.size(), -1) > 0) {
    if (ends[0].revents != 0) {
      const auto got = recv(client, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      const std::string_view octets{buffer.data(), static_cast<std::size_t>(got)};
      if (hangs_ && is_execution(octets)) continue;
      const int cut = is_execution(octets) ? cut_.exchange(0) : 0;
      if (cut != 0) ++cuts_;
      if (cut == static_cast<int>(moment::before_request) + 1) break;
      swallow = swallow || cut != 0;
      send_all(server, octets);
    }
    if (ends[1].revents != 0) {
      const auto got = recv(server, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      const std::string_view octets{buffer.data(), static_cast<std::size_t>(got)};
      if (swallow) {
        answer += octets;
        if (is_ready(answer)) break;
      } else {
        send_all(client, octets);
      }
    }
  }
  shutdown(client, SHUT_RDWR);
  shutdown(server, SHUT_RDWR);
}

}  // namespace topupd::store::test
