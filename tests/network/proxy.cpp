#include "tests/network/proxy.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace topupd::network {

namespace asio = boost::asio;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);  // errors as values

}  // namespace

proxy::proxy(asio::io_context& io, tcp::endpoint to)
    : io_(io),
      to_(std::move(to)),
      acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      port_(acceptor_.local_endpoint().port()) {
  spawn(accept_wires());
}

void proxy::spawn(asio::awaitable<void> work) {
  ++open_;
  asio::co_spawn(io_, std::move(work), [this](const std::exception_ptr& failure) {
    --open_;
    if (failure) std::rethrow_exception(failure);
  });
}

asio::awaitable<void> proxy::accept_wires() {
  for (;;) {
    auto over = std::make_shared<wire>(io_);
    const auto [error] = co_await acceptor_.async_accept(over->near, quietly);
    if (error) co_return;
    if (clock::now() < refuses_until_) {
      reset(*over);
      continue;
    }
    std::erase_if(wires_, [](const auto& each) { return each.expired(); });
    wires_.push_back(over);
    spawn(carry(over));
  }
}

asio::awaitable<void> proxy::carry(std::shared_ptr<wire> over) {
  using namespace asio::experimental::awaitable_operators;
  const auto [error] = co_await over->far.async_connect(to_, quietly);
  if (!error) {
    boost::system::error_code ignored;
    over->near.set_option(tcp::no_delay(true), ignored);
    over->far.set_option(tcp::no_delay(true), ignored);
    co_await (pump(over->near, over->far) || pump(over->far, over->near));
  }
  reset(*over);
}

asio::awaitable<void> proxy::pump(tcp::socket& from, tcp::socket& to) {
  std::array<char, 16384> octets;
  for (;;) {
    const auto [failed, size] = co_await from.async_read_some(asio::buffer(octets), quietly);
    if (failed) co_return;
    co_await hold_up();
    std::size_t passes = size;
    const bool breaks = octets_left_ != 0 && size >= octets_left_;
    if (breaks) passes = octets_left_ - 1;
    if (octets_left_ != 0) octets_left_ = breaks ? 0 : octets_left_ - size;
    const auto [broken, written] = co_await asio::async_write(to, asio::buffer(octets.data(), passes), quietly);
    if (broken || breaks) co_return;
  }
}

asio::awaitable<void> proxy::hold_up() {
  const auto now = clock::now();
  auto until = now < delays_until_ ? now + delay_ : now;
  until = std::max(until, stalls_until_);
  if (until <= now) co_return;
  asio::steady_timer pause(io_, until);  // of this direction alone
  co_await pause.async_wait(quietly);
}

// By a reset, as a cut cable looks once somebody answers again.
void proxy::reset(wire& it) {
  boost::system::error_code ignored;
  for (auto* end : {&it.near, &it.far}) {
    if (!end->is_open()) continue;
    end->set_option(asio::socket_base::linger(true, 0), ignored);
    end->close(ignored);
  }
}

void proxy::cut() {
  for (auto& each : wires_) {
    if (const auto over = each.lock()) reset(*over);
  }
}

void proxy::cut_within(std::size_t octets) {
  octets_left_ = std::max<std::size_t>(octets, 1);
}
void proxy::stall(milliseconds time) {
  stalls_until_ = clock::now() + time;
}
void proxy::delay(milliseconds by, milliseconds time) {
  delay_ = by;
  delays_until_ = clock::now() + time;
}
void proxy::refuse(milliseconds time) {
  refuses_until_ = clock::now() + time;
}

void proxy::stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  cut();
}

}  // namespace topupd::network
