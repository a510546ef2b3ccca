// A wire between two programs that can be slow, stand still or break: a TCP relay on loopback.
//
// The io_context's one thread. Before the proxy dies: stop(), and run the io_context until stopped().
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

namespace topupd::network {

class proxy {
 public:
  using tcp = boost::asio::ip::tcp;
  using milliseconds = std::chrono::milliseconds;

  // Listens on a free port of 127.0.0.1; each connection there becomes one to `to`.
  proxy(boost::asio::io_context& io, tcp::endpoint to);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void cut();                           // every connection, by a reset
  void cut_within(std::size_t octets);  // the connection that has carried so many octets more, in the middle of them
  void stall(milliseconds time);        // nothing passes for so long, and nobody is told
  void delay(milliseconds by, milliseconds time);  // what is read within `time` is handed on so much later
  void refuse(milliseconds time);                  // who connects within that is reset
  void stop();
  [[nodiscard]] bool stopped() const { return open_ == 0; }

 private:
  using clock = std::chrono::steady_clock;
  struct wire {
    explicit wire(boost::asio::io_context& io) : near(io), far(io) {}
    tcp::socket near, far;
  };
  boost::asio::awaitable<void> accept_wires();
  boost::asio::awaitable<void> carry(std::shared_ptr<wire> over);
  boost::asio::awaitable<void> pump(tcp::socket& from, tcp::socket& to);
  boost::asio::awaitable<void> hold_up();
  void spawn(boost::asio::awaitable<void> work);
  static void reset(wire& it);

  boost::asio::io_context& io_;
  tcp::endpoint to_;
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::list<std::weak_ptr<wire>> wires_;
  clock::time_point stalls_until_{}, delays_until_{}, refuses_until_{};
  milliseconds delay_{0};
  std::size_t octets_left_ = 0;  // until a cut; 0: none is wanted
  int open_ = 0;
};

}  // namespace topupd::network
