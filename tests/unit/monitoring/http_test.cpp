#include "gateway/http_server.hpp"

#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>
#include <thread>
#include <vector>

namespace topupd::gateway {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

// The server with a thread of its own; the test is its client.
class rig {
 public:
  explicit rig(std::string why = "") : why_(std::move(why)) {}
  rig(const rig&) = delete;
  rig& operator=(const rig&) = delete;
  ~rig() {
    io_.stop();
    thread_.join();
  }

  [[nodiscard]] tcp::socket connect() {
    tcp::socket socket(client_);
    socket.connect({asio::ip::address_v4::loopback(), server_.port()});
    return socket;
  }
  // Everything that comes back until the server closes.
  static std::string ask(tcp::socket& socket, const std::string& octets) {
    boost::system::error_code failed;
    asio::write(socket, asio::buffer(octets), failed);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), failed);
    return answer;
  }
  std::string ask(const std::string& octets) {
    auto socket = connect();
    return ask(socket, octets);
  }
  std::string get(const std::string& path) {
    return ask("GET " + path + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  }
  metrics& counts() { return counts_; }

 private:
  asio::io_context io_;
  asio::io_context client_;
  std::string why_;
  metrics counts_;
  http_server server_{io_, "127.0.0.1:0", counts_, [this] { return why_; }};
  std::thread thread_{[this] { io_.run(); }};
};

bool begins(const std::string& text, const std::string& with) {
  return text.rfind(with, 0) == 0;
}
bool ends(const std::string& text, const std::string& with) {
  return text.size() >= with.size() && text.compare(text.size() - with.size(), with.size(), with) == 0;
}

TEST_CASE("health is ok, or says why not") {
  const auto well = rig().get("/healthz");
  CHECK(begins(well, "HTTP/1.1 200 OK\r\n"));
  CHECK(ends(well, "\r\n\r\nok\n"));
  const auto ill = rig("the store is away").get("/healthz?verbose");
  CHECK(begins(ill, "HTTP/1.1 503 Service Unavailable\r\n"));
  CHECK(ends(ill, "\r\n\r\nthe store is away\n"));
}

TEST_CASE("metrics come in the Prometheus text format") {
  rig server;
  server.counts().reply_sent();
  const auto answer = server.get("/metrics");
  CHECK(begins(answer, "HTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
  CHECK(answer.find("\ntopupd_replies_total{result=\"sent\"} 1\n") != std::string::npos);
}

TEST_CASE("what is not served is refused by the book") {
  struct {
    std::string asked, status;
  } const table[] = {
      {"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 Not Found\r\n"},
      {"GET /metrics/../healthz HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 Not Found\r\n"},
      {"DELETE /metrics HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\n"},
      {"POST /healthz HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 400 Bad Request\r\n"},
      {"nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
      {"GET /healthz HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n",
       "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
      {"GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n"},
  };
  rig server;
  for (const auto& [asked, status] : table) {
    CAPTURE(status);
    CHECK(begins(server.ask(asked), status));
  }
}

TEST_CASE("HEAD tells the length and sends no body") {
  const auto answer = rig().ask("HEAD /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
  CHECK(answer.find("Content-Length: 3\r\n") != std::string::npos);
  CHECK(ends(answer, "\r\n\r\n"));
}

TEST_CASE("a connection serves one request after another") {
  const auto both = rig().ask("GET /healthz HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n");
  CHECK(begins(both, "HTTP/1.1 200 OK\r\n"));
  CHECK(both.find("HTTP/1.1 404 Not Found\r\n") != std::string::npos);
}

TEST_CASE("a seventeenth connection is closed at once, and taken again when another has ended") {
  rig server;
  std::vector<tcp::socket> sixteen;
  const std::string stay = "GET /healthz HTTP/1.1\r\n\r\n";
  for (int i = 0; i < 16; ++i) {
    auto& socket = sixteen.emplace_back(server.connect());
    asio::write(socket, asio::buffer(stay));
    std::string first(4, ' ');
    asio::read(socket, asio::buffer(first));  // it is served: the server has it in its list
    CHECK(first == "HTTP");
  }
  CHECK(server.get("/healthz").empty());
  const auto last = rig::ask(sixteen.back(), "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
  CHECK(ends(last, "ok\n"));
  CHECK(begins(server.get("/healthz"), "HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("a port in use is an error that says so") {
  asio::io_context io;
  const metrics counts;
  const http_server first(io, "127.0.0.1:0", counts, [] { return ""; });
  try {
    const http_server second(io, "127.0.0.1:" + std::to_string(first.port()), counts, [] { return ""; });
    FAIL("the port was taken twice");
  } catch (const boost::system::system_error& refused) {
    CHECK(refused.code() == asio::error::address_in_use);
  }
}

}  // namespace
}  // namespace topupd::gateway
