// A text that may have been long on its way: its link is asked first whether it lives.
#include "service_rig.hpp"

using namespace topupd;
using namespace topupd::test;

namespace {

// One has come by the link of epoch 7, and the store doubts that it is new.
struct doubting : service_rig {
  doubting() { doubt(); }
  void doubt() {
    auto undecided = decision();
    undecided.doubtful = std::make_shared<const store::text>(door.texts.back());
    service->decided({undecided}, now);
  }
  void hear() { service->heard(links.asked.at(0).second); }

  const std::uint32_t sequence = comes(text_of("BAL"), 0, 7);
};

}  // namespace

TEST_CASE_FIXTURE(doubting, "a doubtful text is offered again when its link has answered, and acknowledged then") {
  CHECK(answer(sequence) == "none");
  REQUIRE(links.asked.size() == 1);
  CHECK(links.asked[0].first == gateway::link_id{.bind = 0, .epoch = 7});
  CHECK(door.texts.size() == 1);
  service->heard(1);  // of a reply
  CHECK(door.texts.size() == 1);

  hear();
  hear();
  REQUIRE(door.texts.size() == 2);
  CHECK(door.texts[1].link_lives);
  CHECK_FALSE(door.texts[0].link_lives);
  CHECK(door.texts[1].print == door.texts[0].print);
  CHECK(door.texts[1].came == door.texts[0].came);
  CHECK(answer(sequence) == "none");
  decide();
  CHECK(answer(sequence) == "ESME_ROK");
  CHECK(service->pending() == 0);
}

TEST_CASE_FIXTURE(doubting, "one whose link says nothing in time is put off, and what is said later counts no more") {
  pass(2s);
  CHECK(answer(sequence) == "ESME_RX_T_APPN");
  CHECK(service->pending() == 0);
  hear();
  CHECK(door.texts.size() == 1);
}

TEST_CASE_FIXTURE(service_rig, "one that the store doubts when time is up already will be delivered again") {
  const auto late = comes("BAL");
  pass(2s);
  CHECK(answer(late) == "ESME_RX_T_APPN");
  auto undecided = decision();
  undecided.doubtful = std::make_shared<const store::text>(door.texts.back());
  service->decided({undecided}, now);
  CHECK(links.asked.empty());
  CHECK(service->pending() == 0);
}

TEST_CASE_FIXTURE(doubting, "one that the store does not take again is put off") {
  door.says = store::door::taken::away;
  hear();
  CHECK(answer(sequence) == "ESME_RX_T_APPN");
  CHECK(service->pending() == 0);
}
