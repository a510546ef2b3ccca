#include "gateway/http_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <exception>
#include <set>
#include <utility>

#include "config/units.hpp"

namespace topupd::gateway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;

using request = http::request<http::empty_body>;
using response = http::response<http::string_body>;

constexpr std::size_t most_connections = 16;
constexpr std::uint32_t most_head_octets = 8 * 1024;
constexpr auto patience = 5s;
constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

tcp::endpoint endpoint_of(const std::string& listen) {
  const auto parsed = config::endpoint_from(listen);
  if (!parsed) throw boost::system::system_error(asio::error::invalid_argument);
  return {asio::ip::make_address(parsed->address), parsed->port};
}

response plain(http::status status, std::string text) {
  response answer(status, 11);
  answer.set(http::field::content_type, "text/plain; charset=utf-8");
  answer.body() = std::move(text);
  return answer;
}

// Among the open connections for as long as it lives.
class listed {
 public:
  listed(std::set<beast::tcp_stream*>& in, beast::tcp_stream& what) : in_(in), what_(&what) { in_.insert(what_); }
  listed(const listed&) = delete;
  listed& operator=(const listed&) = delete;
  ~listed() { in_.erase(what_); }

 private:
  std::set<beast::tcp_stream*>& in_;
  beast::tcp_stream* what_;
};

// HEAD gets what GET would, without the body: the length stays.
response as_asked(response answer, const request& asked) {
  answer.version(asked.version());
  answer.keep_alive(asked.keep_alive());
  answer.set(http::field::cache_control, "no-store");
  answer.prepare_payload();
  if (asked.method() == http::verb::head) answer.body().clear();
  return answer;
}

response to_bad_request(beast::error_code why) {
  const bool long_head = why == http::error::header_limit || why == http::error::buffer_overflow;
  auto answer = long_head ? plain(http::status::request_header_fields_too_large, "the head has more than 8 KiB\n")
                          : plain(http::status::bad_request, "not a request that we know\n");
  answer.keep_alive(false);
  answer.prepare_payload();
  return answer;
}

bool is_bad_request(beast::error_code why) {
  return why != http::error::end_of_stream && why.category() == make_error_code(http::error::end_of_stream).category();
}

// A connection that fails is its peer's business, and is closed by now.
void connection_ended(const std::exception_ptr&) {}

// Nothing in accept() throws but a fault of ours: systemd restarts us.
void accepting_ended(const std::exception_ptr& fault) {
  if (fault) std::rethrow_exception(fault);
}

}  // namespace

struct http_server::body {
  body(asio::io_context& io, const std::string& listen, const metrics& counts, std::function<std::string()> why)
      : acceptor(io, endpoint_of(listen)), counted(counts), why_unhealthy(std::move(why)) {}

  static asio::awaitable<void> accept(std::shared_ptr<body> server);
  static asio::awaitable<void> serve(std::shared_ptr<body> server, tcp::socket socket);
  [[nodiscard]] response answer(const request& asked) const;

  tcp::acceptor acceptor;
  const metrics& counted;
  std::function<std::string()> why_unhealthy;
  std::set<beast::tcp_stream*> open;
};

asio::awaitable<void> http_server::body::accept(std::shared_ptr<body> server) {
  asio::steady_timer pause(server->acceptor.get_executor());
  while (server->acceptor.is_open()) {
    auto [failed, socket] = co_await server->acceptor.async_accept(no_throw);
    if (failed == asio::error::operation_aborted) co_return;
    if (failed) {  // no descriptor left: wait for one instead of asking all the time
      pause.expires_after(100ms);
      co_await pause.async_wait(no_throw);
    } else if (server->open.size() < most_connections) {
      asio::co_spawn(pause.get_executor(), serve(server, std::move(socket)), connection_ended);
    }
  }
}

asio::awaitable<void> http_server::body::serve(std::shared_ptr<body> server, tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  const listed here(server->open, stream);
  beast::flat_buffer buffer;
  for (bool again = true; again;) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(most_head_octets);
    stream.expires_after(patience);
    const auto [failed, octets] = co_await http::async_read(stream, buffer, parser, no_throw);
    if (failed && !is_bad_request(failed)) co_return;  // closed by the other side, or silent for too long
    auto reply = failed ? to_bad_request(failed) : as_asked(server->answer(parser.get()), parser.get());
    again = reply.keep_alive();
    stream.expires_after(patience);
    const auto [cut, sent] = co_await http::async_write(stream, reply, no_throw);
    if (cut) co_return;
  }
  beast::error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

response http_server::body::answer(const request& asked) const {
  const auto target = asked.target();
  const auto path = target.substr(0, target.find('?'));
  if (path != "/healthz" && path != "/metrics") return plain(http::status::not_found, "not found\n");
  if (asked.method() != http::verb::get && asked.method() != http::verb::head) {
    auto refusal = plain(http::status::method_not_allowed, "GET or HEAD\n");
    refusal.set(http::field::allow, "GET, HEAD");
    return refusal;
  }
  if (path == "/metrics") {
    auto text = plain(http::status::ok, counted.exposition());
    text.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    return text;
  }
  const auto why = why_unhealthy();
  return why.empty() ? plain(http::status::ok, "ok\n") : plain(http::status::service_unavailable, why + '\n');
}

http_server::http_server(asio::io_context& io, const std::string& listen, const metrics& counts,
                         std::function<std::string()> why_unhealthy)
    : body_(std::make_shared<body>(io, listen, counts, std::move(why_unhealthy))) {
  asio::co_spawn(io, body::accept(body_), accepting_ended);
}

http_server::~http_server() {
  boost::system::error_code ignored;
  body_->acceptor.close(ignored);
  for (auto* stream : body_->open) stream->close();
}

std::uint16_t http_server::port() const {
  return body_->acceptor.local_endpoint().port();
}

}  // namespace topupd::gateway
