// What an SMSC's answer makes of a reply, status by status (SMPP 3.4 §5.1.3).
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

#include "gateway/submit_status.hpp"
#include "tests/unit/gateway/relay_rig.hpp"

using namespace topupd;
using namespace topupd::test;
using gateway::submit_verdict;

namespace {

const std::string anna = "999701234567", ben = "999709876543";

// What is written to standard output while this lives: the log.
class listener {
 public:
  listener() : was_(std::exchange(stdout, open_memstream(&text_, &size_))) {}
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  ~listener() {
    std::fclose(std::exchange(stdout, was_));
    std::free(text_);
  }
  std::string heard() {
    std::fflush(stdout);
    return {text_, size_};
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* was_;
};

// Three short messages of GSM 03.38.
config::settings with_long_help() {
  auto settings = example();
  for (auto& each : settings.languages) {
    if (each.words.code == "en") each.texts["help"] = std::string(400, 'x');
  }
  return settings;
}

store::decision help(std::int64_t receipt) {
  auto facts = relay_rig::owed(receipt, anna);
  facts.outcome = store::outcome::help;
  facts.action = store::action::help;
  return facts;
}

}  // namespace

TEST_CASE("every status has its meaning: what is unknown may pass, what the octets cannot become is final") {
  struct row {
    std::uint32_t status;
    submit_verdict means;
  };
  using enum submit_verdict;
  const row rows[] = {
      {0x00, sent},      {0x58, throttled}, {0x14, throttled},  {0x04, not_here},   {0x05, not_here},
      {0x0D, not_here},  {0x0E, not_here},  {0x0F, not_here},   {0x03, not_here},   {0x08, temporary},
      {0x45, temporary}, {0x64, temporary}, {0xFE, temporary},  {0xFF, temporary},  {0x01, permanent},
      {0x0A, permanent}, {0x0B, permanent}, {0x15, permanent},  {0x43, permanent},  {0x48, permanent},
      {0x50, permanent}, {0x65, permanent}, {0x66, permanent},  {0xC1, permanent},  {0xC4, permanent},
      {0x0C, temporary}, {0x33, temporary}, {0x400, temporary}, {0x4FF, temporary}, {0xFFFFFFFF, temporary},
  };
  const auto at = centre("main");
  for (const auto& each : rows) {
    CAPTURE(each.status);
    CHECK(gateway::judge(smpp::command_status{each.status}, at) == each.means);
  }
}

TEST_CASE("settings have the last word about a status, but for ESME_ROK") {
  auto at = centre("main");
  at.throttling_statuses = {0x08, 0x402};
  at.permanent_statuses = {0x64, 0x403, 0x00};
  const auto means = [&](std::uint32_t status) { return gateway::judge(smpp::command_status{status}, at); };
  CHECK(means(0x08) == submit_verdict::throttled);
  CHECK(means(0x402) == submit_verdict::throttled);
  CHECK(means(0x64) == submit_verdict::permanent);
  CHECK(means(0x403) == submit_verdict::permanent);
  CHECK(means(0x58) == submit_verdict::temporary);
  CHECK(means(0x14) == submit_verdict::temporary);
  CHECK(means(0x00) == submit_verdict::sent);
}

TEST_CASE("throttled, the link slows down and the reply waits in front of the others") {
  relay_rig rig;
  rig.add(1, anna);
  const auto first = rig.one();
  rig.links.centres[0].room = 0;
  rig.add(2, ben);
  rig.answer(first, 0x58);
  CHECK(rig.links.slowed == std::vector{told_links::link(0)});
  CHECK(rig.said().empty());
  CHECK(rig.relay->waiting() == 2);
  CHECK(rig.out().empty());
  rig.recover(0);
  const auto again = rig.out();
  REQUIRE(again.size() == 2);
  CHECK(again[0].message.octets == first.message.octets);
  CHECK(rig.counted(R"(topupd_replies_total{result="throttled"})") == "1");
}

TEST_CASE("a link that the SMSC does not know is given up, and its reply leaves later") {
  for (const std::uint32_t status : {0x03U, 0x04U, 0x05U, 0x0DU}) {
    CAPTURE(status);
    relay_rig rig({centre("main", "coast"), centre("second", "coast")});
    rig.add(1, anna);
    rig.answer(rig.one(), status);
    CHECK(rig.links.given_up == std::vector{std::pair{told_links::link(0), smpp::command_status{status}}});
    CHECK(rig.links.slowed.empty());
    CHECK(rig.said().at(0).what == kind::deferred);
  }
}

TEST_CASE("a link that has just taken another reply is not given up over one of which the SMSC says so") {
  relay_rig rig;
  rig.add(1, anna);
  rig.answer(rig.one());
  rig.pass(29s);
  rig.add(2, ben);
  rig.answer(rig.one(), 0x04);
  CHECK(rig.links.given_up.empty());
  CHECK(rig.said().back().what == kind::deferred);
  rig.pass(2s);
  rig.add(3, anna);
  rig.answer(rig.one(), 0x04);
  CHECK(rig.links.given_up.size() == 1);
}

TEST_CASE("refused for good, a reply is dead with its status, and counted") {
  relay_rig rig;
  rig.add(1, anna);
  rig.answer(rig.one(), 0x0B);
  const auto said = rig.said();
  REQUIRE(said.size() == 1);
  CHECK(said[0].what == kind::refused);
  CHECK(said[0].status == 0x0B);
  CHECK(rig.relay->in_flight() + rig.relay->waiting() == 0);
  CHECK(rig.counted(R"(topupd_replies_total{result="refused"})") == "1");
}

TEST_CASE("refused for now, a reply waits longer each time, up to an hour, and is dead after 40 attempts") {
  struct row {
    int attempts;
    std::int64_t most;  // seconds; 0: dead
  };
  for (const auto& [attempts, most] :
       {row{1, 10}, row{2, 20}, row{5, 160}, row{9, 2560}, row{10, 3600}, row{40, 3600}, row{41, 0}, row{32767, 0}}) {
    CAPTURE(attempts);
    relay_rig rig;
    std::vector<std::int64_t> waits;
    for (std::int64_t receipt = 1; receipt <= 50; ++receipt) {
      auto facts = relay_rig::owed(receipt, anna);
      facts.attempts = attempts;
      rig.add(facts);
      rig.answer(rig.one(), 0x410);
      const auto said = rig.said();
      REQUIRE(said.size() == 1);
      CHECK(said[0].what == (most == 0 ? kind::refused : kind::deferred));
      CHECK(said[0].status == 0x410);
      waits.push_back(said[0].retry_in.count());
    }
    const auto [shortest, longest] = std::ranges::minmax(waits);
    CHECK(longest <= most);
    CHECK(shortest >= most * 3 / 4 - 1);
    if (most > 0) CHECK(shortest < longest);  // not all in one second
    CHECK(rig.counted(R"(topupd_replies_total{result="deferred"})") == (most == 0 ? "0" : "50"));
  }
}

TEST_CASE("a reply of which some parts have left takes a place, and goes on with the others though there is none") {
  relay_rig rig({centre("main")}, {.unwritten_max = 1}, with_long_help());
  rig.links.centres[0].room = 1;
  rig.add(help(1));
  rig.add(2, ben);
  const auto first = rig.one();
  CHECK(rig.relay->in_flight() == 1);
  rig.answer(first);
  rig.recover(0);
  const auto others = rig.out();
  REQUIRE(others.size() == 2);
  CHECK(others[0].name == first.name + 1);
  for (const auto& each : others) rig.answer(each);
  CHECK(rig.one().message.destination.digits.back() == ben.back());
}

TEST_CASE("a long reply is sent when all of its parts are, and known by the last one's id") {
  relay_rig rig({centre("main")}, {}, with_long_help());
  rig.add(help(1));
  const auto parts = rig.out();
  REQUIRE(parts.size() == 3);
  rig.answer(parts[2], 0, "C");
  rig.answer(parts[0], 0, "A");
  CHECK(rig.said().empty());
  rig.answer(parts[1], 0, "B");
  const auto said = rig.said();
  REQUIRE(said.size() == 1);
  CHECK(said[0].smsc_message_id == "c");
}

TEST_CASE("when a part is not taken all of them go again, and what is still said about the first try counts no more") {
  relay_rig rig({centre("main")}, {}, with_long_help());
  rig.add(help(1));
  const auto first = rig.out();
  REQUIRE(first.size() == 3);
  rig.answer(first[0]);
  rig.answer(first[1], 0x58);
  rig.relay->submitted(first[2].name, smpp::command_status::rok, "", rig.now);
  rig.recover(0);
  const auto again = rig.out();
  REQUIRE(again.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(again[i].message.octets == first[i].message.octets);
  rig.answer(again[0]);
  rig.answer(again[1]);
  CHECK(rig.said().empty());
  rig.answer(again[2]);
  CHECK(rig.said().size() == 1);
}

TEST_CASE("the parts that find no room follow when there is some, and then wait for nobody") {
  relay_rig rig({centre("main")}, {}, with_long_help());
  rig.links.centres[0].room = 2;
  rig.add(help(1));
  rig.add(2, ben);
  const auto first = rig.out();
  REQUIRE(first.size() == 2);
  rig.answer(first[0]);
  const auto last = rig.one();
  CHECK(last.message.octets.substr(0, 6) == std::string("\5\0\3\1\3\3", 6));
  rig.answer(first[1]);
  const auto other = rig.one();
  CHECK(other.message.destination.digits.back() == '3');
  rig.answer(last);
  CHECK(rig.said().size() == 1);
}

TEST_CASE("a part refused for good while others still wait for room ends them all") {
  relay_rig rig({centre("main")}, {}, with_long_help());
  rig.links.centres[0].room = 1;
  rig.add(help(1));
  const auto first = rig.one();
  rig.answer(first, 0x01);
  CHECK(rig.said().at(0).what == kind::refused);
  CHECK(rig.out().empty());
  CHECK(rig.relay->waiting() == 0);
  rig.add(2, anna);
  CHECK(rig.out().size() == 1);
}

TEST_CASE("what delivery receipts say at the end is counted by state") {
  gateway::metrics counts;
  counts.delivered(store::delivery_state::delivered);
  counts.delivered(store::delivery_state::rejected);
  counts.delivered(store::delivery_state::rejected);
  const auto all = counts.exposition();
  CHECK(all.find("topupd_deliveries_total{state=\"delivered\"} 1\n") != std::string::npos);
  CHECK(all.find("topupd_deliveries_total{state=\"rejected\"} 2\n") != std::string::npos);
  CHECK(all.find("topupd_deliveries_total{state=\"expired\"} 0\n") != std::string::npos);
}

TEST_CASE("an answer that is given twice counts once") {
  relay_rig rig({centre("main")}, {}, with_long_help());
  rig.add(help(1));
  const auto parts = rig.out();
  REQUIRE(parts.size() == 3);
  for (int times = 0; times < 3; ++times) rig.answer(parts[0]);
  CHECK(rig.said().empty());
}

TEST_CASE("a dead reply is an alarm that names it, its phone and the reason, and none of its text") {
  relay_rig rig;
  rig.log.set_level("info");
  rig.add(1, anna);
  const auto sent = rig.one();
  listener log;
  rig.answer(sent, 0x0B);
  const auto line = log.heard();
  CHECK(line.find("error reply refused receipt=" + to_string(store::receipt{1}) +
                  " to=2.8.701234567 status=ESME_RINVDSTADR attempts=1 smsc=main") != std::string::npos);
  CHECK(line.find("50.00") == std::string::npos);
}
