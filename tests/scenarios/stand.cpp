#include "tests/scenarios/stand.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "parser/money.hpp"
#include "parser/pin.hpp"
#include "tests/scenarios/pin_search.hpp"
#include "tests/scenarios/text_file.hpp"

namespace topupd::scenarios {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set: run by tests/cluster run");
  return value;
}

// Where this process keeps the folders of its stands: removed at its end.
const std::string& home() {
  static const struct place {
    std::string path;
    place() {
      std::string wish = fs::temp_directory_path() / "topupd-scenarios.XXXXXX";
      if (::mkdtemp(wish.data()) == nullptr) throw std::runtime_error("no temporary folder");
      path = wish;
    }
    ~place() {
      if (std::getenv("TOPUPD_KEEP") == nullptr) fs::remove_all(path);
    }
  } it;
  return it.path;
}

}  // namespace

stand::stand(stand_options options)
    : centre(io, {.window = options.window, .retry_delay = options.retry_delay, .profile = options.profile},
             recorded(options.journal)),
      options_(std::move(options)) {
  prepare();
  if (options_.daemon) start_daemon();
}

stand::~stand() {
  more_daemons_.clear();
  daemon_.reset();
  centre.stop(false);
  for (const auto& each : more_centres_) each->stop(false);
  const auto is_stopped = [](const auto& each) { return each->stopped(); };
  for (int turn = 0; turn < 500; ++turn) {
    if (centre.stopped() && std::all_of(more_centres_.begin(), more_centres_.end(), is_stopped)) break;
    io.run_one_for(10ms);
  }
  io.stop();
}

smsc::events stand::listeners() {
  smsc::events events;
  events.on_reply = [this](const smsc::reply& value) {
    replies[value.to].push_back(readable(value));
    ++reply_count;
    last_reply = value;
  };
  events.on_answered = [this](const smsc::text& value, std::optional<smpp::command_status> status, bool) {
    if (status == smpp::command_status::rok) acknowledged.insert(value.message.source.digits);
  };
  events.on_lost = [this] {
    if (on_lost) on_lost();
  };
  events.on_odd = [this](const std::string& what) { odd.push_back(what); };
  return events;
}

smsc::events stand::recorded(bool wanted) {
  static int count = 0;
  auto events = listeners();
  if (!wanted) return events;
  journal_file = fmt::format("{}/journal.{}", home(), ++count);
  journal = std::make_unique<smsc::journal>(journal_file);
  smsc::record(events, *journal);
  return events;
}

std::string stand::cards_file() {
  return home() + "/model/cards.csv";
}

// A database for this stand, copied from one that is migrated and has its cards.
void stand::prepare() {
  static int count = 0;
  const std::string model = home() + "/model";
  const auto sandbox = [this](const std::string& folder, const std::string& database, std::vector<std::string> more) {
    std::vector<std::string> words{SANDBOX, folder, "--bin", BUILD_FOLDER, "--database", database};
    words.insert(words.end(), {"--smsc-port", std::to_string(centre.port())});
    words.insert(words.end(), more.begin(), more.end());
    const auto [status, output] = run(words);
    if (status != 0) throw std::runtime_error("tests/sandbox failed: " + output);
  };
  if (!fs::exists(model)) sandbox(model, "model", {"--cards", std::to_string(options_.cards)});

  name_ = fmt::format("scenario_{}", ++count);
  folder_ = home() + '/' + name_;
  fs::create_directory(folder_);
  fs::copy_file(model + "/pin.key", folder_ + "/pin.key");
  auto more = options_.sandbox;
  more.insert(more.end(), {"--template", "model"});
  sandbox(folder_, name_, more);

  std::ifstream file(model + "/cards.csv");
  std::string line;
  for (std::getline(file, line); std::getline(file, line);) {
    const auto comma = line.find(',');
    cards_.push_back({line.substr(0, comma), line.substr(comma + 1, line.find(',', comma + 1) - comma - 1)});
  }
}

const std::string& stand::pin(std::size_t number) {
  return cards_.at(number).pin;
}

