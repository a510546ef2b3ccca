// The outbox relay: whose turn it is, by which SMSC, and on whose lease.
#include <doctest/doctest.h>

#include "tests/unit/gateway/relay_rig.hpp"

using namespace topupd;
using namespace topupd::test;

namespace {

const std::string anna = "999701234567", ben = "999709876543", carl = "999701111111";

// Whose phones they went to, by the last digit.
std::string order_of(const std::vector<submission>& all) {
  std::string phones;
  for (const auto& each : all) phones += each.message.destination.digits.back();
  return phones;
}
bool is_about(const submission& reply, std::int64_t receipt) {
  return reply.message.octets.starts_with(to_string(store::receipt{receipt}));
}

}  // namespace

TEST_CASE("a reply goes from the short code to the phone as the text came, and its answer is reported") {
  relay_rig rig;
  rig.add(1, anna);
  const auto sent = rig.one();
  CHECK(sent.message.kind == smpp::command_id::submit_sm);
  CHECK(sent.message.source == smpp::address{3, 0, "12345"});
  CHECK(sent.message.destination == smpp::address{2, 8, "701234567"});
  CHECK(sent.message.registered_delivery == 0);
  CHECK(is_about(sent, 1));
  CHECK(rig.relay->in_flight() == 1);
  rig.pass(300ms);
  rig.answer(sent, 0, "00AF");
  const auto said = rig.said();
  REQUIRE(said.size() == 1);
  CHECK(said[0].receipt.number == 1);
  CHECK(said[0].what == kind::sent);
  CHECK(said[0].smsc_message_id == "af");
  CHECK(said[0].smsc.empty());
  CHECK_FALSE(said[0].awaited);
  CHECK(rig.relay->in_flight() + rig.relay->waiting() == 0);
}

TEST_CASE("whether the SMSC has our ESME_ROK is asked on the link that carried it, by whichever the reply leaves") {
  relay_rig rig({centre("main", "coast"), centre("second", "coast")});
  rig.links.centres[0].up = false;
  const link_id receiver{.bind = 5, .epoch = 2};
  rig.add(relay_rig::owed(1, anna), receiver);
  CHECK(rig.links.to_confirm == std::vector{std::pair{receiver, smpp::ticket{1}}});
  rig.pass(100ms);
  rig.hear(1);
  CHECK(rig.said().empty());
  rig.pass(6s);  // slow as it is, the reply is not what shows it
  rig.answer(rig.one());
  const auto said = rig.said().back();
  CHECK(said.what == kind::sent);
  CHECK(said.heard);
  CHECK(said.at == rig.now);
}

TEST_CASE("a reply that is done with before the SMSC has shown that it has our ESME_ROK is reported; that follows") {
  for (const auto& [status, what] : {std::pair{0x00U, kind::sent}, {0x08U, kind::deferred}, {0x0BU, kind::refused}}) {
    relay_rig rig;
    rig.add(relay_rig::owed(1, anna), told_links::link(0));
    rig.add(2, anna);
    rig.answer(rig.one(), status);
    const auto said = rig.said();
    REQUIRE(said.size() == 1);
    CHECK(said[0].what == what);
    CHECK_FALSE(said[0].heard);
    CHECK(is_about(rig.one(), 2));
    rig.pass(100ms);
    rig.hear(1);
    const auto then = rig.said();
    REQUIRE(then.size() == 1);
    CHECK(then[0].receipt.number == 1);
    CHECK(then[0].what == kind::heard);
    CHECK(then[0].heard);
    CHECK(then[0].at == rig.now);
    rig.hear(1);
    rig.hear(77);  // nobody's
    CHECK(rig.said().empty());
  }
}

TEST_CASE("what comes late shows nothing: the SMSC may have given up on our ESME_ROK, and deliver again") {
  for (const auto& [wait, heard] : {std::pair{2999ms, true}, std::pair{3000ms, false}}) {
    relay_rig rig;
    rig.add(relay_rig::owed(1, anna), told_links::link(0));
    rig.add(relay_rig::owed(2, ben), told_links::link(0));
    const auto sent = rig.out();
    rig.answer(sent.at(1));
    CHECK_FALSE(rig.said().back().heard);
    rig.pass(wait);
    rig.hear(2);
    CHECK(rig.said().size() == (heard ? 1 : 0));
    rig.hear(1);
    rig.answer(sent.at(0));
    CHECK(rig.said().back().heard == heard);
  }
}

