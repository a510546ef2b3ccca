// Real sockets on loopback for the driver's tests: no port is fixed, and nothing waits longer than its io_context is
// run.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "gateway/smpp/codec.hpp"
#include "gateway/smpp/connection.hpp"
#include "tests/unit/smpp_session/rig.hpp"

namespace topupd::smpp::test {

namespace asio = boost::asio;
using asio::ip::tcp;

inline tcp::endpoint any_loopback_port() {
  return {asio::ip::address_v4::loopback(), 0};
}

// Runs the loop until `done`, and fails the test when that takes longer than any healthy machine needs.
inline void run_until(asio::io_context& io, const std::function<bool()>& done) {
  const auto limit = std::chrono::steady_clock::now() + 10s;
  io.restart();
  while (!done() && std::chrono::steady_clock::now() < limit) io.run_one_for(100ms);
  REQUIRE(done());
}

// What a connection did, as it happened: "bound smsc; message #3 'hi'".
struct told_by_handlers {
  std::string story;

  void add(const std::string& what) { story += (story.empty() ? "" : "; ") + what; }
  connection_handlers handlers() {
    connection_handlers all;
    all.on_bound = [this](const std::string& peer) { add("bound " + peer); };
    all.on_message = [this](std::uint32_t sequence, const short_message& value) {
      add(text_of(message{sequence, value}));
    };
    all.on_submitted = [this](ticket name, command_status status, const std::string& id) {
      add(text_of(submitted{name, status, id}));
    };
    all.on_heard = [this](ticket name) { add(text_of(heard{name})); };
    all.on_unknown = [this](ticket name) { add(text_of(unknown{name})); };
    all.on_room = [this] { add("room"); };
    return all;
  }
};

// Runs a connection; `result` is there once it has ended.
inline void start(asio::io_context& io, connection& link, std::optional<ended>& result) {
  asio::co_spawn(io, link.run(), [&result](const std::exception_ptr& failure, ended end) {
    if (failure) std::rethrow_exception(failure);
    result = std::move(end);
  });
}

// Two ends of one TCP connection. The kernel's buffers from here to there may be small, so that they are full sooner.
struct wire {
  explicit wire(asio::io_context& io, std::optional<int> buffers = std::nullopt) : here(io), there(io) {
    tcp::acceptor acceptor(io, any_loopback_port());
    here.connect(acceptor.local_endpoint());
    acceptor.accept(there);
    if (!buffers) return;
    here.set_option(tcp::socket::send_buffer_size(*buffers));
    there.set_option(tcp::socket::receive_buffer_size(*buffers));
  }
  tcp::socket here;
  tcp::socket there;
};

inline std::string octets_of(const pdu& value) {
  std::string octets;
  encode(value, octets);
  return octets;
}

}  // namespace topupd::smpp::test
