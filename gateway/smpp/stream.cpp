#include "gateway/smpp/stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "gateway/smpp/tls_context.hpp"
#include "gateway/smpp/tls_fault.hpp"

namespace topupd::smpp {

namespace asio = boost::asio;

namespace {
constexpr auto quietly = asio::as_tuple(asio::use_awaitable);  // errors as values

bool is_address(const std::string& host) {
  boost::system::error_code no;
  asio::ip::make_address(host, no);
  return !no;
}
}  // namespace

struct stream::tls {
  tls(tcp::socket& socket, const tls_options& its_options, tls_side its_side)
      : options(its_options), side(its_side), context(make_tls_context(options, side)), layer(socket, context.value) {
    at.certificate_shown = !options.certificate_file.empty();
    layer.set_verify_callback([this](bool good, asio::ssl::verify_context& judged) { return judge(good, judged); });
    if (side == tls_side::server) return;
    auto* const native = layer.native_handle();
    if (!is_address(options.server_name))  // SSL_set_tlsext_host_name, whose cast our warnings refuse
      SSL_ctrl(native, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, options.server_name.data());
    const auto asked = [](SSL*, void* self) {
      static_cast<tls*>(self)->at.certificate_asked = true;
      return 1;
    };
    SSL_set_cert_cb(native, asked, this);
  }

  // Called for each certificate of the chain, ours to trust first.
  bool judge(bool good, asio::ssl::verify_context& judged) {
    auto* const native = judged.native_handle();
    if (!good) {
      fault = chain_fault(native, options.ca_file);
      return false;
    }
    if (side == tls_side::server || asio::ssl::host_name_verification(options.server_name)(good, judged)) return true;
    fault = host_fault(X509_STORE_CTX_get_current_cert(native), options.server_name);
    X509_STORE_CTX_set_error(native, X509_V_ERR_HOSTNAME_MISMATCH);
    return false;
  }

  tls_options options;
  tls_side side;
  tls_context context;
  asio::ssl::stream<tcp::socket&> layer;
  tls_circumstances at{.shaking_hands = true};
  std::string fault;  // that we found in the peer's certificate
};

stream::stream(tcp::socket socket) : socket_(std::make_unique<tcp::socket>(std::move(socket))) {
  error_code ignored;  // a socket that is not connected fails soon, and with better words
  socket_->set_option(tcp::no_delay(true), ignored);
}

stream::stream(tcp::socket socket, const tls_options& options, tls_side side) : stream(std::move(socket)) {
  tls_ = std::make_unique<tls>(*socket_, options, side);
}

stream::~stream() = default;
stream::stream(stream&&) noexcept = default;

asio::awaitable<std::string> stream::handshake() {
  if (!tls_ || !tls_->at.shaking_hands) co_return std::string();
  if (!tls_->context.fault.empty()) co_return "TLS: " + tls_->context.fault;
  const auto side = tls_->side == tls_side::client ? asio::ssl::stream_base::client : asio::ssl::stream_base::server;
  const auto [error] = co_await tls_->layer.async_handshake(side, quietly);
  if (error) co_return words(error);
  tls_->at.shaking_hands = false;
  co_return std::string();
}

asio::awaitable<std::pair<stream::error_code, std::size_t>> stream::read_some(std::span<char> space) {
  const auto buffer = asio::buffer(space.data(), space.size());
  if (tls_) {
    const auto [error, size] = co_await tls_->layer.async_read_some(buffer, quietly);
    co_return std::pair(error, size);
  }
  const auto [error, size] = co_await socket_->async_read_some(buffer, quietly);
  co_return std::pair(error, size);
}

asio::awaitable<stream::error_code> stream::write(std::string_view octets) {
  if (tls_) {
    const auto [error, size] = co_await asio::async_write(tls_->layer, asio::buffer(octets), quietly);
    co_return error;
  }
  const auto [error, size] = co_await asio::async_write(*socket_, asio::buffer(octets), quietly);
  co_return error;
}

asio::awaitable<void> stream::shutdown() {
  if (tls_ && !tls_->at.shaking_hands) co_await tls_->layer.async_shutdown(quietly);
}

void stream::close() {
  error_code ignored;
  socket_->close(ignored);
}

std::string stream::words(const error_code& error) const {
  if (!tls_) return error == asio::error::eof ? "connection closed by the peer" : error.message();
  return tls_->fault.empty() ? tls_fault(error, tls_->at) : "TLS: " + tls_->fault;
}

asio::any_io_executor stream::get_executor() {
  return socket_->get_executor();
}

}  // namespace topupd::smpp