TEST_CASE("that the SMSC has our ESME_ROK is said with whatever is said of the reply: another process may send it") {
  relay_rig rig;
  rig.add(relay_rig::owed(1, anna), told_links::link(0));
  const auto sent = rig.one();
  rig.hear(1);
  kind what = kind::sent;
  SUBCASE("refused for now") {
    rig.answer(sent, 0x08);
    what = kind::deferred;
  }
  SUBCASE("in flight so long that the lease is renewed") {
    rig.pass(4s);
    what = kind::renew;
  }
  SUBCASE("given back") {
    rig.lose(sent);
    rig.relay->stop();
    what = kind::release;
  }
  const auto said = rig.said();
  REQUIRE(said.size() == 1);
  CHECK(said[0].what == what);
  CHECK(said[0].heard);
}

TEST_CASE("of a text that we did not acknowledge nothing is asked, nor of one that another process did") {
  relay_rig rig;
  rig.add(1, anna);
  CHECK(rig.links.to_confirm.empty());
  rig.hear(1);
  rig.answer(rig.one());
  const auto said = rig.said();
  CHECK(said.at(0).what == kind::sent);
  CHECK_FALSE(said.at(0).heard);
}

TEST_CASE("replies to one number leave one at a time, in the order of their texts, and others overtake them") {
  relay_rig rig;
  rig.add(1, anna);
  rig.add(2, anna);
  rig.add(3, ben);
  rig.add(4, anna);
  const auto first = rig.out();
  CHECK(order_of(first) == "73");
  rig.answer(first[1]);
  CHECK(rig.out().empty());
  rig.answer(first[0]);
  const auto second = rig.one();
  CHECK(is_about(second, 2));
  rig.answer(second);
  CHECK(is_about(rig.one(), 4));
}

TEST_CASE("what is claimed later and was decided earlier leaves first, of whichever gateway its receipt is") {
  relay_rig rig;
  rig.links.centres[0].room = 0;
  auto late = relay_rig::owed(10, anna), early = relay_rig::owed(9000, anna), middle = relay_rig::owed(20, anna);
  early.decided_at -= 5s;
  middle.decided_at -= 2s;
  rig.add(late);
  rig.add(early);
  rig.add(middle);
  rig.recover(0);
  for (const std::int64_t receipt : {9000, 20, 10}) {
    const auto sent = rig.one();
    CHECK(is_about(sent, receipt));
    rig.answer(sent);
  }
}

TEST_CASE("the next reply to a number waits no longer when the one before it is given up") {
  for (const std::uint32_t status : {0x0BU, 0x08U}) {  // for good, for now
    relay_rig rig;
    rig.add(1, anna);
    rig.add(2, anna);
    rig.answer(rig.one(), status);
    CHECK(is_about(rig.one(), 2));
  }
}

TEST_CASE("a reply without an answer goes again before the next one, and the late answer counts no more") {
  relay_rig rig;
  rig.add(1, anna);
  rig.add(2, anna);
  const auto lost = rig.one();
  rig.pass(100ms);
  rig.lose(lost);
  CHECK(rig.out().empty());  // the link is in the middle of its turn
  rig.pass(0ms);
  const auto again = rig.one();
  CHECK(again.message.octets == lost.message.octets);
  rig.relay->submitted(lost.name, smpp::command_status::rok, "1", rig.now);
  CHECK(rig.said().empty());
  rig.answer(again);
  CHECK(rig.said().at(0).receipt.number == 1);
  CHECK(is_about(rig.one(), 2));
}

TEST_CASE("what finds no room waits, in order, and leaves as the answers come") {
  relay_rig rig;
  rig.links.centres[0].room = 1;
  rig.add(1, anna);
  rig.add(2, ben);
  rig.add(3, carl);
  const auto first = rig.one();
  CHECK(rig.relay->waiting() == 2);
  rig.answer(first);
  const auto second = rig.one();
  CHECK(is_about(second, 2));
  rig.answer(second);
  CHECK(is_about(rig.one(), 3));
}

TEST_CASE("a text that is decided twice is answered once, and a menu's answer is nobody's") {
  relay_rig rig;
  rig.add(1, anna);
  rig.add(1, anna);
  rig.answer(rig.one());
  rig.relay->submitted(0, smpp::command_status::rok, "", rig.now);
  rig.relay->unknown(0, rig.now);
  CHECK(rig.said().size() == 1);
}

