// The real links, to an SMSC on loopback.
#include "gateway/socket_links.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <memory>

using namespace topupd;
using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using gateway::link_id;

namespace {

// Takes every bind, and counts what is submitted by the order of the binds; acknowledges when told to.
struct loopback_smsc {
  explicit loopback_smsc(boost::asio::io_context& io) : acceptor(io, {boost::asio::ip::address_v4::loopback(), 0}) {
    boost::asio::co_spawn(io, accept(), [](const std::exception_ptr&) {});
  }
  boost::asio::awaitable<void> accept() {
    for (;;) {
      auto socket = co_await acceptor.async_accept(boost::asio::use_awaitable);
      auto& link = links.emplace_back();
      smpp::session_options options;
      options.role = smpp::role::smsc;
      smpp::connection_handlers handlers;
      handlers.on_message = [this, &link](std::uint32_t sequence, const smpp::short_message&) {
        ++submitted;
        if (answering) link->acknowledge(sequence, smpp::command_status::rok, "1");
      };
      link = std::make_unique<smpp::connection>(std::move(socket), std::move(options), std::move(handlers));
      boost::asio::co_spawn(acceptor.get_executor(), link->run(), [](const std::exception_ptr&, const smpp::ended&) {});
    }
  }
  tcp::acceptor acceptor;
  std::list<std::unique_ptr<smpp::connection>> links;
  int submitted = 0;
  bool answering = true;
};

struct rig {
  explicit rig(config::smsc settings) : smsc(io) {
    settings.name = "main";
    settings.system_id = "topup";
    settings.port = smsc.acceptor.local_endpoint().port();
    links.emplace(io, std::vector{settings}, log,
                  gateway::socket_links::handlers{
                      .on_message = [](const gateway::origin&, std::size_t, const smpp::short_message&) {},
                      .on_submitted = [this](smpp::ticket, smpp::command_status, const std::string&) { ++answered; },
                      .on_heard = [this](smpp::ticket name) { heard.push_back(name); },
                      .on_unknown = [](smpp::ticket) {},
                      .on_room = [this](std::size_t) { ++room; },
                      .on_change = [] {}});
    links->start();
  }
  template <class Condition>
  bool until(Condition is_so) {
    for (const auto end = std::chrono::steady_clock::now() + 5s; !is_so();)
      if (io.run_one_for(100ms) == 0 && std::chrono::steady_clock::now() > end) return false;
    return true;
  }
  std::optional<link_id> submit(const std::optional<link_id>& preferred = {}) {
    smpp::short_message message;
    message.kind = smpp::command_id::submit_sm;
    message.octets = "hello";
    return links->submit(0, ++last, message, preferred);
  }

  boost::asio::io_context io;
  gateway::event_log log{io.get_executor(), "off", "text"};
  loopback_smsc smsc;
  int answered = 0, room = 0;
  std::vector<smpp::ticket> heard;
  smpp::ticket last = 0;
  std::optional<gateway::socket_links> links;
};

}  // namespace

TEST_CASE("of a pair both are binds, and replies leave by the transmitter, wherever the text came from") {
  config::smsc settings;
  settings.bind = config::bind_mode::pair;
  settings.window = 5;
  rig all(settings);
  REQUIRE(all.until([&] { return all.links->binds_up() == 2; }));
  CHECK(all.links->bind_count() == 2);
  CHECK(all.links->binds_up(0) == 1);
  CHECK(all.links->room(0) == 5);
  for (int i = 0; i < 4; ++i) {
    const auto by = all.submit(link_id{.bind = 1, .epoch = 1});
    REQUIRE(by);
    CHECK(by->bind == 0);
  }
  CHECK(all.until([&] { return all.answered == 4; }));
}

TEST_CASE("whoever finds the rate used up is told when there is room again, though nothing is in flight") {
  config::smsc settings;
  settings.throughput = 5;
  rig all(settings);
  REQUIRE(all.until([&] { return all.links->binds_up() == 1; }));
  int sent = 0;
  while (all.submit()) ++sent;
  REQUIRE(sent < 5);
  REQUIRE(all.until([&] { return all.answered == sent; }));
  const int before = all.room;
  CHECK(all.until([&] { return all.room > before; }));
  CHECK(all.submit());
}

TEST_CASE("a link that is told to slow down does, and one of an earlier connection is not there any more") {
  rig all({});
  REQUIRE(all.until([&] { return all.links->binds_up() == 1; }));
  const auto by = all.submit();
  REQUIRE(by);
  all.links->throttled({.bind = by->bind, .epoch = by->epoch - 1});
  CHECK(all.links->room(0) > 0);
  all.links->throttled(*by);
  CHECK(all.links->room(0) == 0);
  CHECK_FALSE(all.submit());
}

TEST_CASE(
    "the receiver of a pair shows that the SMSC has what was answered on it, one of an earlier connection nothing") {
  config::smsc settings;
  settings.bind = config::bind_mode::pair;
  rig all(settings);
  REQUIRE(all.until([&] { return all.links->binds_up() == 2; }));
  all.links->confirm({.bind = 1, .epoch = 0}, 8);
  all.links->confirm({.bind = 1, .epoch = 1}, 9);
  CHECK(all.until([&] { return !all.heard.empty(); }));
  CHECK(all.heard == std::vector<smpp::ticket>{9});
}

TEST_CASE("a link that is given up goes, and is bound again") {
  config::smsc settings;
  settings.reconnect_min = settings.reconnect_max = 50ms;
  rig all(settings);
  REQUIRE(all.until([&] { return all.links->binds_up() == 1; }));
  all.links->give_up({.bind = 0, .epoch = 0}, smpp::command_status::rinvbndsts);  // of an earlier connection
  CHECK(all.submit());
  all.links->give_up({.bind = 0, .epoch = 1}, smpp::command_status::rinvbndsts);
  CHECK(all.links->room(0) == 0);
  CHECK(all.until([&] { return all.links->binds_up() == 0; }));
  CHECK(all.until([&] { return all.links->binds_up() == 1; }));
  CHECK(all.submit()->epoch == 2);
}

TEST_CASE("several binds take turns") {
  config::smsc settings;
  settings.binds = 2;
  settings.window = 3;
  rig all(settings);
  all.smsc.answering = false;
  REQUIRE(all.until([&] { return all.links->binds_up() == 2; }));
  CHECK(all.links->room(0) == 6);
  std::size_t by_first = 0;
  for (int i = 0; i < 4; ++i) by_first += all.submit()->bind == 0 ? 1U : 0U;
  CHECK(by_first == 2);
  CHECK(all.submit());
  CHECK(all.submit());
  CHECK_FALSE(all.submit());
}
