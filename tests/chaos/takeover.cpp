// takeover: two daemons on one database with the lease that is shipped; one is killed, then one is frozen, each with
// replies in its hands. The other one sends them within ten seconds; the frozen one goes on, and nothing comes twice
// but what was on its way.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <random>
#include <stdexcept>

#include "tests/chaos/field.hpp"

using namespace topupd;
using namespace topupd::chaos;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

constexpr auto taken_over_within = 10s;
constexpr auto deaf_for = 400ms;

std::size_t replies_missing(const field& on, const std::set<std::string>& phones) {
  return static_cast<std::size_t>(
      std::count_if(phones.begin(), phones.end(), [&](const auto& each) { return !on.here.replies.contains(each); }));
}

// What both have acknowledged and could not answer yet, when `deed` befalls the first of them, is answered in time.
void until_taken_over(field& on, const std::function<void(gateway&)>& deed) {
  on.here.centre.faults.deaf = true;  // what leaves now is lost, and to be sent again
  on.go_on(deaf_for);
  deed(on.gateways[0]);
  on.here.centre.faults.deaf = false;
  const auto begin = clock_type::now();
  const auto owed_to = on.here.acknowledged;
  const auto owed = replies_missing(on, owed_to);
  if (owed < 10) throw std::runtime_error(fmt::format("only {} replies were owed: this shows nothing", owed));
  while (replies_missing(on, owed_to) > 0) {
    on.go_on(20ms);
    if (clock_type::now() > begin + taken_over_within)
      throw std::runtime_error(
          fmt::format("{} of {} replies were not taken over in time", replies_missing(on, owed_to), owed));
  }
  const auto took = std::chrono::duration_cast<milliseconds>(clock_type::now() - begin);
  fmt::print("takeover: {} replies were owed, the last one has arrived {} ms later\n", owed, took.count());
  static_cast<void>(std::fflush(stdout));
}

void run(std::chrono::seconds freeze, std::mt19937& random) {
  field on({.cards = static_cast<std::size_t>(freeze.count()) * 120 + 3000,
            .window = scenarios::stand::gateway_window,
            .sandbox = {"--set", "response_timeout = \"2s\""}},
           random);
  on.go_on(1s);
  until_taken_over(on, [&](gateway& one) {
    one.ended = clock_type::now() + 1h;  // nobody starts it again
    on.kill(one);
  });
  on.start(on.gateways[0]);
  on.here.until([&] { return on.here.centre.binds() == 2; }, "bind of both daemons");
  on.go_on(2s);
  const auto frozen_at = clock_type::now();
  until_taken_over(on, [&](gateway& one) { on.freeze(one, freeze); });
  on.go_on(std::chrono::duration_cast<milliseconds>(frozen_at + freeze - clock_type::now()) + 3s);
  on.settle();
  on.judge();
}

}  // namespace

int main(int count, char** words) {
  unsigned seed = std::random_device()();
  int freeze = 12;
  CLI::App app{"Kills one of two daemons, then freezes one, and times how soon the other sends what it owed."};
  app.add_option("--freeze", freeze, "SIGSTOP for so many seconds")->capture_default_str()->check(CLI::Range(1, 600));
  app.add_option("--seed", seed, "of what phones send");
  CLI11_PARSE(app, count, words);
  std::mt19937 random(seed);
  fmt::print("takeover: seed {}\n", seed);
  try {
    run(std::chrono::seconds(freeze), random);
    return 0;
  } catch (const std::exception& failure) {
    fmt::print("takeover: seed {}: {}\n", seed, failure.what());
    return 1;
  }
}
