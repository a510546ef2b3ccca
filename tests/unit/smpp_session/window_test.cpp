// What we submit: the window, its sequence numbers and their answers. SMPP 3.4 §2.7 and §5.1.4.
#include <doctest/doctest.h>

#include "tests/unit/smpp_session/rig.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

TEST_CASE("the window is never exceeded and a response makes room") {
  auto options = as(role::esme);
  options.window = 2;
  auto esme = bound_esme(options);
  CHECK(esme.submit(10));
  CHECK(esme.submit(11));
  CHECK(esme.link.room(esme.now) == 0);
  CHECK_FALSE(esme.submit(12));
  CHECK(esme.told() == "send submit_sm #2; send submit_sm #3");
  CHECK(esme.receive(taken(3, "abc")) == "submitted t11 id abc");
  CHECK(esme.link.room(esme.now) == 1);
  CHECK(esme.submit(12));
  CHECK(esme.told() == "send submit_sm #4");
}

TEST_CASE("probes and their answers take no place in the window") {
  auto options = as(role::esme);
  options.window = 1;
  auto esme = bound_esme(options);
  CHECK(esme.pass(30s) == "send enquire_link #2");
  CHECK(esme.link.room(esme.now) == 1);
}

TEST_CASE("a submitted message has the kind of our role, whatever the caller left in it") {
  auto smsc = bound_smsc();
  CHECK(smsc.submit(1));
  CHECK(smsc.told() == "send deliver_sm #1");
  CHECK(smsc.receive(response(1, short_message_resp{command_id::deliver_sm, {}})) == "submitted t1");
}

TEST_CASE("the answer's status and id are handed on as they came") {
  auto esme = bound_esme();
  for (const ticket name : {1U, 2U, 3U, 4U}) CHECK(esme.submit(name));
  esme.told();
  CHECK(esme.receive(taken(2, "id-1")) == "submitted t1 id id-1");
  CHECK(esme.receive(taken(3, "", command_status::rthrottled)) == "submitted t2 ESME_RTHROTTLED");
  esme.link.receive(taken(4, "", command_status{0x410}), esme.now);
  CHECK(std::get<submitted>(*esme.link.poll()).status == command_status{0x410});  // a vendor's own
  CHECK(esme.receive(response(5, generic_nack{}, command_status::rinvcmdid)) == "submitted t4 ESME_RINVCMDID");
  CHECK(esme.link.room(esme.now) == 64);
}

TEST_CASE("a message is answered once: a second response to it is a stranger's") {
  auto esme = bound_esme();
  CHECK(esme.submit(1));
  CHECK(esme.submit(2));
  esme.told();
  CHECK(esme.receive(taken(2)) == "submitted t1");
  CHECK(esme.receive(taken(2)) == "");
  CHECK(esme.receive(response(2, generic_nack{}, command_status::rsyserr)) == "");
  CHECK(esme.link.counters().unknown_responses == 2);
  CHECK(esme.link.room(esme.now) == 63);
}

TEST_CASE("a nack of what we submitted is a refusal, even with status 0") {
  auto esme = bound_esme();
  CHECK(esme.submit(1));
  esme.told();
  CHECK(esme.receive(response(2, generic_nack{})) == "submitted t1 ESME_RUNKNOWNERR");
}

TEST_CASE("a response that nobody waits for is counted and ignored") {
  auto esme = bound_esme();
  CHECK(esme.submit(1));
  esme.told();
  const pdu rows[] = {
      taken(99),                                                    // no such sequence
      response(2, short_message_resp{command_id::deliver_sm, {}}),  // the sequence, but another kind of response
      response(2, enquire_link_resp{}),
      response(2, unbind_resp{}),                               // likewise
      response(0, generic_nack{}, command_status::rinvcmdlen),  // OsmoMSC's carries nonsense
  };
  std::uint64_t ignored = 0;
  for (const auto& row : rows) {
    CHECK(esme.receive(row) == "");
    CHECK(esme.link.counters().unknown_responses == ++ignored);
  }
  CHECK(esme.receive(taken(2)) == "submitted t1");  // what we do wait for is still waited for
}

TEST_CASE("no answer in time makes the outcome unknown and frees the window; a late answer is ignored") {
  auto options = as(role::esme);
  options.window = 2;
  options.response_timeout = 20s;
  auto esme = bound_esme(options);
  CHECK(esme.submit(1));
  esme.pass(5s);
  CHECK(esme.submit(2));
  esme.told();
  CHECK(esme.link.deadline() == esme.now + 15s);
  CHECK(esme.pass(14999ms) == "");
  CHECK(esme.pass(1ms) == "unknown t1");
  CHECK(esme.link.room(esme.now) == 1);
  CHECK(esme.receive(taken(2)) == "");
  CHECK(esme.link.counters().unknown_responses == 1);
  CHECK(esme.pass(5s) == "unknown t2");
  CHECK(esme.link.room(esme.now) == 2);
}

TEST_CASE("an answer takes its deadline away, in whatever order answers come") {
  auto options = as(role::esme);
  options.response_timeout = 20s;
  auto esme = bound_esme(options);
  CHECK(esme.submit(1));
  esme.pass(1s);
  CHECK(esme.submit(2));
  esme.pass(1s);
  CHECK(esme.submit(3));
  esme.told();
  CHECK(esme.receive(taken(3)) == "submitted t2");
  CHECK(esme.link.deadline() == esme.now + 18s);  // of t1
  CHECK(esme.receive(taken(2)) == "submitted t1");
  CHECK(esme.link.deadline() == esme.now + 20s);  // of t3
}

TEST_CASE("sequence numbers wrap behind 0x7FFFFFFF to 1 and skip what is still in flight") {
  sequence_numbers numbers(0x7FFFFFFE);
  const auto in_flight = [](std::uint32_t number) { return number == 1 || number == 2 || number == 4; };
  CHECK(numbers.next(in_flight) == 0x7FFFFFFE);
  CHECK(numbers.next(in_flight) == 0x7FFFFFFF);
  CHECK(numbers.next(in_flight) == 3);
  CHECK(numbers.next(in_flight) == 5);
}

TEST_CASE("a cut link leaves every outcome unknown, oldest first") {
  auto esme = bound_esme();
  for (const ticket name : {1U, 2U, 3U}) CHECK(esme.submit(name));
  esme.told();
  esme.receive(taken(3));
  esme.link.disconnected();
  CHECK(esme.told() == "unknown t1; unknown t3");
  CHECK(esme.link.room(esme.now) == 0);
  CHECK(esme.link.deadline() == time_point::max());
}
