// The octets of one link: over TCP, or over TLS over TCP. connection.hpp does not care which.
//
// Errors are values, and words() says them for one log line. One read and one write may be on their way at the same
// time. The stream must outlive its coroutines. The io_context's one thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/smpp/tls.hpp"

namespace topupd::smpp {

class stream {
 public:
  using tcp = boost::asio::ip::tcp;
  using error_code = boost::system::error_code;

  stream(tcp::socket socket);  // not explicit: a socket is a stream
  // Before anything else, handshake(). Faults of the files show there, too.
  stream(tcp::socket socket, const tls_options& options, tls_side side);
  ~stream();
  stream(stream&&) noexcept;

  // "" or what went wrong, in words: "TLS: the certificate has expired (2026-01-31)". At once where there is no TLS, or
  // when it is done. Has no time limit of its own.
  boost::asio::awaitable<std::string> handshake();
  boost::asio::awaitable<std::pair<error_code, std::size_t>> read_some(std::span<char> space);
  boost::asio::awaitable<error_code> write(std::string_view octets);  // all of them
  // Says the end as TLS wants it said (RFC 8446 §6.1), and waits for the peer to say it too. Nothing to do on plain
  // TCP.
  boost::asio::awaitable<void> shutdown();
  void close();  // the socket, at once

  [[nodiscard]] std::string words(const error_code& error) const;
  boost::asio::any_io_executor get_executor();

 private:
  struct tls;

  std::unique_ptr<tcp::socket> socket_;  // a pointer, because tls_ refers to it and the stream may move
  std::unique_ptr<tls> tls_;             // nothing on plain TCP
};

}  // namespace topupd::smpp
