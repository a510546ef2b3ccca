// HTTP for machines that watch us: GET /healthz says 200 "ok" or 503 and why not, GET /metrics the Prometheus text.
//
// Plain HTTP/1.1 on the io_context's one thread, bounded so that nobody who reaches the port can hold the daemon up: a
// request's head has at most 8 KiB and no body, 5 s pass for each read or write, 16 connections are open at once and
// one more is closed at once.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "gateway/metrics.hpp"

namespace topupd::gateway {

class http_server {
 public:
  // Listens from now on at "127.0.0.1:9095" or "[::1]:9095"; port 0 takes a free one. why_unhealthy: empty when all is
  // well. Throws boost::system::system_error when the address cannot be had. metrics must outlive the running of the
  // io_context.
  http_server(boost::asio::io_context& io, const std::string& listen, const metrics& counts,
              std::function<std::string()> why_unhealthy);
  ~http_server();  // ends every connection
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct body;
  std::shared_ptr<body> body_;  // shared with the coroutines, which end a moment after the server, with the io_context
};

}  // namespace topupd::gateway
