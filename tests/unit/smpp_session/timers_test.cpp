// Silence: enquire_link in both directions. SMPP 3.4 §4.11 and §7.2, enquire_link_timer.
#include <doctest/doctest.h>

#include "tests/unit/smpp_session/rig.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

TEST_CASE("an idle link is probed, and dropped when the probe goes unanswered") {
  auto esme = bound_esme();
  CHECK(esme.submit(1));
  esme.told();
  CHECK(esme.pass(29999ms) == "");
  CHECK(esme.pass(1ms) == "unknown t1; send enquire_link #3");
  CHECK(esme.link.deadline() == esme.now + 10s);
  CHECK(esme.pass(9999ms) == "");
  CHECK(esme.pass(1ms) == "close link_dead");
}

TEST_CASE("an answered probe begins a new silence") {
  auto esme = bound_esme();
  CHECK(esme.pass(30s) == "send enquire_link #2");
  esme.pass(4s);
  CHECK(esme.receive(response(2, enquire_link_resp{})) == "");
  CHECK(esme.link.counters().unknown_responses == 0);
  CHECK(esme.link.deadline() == esme.now + 30s);
  CHECK(esme.pass(30s) == "send enquire_link #3");
}

TEST_CASE("whatever comes from the peer proves that it lives, also while a probe is out") {
  auto esme = bound_esme();
  CHECK(esme.pass(20s) == "");
  esme.receive(incoming(5));
  CHECK(esme.pass(29s) == "");
  CHECK(esme.pass(1s) == "send enquire_link #2");
  esme.receive(incoming(6));
  CHECK(esme.pass(29s) == "");
  CHECK(esme.receive(response(2, enquire_link_resp{})) == "");  // late, and still no stranger
  CHECK(esme.link.counters().unknown_responses == 0);
}

TEST_CASE("what we send ourselves breaks no silence") {
  auto esme = bound_esme();
  esme.receive(incoming(5));
  CHECK(esme.pass(29s) == "");
  CHECK(esme.submit(1));
  esme.link.acknowledge(5, command_status::rok);
  esme.told();
  CHECK(esme.pass(1s) == "send enquire_link #3");
}

TEST_CASE("a nacked probe is an answered one: some peers do not know enquire_link") {
  auto esme = bound_esme();
  CHECK(esme.pass(30s) == "send enquire_link #2");
  CHECK(esme.receive(response(2, generic_nack{}, command_status::rinvcmdid)) == "");
  CHECK(esme.link.counters().unknown_responses == 0);
  CHECK(esme.pass(10s) == "");
}

TEST_CASE("the peer's probe is answered at once, before and after the bind, in both roles") {
  for (const auto role : {role::esme, role::smsc}) {
    rig opening(role);
    opening.told();
    CHECK(opening.receive(request(42, enquire_link{})) == "send enquire_link_resp #42");
  }
  CHECK(bound_esme().receive(request(42, enquire_link{})) == "send enquire_link_resp #42");
  CHECK(bound_smsc().receive(request(42, enquire_link{})) == "send enquire_link_resp #42");
}

TEST_CASE("an SMSC probes its ESME as well") {
  auto smsc = bound_smsc();
  CHECK(smsc.pass(30s) == "send enquire_link #1");
  CHECK(smsc.pass(10s) == "close link_dead");
}

TEST_CASE("the caller who sleeps to the deadline misses nothing and is never woken in vain for long") {
  auto esme = bound_esme();
  CHECK(esme.submit(1));
  esme.told();
  std::string story;
  int wakes = 0;
  for (; esme.link.deadline() != time_point::max(); ++wakes) {
    REQUIRE(wakes < 10);
    REQUIRE(esme.link.deadline() > esme.now);
    story += esme.pass(esme.link.deadline() - esme.now) + "|";
  }
  CHECK(story == "unknown t1; send enquire_link #3|close link_dead|");
}