const std::string& stand::serial(std::size_t number) {
  return cards_.at(number).serial;
}

std::string stand::filled(std::string words) {
  for (const std::string_view what : {"{pin", "{serial"}) {
    for (std::size_t begin = 0; (begin = words.find(what, begin)) != std::string::npos;) {
      const auto end = words.find('}', begin);
      const auto number = std::stoul(words.substr(begin + what.size(), end - begin - what.size()));
      words.replace(begin, end + 1 - begin, what == "{pin" ? pin(number) : serial(number));
    }
  }
  return words;
}

std::string stand::unknown_pin() {
  const std::string digits = "123456789012345";  // ten to the fifteenth against a thousand cards: on none
  return digits + parser::compute_check_digit(digits, parser::check_digit::damm);
}

// The daemon ----------------------------------------------------------------------------------------------------------

void stand::launch_daemon() {
  daemon_ = std::make_unique<process>(std::vector<std::string>{TOPUPD, "--config", config()},
                                      environment{{"PGUSER", "topupd"}}, folder_ + "/topupd.log");
}

void stand::start_daemon() {
  launch_daemon();
  until(
      [this] {
        if (daemon_->exit_status()) throw std::runtime_error("the daemon ended at once: " + log_end());
        return centre.binds() > 0;
      },
      "the daemon's bind");
}

void stand::kill_daemon() {
  daemon_->signal(SIGKILL);
  until([this] { return daemon_->exit_status() && centre.binds() == 0; }, "the daemon's death");
}

int stand::stop_daemon() {
  daemon_->signal(SIGTERM);
  until([this] { return daemon_->exit_status().has_value(); }, "the daemon's end after SIGTERM", 10s);
  return *daemon_->exit_status();
}

process& stand::add_daemon() {
  const auto binds = centre.binds();
  const auto log = fmt::format("{}/topupd{}.log", folder_, more_daemons_.size() + 2);
  more_daemons_.push_back(std::make_unique<process>(std::vector<std::string>{TOPUPD, "--config", config()},
                                                    environment{{"PGUSER", "topupd"}}, log));
  until([&] { return centre.binds() > binds; }, "bind of one more daemon");
  return *more_daemons_.back();
}

std::string stand::log() const {
  return content(folder_ + "/topupd.log");
}

std::string stand::log_end() const {
  const std::string all = log();
  return all.size() < 3000 ? all : "…" + all.substr(all.size() - 3000);
}

// Subscribers ---------------------------------------------------------------------------------------------------------

std::size_t stand::replies_to(const std::string& phone) const {
  const auto found = replies.find(phone);
  return found == replies.end() ? 0 : found->second.size();
}

std::string stand::last_reply_to(const std::string& phone) const {
  return replies_to(phone) == 0 ? "" : replies.at(phone).back();
}

std::string stand::ask(const std::string& words, const std::string& from) {
  return reply_after(from, [&] { text(words, from); });
}

std::string stand::ask(const smpp::short_message& message) {
  return reply_after(message.source.digits, [&] { centre.deliver(message); });
}

std::string stand::reply_after(const std::string& phone, const std::function<void()>& sending) {
  const std::size_t before = replies_to(phone);
  sending();
  until([&] { return replies_to(phone) > before && is_answered(); }, "reply to " + phone);
  return last_reply_to(phone);
}

bool stand::is_answered() const {
  const auto is_done = [](const auto& each) { return each->unanswered() == 0; };
  return centre.unanswered() == 0 && std::all_of(more_centres_.begin(), more_centres_.end(), is_done);
}

void stand::until_answered() {
  until([this] { return is_answered(); }, "answer to every text");
}

smsc::simulator& stand::add_centre(const std::string& name, const std::string& more_settings) {
  more_centres_.push_back(std::make_unique<smsc::simulator>(
      io, smsc::options{.window = options_.window, .retry_delay = options_.retry_delay}, listeners()));
  std::ofstream(config(), std::ios::app) << fmt::format(
      "\n[[smsc]]\nname = \"{}\"\nport = {}\nsystem_id = \"topup\"\npassword = \"secret\"\nreconnect_min = \"100ms\"\n"
      "reconnect_max = \"1s\"\n{}\n",
      name, more_centres_.back()->port(), more_settings);
  return *more_centres_.back();
}

