// What may be submitted when: the window and the rate together. SMPP.md §2 "rate".
#include <doctest/doctest.h>

#include "tests/unit/smpp_session/rig.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

namespace {

rig limited(std::uint32_t rate, std::size_t window = 64) {
  auto options = as(role::esme);
  options.rate = rate;
  options.window = window;
  return bound_esme(options);
}

}  // namespace

TEST_CASE("the rate keeps us from submitting although the window has room, and says until when") {
  auto esme = limited(20);
  CHECK(esme.link.room(esme.now) == 2);
  CHECK(esme.link.room_at() == time_point::min());
  CHECK(esme.submit(1));
  CHECK(esme.submit(2));
  CHECK_FALSE(esme.submit(3));
  CHECK(esme.told() == "send submit_sm #2; send submit_sm #3");
  CHECK(esme.link.room(esme.now) == 0);
  CHECK(esme.link.room_at() == esme.now + 50ms);
  CHECK(esme.pass(50ms) == "");
  CHECK(esme.link.room(esme.now) == 1);
  CHECK(esme.submit(3));
  CHECK_FALSE(esme.submit(4));
}

TEST_CASE(
    "where the window keeps us no time is told, even when the rate does too: an answer makes room, not the clock") {
  auto esme = limited(10, 1);
  CHECK(esme.submit(1));
  CHECK(esme.link.room(esme.now + 1h) == 0);
  CHECK(esme.link.room_at() == time_point::min());
  esme.told();
  CHECK(esme.receive(taken(2)) == "submitted t1");
  CHECK(esme.link.room(esme.now) == 0);  // a bucket of one
  CHECK(esme.link.room_at() == esme.now + 100ms);
}

TEST_CASE("answers, probes and acknowledgements go out whatever the rate says") {
  auto esme = limited(1);
  CHECK(esme.submit(1));
  esme.told();
  CHECK(esme.receive(incoming(7)) == "message #7 'hi'");
  esme.link.acknowledge(7, command_status::rok);
  CHECK(esme.told() == "send deliver_sm_resp #7");
  CHECK(esme.receive(request(8, enquire_link{})) == "send enquire_link_resp #8");
  CHECK(esme.link.room(esme.now) == 0);
}

TEST_CASE("throttled: nothing for a moment, half as fast from then on, and the whole window counts once") {
  auto esme = limited(100);
  for (ticket name = 1; name <= 10; ++name) CHECK(esme.submit(name));
  esme.told();
  for (std::uint32_t sequence = 2; sequence <= 11; ++sequence) {
    esme.receive(taken(sequence, "", command_status::rthrottled));
    esme.link.throttled(0, esme.now);
  }
  CHECK(esme.link.room(esme.now) == 0);
  CHECK(esme.link.room_at() == esme.now + 200ms);
  esme.pass(200ms);
  CHECK(esme.submit(11));
  CHECK_FALSE(esme.submit(12));
  CHECK(esme.link.room_at() > esme.now + 19ms);  // 50 a second
  CHECK(esme.link.room_at() < esme.now + 21ms);
}

TEST_CASE("an ESME_ROK ends a row of throttlings, another status does not") {
  struct row {
    command_status status;
    duration pause;
  };
  for (const row& it : {row{command_status::rok, 200ms}, row{command_status::rsyserr, 400ms}}) {
    auto esme = limited(100);
    esme.link.throttled(0, esme.now);
    esme.pass(1s);
    CHECK(esme.submit(1));
    esme.receive(taken(2, "", it.status));
    esme.link.throttled(0, esme.now);
    CHECK(esme.link.room_at() == esme.now + it.pause);
  }
}

TEST_CASE("a link without a limit finds one when it is throttled") {
  auto esme = limited(0);
  for (ticket name = 1; name <= 40; ++name) CHECK(esme.submit(name));
  esme.told();
  esme.link.throttled(0, esme.now);
  CHECK(esme.link.room(esme.now) == 0);
  CHECK(esme.link.room_at() == esme.now + 200ms);
  CHECK(esme.link.room(esme.now + 300ms) == 2);  // 20 a second
}

TEST_CASE("only a link that is bound as a transmitter or transceiver can submit") {
  struct row {
    role ours;
    command_id kind;
    bool can;
  };
  const row rows[] = {
      {role::esme, command_id::bind_transceiver, true}, {role::esme, command_id::bind_transmitter, true},
      {role::esme, command_id::bind_receiver, false},   {role::smsc, command_id::bind_transceiver, true},
      {role::smsc, command_id::bind_receiver, true},    {role::smsc, command_id::bind_transmitter, false}};
  for (const auto& it : rows) {
    auto options = as(it.ours);
    options.credentials.kind = it.kind;
    rig link(options);
    CHECK_FALSE(link.link.can_submit());
    link.receive(it.ours == role::esme ? response(1, bind_resp{it.kind, "smsc"}) : request(1, [&] {
      auto theirs = as(role::esme).credentials;
      theirs.kind = it.kind;
      return theirs;
    }()));
    CHECK(link.link.is_bound());
    CHECK(link.link.can_submit() == it.can);
    CHECK(link.submit(1) == it.can);
    CHECK(link.link.room_at() == time_point::min());
    link.link.unbind(link.now);
    CHECK_FALSE(link.link.can_submit());
  }
}
