#include "tests/chaos/field.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "tests/scenarios/text_file.hpp"

namespace topupd::chaos {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

namespace {

constexpr auto settled_within = std::chrono::seconds(90);
constexpr auto started_again_after = 200ms;
constexpr auto back_within = 5s;       // PostgreSQL, mostly
constexpr long growth_at_most = 4096;  // KiB, of a daemon that waits

boost::asio::ip::tcp::endpoint loopback(std::uint16_t port) {
  return {boost::asio::ip::address_v4::loopback(), port};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("the sandbox's settings have no " + from);
  return text.replace(at, text.find('\n', at) - at, to);
}

std::vector<std::string> with_window(const field_options& options) {
  auto words = options.sandbox;
  words.insert(words.end(), {"--window", std::to_string(options.window)});
  return words;
}

// KiB of memory that a process holds.
long resident(const scenarios::process& of) {
  const auto status = scenarios::content(fmt::format("/proc/{}/status", of.pid()));
  const std::string name = "VmRSS:";
  return std::stol(status.substr(status.find(name) + name.size()));
}

}  // namespace

field::field(const field_options& options, std::mt19937& random)
    : here({.daemon = false,
            .sandbox = with_window(options),
            .retry_delay = options.retry_delay,
            .cards = options.cards,
            .journal = true}),
      gateways(options.daemons),
      store_port(static_cast<std::uint16_t>(std::stoi(std::getenv("PGPORT")))),
      random_(random),
      window_(options.window),
      between_texts_(1000 / options.texts_a_second) {
  here.on_lost = [this] { note("reply lost"); };
  const auto settings = scenarios::content(here.config());
  const auto url = settings.find("postgresql:///") + std::string("postgresql:///").size();
  const auto database = settings.substr(url, settings.find('?', url) - url);
  for (std::size_t i = 0; i < options.daemons; ++i) {
    auto& one = gateways[i];
    one.to_smsc = std::make_unique<network::proxy>(here.io, loopback(here.centre.port()));
    one.to_store = std::make_unique<network::proxy>(here.io, loopback(store_port));
    one.config = fmt::format("{}/chaos{}.toml", here.folder(), i);
    one.log = fmt::format("{}/topupd.log", here.folder());  // one for all: the search for PINs reads it
    auto mine = replaced(settings, "port = ", fmt::format("port = {}", one.to_smsc->port()));
    mine = replaced(mine,
                    "url = ", fmt::format(R"(url = "postgresql://127.0.0.1:{}/{}")", one.to_store->port(), database));
    std::ofstream(one.config) << mine;
    std::filesystem::permissions(one.config, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    start(one);
  }
  here.until([this] { return here.centre.binds() == gateways.size(); }, "bind of every daemon");
}

field::~field() {
  for (auto& each : gateways) {
    each.daemon.reset();
    each.to_smsc->stop();
    each.to_store->stop();
  }
  for (int turn = 0; turn < 500; ++turn) {
    here.io.run_one_for(1ms);
    const auto is_stopped = [](const auto& each) { return each.to_smsc->stopped() && each.to_store->stopped(); };
    if (std::all_of(gateways.begin(), gateways.end(), is_stopped)) break;
  }
}

void field::note(const std::string& fault, milliseconds lasts, std::size_t daemons) {
  broken_until_ = std::max(broken_until_, clock::now() + lasts);
  here.journal->fault(fault, lasts, window_ * daemons);
}

void field::start(gateway& which, const scenarios::environment& more) {
  which.ended.reset();
  auto with = more;
  with["PGUSER"] = "topupd";
  which.daemon =
      std::make_unique<scenarios::process>(std::vector<std::string>{TOPUPD, "--config", which.config}, with, which.log);
}

void field::kill(gateway& which) {
  note("kill");
  which.frozen = false;
  which.daemon->signal(SIGKILL);
  here.until([&] { return which.daemon->exit_status().has_value(); }, "daemon's death");
}

void field::freeze(gateway& which, milliseconds time) {
  note("freeze", time);
  which.daemon->signal(SIGSTOP);
  which.frozen = true;
  which.frozen_until = clock::now() + time;
}

// As systemd would: a daemon that finds no database at its start ends with an error.
void field::tend() {
  if (kernel) kernel->tend();
  for (auto& each : gateways) {
    if (each.daemon->exit_status()) {
      if (!each.ended) each.ended = clock::now();
      if (clock::now() > *each.ended + started_again_after) start(each);
    } else if (each.frozen && clock::now() >= each.frozen_until) {
      each.frozen = false;
      each.daemon->signal(SIGCONT);
    }
  }
}

void field::cluster(std::vector<std::string> words) {
  words.insert(words.begin(), CLUSTER);
  words.insert(words.begin() + 2, std::getenv("TOPUP_TEST_CLUSTER"));
  if (const auto [status, output] = here.run(words); status != 0) throw std::runtime_error("cluster: " + output);
}

void field::crash_store() {
  note("crash", back_within, gateways.size());
  cluster({"restart", "--immediate"});
}

milliseconds field::lose_store(std::chrono::seconds time) {
  rest();
  note("away", time + back_within, gateways.size());
  cluster({"stop", "--immediate"});
  go_on(2s);  // what was under way is answered
  const auto held = [this] {
    std::vector<long> all;
    for (const auto& each : gateways) all.push_back(resident(*each.daemon));
    return all;
  };
  const auto taken = here.centre.counters().taken;
  const auto sent = here.centre.counters().sent;
  const auto before = held();
  fmt::print("chaos: the database is away; the daemons hold {} KiB\n", fmt::join(before, ", "));
  const auto pace = std::exchange(between_texts_, 1s);
  const auto begin = clock::now();
  auto look = begin;
  while (clock::now() < begin + time) {
    go_on(1s);
    if (clock::now() < look + 60s) continue;
    look = clock::now();
    fmt::print("chaos: {} s, {} texts refused {} times, {} KiB\n", (look - begin) / 1s, here.centre.unanswered(),
               here.centre.counters().sent - sent, fmt::join(held(), ", "));
    static_cast<void>(std::fflush(stdout));
  }
  between_texts_ = pace;
  const auto after = held();
  if (here.centre.counters().taken != taken) throw std::runtime_error("a text was acknowledged without a database");
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (after[i] > before[i] + growth_at_most)
      throw std::runtime_error(fmt::format("a daemon grew from {} to {} KiB", before[i], after[i]));
  }
  cluster({"start"});
  return until_acknowledged(30s);
}

// Mostly a fresh card; now and then one that another phone, or a moment ago nobody, has sent; now and then a long text,
// in parts.
void field::send_one() {
  std::size_t card = cards.size();
  if (card > 0 && random_() % 10 == 0) card -= 1 + random_() % std::min<std::size_t>(card, 20);
  send(card, random_() % 8 == 0);
}

void field::send(std::size_t card, bool in_parts) {
  const std::string phone = std::to_string(999703000000 + texts++);
  cards.insert(card);
  here.journal->card(phone, here.serial(card));
  std::string text = "TOPUP ";
  for (int word = 0; in_parts && word < 20; ++word) text += "please ";
  here.text(text + here.pin(card), phone);
}

void field::go_on(milliseconds time) {
  const auto end = clock::now() + time;
  while (clock::now() < end) {
    if (clock::now() >= next_text_) {
      send_one();
      next_text_ = clock::now() + between_texts_;
    }
    tend();
    here.pass(std::min(between_texts_, 5ms));
  }
}

milliseconds field::until_acknowledged(milliseconds within) {
  const auto begin = clock::now();
  const auto before = here.centre.counters().taken;
  while (here.centre.counters().taken == before) {
    go_on(5ms);
    if (clock::now() > begin + within)
      throw std::runtime_error(
          fmt::format("nothing acknowledged within {} ms; the log ends:\n{}", within.count(), here.log_end()));
  }
  return std::chrono::duration_cast<milliseconds>(clock::now() - begin);
}

void field::rest() {
  if (kernel) kernel->mend();
  here.until(
      [this] {
        tend();
        const auto is_away = [](auto& each) { return each.frozen || each.daemon->exit_status(); };
        return std::none_of(gateways.begin(), gateways.end(), is_away);
      },
      "daemon that runs", 60s);
  const auto tended = [this](const std::function<bool()>& condition, const std::string& what) {
    here.until(
        [&] {
          tend();
          return condition();
        },
        what, settled_within);
  };
  try {
    tended([this] { return here.centre.unanswered() == 0; }, "answer to every text");
    tended([this] { return here.replies.size() == static_cast<std::size_t>(texts); }, "reply to every phone");
  } catch (const std::exception& failure) {
    throw std::runtime_error(fmt::format("{}\n{}", ask_oracle().output, failure.what()));
  }
}

void field::settle() {
  rest();
  for (auto& each : gateways) {
    each.daemon->signal(SIGTERM);
    here.until([&] { return each.daemon->exit_status().has_value(); }, "daemon's end after SIGTERM", 12s);
  }
}

scenarios::finished field::ask_oracle() {
  auto said = here.run({"python3", ORACLE, here.journal_file, here.cards_file()});
  while (!said.output.empty() && said.output.back() == '\n') said.output.pop_back();
  return said;
}

void field::judge() {
  const auto [status, verdict] = ask_oracle();
  if (status != 0) throw std::runtime_error(verdict);
  const auto check = [](bool good, const std::string& what) {
    if (!good) throw std::runtime_error(what);
  };
  const std::string sent = std::to_string(cards.size());
  const auto books = here.sql("select count(*), coalesce(sum(balance_minor), 0) from topup.account");
  check(books == sent + '|' + std::to_string(cards.size() * 5000),
        "accounts|balances are " + books + " for " + sent + " cards");
  const auto ends = here.sql("select count(*), count(distinct serial) from topup.transfer");
  check(ends == sent + '|' + sent, "transfers|cards are " + ends + " for " + sent + " cards");
  here.check_all_is_well();
  fmt::print("{}; {} deliver_sm; the books agree\n", verdict, here.centre.counters().sent);
}

}  // namespace topupd::chaos
