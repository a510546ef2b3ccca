// kill -9 of the daemon at random moments under load, N times; then the books are opened. Nothing lost, nothing twice,
// every text answered: the oracle is what the phones and the SMSC saw, never the daemon's word. The seed is printed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/scenarios/stand.hpp"

using namespace topupd::scenarios;
using std::chrono::milliseconds;

namespace {

struct wishes {
  int kills = 50;
  unsigned seed = 0;
  int per_second = 150;
};

struct course {
  int texts = 0;
  std::set<std::size_t> cards;  // that were sent at least once
};

// One text: mostly a fresh card; now and then one that another phone, or a moment ago nobody, has sent; now and then a
// long one, in parts.
void send_one(stand& here, course& so_far, std::mt19937& random) {
  const std::string phone = std::to_string(999703000000 + so_far.texts++);
  std::size_t card = so_far.cards.size();
  if (card > 0 && random() % 10 == 0) card -= 1 + random() % std::min<std::size_t>(card, 20);
  so_far.cards.insert(card);
  std::string text = "TOPUP ";
  if (random() % 8 == 0) {
    for (int word = 0; word < 20; ++word) text += "please ";
  }
  here.text(text + here.pin(card), phone);
}

void check(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(what);
}

void open_the_books(stand& here, const course& done, const wishes& wish) {
  here.centre.faults.lose_at_submit = 0;
  here.until([&] { return here.centre.unanswered() == 0; }, "answer to every text", std::chrono::seconds(60));
  here.until([&] { return here.replies.size() == static_cast<std::size_t>(done.texts); }, "reply to every phone",
             std::chrono::seconds(60));
  std::size_t confirmed = 0;  // phones that were told that they have credit
  for (const auto& phone : here.replies) {
    const auto& texts = phone.second;
    check(std::all_of(texts.begin(), texts.end(), [&](const auto& each) { return each == texts[0]; }),
          "phone " + phone.first + " got two different answers to one text");
    confirmed += texts[0].find("Confirmed") != std::string::npos ? 1U : 0U;
  }
  const std::string cards = std::to_string(done.cards.size());
  check(std::to_string(confirmed) == cards,
        fmt::format("{} cards were sent and {} phones told of credit", cards, confirmed));
  const auto books = here.sql("select count(*), coalesce(sum(balance_minor), 0) from topup.account");
  check(books == cards + '|' + std::to_string(done.cards.size() * 5000),
        "accounts|balances are " + books + " for " + cards + " cards");
  const auto ends = here.sql("select count(*), count(distinct serial) from topup.transfer");
  check(ends == cards + '|' + cards, "transfers|cards are " + ends + " for " + cards + " cards");
  const auto twice = here.reply_count - here.replies.size();
  check(twice <= here.gateway_window * static_cast<std::size_t>(wish.kills),
        fmt::format("{} duplicate confirmations", twice));
  here.check_all_is_well();
  fmt::print(
      "chaos: {} kills, {} texts, {} cards, {} deliver_sm, {} duplicate confirmations: nothing lost, nothing twice\n",
      wish.kills, done.texts, cards, here.centre.counters().sent, twice);
}

void cause_trouble(const wishes& wish) {
  std::mt19937 random(wish.seed);
  stand here({.sandbox = {"--lease", "3s"}, .cards = static_cast<std::size_t>(wish.kills) * 60});
  course so_far;
  for (int kill = 0; kill < wish.kills; ++kill) {
    // A life is short enough to hit the start, the bind and the first batch too.
    const int texts = static_cast<int>(random() % 60);
    here.centre.faults.lose_at_submit = static_cast<int>(random() % 40);  // and the link breaks with a reply under way
    // Some die while the SMSC hangs, so that what they sent last was never seen.
    const int hears = random() % 3 == 0 ? texts / 2 : texts;
    for (int number = 0; number < texts; ++number) {
      here.centre.faults.deaf = number >= hears;
      send_one(here, so_far, random);
      here.pass(milliseconds(1000 / wish.per_second));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    here.kill_daemon();
    here.centre.faults.deaf = false;
    here.launch_daemon();
    if (kill % 10 == 9) fmt::print("chaos: {} of {} kills\n", kill + 1, wish.kills);
  }
  open_the_books(here, so_far, wish);
}

}  // namespace

int main(int count, char** words) {
  wishes wish;
  wish.seed = std::random_device()();
  CLI::App app{"Kills the daemon at random under load and judges what is left."};
  app.add_option("--kills", wish.kills, "how often")->capture_default_str();
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
