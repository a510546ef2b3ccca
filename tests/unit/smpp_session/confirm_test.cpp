// Whether the peer has what we acknowledged: shown by the answer to whatever we sent after it (TCP keeps the order).
#include <doctest/doctest.h>

#include "tests/unit/smpp_session/rig.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

namespace {

void acknowledge(rig& link, std::uint32_t sequence) {
  link.receive(incoming(sequence));
  link.link.acknowledge(sequence, command_status::rok);
  link.told();
}

}  // namespace

TEST_CASE("a link that has nothing else to send asks with an enquire_link, and its answer is the proof") {
  auto esme = bound_esme();
  acknowledge(esme, 5);
  esme.link.confirm(70, esme.now);
  CHECK(esme.link.deadline() == esme.now);
  CHECK(esme.pass(0s) == "send enquire_link #2");
  CHECK(esme.receive(incoming(6)) == "message #6 'hi'");  // whatever else it says is no proof
  CHECK(esme.receive(response(2, enquire_link_resp{})) == "heard t70");
  CHECK(esme.pass(1s) == "");
}

TEST_CASE("one that submits has the proof in the answer, whatever that says, and sends no enquire_link") {
  for (const auto status : {command_status::rok, command_status::rthrottled}) {
    auto esme = bound_esme();
    acknowledge(esme, 5);
    esme.link.confirm(70, esme.now);
    CHECK(esme.submit(1));
    CHECK(esme.told() == "send submit_sm #2");
    CHECK(esme.pass(999ms) == "");
    CHECK(esme.receive(taken(2, "", status)).starts_with("heard t70; submitted t1"));
  }
}

TEST_CASE("the answer to what was sent before the acknowledgement shows nothing, neither does a nack of it") {
  auto esme = bound_esme();
  CHECK(esme.submit(1));
  CHECK(esme.submit(2));
  acknowledge(esme, 5);
  esme.link.confirm(70, esme.now);
  CHECK(esme.submit(3));
  esme.told();
  CHECK(esme.receive(taken(2)) == "submitted t1");
  CHECK(esme.receive(response(3, generic_nack{}, command_status::rsyserr)) == "submitted t2 ESME_RSYSERR");
  CHECK(esme.receive(response(4, generic_nack{}, command_status::rsyserr)) == "submitted t3 ESME_RSYSERR");
  CHECK(esme.pass(0s) == "send enquire_link #5");
  CHECK(esme.receive(response(5, generic_nack{}, command_status::rinvcmdid)) == "heard t70");
}

TEST_CASE("an answer that takes longer than a second is not waited for") {
  auto esme = bound_esme();
  acknowledge(esme, 5);
  esme.link.confirm(70, esme.now);
  CHECK(esme.submit(1));
  esme.told();
  CHECK(esme.pass(999ms) == "");
  CHECK(esme.pass(1ms) == "send enquire_link #3");
  CHECK(esme.receive(response(3, enquire_link_resp{})) == "heard t70");
  CHECK(esme.receive(taken(2)) == "submitted t1");
}

TEST_CASE("one enquire_link asks for all that is acknowledged by then, what comes while it is out for the next") {
  auto esme = bound_esme();
  esme.link.confirm(70, esme.now);
  esme.link.confirm(71, esme.now);
  CHECK(esme.pass(0s) == "send enquire_link #2");
  esme.link.confirm(72, esme.now);
  CHECK(esme.pass(1s) == "");
  CHECK(esme.receive(response(2, enquire_link_resp{})) == "heard t70; heard t71");
  CHECK(esme.pass(0s) == "send enquire_link #3");
  CHECK(esme.receive(response(3, enquire_link_resp{})) == "heard t72");
}

TEST_CASE("a link is asked ten times in a row, and a hundred times a second") {
  auto esme = bound_esme();
  int asked = 0;
  for (int tenth_of_a_millisecond = 0; tenth_of_a_millisecond < 10'000; ++tenth_of_a_millisecond) {
    esme.link.confirm(70, esme.now);
    const auto told = esme.pass(100us);
    if (told.empty()) continue;
    ++asked;
    REQUIRE(told.starts_with("send enquire_link #"));
    const auto sequence = static_cast<std::uint32_t>(std::stoul(told.substr(told.find('#') + 1)));
    CHECK(esme.receive(response(sequence, enquire_link_resp{})).starts_with("heard"));
    CHECK((asked != 10 || tenth_of_a_millisecond == 9));
  }
  CHECK(asked >= 100);
  CHECK(asked <= 111);
}

TEST_CASE("an enquire_link that nobody answers is the end of the link, and nothing is heard") {
  auto esme = bound_esme();
  esme.link.confirm(70, esme.now);
  CHECK(esme.pass(0s) == "send enquire_link #2");
  CHECK(esme.pass(10s) == "close link_dead");
  CHECK(esme.link.deadline() == time_point::max());
}

TEST_CASE("what nobody shows in time is forgotten, though the peer lives") {
  auto esme = bound_esme();
  esme.link.confirm(70, esme.now);
  CHECK(esme.pass(0s) == "send enquire_link #2");
  for (std::uint32_t sequence = 5; sequence < 10; ++sequence) {
    esme.receive(incoming(sequence));
    CHECK(esme.pass(7s) == "");
  }
  esme.link.confirm(71, esme.now);
  CHECK(esme.receive(response(2, enquire_link_resp{})) == "");
  CHECK(esme.pass(0s) == "send enquire_link #3");
  CHECK(esme.receive(response(3, enquire_link_resp{})) == "heard t71");
}

TEST_CASE("nothing is asked before the bind or while we unbind") {
  rig opening(role::esme);
  opening.told();
  opening.link.confirm(70, opening.now);
  CHECK(opening.pass(1s) == "");
  auto leaving = bound_esme();
  leaving.link.confirm(70, leaving.now);
  leaving.link.unbind(leaving.now);
  CHECK(leaving.told() == "send unbind #2");
  CHECK(leaving.pass(1s) == "");
  CHECK(leaving.receive(response(2, unbind_resp{})) == "close unbound");
}
