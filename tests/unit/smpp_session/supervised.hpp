// An SMSC that takes every link, under a supervisor that tries again at once.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>

#include "gateway/smpp/supervisor.hpp"
#include "tests/unit/smpp_session/wire.hpp"

namespace topupd::smpp::test {

inline const char* kind_name(link_event::kind kind) {
  switch (kind) {
    case link_event::kind::connect_failed: return "connect_failed";
    case link_event::kind::bound: return "bound";
    case link_event::kind::refused: return "refused";
    case link_event::kind::lost: return "lost";
    case link_event::kind::unbound: return "unbound";
  }
  return "?";
}

struct supervised {
  struct setup {
    std::string host = "127.0.0.1";
    std::string password = "let-me";
    duration connect_timeout = 100ms;
    duration backoff_cap = 60ms;
    std::optional<tls_options> tls = std::nullopt;         // ours
    std::optional<tls_options> server_tls = std::nullopt;  // the SMSC's
    std::uint16_t vendor_tlv = 0;
  };
  explicit supervised(setup wanted) : acceptor(io, any_loopback_port()), server_tls(std::move(wanted.server_tls)) {
    supervisor_options options;
    options.name = "main";
    options.host = wanted.host;
    options.port = acceptor.local_endpoint().port();
    options.connect_timeout = wanted.connect_timeout;
    options.backoff_base = 1ms;
    options.backoff_cap = wanted.backoff_cap;
    options.session = as(role::esme);
    options.session.credentials.password = topupd::secret(wanted.password);
    options.tls = std::move(wanted.tls);
    options.vendor_tlv = wanted.vendor_tlv;
    auto handlers = told.handlers();
    handlers.on_message = [this, tell = handlers.on_message](std::uint32_t sequence, short_message value) {
      tell(sequence, value);
      came = std::move(value);
    };
    link.emplace(io.get_executor(), options, std::move(handlers), [this](const link_event& event) { on_event(event); });
  }
  supervised() : supervised(setup{}) {}

  // For tests whose SMSC is a bare socket: what to do with each link.
  void serve_barely(std::function<void(tcp::socket&)> with) {
    acceptor.async_accept([this, with = std::move(with)](const boost::system::error_code& error, tcp::socket socket) {
      if (error) return;
      with(bare.emplace_back(std::move(socket)));
      if (!serving) serve_barely(with);
    });
  }

  void run() {
    asio::co_spawn(io, link->run(), [this](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
      done = true;
    });
  }
  void serve() {
    serving = true;
    acceptor.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (error) return;
      auto served = server_tls ? stream(std::move(socket), *server_tls, tls_side::server) : stream(std::move(socket));
      smscs.emplace_back(std::move(served), as(role::smsc), smsc_told.handlers());
      start(io, smscs.back(), smsc_ends.emplace_back());
      serve();
    });
  }
  void until(const std::function<bool()>& reached) { run_until(io, reached); }
  void until_bound() {
    until([&] { return link->link() != nullptr; });
  }
  void until_told() {
    until([&] { return last.has_value(); });
  }
  void until_done() {
    until([&] { return done; });
  }
  void stop() {
    link->stop();
    until_done();
  }
  void on_event(const link_event& event) {
    events += std::string(events.empty() ? "" : "; ") + kind_name(event.what) + " " + event.detail;
    last = event;
  }

  asio::io_context io;
  tcp::acceptor acceptor;
  std::optional<tls_options> server_tls;
  told_by_handlers smsc_told;
  bool serving = false;
  std::list<tcp::socket> bare;
  std::list<connection> smscs;
  std::list<std::optional<ended>> smsc_ends;
  told_by_handlers told;
  std::optional<supervisor> link;
  std::string events;
  std::optional<link_event> last;
  std::optional<short_message> came;  // the last message
  bool done = false;
};

}  // namespace topupd::smpp::test
