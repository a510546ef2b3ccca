#include "gateway/metrics.hpp"

#include <doctest/doctest.h>

namespace topupd::gateway {
namespace {

using namespace std::chrono_literals;

bool holds(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST_CASE("every outcome is there from the start, so that a first fault shows as a step from 0") {
  const metrics counts;
  const auto text = counts.exposition();
  for (auto i = 0; i <= static_cast<int>(store::outcome::taken_back); ++i) {
    const auto outcome = std::string(name(static_cast<store::outcome>(i)));
    CAPTURE(outcome);
    CHECK(holds(text, "topupd_texts_total{outcome=\"" + outcome + "\"} 0"));
  }
}

TEST_CASE("what is counted is shown") {
  metrics counts;
  counts.decided(store::outcome::credited, false, 3ms);
  counts.decided(store::outcome::credited, true, 400ms);
  counts.decided(store::outcome::used, false, 0ms);  // claimed from another process: nobody knows how long it took
  counts.ignored();
  counts.batch(17);
  counts.answered_ok();
  counts.answered_temporary();
  counts.answered_full();
  counts.reply_sent();
  counts.reply_refused();
  counts.reply_unknown();
  counts.binds_up(3);
  counts.binds_up("main", 2);
  counts.binds_up("main", 1);
  counts.store_up(true);
  counts.books_ok(false);
  counts.guessing(2, 20001);
  const auto text = counts.exposition();
  for (const auto* line : {
           "topupd_texts_total{outcome=\"credited\"} 1",
           "topupd_texts_total{outcome=\"used\"} 1",
           "topupd_duplicates_total 1",
           "topupd_ignored_total 1",
           "topupd_batch_texts_bucket{le=\"16\"} 0",
           "topupd_batch_texts_bucket{le=\"32\"} 1",
           "topupd_deliver_sm_resp_total{status=\"rok\"} 1",
           "topupd_deliver_sm_resp_total{status=\"temporary\"} 1",
           "topupd_deliver_sm_resp_total{status=\"full\"} 1",
           "topupd_replies_total{result=\"sent\"} 1",
           "topupd_replies_total{result=\"refused\"} 1",
           "topupd_replies_total{result=\"unknown\"} 1",
           "topupd_text_seconds_bucket{le=\"0.002\"} 0",
           "topupd_text_seconds_bucket{le=\"0.005\"} 1",
           "topupd_text_seconds_count 2",
           "topupd_binds_up 3",
           "topupd_smsc_binds_up{smsc=\"main\"} 1",
           "topupd_store_up 1",
           "topupd_books_ok 0",
           "topupd_guess_level 2",
           "topupd_wrong_pins_today 20001",
       }) {
    CAPTURE(line);
    CHECK(holds(text, line));
  }
}

TEST_CASE("the queues are asked when somebody looks") {
  metrics counts;
  std::size_t waiting = 0;
  counts.on_scrape([&] { counts.waiting(++waiting, 7); });
  CHECK(holds(counts.exposition(), "topupd_texts_waiting 1"));
  const auto text = counts.exposition();
  CHECK(holds(text, "topupd_texts_waiting 2"));
  CHECK(holds(text, "topupd_replies_waiting 7"));
}

}  // namespace
}  // namespace topupd::gateway
