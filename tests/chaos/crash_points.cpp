// crash_points: the daemon stops itself at a named place on the way of a text or a reply; then it is killed, PostgreSQL
// crashes, the links are cut, or its leases lapse. Every place, every deed; nothing lost, nothing twice (field::judge).
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <random>
#include <stdexcept>

#include "store/crash_point.hpp"
#include "tests/chaos/field.hpp"
#include "tests/scenarios/text_file.hpp"

using namespace topupd;
using namespace topupd::chaos;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

constexpr auto reached_within = 20s;
constexpr auto lapsed_after = 3500ms;  // the field's leases last 3 s
constexpr int cards_of_a_course = 60;

constexpr std::array<std::string_view, 4> deeds{"kill", "crash", "cut", "lapse"};

struct pair {
  std::string_view point, deed;
};

bool is_stopped(const scenarios::process& what) {
  const auto facts = scenarios::content(fmt::format("/proc/{}/stat", what.pid()));
  return facts.at(facts.rfind(')') + 2) == 'T';
}

// Of a message that nobody here has sent: kept until its reply is known, and so acknowledged once it is in the store.
void deliver_receipt(field& on) {
  static int number = 0;
  smpp::short_message value;
  value.source = {1, 1, "999703999999"};
  value.esm_class = 0x04;
  value.octets = fmt::format(
      "id:{:08x} sub:001 dlvrd:001 submit date:2611230101 done date:2611230102 stat:DELIVRD err:000 text:", ++number);
  on.here.centre.deliver(std::move(value));
}

// Replies that are owed, and nobody's: their texts are acknowledged, and their gateway is dead before they could leave.
void leave_replies_owed(field& on) {
  on.here.centre.throttle(5s);
  on.send_fresh(false);
  on.send_fresh(false);
  on.here.until([&] { return on.here.centre.unanswered() == 0; }, "acknowledgement of what will be owed");
  on.kill(on.gateways[0]);
  on.here.centre.throttle(0s);
}

void come_to(const pair& what, int nth, field& on) {
  auto& one = on.gateways[0];
  if (what.point == "claimed")
    leave_replies_owed(on);
  else
    on.kill(one);
  on.note("stop", reached_within + lapsed_after);
  on.start(one, {{"TOPUPD_STOP_AT", fmt::format("{}:{}", what.point, nth)}});
  const auto end = clock_type::now() + reached_within;
  for (int turn = 0; !is_stopped(*one.daemon); ++turn) {
    if (turn < cards_of_a_course / 3) on.send_fresh(turn % 3 == 0);
    if (turn % 4 == 0) deliver_receipt(on);
    on.here.pass(50ms);
    if (clock_type::now() > end) throw std::runtime_error(fmt::format("no text comes by {}", what.point));
  }
}

void act(std::string_view deed, field& on) {
  auto& one = on.gateways[0];
  if (deed == "kill") return on.kill(one);
  if (deed == "crash") {
    on.crash_store();
  } else if (deed == "cut") {
    on.note("cut");
    one.to_smsc->cut();
    on.here.sql("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like 'topupd %'");
  } else {
    on.here.pass(lapsed_after);
  }
  one.daemon->signal(SIGCONT);
}

void run_all(const std::vector<pair>& pairs, std::mt19937& random) {
  field on({.daemons = 1, .cards = pairs.size() * cards_of_a_course + 100}, random);
  for (const auto& each : pairs) {
    const bool once = each.point == "bound" || each.point == "claimed";
    const int nth = once ? 1 : 1 + static_cast<int>(random() % 3);
    const auto begin = clock_type::now();
    try {
      come_to(each, nth, on);
      act(each.deed, on);
      on.rest();
    } catch (const std::exception& failure) {
      throw std::runtime_error(fmt::format("{}:{} × {}: {}", each.point, nth, each.deed, failure.what()));
    }
    fmt::print("crash_points: {:<18} {:<6} {:.1f} s\n", fmt::format("{}:{}", each.point, nth), each.deed,
               std::chrono::duration<double>(clock_type::now() - begin).count());
    static_cast<void>(std::fflush(stdout));
  }
  on.settle();
  on.judge();
}

}  // namespace

int main(int count, char** words) {
  unsigned seed = std::random_device()();
  bool all = false;
  std::string point, deed;
  CLI::App app{"Stops the daemon at each named place, breaks something there, and judges what is left."};
  app.add_flag("--all", all, "every place × every deed; else a third of the pairs");
  app.add_option("--point", point, "this place only")->check(CLI::IsMember(store::crash_point_names));
  app.add_option("--deed", deed, "kill, crash (of PostgreSQL), cut (all links), lapse (of its leases)")
      ->check(CLI::IsMember(deeds));
  app.add_option("--seed", seed, "of the draw");
  CLI11_PARSE(app, count, words);
  std::mt19937 random(seed);
  std::vector<pair> pairs;
  for (const auto where : store::crash_point_names) {
    for (const auto what : deeds) {
      if ((point.empty() || point == where) && (deed.empty() || deed == what)) pairs.push_back({where, what});
    }
  }
  std::shuffle(pairs.begin(), pairs.end(), random);
  if (!all && point.empty() && deed.empty()) pairs.resize(pairs.size() / 3);
  fmt::print("crash_points: seed {}, {} pairs\n", seed, pairs.size());
  try {
    run_all(pairs, random);
    return 0;
  } catch (const std::exception& failure) {
    fmt::print("crash_points: seed {}: {}\n", seed, failure.what());
    return 1;
  }
}
