// The outbox relay and its leases: nothing leaves on one that may have lapsed (DESIGN.md §2.4).
#include <doctest/doctest.h>

#include "tests/unit/gateway/relay_rig.hpp"

using namespace topupd;
using namespace topupd::test;

namespace {

const std::string anna = "999701234567", ben = "999709876543";

std::vector<kind> kinds(const std::vector<store::reply_result>& all) {
  std::vector<kind> what;
  for (const auto& each : all) what.push_back(each.what);
  return what;
}

}  // namespace

TEST_CASE("what waits until its lease is about to lapse is given back, not sent") {
  relay_rig rig;
  rig.links.centres[0].room = 0;
  rig.add(1, anna);
  rig.pass(5s);
  CHECK(rig.said().empty());
  rig.pass(5s);
  CHECK(kinds(rig.said()) == std::vector{kind::release});
  CHECK(rig.relay->waiting() == 0);
  rig.recover(0);
  CHECK(rig.out().empty());
}

TEST_CASE("a reply that comes again with a new lease while it waits may leave on that") {
  relay_rig rig;
  rig.links.centres[0].room = 0;
  rig.add(1, anna);
  rig.pass(4s);
  rig.add(1, anna);
  rig.pass(4s);
  rig.recover(0);
  CHECK(rig.out().size() == 1);
}

TEST_CASE("no reply leaves while so many are on their way or have a result that the store has not written") {
  relay_rig rig({centre("main")}, {.unwritten_max = 3});
  rig.door.not_written = 2;
  rig.add(1, anna);
  rig.add(2, ben);
  const auto first = rig.one();
  rig.door.not_written = 3;
  rig.answer(first);
  rig.pass(1s);
  rig.recover(0);
  CHECK(rig.out().empty());
  rig.door.not_written = 2;
  rig.pass(10ms);  // it looks by itself
  CHECK(rig.out().size() == 1);
}

TEST_CASE("frozen for longer than a lease, the relay submits nothing of what waited, whatever happens first") {
  for (const auto* first : {"room", "tick", "answer", "add"}) {
    CAPTURE(first);
    relay_rig rig;
    rig.links.centres[0].room = 1;
    rig.add(1, anna);
    const auto sent = rig.one();
    rig.add(2, ben);
    rig.pass(2s);
    rig.freeze(40s);
    if (first == std::string("room")) rig.recover(0);
    if (first == std::string("answer")) rig.answer(sent);
    if (first == std::string("add")) rig.add(2, ben);  // the store had handed it out before
    rig.pass(0ms);
    rig.recover(0);
    CHECK(rig.out().empty());
    CHECK(rig.relay->waiting() == 0);
  }
}

TEST_CASE("a decision that reaches a process which was frozen may be old: its reply is not sent on that lease") {
  for (const bool tick_first : {false, true}) {
    relay_rig rig;
    rig.pass(5s);
    rig.freeze(40s);
    if (tick_first) rig.relay->tick(rig.now);
    rig.add(1, anna);
    rig.pass(0ms);
    CHECK(rig.out().empty());
    CHECK(kinds(rig.said()) == std::vector{kind::release});
    rig.pass(2s);
    rig.add(1, anna);  // claimed again
    CHECK(rig.out().size() == 1);
  }
}

TEST_CASE("the lease of what is in flight is renewed before it lapses, until the answer comes") {
  relay_rig rig;
  rig.add(1, anna);
  const auto sent = rig.one();
  rig.pass(21s);
  const auto said = rig.said();
  CHECK(said.size() >= 4);
  CHECK(said.size() <= 7);
  for (const auto& each : said) CHECK(each.what == kind::renew);
  rig.answer(sent);
  CHECK(kinds(rig.said()) == std::vector{kind::sent});
  rig.pass(30s);
  CHECK(rig.said().empty());
}

TEST_CASE("a lease that lapsed while we were frozen is not renewed: it is another's, perhaps") {
  relay_rig rig;
  rig.add(1, anna);
  rig.pass(2s);
  rig.freeze(40s);
  rig.pass(10s);
  CHECK(rig.said().empty());
}

TEST_CASE("what was in flight for longer than the lease that the store gave goes again only by a new one") {
  for (const bool frozen : {false, true}) {
    relay_rig rig;
    rig.add(1, anna);
    const auto sent = rig.one();
    frozen ? rig.freeze(30s) : rig.pass(30s);
    rig.said();
    rig.lose(sent);
    rig.pass(1s);
    CHECK(rig.out().empty());
    CHECK(kinds(rig.said()) == std::vector{kind::release});
  }
}

TEST_CASE("an answer that comes after the lease is a fact all the same") {
  relay_rig rig;
  rig.add(1, anna);
  const auto sent = rig.one();
  rig.freeze(40s);
  rig.answer(sent, 0, "9");
  CHECK(kinds(rig.said()) == std::vector{kind::sent});
}

