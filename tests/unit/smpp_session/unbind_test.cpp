// The end in order: SMPP 3.4 §4.2 and SMPP.md §2 "shutdown".
#include <doctest/doctest.h>

#include "tests/unit/smpp_session/rig.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

namespace {
std::string unbind_now(rig& it) {
  it.link.unbind(it.now);
  return it.told();
}
}  // namespace

TEST_CASE("an idle link unbinds at once and ends with the answer") {
  auto esme = bound_esme();
  CHECK(unbind_now(esme) == "send unbind #2");
  CHECK(esme.receive(response(2, unbind_resp{})) == "close unbound");
}

TEST_CASE("a link that never bound has nothing to unbind") {
  rig esme(role::esme);
  esme.told();
  CHECK(unbind_now(esme) == "close unbound");
  rig smsc(role::smsc);
  CHECK(unbind_now(smsc) == "close unbound");
}

TEST_CASE("unbind waits for both directions, refusing what is new") {
  auto esme = bound_esme();
  esme.receive(incoming(70));
  CHECK(esme.submit(1));
  esme.told();
  CHECK(unbind_now(esme) == "");
  CHECK(esme.link.room(esme.now) == 0);
  CHECK_FALSE(esme.submit(2));
  CHECK(esme.receive(incoming(71)) == "send deliver_sm_resp #71 ESME_RX_T_APPN");
  CHECK(esme.receive(taken(2)) == "submitted t1");
  esme.link.acknowledge(70, command_status::rok);
  CHECK(esme.told() == "send deliver_sm_resp #70");
  CHECK(esme.link.deadline() <= esme.now);  // acknowledge() knows no time: tick() is due
  CHECK(esme.pass(0s) == "send unbind #3");
  CHECK(esme.receive(response(3, unbind_resp{})) == "close unbound");
}

TEST_CASE("the last answer in flight sends the unbind without a tick") {
  auto esme = bound_esme();
  CHECK(esme.submit(1));
  esme.told();
  CHECK(unbind_now(esme) == "");
  CHECK(esme.receive(taken(2)) == "submitted t1; send unbind #3");
}

TEST_CASE("while draining, new messages get the status that was chosen for refusing") {
  auto esme = bound_esme();
  esme.receive(incoming(70));
  esme.link.refuse_messages(command_status::rmsgqful);
  unbind_now(esme);
  CHECK(esme.receive(incoming(71)) == "send deliver_sm_resp #71 ESME_RMSGQFUL");
  esme.link.refuse_messages(std::nullopt);  // does not open the door again
  CHECK(esme.receive(incoming(72)) == "send deliver_sm_resp #72 ESME_RX_T_APPN");
}

TEST_CASE("draining is bounded, and so is the wait for the answer") {
  auto esme = bound_esme();
  esme.receive(incoming(70));
  CHECK(esme.submit(1));
  esme.told();
  CHECK(unbind_now(esme) == "");
  CHECK(esme.pass(4999ms) == "");
  CHECK(esme.pass(1ms) == "send unbind #3");
  CHECK(esme.receive(incoming(71)) == "send deliver_sm_resp #71 ESME_RX_T_APPN");
  esme.link.acknowledge(70, command_status::rok);  // committed meanwhile: still worth saying
  CHECK(esme.told() == "send deliver_sm_resp #70");
  CHECK(esme.pass(4999ms) == "");
  CHECK(esme.pass(1ms) == "unknown t1; close unbound");
}

TEST_CASE("an answer that comes while we unbind still counts") {
  auto esme = bound_esme();
  CHECK(esme.submit(1));
  esme.told();
  unbind_now(esme);
  esme.pass(5s);
  CHECK(esme.receive(taken(2)) == "submitted t1");
  CHECK(esme.receive(response(3, unbind_resp{})) == "close unbound");
}

TEST_CASE("the peer's unbind is answered and ends the link; what was in flight is unknown") {
  auto esme = bound_esme();
  CHECK(esme.submit(1));
  esme.told();
  CHECK(esme.receive(request(8, unbind{})) == "send unbind_resp #8; unknown t1; close peer_unbound");
}

TEST_CASE("when both sides unbind at once, both are answered") {
  auto esme = bound_esme();
  CHECK(unbind_now(esme) == "send unbind #2");
  CHECK(esme.receive(request(8, unbind{})) == "send unbind_resp #8; close unbound");
}

TEST_CASE("a nacked unbind is over too") {
  auto esme = bound_esme();
  unbind_now(esme);
  CHECK(esme.receive(response(2, generic_nack{}, command_status::rinvcmdid)) == "close unbound");
}

TEST_CASE("an unbind response nobody asked for is counted and ignored") {
  auto esme = bound_esme();
  CHECK(esme.receive(response(2, unbind_resp{})) == "");
  CHECK(esme.link.counters().unknown_responses == 1);
}

TEST_CASE("a second unbind changes nothing") {
  auto esme = bound_esme();
  CHECK(unbind_now(esme) == "send unbind #2");
  CHECK(unbind_now(esme) == "");
}
