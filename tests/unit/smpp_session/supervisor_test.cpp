// The supervisor, over loopback: a link that is lost comes back, and stop() ends it from wherever it is.
#include "gateway/smpp/supervisor.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/smpp_session/supervised.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

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
  CHECK(it.told.story == "bound smsc; room; bound smsc; room");
  CHECK(it.events.starts_with("bound smsc; lost "));
  it.stop();
}

TEST_CASE("the peer's unbind is not the end: the supervisor binds again") {
  supervised it;
  it.serve();
  it.run();
  it.until([&] { return !it.smscs.empty() && it.smscs.back().is_bound() && it.link->link() != nullptr; });
  it.smscs.back().unbind();
  it.until([&] { return it.events.ends_with("; bound smsc"); });
  CHECK(it.events == "bound smsc; lost peer_unbound; bound smsc");
  it.stop();
}

TEST_CASE("stop() unbinds a live link in order") {
  supervised it;
  it.serve();
  it.run();
  it.until_bound();
  it.stop();
  it.until([&] { return it.smsc_ends.front().has_value(); });
  CHECK(it.events == "bound smsc; unbound unbound");
  CHECK_FALSE(it.last->retry_in);
  REQUIRE(it.smsc_ends.front()->by_session);
  CHECK(it.smsc_ends.front()->by_session->reason == close_reason::peer_unbound);
}

TEST_CASE("a wrong password is refused in words and tried again slowly") {
  supervised it({.password = "guess"});
  it.serve();
  it.run();
  it.until_told();
  CHECK(it.events == "refused ESME_RINVPASWD");
  CHECK(it.last->retry_in.value_or(0s) >= 50ms);
  it.until([&] { return it.events == "refused ESME_RINVPASWD; refused ESME_RINVPASWD"; });
  it.stop();
}

TEST_CASE("an SMSC that is away is tried until it is there, and stop() ends the waiting") {
  supervised it;
  const auto endpoint = it.acceptor.local_endpoint();
  it.acceptor.close();
  it.run();
  it.until_told();
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
  it.stop();
}

TEST_CASE("an SMSC whose queue is full times out, and stop() ends the connecting") {
  supervised it;
  it.acceptor.listen(0);
  std::vector<tcp::socket> crowd;  // fills the queue that nobody accepts from
  for (int i = 0; i < 4; ++i) {
    crowd.emplace_back(it.io).async_connect(it.acceptor.local_endpoint(), [](const boost::system::error_code&) {});
  }
  it.run();
  it.until_told();
  CHECK(it.events == "connect_failed connect timed out");
  it.io.restart();
  it.io.run_for(80ms);  // into the next attempt, most times: stop() must do in both places
  it.stop();
}

TEST_CASE("stop() while the bind is unanswered ends at once") {
  supervised it;
  tcp::socket deaf(it.io);
  it.acceptor.async_accept(deaf, [](const boost::system::error_code&) {});
  it.run();
  it.until([&] { return deaf.is_open() && deaf.available() > 0; });
  it.stop();
  CHECK(it.events == "unbound unbound");
}

TEST_CASE("a name is resolved and each of its addresses tried") {
  supervised it({.host = "localhost"});
  it.serve();
  it.run();
  it.until_bound();  // also where localhost is ::1 first: the SMSC listens on 127.0.0.1 only
  it.stop();
  CHECK(it.events == "bound smsc; unbound unbound");
}

TEST_CASE("a stale bind is neither success nor defeat: it is tried again as any lost link is") {
  supervised it({.backoff_cap = 60s});
  it.serve_barely([&](tcp::socket& socket) {
    asio::write(socket, asio::buffer(octets_of(response(1, bind_resp{}, command_status::ralybnd))));
    if (it.bare.size() == 3) it.serve();  // the old bind is gone
  });
  it.run();
  it.until_told();
  CHECK(it.events == "refused ESME_RALYBND");
  CHECK(it.last->retry_in.value_or(0s) == 50ms);  // where a wrong password would wait 30 s or more
  it.until_bound();
  CHECK(it.events == "refused ESME_RALYBND; refused ESME_RALYBND; refused ESME_RALYBND; bound smsc");
  it.stop();
}

TEST_CASE("the TLV in which an SMSC names its messages comes through when the settings say which it is") {
  auto frame = octets_of(incoming(5));
  frame += std::string("\x14\x01\x00\x03id9", 7);
  frame[3] = static_cast<char>(frame.size());  // the whole length word: it is short
  struct row {
    std::uint16_t tag;
    std::optional<std::string> kept;
  };
  for (const row& of : {row{0, {}}, row{0x1401, "id9"}, row{0x1402, {}}}) {
    supervised it({.vendor_tlv = of.tag});
    it.serve_barely([&](tcp::socket& socket) {
      asio::write(socket, asio::buffer(octets_of(response(1, bind_resp{command_id::bind_transceiver, {}})) + frame));
    });
    it.run();
    it.until([&] { return it.came.has_value(); });
    CHECK(it.came->vendor == of.kept);
    it.bare.clear();
    it.stop();
  }
}
