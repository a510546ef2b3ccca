#include "gateway/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <utility>

namespace topupd::gateway {
namespace {

// The last of each enumeration, and the first.
constexpr auto outcomes = static_cast<std::size_t>(store::outcome::taken_back) + 1;
constexpr auto delivery_states = static_cast<std::size_t>(store::delivery_state::rejected) + 1;

prometheus::Family<prometheus::Counter>& counters(prometheus::Registry& of, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(of);
}
prometheus::Family<prometheus::Gauge>& gauges(prometheus::Registry& of, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(of);
}
prometheus::Family<prometheus::Histogram>& histograms(prometheus::Registry& of, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(of);
}

}  // namespace

struct metrics::body {
  prometheus::Registry registry;

  std::array<prometheus::Counter*, outcomes> texts = [this] {
    auto& family =
        counters(registry, "topupd_texts_total", "Texts decided, by outcome; a redelivered text counts once.");
    std::array<prometheus::Counter*, outcomes> all{};
    for (std::size_t i = 0; i < outcomes; ++i)
      all[i] = &family.Add({{"outcome", std::string(name(static_cast<store::outcome>(i)))}});
    return all;
  }();
  prometheus::Counter& duplicates =
      counters(registry, "topupd_duplicates_total", "Texts that the SMSC delivered again.").Add({});
  prometheus::Counter& ignored =
      counters(registry, "topupd_ignored_total", "Messages acknowledged and not answered, as padding and receipts.")
          .Add({});

  prometheus::Family<prometheus::Counter>& answers =
      counters(registry, "topupd_deliver_sm_resp_total", "Answers to deliver_sm, by status.");
  prometheus::Counter& ok = answers.Add({{"status", "rok"}});
  prometheus::Counter& temporary = answers.Add({{"status", "temporary"}});
  prometheus::Counter& full = answers.Add({{"status", "full"}});

  prometheus::Family<prometheus::Counter>& replies =
      counters(registry, "topupd_replies_total",
               "Replies submitted, by result; deferred, throttled and unknown ones are sent again.");
  prometheus::Counter& sent = replies.Add({{"result", "sent"}});
  prometheus::Counter& refused = replies.Add({{"result", "refused"}});
  prometheus::Counter& deferred = replies.Add({{"result", "deferred"}});
  prometheus::Counter& throttled = replies.Add({{"result", "throttled"}});
  prometheus::Counter& unknown = replies.Add({{"result", "unknown"}});

  std::array<prometheus::Counter*, delivery_states> deliveries = [this] {
    auto& family = counters(registry, "topupd_deliveries_total",
                            "Replies that the SMSC has told the end of by a delivery receipt, by state.");
    std::array<prometheus::Counter*, delivery_states> all{};
    for (std::size_t i = 0; i < delivery_states; ++i)
      all[i] = &family.Add({{"state", std::string(name(static_cast<store::delivery_state>(i)))}});
    return all;
  }();

  prometheus::Histogram& batch =
      histograms(registry, "topupd_batch_texts", "Texts that one call of the store decided.")
          .Add({}, prometheus::Histogram::BucketBoundaries{1, 2, 4, 8, 16, 32, 64, 128, 256, 512});
  prometheus::Histogram& took =
      histograms(registry, "topupd_text_seconds", "From deliver_sm to its answer after the commit.")
          .Add({},
               prometheus::Histogram::BucketBoundaries{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 1.5});

  prometheus::Gauge& binds = gauges(registry, "topupd_binds_up", "Binds that are up, of all SMSCs.").Add({});
  prometheus::Family<prometheus::Gauge>& smsc_binds =
      gauges(registry, "topupd_smsc_binds_up", "Binds that are up, by SMSC.");
  prometheus::Gauge& store = gauges(registry, "topupd_store_up", "1 while the database can be used.").Add({});
  prometheus::Gauge& books =
      gauges(registry, "topupd_books_ok", "0 while no text is taken because the books are wrong.").Add({});
  prometheus::Gauge& guess_level =
      gauges(registry, "topupd_guess_level",
             "What is done about guessing: 0 nothing, 1 one wrong PIN locks its sender, 2 strangers are not looked up.")
          .Add({});
  prometheus::Gauge& wrong_pins =
      gauges(registry, "topupd_wrong_pins_today", "Distinct wrong PINs of all senders within 24 hours.").Add({});
  prometheus::Gauge& texts_waiting =
      gauges(registry, "topupd_texts_waiting", "Texts taken and not yet decided.").Add({});
  prometheus::Gauge& replies_waiting =
      gauges(registry, "topupd_replies_waiting", "Replies owed that wait for room in a window.").Add({});

  std::function<void()> refresh;
};

metrics::metrics() : body_(std::make_unique<body>()) {}
metrics::~metrics() = default;

void metrics::decided(store::outcome outcome, bool duplicate, std::chrono::duration<double, std::milli> took) {
  if (duplicate) {
    body_->duplicates.Increment();
  } else {
    body_->texts.at(static_cast<std::size_t>(outcome))->Increment();
  }
  if (took.count() > 0) body_->took.Observe(std::chrono::duration<double>(took).count());
}
void metrics::ignored() {
  body_->ignored.Increment();
}
void metrics::batch(std::size_t texts) {
  body_->batch.Observe(static_cast<double>(texts));
}

void metrics::answered_ok() {
  body_->ok.Increment();
}
void metrics::answered_temporary() {
  body_->temporary.Increment();
}
void metrics::answered_full() {
  body_->full.Increment();
}

void metrics::reply_sent() {
  body_->sent.Increment();
}
void metrics::reply_refused() {
  body_->refused.Increment();
}
void metrics::reply_deferred() {
  body_->deferred.Increment();
}
void metrics::reply_throttled() {
  body_->throttled.Increment();
}
void metrics::delivered(store::delivery_state state) {
  body_->deliveries.at(static_cast<std::size_t>(state))->Increment();
}
void metrics::reply_unknown() {
  body_->unknown.Increment();
}

void metrics::binds_up(std::size_t all) {
  body_->binds.Set(static_cast<double>(all));
}
void metrics::binds_up(std::string_view smsc, std::size_t of_it) {
  body_->smsc_binds.Add({{"smsc", std::string(smsc)}}).Set(static_cast<double>(of_it));  // Add() finds it again
}
void metrics::store_up(bool up) {
  body_->store.Set(up ? 1 : 0);
}
void metrics::books_ok(bool right) {
  body_->books.Set(right ? 1 : 0);
}
void metrics::guessing(int level, std::int64_t wrong_pins_today) {
  body_->guess_level.Set(level);
  body_->wrong_pins.Set(static_cast<double>(wrong_pins_today));
}
void metrics::waiting(std::size_t texts, std::size_t replies) {
  body_->texts_waiting.Set(static_cast<double>(texts));
  body_->replies_waiting.Set(static_cast<double>(replies));
}

void metrics::on_scrape(std::function<void()> refresh) {
  body_->refresh = std::move(refresh);
}

std::string metrics::exposition() const {
  if (body_->refresh) body_->refresh();
  return prometheus::TextSerializer().Serialize(body_->registry.Collect());
}

}  // namespace topupd::gateway
