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
    undecided.doubtful = std::make_shared<store::text>(door.texts.back());
    undecided.doubtful->newer_than = first;
    service->decided({undecided}, now);
  }
  void hear() { service->heard(links.asked.at(0).second); }

  const store::receipt first{17};
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
  CHECK(door.texts[1].newer_than == first);
  CHECK_FALSE(door.texts[0].newer_than);
  CHECK(door.texts[1].print == door.texts[0].print);
  CHECK(door.texts[1].came == door.texts[0].came);
  CHECK(answer(sequence) == "none");
  decide();
  CHECK(answer(sequence) == "ESME_ROK");
  CHECK(service->pending() == 0);
}

TEST_CASE_FIXTURE(doubting, "one whose link says nothing in time is put off, and decided while the link is there") {
  pass(2s);
  CHECK(answer(sequence) == "ESME_RX_T_APPN");
  REQUIRE(door.texts.size() == 2);
  CHECK(door.texts[1].newer_than == first);
  hear();
  CHECK(door.texts.size() == 2);
  decide();
  CHECK(answer(sequence) == "ESME_RX_T_APPN");
  CHECK(links.submitted.size() == 1);
  CHECK(service->pending() == 0);
}

TEST_CASE_FIXTURE(doubting, "one whose link is gone is a redelivery, or will be delivered again") {
  links.gone = 7;
  pass(2s);
  CHECK(service->pending() == 0);
  hear();
  CHECK(door.texts.size() == 1);
}

TEST_CASE_FIXTURE(service_rig, "one that the store doubts when time is up already is decided while its link is there") {
  for (const std::uint64_t gone : {0U, 7U}) {
    links.gone = gone;
    const auto late = comes(text_of("BAL"), 0, 7);
    pass(2s);
    CHECK(answer(late) == "ESME_RX_T_APPN");
    auto undecided = decision();
    undecided.doubtful = std::make_shared<store::text>(door.texts.back());
    const auto offered = door.texts.size();
    service->decided({undecided}, now);
    CHECK(door.texts.size() == offered + (gone == 0 ? 1 : 0));
    CHECK(service->pending() == (gone == 0 ? 1 : 0));
    if (gone == 0) decide();
  }
  CHECK(links.asked.empty());
}

TEST_CASE_FIXTURE(doubting, "one that the store does not take again is put off") {
  door.says = store::door::taken::away;
  hear();
  CHECK(answer(sequence) == "ESME_RX_T_APPN");
  CHECK(service->pending() == 0);
}
