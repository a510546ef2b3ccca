// The supervisor, over loopback: a link that is lost comes back, and stop() ends it from wherever it is.
#include "gateway/smpp/supervisor.hpp"

#include <doctest/doctest.h>

#include <list>
#include <vector>

#include "tests/unit/smpp_session/wire.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

namespace {

const char* kind_name(link_event::kind kind) {
  switch (kind) {
    case link_event::kind::connect_failed: return "connect_failed";
    case link_event::kind::bound: return "bound";
    case link_event::kind::refused: return "refused";
    case link_event::kind::lost: return "lost";
    case link_event::kind::unbound: return "unbound";
  }
  return "?";
}

// An SMSC that takes every link, under a supervisor that tries again at once.
struct supervised {
  explicit supervised(const std::string& host = "127.0.0.1", const std::string& password = "let-me")
      : acceptor(io, any_loopback_port()) {
    supervisor_options options;
    options.name = "main";
    options.host = host;
    options.port = acceptor.local_endpoint().port();
    options.connect_timeout = 100ms;
    options.backoff_base = 1ms;
    options.backoff_cap = 60ms;
    options.session = as(role::esme);
    options.session.credentials.password = topupd::secret(password);
    told = std::make_unique<told_by_handlers>();
    link.emplace(io.get_executor(), options, told->handlers(), [this](const link_event& event) { on_event(event); });
  }

  void run() {
    asio::co_spawn(io, link->run(), [this](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
      done = true;
    });
  }
  void serve() {
    acceptor.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (error) return;
      smscs.emplace_back(std::move(socket), as(role::smsc), smsc_told.handlers());
      start(io, smscs.back(), smsc_ends.emplace_back());
      serve();
    });
  }
  void until(const std::function<bool()>& reached) { run_until(io, reached); }
  void until_bound() {
    until([&] { return link->link() != nullptr; });
  }
  void until_done() {
    until([&] { return done; });
  }
  void on_event(const link_event& event) {
    events += std::string(events.empty() ? "" : "; ") + kind_name(event.what) + " " + event.detail;
    last = event;
  }

  asio::io_context io;
  tcp::acceptor acceptor;
  told_by_handlers smsc_told;
  std::list<connection> smscs;
  std::list<std::optional<ended>> smsc_ends;
  std::unique_ptr<told_by_handlers> told;
  std::optional<supervisor> link;
  std::string events;
  std::optional<link_event> last;
  bool done = false;
};

}  // namespace

TEST_CASE("a lost link comes back") {
  supervised it;
  it.serve();
  it.run();
  CHECK(it.link->link() == nullptr);
  it.until_bound();
  it.until([&] { return it.smscs.back().is_bound(); });
  it.smscs.back().abort();
  it.until([&] { return it.last->what == link_event::kind::lost; });
  CHECK(it.link->link() == nullptr);
  CHECK(it.last->retry_in.value_or(0s) >= 50ms);
  it.until_bound();
  CHECK(it.told->story == "bound smsc; room; bound smsc; room");
  CHECK(it.events.starts_with("bound smsc; lost "));
  it.link->stop();
  it.until_done();
}

TEST_CASE("the peer's unbind is not the end: the supervisor binds again") {
  supervised it;
  it.serve();
  it.run();
  it.until([&] { return !it.smscs.empty() && it.smscs.back().is_bound() && it.link->link() != nullptr; });
  it.smscs.back().unbind();
  it.until([&] { return it.events.ends_with("; bound smsc"); });
  CHECK(it.events == "bound smsc; lost peer_unbound; bound smsc");
  it.link->stop();
  it.until_done();
}

TEST_CASE("stop() unbinds a live link in order") {
  supervised it;
  it.serve();
  it.run();
  it.until_bound();
  it.link->stop();
  it.until_done();
  it.until([&] { return it.smsc_ends.front().has_value(); });
  CHECK(it.events == "bound smsc; unbound unbound");
  CHECK_FALSE(it.last->retry_in);
  REQUIRE(it.smsc_ends.front()->by_session);
  CHECK(it.smsc_ends.front()->by_session->reason == close_reason::peer_unbound);
}

TEST_CASE("a wrong password is refused in words and tried again slowly") {
  supervised it("127.0.0.1", "guess");
  it.serve();
  it.run();
  it.until([&] { return it.last.has_value(); });
  CHECK(it.events == "refused ESME_RINVPASWD");
  CHECK(it.last->retry_in.value_or(0s) >= 50ms);
  it.until([&] { return it.events == "refused ESME_RINVPASWD; refused ESME_RINVPASWD"; });
  it.link->stop();
  it.until_done();
}

TEST_CASE("an SMSC that is away is tried until it is there, and stop() ends the waiting") {
  supervised it;
  const auto endpoint = it.acceptor.local_endpoint();
  it.acceptor.close();
  it.run();
  it.until([&] { return it.last.has_value(); });
  CHECK(it.events == "connect_failed Connection refused");
  it.acceptor.open(endpoint.protocol());
  it.acceptor.set_option(tcp::acceptor::reuse_address(true));
  it.acceptor.bind(endpoint);
  it.acceptor.listen();
  it.serve();
  it.until_bound();
  it.acceptor.close();
  it.link->link()->abort();
  it.until([&] { return it.last->what == link_event::kind::connect_failed; });
  it.link->stop();
  it.until_done();
}

TEST_CASE("an SMSC whose queue is full times out, and stop() ends the connecting") {
  supervised it;
  it.acceptor.listen(0);
  std::vector<tcp::socket> crowd;  // fills the queue that nobody accepts from
  for (int i = 0; i < 4; ++i) {
    crowd.emplace_back(it.io).async_connect(it.acceptor.local_endpoint(), [](const boost::system::error_code&) {});
  }
  it.run();
  it.until([&] { return it.last.has_value(); });
  CHECK(it.events == "connect_failed connect timed out");
  it.io.restart();
  it.io.run_for(80ms);  // into the next attempt, most times: stop() must do in both places
  it.link->stop();
  it.until_done();
}

TEST_CASE("stop() while the bind is unanswered ends at once") {
  supervised it;
  tcp::socket deaf(it.io);
  it.acceptor.async_accept(deaf, [](const boost::system::error_code&) {});
  it.run();
  it.until([&] { return deaf.is_open() && deaf.available() > 0; });
  it.link->stop();
  it.until_done();
  CHECK(it.events == "unbound unbound");
}

TEST_CASE("a name is resolved and each of its addresses tried") {
  supervised it("localhost");
  it.serve();
  it.run();
  it.until_bound();  // also where localhost is ::1 first: the SMSC listens on 127.0.0.1 only
  it.link->stop();
  it.until_done();
  CHECK(it.events == "bound smsc; unbound unbound");
}
