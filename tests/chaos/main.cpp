// chaos: daemons killed and frozen, PostgreSQL crashed, wires cut, slowed and stalled, at random moments under load;
// then the oracle reads the SMSC's journal and the cards' file, never a daemon's word, and then the books are opened.
// Nothing lost, nothing twice, every text answered, and nothing said again but behind a fault: a while at the beginning
// and one at the end, long after the last fault, are quiet. In a network namespace of its own (tests/network/namespace)
// the kernel makes faults too. The seed is printed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <random>
#include <stdexcept>

#include "tests/chaos/field.hpp"

using namespace topupd;
using namespace topupd::chaos;

namespace {

using clock_type = std::chrono::steady_clock;

constexpr milliseconds back_within{30'000};  // the worst is printed; this only ends what hangs
constexpr milliseconds quiet_before{3'000};
constexpr milliseconds breaks_within{5'000};  // a wire, when so many octets more are to pass
// What broke is forgiven for 10 s (tests/ha/oracle.py); then nothing is.
constexpr milliseconds quiet_behind = breaks_within + milliseconds(13'000);

struct wishes {
  int kills = 50, crashes = 0, network = 0, freezes = 0;
  std::size_t daemons = 2;
  int per_second = 100;
  int away = 0;  // seconds
  unsigned seed = 0;
};

enum class deed { kill, kill_all, crash, network, freeze };

struct tally {
  int faults = 0;
  int wires = 0, narrowed = 0, dropped = 0, ended = 0;  // network faults: the proxy's, tbf, nftables, ss -K
  milliseconds slowest_start{0}, slowest_store{0};      // with whole wires
  milliseconds slowest_disturbed{0};                    // of both, while wires were broken too
};

std::vector<deed> drawn(const wishes& wish, std::mt19937& random) {
  std::vector<deed> all;
  for (int i = 0; i < wish.kills; ++i) all.push_back(i % 4 == 0 ? deed::kill_all : deed::kill);
  all.insert(all.end(), static_cast<std::size_t>(wish.crashes), deed::crash);
  all.insert(all.end(), static_cast<std::size_t>(wish.network), deed::network);
  if (wish.daemons > 1) all.insert(all.end(), static_cast<std::size_t>(wish.freezes), deed::freeze);
  std::shuffle(all.begin(), all.end(), random);
  return all;
}

milliseconds between(int least, int most, std::mt19937& random) {
  return milliseconds(least + static_cast<int>(random() % static_cast<unsigned>(most - least)));
}

// What a network does, to the wire towards the SMSC or to the one towards PostgreSQL.
void disturb_wire(field& on, std::mt19937& random) {
  auto& one = on.gateways[random() % on.gateways.size()];
  auto& wire = random() % 2 == 0 ? *one.to_smsc : *one.to_store;
  const auto stall = between(100, 4000, random), slow = between(200, 3000, random), closed = between(100, 3000, random);
  const auto by = between(20, 300, random);
  switch (random() % 5) {
    case 0:
      on.note("cut");
      wire.cut();
      break;
    case 1:
      on.note("cut within", breaks_within);
      wire.cut_within(1 + random() % 400);
      break;
    case 2:
      on.note("stall", stall);
      wire.stall(stall);
      break;
    case 3:
      on.note("delay", slow + by);
      wire.delay(by, slow);
      break;
    default:
      on.note("refuse", closed);
      wire.cut();
      wire.refuse(closed);
      break;
  }
}

// What a kernel does, to all daemons at once.
void disturb_kernel(field& on, tally& so_far, std::mt19937& random) {
  auto& one = on.gateways[random() % on.gateways.size()];
  const auto time = between(100, 3000, random);
  const auto all = on.gateways.size();
  const bool smsc = random() % 2 == 0;
  const auto choice = random() % (on.kernel->can_end_connections() ? 3 : 2);
  if (choice == 0) {
    on.note("tbf", time, all);
    on.kernel->narrow(200 + static_cast<int>(random() % 4000), time);
    ++so_far.narrowed;
  } else if (choice == 1) {
    on.note("drop", time, all);
    on.kernel->drop(smsc ? on.here.centre.port() : on.store_port, 10 + static_cast<int>(random() % 91), time);
    ++so_far.dropped;
  } else {
    on.note("ss -K");
    on.kernel->end_connections((smsc ? one.to_smsc : one.to_store)->port());
    ++so_far.ended;
  }
}

void disturb(field& on, tally& so_far, std::mt19937& random) {
  if (on.kernel && on.kernel->may() && random() % 2 == 0) return disturb_kernel(on, so_far, random);
  disturb_wire(on, random);
  ++so_far.wires;
}

// Whether the kernel takes part, in words where it does not.
void ask_the_kernel(field& on) {
  on.kernel.emplace([&on](const std::vector<std::string>& words) {
    auto [status, output] = on.here.run(words);
    return std::pair(status, std::move(output));
  });
  if (!on.kernel->may())
    fmt::print("chaos: no faults of the kernel: {}\n", on.kernel->why_not());
  else if (!on.kernel->can_end_connections())
    fmt::print("chaos: ss -K ends no connection here (a kernel without INET_DIAG_DESTROY): that fault is left out\n");
}

void until_acknowledged(field& on, bool whole, milliseconds& slowest, tally& so_far) {
  auto& worst = whole ? slowest : so_far.slowest_disturbed;
  worst = std::max(worst, on.until_acknowledged(back_within));
}

void kill_all(field& on, tally& so_far) {
  const bool whole = on.whole();
  for (auto& each : on.gateways) on.kill(each);
  for (auto& each : on.gateways) on.start(each);
  until_acknowledged(on, whole, so_far.slowest_start, so_far);
}

void crash(field& on, tally& so_far) {
  const bool whole = on.whole();
  on.crash_store();
  until_acknowledged(on, whole, so_far.slowest_store, so_far);
}

void act(deed what, field& on, tally& so_far, std::mt19937& random) {
  auto& one = on.gateways[random() % on.gateways.size()];
  on.here.centre.faults.lose_at_submit = static_cast<int>(random() % 40);  // and a link breaks with it
  switch (what) {
    case deed::kill:
      on.kill(one);
      on.start(one);
      break;
    case deed::kill_all: kill_all(on, so_far); break;
    case deed::crash: crash(on, so_far); break;
    case deed::network: disturb(on, so_far, random); break;
    case deed::freeze:
      if (!one.frozen) on.freeze(one, between(500, 40'000, random));
      break;
  }
  ++so_far.faults;
}

void open_the_books(field& done, const tally& troubles) {
  done.settle();
  done.judge();
  const auto& answers = done.here.centre.answers();
  fmt::print("chaos: first acknowledgement within {} ms of the start of all daemons, within {} ms of PostgreSQL's, ",
             troubles.slowest_start.count(), troubles.slowest_store.count());
  fmt::print("within {} ms of either while something else was broken; ", troubles.slowest_disturbed.count());
  fmt::print("deliver_sm answered within {:.0f} ms (p99.9), {:.0f} ms (all), stalls of the wire among it\n",
             answers.percentile(0.999), answers.longest());
}

void cause_trouble(const wishes& wish) {
  std::mt19937 random(wish.seed);
  const auto deeds = drawn(wish, random);
  const milliseconds retry_delay(wish.away > 0 ? 1000 : 100);  // what waits for minutes is offered less often
  field on({.daemons = wish.daemons,
            .cards = deeds.size() * 100 + 500 + static_cast<std::size_t>(wish.away) +
                     static_cast<std::size_t>(wish.per_second) * 20,  // the quiet whiles
            .texts_a_second = wish.per_second,
            .retry_delay = retry_delay},
           random);
  if (wish.network > 0) ask_the_kernel(on);
  on.go_on(quiet_before);
  tally so_far;
  const auto begin = clock_type::now();
  for (const auto what : deeds) {
    act(what, on, so_far, random);
    // Short enough to hit the start, the bind and the first batch too.
    on.go_on(between(20, 600, random));
    if (so_far.faults % 50 == 0) {
      const std::chrono::duration<double> took = clock_type::now() - begin;
      fmt::print("chaos: {} of {} faults, {} texts, {:.0f} s, about {:.0f} s to go\n", so_far.faults, deeds.size(),
                 on.texts, took.count(),
                 took.count() / so_far.faults * (static_cast<double>(deeds.size()) - so_far.faults));
      static_cast<void>(std::fflush(stdout));
    }
  }
  if (wish.away > 0) {
    ++so_far.faults;
    const auto back = on.lose_store(std::chrono::seconds(wish.away));
    fmt::print("chaos: the database was away for {} s; acknowledging again {} ms after its start\n", wish.away,
               back.count());
  }
  on.here.centre.faults.lose_at_submit = 0;
  on.rest();
  on.go_on(quiet_behind);
  fmt::print("chaos: {} kills, {} crashes of PostgreSQL, {} freezes, {} daemons, ", wish.kills, wish.crashes,
             wish.daemons > 1 ? wish.freezes : 0, wish.daemons);
  fmt::print("{} network faults: {} of the wires, {} tbf, {} drops, {} ss -K\n", wish.network, so_far.wires,
             so_far.narrowed, so_far.dropped, so_far.ended);
  open_the_books(on, so_far);
}

}  // namespace

int main(int count, char** words) {
  wishes wish;
  wish.seed = std::random_device()();
  CLI::App app{"Breaks what can break under load, and judges what is left."};
  app.add_option("--kills", wish.kills, "kill -9, every fourth time of all daemons at once")->capture_default_str();
  app.add_option("--crashes", wish.crashes, "of PostgreSQL, stopped at once")->capture_default_str();
  app.add_option("--network", wish.network, "wires cut, stalled, delayed, refused")->capture_default_str();
  app.add_option("--freezes", wish.freezes, "SIGSTOP for up to 40 s; with two daemons")->capture_default_str();
  app.add_option("--daemons", wish.daemons, "on one database")->capture_default_str()->check(CLI::Range(1, 4));
  app.add_option("--away", wish.away, "PostgreSQL is away for so many seconds, at the end")->check(CLI::Range(0, 3600));
  app.add_option("--rate", wish.per_second, "texts a second")->capture_default_str()->check(CLI::Range(1, 1000));
  app.add_option("--seed", wish.seed, "to see one course again, as far as timing allows");
  CLI11_PARSE(app, count, words);
  fmt::print("chaos: seed {}\n", wish.seed);
  static_cast<void>(std::fflush(stdout));
  try {
    cause_trouble(wish);
    return 0;
  } catch (const std::exception& failure) {
    fmt::print("chaos: seed {}: {}\n", wish.seed, failure.what());
    return 1;
  }
}