TEST_CASE("while an SMSC is down its replies leave by another of its group, in that one's form") {
  auto other = centre("other", "pair");
  other.number_ton = 1;
  other.number_npi = 1;
  other.number_format = config::number_format::plus;
  other.service_type = "CMT";
  relay_rig rig({centre("main", "pair"), centre("alone"), other});
  rig.add(1, anna);
  CHECK(rig.one().smsc == 0);

  rig.links.centres[0].up = false;
  rig.add(2, ben);
  const auto sent = rig.one();
  CHECK(sent.smsc == 2);
  CHECK(sent.message.source == smpp::address{3, 0, "12345"});
  CHECK(sent.message.destination == smpp::address{1, 1, "+999709876543"});
  CHECK(sent.message.service_type == "CMT");
  rig.answer(sent);
  CHECK(rig.said().at(0).smsc == "other");

  rig.links.centres[0].up = true;
  rig.add(3, carl);
  CHECK(rig.one().smsc == 0);
}

TEST_CASE("what waited for an SMSC that goes down leaves by the other one within a second, and made for that one") {
  auto other = centre("other", "pair");
  other.default_alphabet = parser::alphabet::latin1;
  other.service_type = "X";
  relay_rig rig({centre("main", "pair"), other});
  rig.links.centres[0].room = 0;
  rig.add(1, anna);
  rig.links.centres[0].up = false;
  rig.pass(1s);
  const auto sent = rig.one();
  CHECK(sent.smsc == 1);
  CHECK(sent.message.service_type == "X");
}

TEST_CASE("without a group, or with all of it down, a reply waits for its SMSC") {
  for (const auto* group : {"", "pair"}) {
    relay_rig rig({centre("main", group), centre("other", group)});
    rig.links.centres[0].up = false;
    if (*group != '\0') rig.links.centres[1].up = false;
    rig.add(1, anna);
    rig.pass(3s);
    CHECK(rig.out().empty());
    rig.links.centres[0].up = true;
    rig.relay->pump(0, rig.now);
    CHECK(rig.one().smsc == 0);
  }
}

TEST_CASE("one subscriber's replies by two SMSCs keep their order, too") {
  relay_rig rig({centre("main"), centre("other")});
  rig.add(1, anna);
  rig.add(2, anna, "other");
  const auto first = rig.one();
  CHECK(first.smsc == 0);
  rig.pass(100ms);
  rig.answer(first);
  rig.pass(0ms);
  const auto second = rig.one();
  CHECK(second.smsc == 1);
  CHECK(is_about(second, 2));
}

TEST_CASE("a notice goes to the number's form at the SMSC, as nobody's text told how it is written") {
  auto national = centre("main");
  national.number_ton = 2;
  national.number_npi = 8;
  national.number_format = config::number_format::national;
  relay_rig rig({national});
  auto notice = relay_rig::owed(1, anna);
  notice.source = "1.1." + anna;
  notice.outcome = store::outcome::received;
  notice.giver = parser::msisdn::from_e164(ben);
  notice.amount = {500, "USD"};
  rig.add(notice);
  CHECK(rig.one().message.destination == smpp::address{2, 8, "0701234567"});
}

TEST_CASE("stopped, the relay gives back what waits, submits nothing more, and still takes answers") {
  relay_rig rig;
  rig.links.centres[0].room = 2;
  rig.add(1, anna);
  rig.add(2, ben);
  rig.add(3, carl);
  const auto sent = rig.out();
  rig.relay->stop();
  auto said = rig.said();
  REQUIRE(said.size() == 1);
  CHECK(said[0].receipt.number == 3);
  CHECK(said[0].what == kind::release);
  CHECK(rig.relay->waiting() == 0);
  rig.answer(sent[0]);
  rig.lose(sent[1]);
  rig.add(4, carl);
  said = rig.said();
  REQUIRE(said.size() == 3);
  CHECK(said[0].what == kind::sent);
  CHECK(said[1].what == kind::release);
  CHECK(said[2].what == kind::release);
  CHECK(rig.out().empty());
  CHECK(rig.relay->in_flight() == 0);
  CHECK(rig.relay->deadline() == smpp::time_point::max());
}