TEST_CASE("a short lease leaves time to send, a long one does not keep us from looking") {
  relay_rig brief({centre("main")}, {.lease = 1s});
  brief.links.centres[0].room = 0;
  brief.add(1, anna);
  brief.pass(500ms);
  brief.recover(0);
  CHECK(brief.out().size() == 1);

  relay_rig lasting({centre("main", "pair"), centre("other", "pair")}, {.lease = 10min});
  lasting.links.centres[0].room = 0;
  lasting.add(1, anna);
  lasting.links.centres[0].up = false;
  lasting.pass(1s);
  CHECK(lasting.out().size() == 1);
}

TEST_CASE("owed replies are claimed five times in a lease, as many as there is place for") {
  relay_rig rig({centre("main")}, {.limit = 100});
  rig.pass(7s);
  CHECK(rig.door.claims == std::vector<std::size_t>(5, 100));
  rig.links.centres[0].room = 0;
  for (std::int64_t i = 0; i < 30; ++i) rig.add(i + 1, "99970123" + std::to_string(1000 + i));
  rig.pass(2s);
  CHECK(rig.door.claims.back() == 70);
}

TEST_CASE("nothing is claimed while there is no bind to send it by, nor by the receiver of a pair") {
  relay_rig rig;
  rig.links.centres[0].up = false;
  rig.pass(10s);
  rig.relay->claim();
  CHECK(rig.door.claims.empty());
}

TEST_CASE("claimed is what can leave now: by a link of its own SMSC, or of another one of its group") {
  relay_rig rig({centre("alone"), centre("main", "pair"), centre("other", "pair")});
  const auto claimed_of = [&] {
    rig.relay->claim();
    return rig.door.claimed_of;
  };
  CHECK(claimed_of() == std::vector<std::string>{"alone", "main", "other"});
  rig.links.centres[1].up = false;
  CHECK(claimed_of() == std::vector<std::string>{"alone", "main", "other"});
  rig.links.centres[0].up = false;
  CHECK(claimed_of() == std::vector<std::string>{"main", "other"});
}

TEST_CASE("whatever is said of a reply is said of its lease, the last that was granted") {
  relay_rig rig;
  auto facts = relay_rig::owed(1, anna);
  facts.lease = 3;
  const auto said_after = [&](auto happens) {
    rig.add(facts);
    const auto sent = rig.one();
    happens(sent);
    const auto said = rig.said();
    return said.empty() ? 0 : said.back().lease;
  };
  CHECK(said_after([&](const submission& of) { rig.answer(of, 0x410); }) == 3);  // deferred
  CHECK(said_after([&](const submission& of) { rig.answer(of, 0x0B); }) == 3);   // refused
  CHECK(said_after([&](const submission& of) {
          rig.pass(5s);  // renewed
          rig.answer(of);
        }) == 3);
  CHECK(said_after([&](const submission& of) {
          facts.lease = 4;
          rig.add(facts);
          rig.answer(of, 0x410);
        }) == 4);
  rig.links.centres[0].room = 0;
  rig.add(facts);
  rig.pass(10s);
  REQUIRE(rig.said().size() == 1);
}

TEST_CASE("above its limit a lane takes no more: the reply is owed at once to whoever has room") {
  relay_rig rig({centre("main"), centre("other")}, {.limit = 2});
  rig.links.centres[0].room = 0;
  rig.add(1, anna);
  rig.add(2, ben);
  rig.add(3, anna);
  rig.add(4, anna, "other");
  const auto said = rig.said();
  REQUIRE(said.size() == 1);
  CHECK(said[0].receipt.number == 3);
  CHECK(said[0].what == kind::release);
}

TEST_CASE("whose claims lapse unsent claims less, and more again when they leave in time") {
  relay_rig rig({centre("main")}, {.limit = 1024, .unwritten_max = 1'000'000});
  rig.links.centres[0].room = 0;
  std::int64_t receipt = 1;
  const auto claimed_in = [&](smpp::duration time) {
    const auto before = receipt;
    for (const auto end = rig.now + time; rig.now < end;) {
      const auto asked = rig.door.claims.size();
      rig.pass(100ms);
      if (rig.door.claims.size() == asked) continue;
      for (auto most = rig.door.claims.back(); most > 0; --most, ++receipt)
        rig.add(receipt, "99970" + std::to_string(1'000'000 + receipt));
    }
    return receipt - before;
  };
  CHECK(claimed_in(10s) >= 1024);
  claimed_in(60s);
  CHECK(claimed_in(10s) <= 128);
  rig.links.centres[0].room = 1'000'000;
  claimed_in(20s);
  CHECK(claimed_in(7s) == 5 * 1024);
}
