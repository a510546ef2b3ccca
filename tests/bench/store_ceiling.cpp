// The store's ceiling: the same redemptions by the same worker and SQL function, from a bare loop without SMPP. What
// the gateway reaches end to end is judged against this, in the same run on the same machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <utility>
#include <vector>

#include "config/settings.hpp"
#include "parser/pin.hpp"
#include "store/digest.hpp"
#include "store/worker.hpp"
#include "tests/smsc/load.hpp"

using namespace topupd;

namespace {

struct wishes {
  std::string config;
  std::string pins;
  std::size_t skip = 0;
  std::size_t count = 20'000;
  std::size_t in_flight = 500;
};

// Texts as the gateway would make them, all before the clock runs.
std::vector<store::text> make_texts(const wishes& wish, const config::settings& settings) {
  const store::keyring keys(settings.pin_key);
  std::vector<store::text> texts;
  std::uint64_t phone = 999'300'000'000 + wish.skip;
  for (const secret& digits : smsc::read_pins(wish.pins, wish.skip, wish.count)) {
    const auto pin = parser::pin::from_digits(digits.reveal(), settings.reading.pins);
    const auto sender = parser::msisdn::from_number(phone++);
    const std::string number = sender->digits();
    store::text text{
        .ticket = texts.size(),
        .print = keys.print({.smsc = "main", .source = number, .destination = "12345", .sar = {}, .octets = number}),
        .smsc = "main",
        .source = "1.1." + number,
        .short_code = "0.1.12345",
        .sender = *sender,
        .action = store::action::redeem,
        .vouchers = {keys.digest(*pin)},
        .language = "en"};
    texts.push_back(std::move(text));
  }
  return texts;
}

// What the worker's threads hand over.
class inbox {
 public:
  void put(std::vector<store::decision> values) {
    const std::lock_guard lock(guard_);
    for (auto& each : values) waiting_.push_back(std::move(each));
    came_.notify_one();
  }
  std::vector<store::decision> take() {
    std::unique_lock lock(guard_);
    came_.wait(lock, [this] { return !waiting_.empty(); });
    return std::exchange(waiting_, {});
  }

 private:
  std::mutex guard_;
  std::condition_variable came_;
  std::vector<store::decision> waiting_;
};

int measure(const wishes& wish) {
  const auto [settings, problems] = config::load(wish.config, {.phrases = {}});
  for (const auto& each : problems) fmt::print(stderr, "{}\n", to_string(each));
  if (!settings) return 1;
  auto texts = make_texts(wish, *settings);

  inbox decided;
  store::worker worker(
      {.url = settings->store.url,
       .instance = "store_ceiling",
       .batch_max = settings->store.batch_max,
       .service_currency = settings->service.currency,
       .key_ids = store::keyring(settings->pin_key, settings->older_pin_keys).ids(),
       .time_zone = settings->service.time_zone},
      {.on_decided = [&decided](std::vector<store::decision> values) { decided.put(std::move(values)); },
       .on_refused = [](const std::vector<std::uint64_t>&) {},
       .on_claimed = [](const std::vector<store::decision>&) {},
       .on_state = [](bool, const std::string&) {}});

  const auto begun = std::chrono::steady_clock::now();
  const auto cpu = std::clock();
  std::size_t offered = 0, done = 0, credited = 0;
  while (done < texts.size()) {
    while (offered < texts.size() && offered - done < wish.in_flight) {
      if (worker.offer(std::move(texts[offered])) != store::worker::taken::yes) return 1;
      ++offered;
    }
    for (const store::decision& each : decided.take()) {
      ++done;
      credited += each.outcome == store::outcome::credited ? 1U : 0U;
      worker.report({.receipt = each.receipt, .smsc_message_id = "1"});
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  worker.stop(std::chrono::seconds(5));
  fmt::print(R"({{"texts":{},"credited":{},"seconds":{:.3f},"per_second":{:.0f},"cpu_us":{:.1f}}})"
             "\n",
             done, credited, took.count(), static_cast<double>(done) / took.count(),
             static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC * 1e6 / static_cast<double>(done));
  return credited == done ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  wishes wish;
  CLI::App app{"Redeems cards through the store alone, so many in flight, and prints how fast."};
  app.add_option("--config", wish.config, "the gateway's")->required();
  app.add_option("--pins", wish.pins, "CSV of `topupctl batch generate`")->required();
  app.add_option("--skip", wish.skip, "cards used already");
  app.add_option("--count", wish.count, "cards to redeem")->capture_default_str();
  app.add_option("--in-flight", wish.in_flight, "texts in the store at a time")->capture_default_str();
  CLI11_PARSE(app, count, words);
  try {
    return measure(wish);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "store_ceiling: {}\n", failure.what());
    return 1;
  }
}
