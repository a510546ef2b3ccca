#include "gateway/smpp/supervisor.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <limits>
#include <utility>

namespace topupd::smpp {

namespace asio = boost::asio;

namespace {

using clock = std::chrono::steady_clock;

constexpr duration shortest_wait = std::chrono::milliseconds(50);
// A bind that lived this long held: what ends it is a new trouble, not the old one.
constexpr duration held = std::chrono::seconds(10);
constexpr auto quietly = asio::as_tuple(asio::use_awaitable);  // errors as values

bool credentials_are_wrong(command_status status) {
  return status == command_status::rinvpaswd || status == command_status::rinvsysid;
}

}  // namespace

duration backoff::next(std::uint32_t random) {
  auto range = base_;
  for (int i = 0; i < attempt_ && range < cap_; ++i) range *= 2;
  if (range < cap_) ++attempt_;
  const auto longest = at_cap_ ? cap_ : std::min(range, cap_);
  const auto shortest = at_cap_ ? cap_ / 2 : duration::zero();
  const double share = static_cast<double>(random) / std::numeric_limits<std::uint32_t>::max();
  const auto drawn = static_cast<duration::rep>(static_cast<double>((longest - shortest).count()) * share);
  return std::max(shortest + duration(drawn), shortest_wait);
}

void backoff::reset() {
  attempt_ = 0;
  at_cap_ = false;
}

void backoff::at_cap() {
  at_cap_ = true;
}

supervisor::supervisor(const asio::any_io_executor& executor, supervisor_options options, connection_handlers handlers,
                       std::function<void(const link_event&)> on_event)
    : options_(std::move(options)),
      handlers_(std::move(handlers)),
      on_event_(std::move(on_event)),
      backoff_(options_.backoff_base, options_.backoff_cap),
      random_(std::random_device{}()),
      resolver_(executor),
      timer_(executor) {
  if (options_.tls && options_.tls->server_name.empty()) options_.tls->server_name = options_.host;
}

supervisor::~supervisor() = default;

asio::awaitable<void> supervisor::run() {
  while (!stopping_) {
    auto link = co_await connect();
    if (stopping_) break;
    if (link) {
      co_await carry(std::move(*link));
    } else {
      tell(link_event::kind::connect_failed, connect_error_, next_try());
    }
    if (!stopping_) co_await pause();
  }
}

void supervisor::stop() {
  stopping_ = true;
  resolver_.cancel();
  timer_.cancel();
  if (connection_) connection_->unbind();
}

connection* supervisor::link() {
  return connection_ && connection_->is_bound() ? connection_.get() : nullptr;
}

// Every address of the host in turn, each with the whole timeout: one that is black-holed must not hide the next.
asio::awaitable<std::optional<stream>> supervisor::connect() {
  const auto endpoints = co_await resolve();
  for (const auto& endpoint : endpoints) {
    if (stopping_) break;
    if (auto link = co_await open(endpoint)) co_return std::move(*link);
  }
  co_return std::nullopt;
}

asio::awaitable<std::optional<stream>> supervisor::open(tcp::endpoint endpoint) {
  using namespace asio::experimental::awaitable_operators;
  tcp::socket socket(timer_.get_executor());
  timer_.expires_after(options_.connect_timeout);
  const auto connected = co_await (socket.async_connect(endpoint, quietly) || timer_.async_wait(quietly));
  if (connected.index() == 1) {
    connect_error_ = "connect timed out";
    co_return std::nullopt;
  }
  if (const auto error = std::get<0>(std::get<0>(connected))) {
    connect_error_ = error.message();
    co_return std::nullopt;
  }
  auto link = options_.tls ? stream(std::move(socket), *options_.tls, tls_side::client) : stream(std::move(socket));
  const auto shaken = co_await (link.handshake() || timer_.async_wait(quietly));
  connect_error_ = shaken.index() == 0 ? std::get<0>(shaken) : "TLS: handshake timed out";
  if (!connect_error_.empty()) co_return std::nullopt;
  co_return std::move(link);
}

// An address needs no resolver, which would start a thread. A name that the system's resolver hangs on delays stop()
// until that gives up: getaddrinfo cannot be interrupted.
asio::awaitable<std::vector<asio::ip::tcp::endpoint>> supervisor::resolve() {
  std::vector<tcp::endpoint> endpoints;
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(options_.host, not_an_address);
  if (!not_an_address) {
    endpoints.emplace_back(address, options_.port);
    co_return endpoints;
  }
  const auto [error, found] = co_await resolver_.async_resolve(options_.host, std::to_string(options_.port),
                                                               tcp::resolver::numeric_service, quietly);
  connect_error_ = error.message();
  for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  co_return endpoints;
}

asio::awaitable<void> supervisor::carry(stream link) {
  auto handlers = handlers_;
  handlers.on_bound = [this](const std::string& peer_system_id) { on_bound(peer_system_id); };
  connection_ = std::make_unique<connection>(std::move(link), options_.session, std::move(handlers),
                                             options_.vendor_tlv, options_.pdu_max);
  const auto end = co_await connection_->run();
  connection_.reset();

  if (end.was_bound && clock::now() - bound_since_ >= std::min(held, options_.backoff_cap)) backoff_.reset();
  if (!end.by_session) {
    tell(link_event::kind::lost, end.error, next_try());
  } else if (end.by_session->reason == close_reason::unbound) {
    tell(link_event::kind::unbound, std::string(name(close_reason::unbound)), next_try());
  } else if (end.by_session->reason == close_reason::bind_refused) {
    if (credentials_are_wrong(end.by_session->status)) backoff_.at_cap();
    tell(link_event::kind::refused, name(end.by_session->status), next_try());
  } else {
    auto why = std::string(name(end.by_session->reason));
    if (end.by_session->status != command_status::rok) why += ' ' + name(end.by_session->status);
    tell(link_event::kind::lost, std::move(why), next_try());
  }
}

asio::awaitable<void> supervisor::pause() {
  co_await timer_.async_wait(quietly);
}

// Sets the timer that pause() waits for.
std::optional<duration> supervisor::next_try() {
  if (stopping_) return std::nullopt;
  const auto wait = backoff_.next(static_cast<std::uint32_t>(random_()));
  timer_.expires_after(wait);
  return wait;
}

void supervisor::on_bound(const std::string& peer_system_id) {
  bound_since_ = clock::now();
  tell(link_event::kind::bound, peer_system_id);
  if (handlers_.on_bound) handlers_.on_bound(peer_system_id);
}

void supervisor::tell(link_event::kind what, std::string detail, std::optional<duration> retry_in) const {
  if (on_event_) on_event_({what, std::move(detail), retry_in});
}

}  // namespace topupd::smpp
