// The rate, over loopback sockets: the driver wakes whoever waits for room, and nobody in vain.
#include <doctest/doctest.h>

#include "tests/unit/smpp_session/wire.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

namespace {

// An ESME that submits `wanted` messages as fast as it may, to an SMSC that answers none of them.
struct sender {
  explicit sender(std::uint32_t rate, ticket wanted_messages = 0) : cable(io), wanted(wanted_messages) {
    auto options = as(role::esme);
    options.rate = rate;
    options.window = 1000;
    connection_handlers ours;
    ours.on_room = [this] {
      ++wakes;
      while (sent < wanted && esme->submit(sent + 1, text(command_id::submit_sm, "hello"))) ++sent;
    };
    connection_handlers theirs;
    theirs.on_message = [this](std::uint32_t, const short_message&) { ++arrived; };
    esme.emplace(std::move(cable.here), options, ours);
    smsc.emplace(std::move(cable.there), as(role::smsc), theirs);
    start(io, *esme, esme_ended);
    start(io, *smsc, smsc_ended);
    run_until(io, [this] { return esme->is_bound() && smsc->is_bound(); });
  }

  asio::io_context io;
  wire cable;
  ticket wanted;
  ticket sent = 0;
  ticket arrived = 0;
  int wakes = 0;
  std::optional<connection> esme;
  std::optional<connection> smsc;
  std::optional<ended> esme_ended;
  std::optional<ended> smsc_ended;
};

}  // namespace

TEST_CASE("where the rate is what kept us, room is told when its time has come, once for each message") {
  const auto begin = std::chrono::steady_clock::now();
  sender it(200, 50);
  run_until(it.io, [&] { return it.arrived == 50; });
  CHECK(std::chrono::steady_clock::now() - begin >= 145ms);  // 20 at once, 30 at 200 a second
  CHECK(it.wakes > 1);
  CHECK(it.wakes <= 31);
  it.io.restart();
  it.io.run_for(50ms);
  CHECK(it.wakes <= 31);  // nobody asks any more
}

TEST_CASE("a throttled link is silent for a moment, tells nobody of room, and then goes on") {
  sender it(0);
  CHECK(it.esme->submit(1, text(command_id::submit_sm, "hello")));
  const auto begin = std::chrono::steady_clock::now();
  it.esme->throttled();
  CHECK(it.esme->room() == 0);
  CHECK(it.esme->can_submit());
  CHECK_FALSE(it.esme->submit(2, text(command_id::submit_sm, "hello")));
  it.wakes = 0;
  run_until(it.io, [&] { return it.wakes > 0; });
  const auto pause = std::chrono::steady_clock::now() - begin;
  CHECK(pause >= 200ms);
  CHECK(it.esme->room() == 1);
  CHECK(it.esme->submit(2, text(command_id::submit_sm, "hello")));
  run_until(it.io, [&] { return it.arrived == 2; });
  CHECK(it.wakes == 1);
}