void stand::until_nothing_is_owed() {
  until([this] { return sql("select count(*) from topup.message where reply = 'owed'") == "0"; },
        "reply that is not owed");
}

// The world -----------------------------------------------------------------------------------------------------------

void stand::until(const std::function<bool()>& condition, const std::string& what, std::chrono::seconds within) {
  const auto end = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      throw std::runtime_error("no " + what + " within " + std::to_string(within.count()) + " s; the log ends:\n" +
                               log_end());
    }
    io.run_one_for(5ms);
  }
}

void stand::pass(std::chrono::milliseconds time) {
  io.run_for(time);
}

finished stand::run(const std::vector<std::string>& words, const environment& more) {
  static int count = 0;
  const std::string output = fmt::format("{}/output.{}", home(), ++count);
  process child(words, more, output);
  std::optional<int> status;
  until([&] { return (status = child.exit_status()).has_value(); }, "end of " + words[0], 120s);
  finished result{*status, content(output)};
  fs::remove(output);
  return result;
}

finished stand::topupctl(std::vector<std::string> words) {
  words.insert(words.begin(), {TOPUPCTL, "--config", config()});
  return run(words);
}

std::string stand::sql(const std::string& statement, const std::string& database) {
  auto [status, output] =
      run({"psql", "-XqtA", "--dbname=" + (database.empty() ? name_ : database), "--command=" + statement},
          {{"PGOPTIONS", "-c synchronous_commit=local"}});
  if (status != 0) throw std::runtime_error("psql: " + output);
  while (!output.empty() && output.back() == '\n') output.pop_back();
  return output;
}

std::string stand::outcome_of_last(const std::string& phone) {
  return sql("select concat_ws(' ', outcome, reason) from topup.message where sender = " + phone +
             " and action <> 'notice' and (extra).leader is null order by receipt desc limit 1");
}

std::string stand::balance_of(const std::string& msisdn) {
  const std::string minor = sql("select balance_minor from topup.account where msisdn = " + msisdn);
  if (minor.empty()) return "none";
  return decimal(parser::money{std::stoll(minor), "USD"});
}

// The end -------------------------------------------------------------------------------------------------------------

void stand::check_all_is_well() {
  until_answered();
  if (!daemon_ || daemon_->exit_status()) start_daemon();
  until_nothing_is_owed();
  if (centre.incomplete_replies() > 0) throw std::runtime_error("a reply came without all its parts");
  if (!odd.empty()) throw std::runtime_error(odd.front());
  for (const auto& each : more_daemons_) {
    each->signal(SIGTERM);
    until([&] { return each->exit_status().has_value(); }, "end of one more daemon after SIGTERM", 10s);
  }
  if (const int status = stop_daemon(); status != 0) {
    throw std::runtime_error(fmt::format("SIGTERM ended the daemon with {}; the log ends:\n{}", status, log_end()));
  }
  const auto [status, output] = topupctl({"verify"});
  if (status != 0) throw std::runtime_error("verify: " + output);
  look_for_pins();
}

// The number of the phone must be found, or the search itself is blind.
void stand::look_for_pins() {
  std::vector<std::string> needles;
  for (const card& each : cards_)
    for (std::string& disguise : disguises_of(each.pin)) needles.push_back(std::move(disguise));
  const std::string cluster = from_environment("TOPUP_TEST_CLUSTER");
  const std::vector<std::string> places{folder_, fs::canonical(cluster + "/data"), cluster + "/log"};
  if (const auto found = files_with(needles, places); !found.empty())
    throw std::runtime_error("a PIN stands in " + found.front());
  const std::string phone[] = {".1.99970"};  // behind any TON
  if (reply_count > 0 && files_with(phone, {places[1]}).empty())
    throw std::runtime_error("the search for PINs is blind: it does not find the messages either");
}

}  // namespace topupd::scenarios
