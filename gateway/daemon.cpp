#include "gateway/daemon.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <random>

#include "gateway/link_options.hpp"
#include "gateway/reply.hpp"

namespace topupd::gateway {
namespace {

using namespace std::chrono_literals;

// A drain is over within 10 s (DESIGN.md §6): first what is taken, then the unbinds, then the store's last writes.
constexpr auto time_to_finish = 5s;
constexpr auto time_to_unbind = 3s;
constexpr auto time_to_write = 1500ms;
constexpr auto look_again = 20ms;
// An idle writer moves every second, and a busy one with each call: one that stands still for so long hangs.
constexpr auto longest_call = 10s;

// Unique for each start, so that a restarted daemon does not take its predecessor's leases for its own.
std::string instance_name() {
  return fmt::format("{}-{}-{:08x}", boost::asio::ip::host_name(), getpid(), std::random_device{}());
}

store::worker_options worker_options_of(const config::settings& from) {
  store::worker_options to;
  to.url = from.store.url;
  to.instance = instance_name();
  to.batch_max = from.store.batch_max;
  to.queue_max = from.store.queue_max;
  // What waits to be reported keeps other replies from leaving: half of them leave meanwhile.
  to.report_max = std::clamp<std::size_t>(windows_of(from.smscs) / 2, 1, from.store.batch_max);
  to.lease = std::chrono::duration_cast<std::chrono::seconds>(from.store.lease);
  to.service_currency = from.service.currency;
  to.service_language = from.service.language;
  to.key_ids = store::keyring(from.pin_key, from.older_pin_keys).ids();
  to.time_zone = from.service.time_zone;
  to.answers_per_hour = from.service.answers_per_hour;
  // Without TRANSFER the limits stay 0: neither does the YES to a question from before the restart move anything.
  if (from.transfer.enabled)
    to.transfer_limits = {from.transfer.per_transfer_minor, from.transfer.per_day_minor, from.transfer.per_month_minor,
                          from.transfer.remaining_minor};
  to.undo_time = std::chrono::duration_cast<std::chrono::seconds>(from.service.undo_within);
  to.wrong_pins_per_day = from.guessing.wrong_pins_per_day;
  to.alarm_factor = from.guessing.alarm_factor;
  to.part_time = std::chrono::duration_cast<std::chrono::seconds>(from.parts_within);
  to.ask_above_minor = from.ask_above_minor;
  return to;
}

// Hands what a store thread says to the gateway's thread.
template <typename Function>
auto on(boost::asio::io_context& io, Function function) {
  return [&io, function](auto... values) {
    boost::asio::post(io, [function, ... values = std::move(values)]() mutable { function(std::move(values)...); });
  };
}

}  // namespace

daemon::daemon(const config::settings& settings, std::string path)
    : path_(std::move(path)),
      log_(io_.get_executor(), settings.log.level, settings.log.format),
      links_(io_, settings.smscs, log_,
             {.on_message =
                  [this](const origin& from, std::size_t smsc, const smpp::short_message& value) {
                    act([&](smpp::time_point now) { service_.message(from, smsc, value, now); });
                  },
              .on_submitted =
                  [this](smpp::ticket name, smpp::command_status status, const std::string& id) {
                    act([&](smpp::time_point now) {
                      service_.submitted(name, status);
                      outbox_.submitted(name, status, id, now);
                    });
                  },
              .on_heard =
                  [this](smpp::ticket name) {
                    act([&](smpp::time_point now) {
                      service_.heard(name);
                      outbox_.heard(name, now);
                    });
                  },
              .on_unknown =
                  [this](smpp::ticket name) {
                    act([&](smpp::time_point now) {
                      service_.unknown(name);
                      outbox_.unknown(name, now);
                    });
                  },
              .on_room = [this](std::size_t smsc) { act([&](smpp::time_point now) { outbox_.pump(smsc, now); }); },
              .on_change =
                  [this] {
                    say_status();
                    outbox_.claim();
                    act([this](smpp::time_point now) {
                      for (std::size_t i = 0; i < links_.smsc_count(); ++i) outbox_.pump(i, now);
                    });
                  }}),
      store_(worker_options_of(settings),
             {.on_decided = on(io_,
                               [this](std::vector<store::decision> all) {
                                 act([&](smpp::time_point now) { service_.decided(std::move(all), now); });
                               }),
              .on_refused = on(io_, [this](const std::vector<std::uint64_t>& all) { service_.refused(all); }),
              .on_claimed = on(io_,
                               [this](std::vector<store::decision> all) {
                                 act([&](smpp::time_point now) {
                                   for (auto& each : all) outbox_.add(std::move(each), std::nullopt, now);
                                 });
                               }),
              .on_kept = on(io_,
                            [this](std::uint64_t ticket, const std::vector<std::string>& sealed) {
                              act([&](smpp::time_point) { service_.kept(ticket, sealed); });
                            }),
              .on_noted = on(io_, [this](const std::vector<std::uint64_t>& all) { service_.noted(all); }),
              .on_state = on(io_,
                             [this](bool up, const std::string& why) {
                               store_up_ = up;
                               if (up) {
                                 log_.info("store up", {});
                               } else {
                                 log_.error("store away", {{"why", why}});
                               }
                               refuse_or_take();
                               say_status();
                             })}),
      watcher_({.url = settings.store.url}, on(io_, [this](const store::watch_report& seen) { watched(seen); }),
               on(io_,
                  [this](const std::string& why) {
                    log_.warning("books not looked at", {{"why", why}});
                  })),
      outbox_({.lease = settings.store.lease,
               .limit = settings.store.replies_max,
               .unwritten_max = windows_of(settings.smscs),
               .numbers = settings.reading.numbers},
              replies(settings), links_, store_, log_, metrics_, std::random_device{}()),
      service_(settings, links_, store_, outbox_, log_, metrics_),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      drain_timer_(io_),
      watchdog_timer_(io_),
      store_timer_(io_),
      agenda_(io_) {
  if (!settings.http.listen.empty()) {
    metrics_.on_scrape([this] { metrics_.waiting(service_.pending(), outbox_.waiting() + outbox_.in_flight()); });
    http_.emplace(io_, settings.http.listen, metrics_, [this] { return why_unhealthy(); });
  }
}

void daemon::run() {
  on_signal();
  watched(watcher_.first());
  links_.start();
  act([this](smpp::time_point now) { outbox_.start(now); });
  log_.info("topupd started", {{"version", TOPUPD_VERSION}, {"binds", std::to_string(links_.bind_count())}});
  // Ready before the bind: an SMSC that is away must not make systemd restart us (DESIGN.md §7).
  notify_.ready("starting");
  say_status();
  feed_watchdog();
  watch_store();
  io_.run();
  log_.info("topupd stopped", {});
}

// What the service and the outbox do happens at a time, and may bring forward when they are needed next.
template <typename Act>
void daemon::act(Act step) {
  step(std::chrono::steady_clock::now());
  wake_in_time();
}

void daemon::wake_in_time() {
  const auto next = std::min(service_.deadline(), outbox_.deadline());
  if (next >= wakes_at_) return;  // woken too early, it looks again
  wakes_at_ = next;
  agenda_.expires_at(next);
  agenda_.async_wait([this](boost::system::error_code failed) {
    if (failed) return;
    wakes_at_ = smpp::time_point::max();
    act([this](smpp::time_point now) {
      service_.tick(now);
      outbox_.tick(now);
    });
  });
}

void daemon::on_signal() {
  signals_.async_wait([this](boost::system::error_code failed, int number) {
    if (failed) return;
    if (number == SIGHUP) {
      reload();
    } else {
      drain();
    }
    on_signal();
  });
}

// Keywords, texts and the log's level; the rest needs a restart. A broken file leaves everything as it was. And when
// the books were wrong, whether they are still.
void daemon::reload() {
  notify_.reloading();
  auto [settings, problems] = config::load(path_, {.phrases = phrase_arguments(), .tls_fault = tls_fault});
  for (const auto& each : problems) log_.error("configuration refused", {{"problem", to_string(each)}});
  if (settings) {
    service_.use(parser::reader(settings->reading));
    outbox_.use(replies(*settings));
    service_.use(replies(*settings));
    log_.set_level(settings->log.level);
    log_.info("configuration reloaded", {{"file", path_}});
  }
  look_again_ = true;
  watcher_.look();
  notify_.ready("running");
  say_status();
}

void daemon::drain() {
  if (std::exchange(draining_, true)) return;
  log_.info("topupd stopping", {{"pending", std::to_string(service_.pending())},
                                {"owed", std::to_string(outbox_.waiting() + outbox_.in_flight())}});
  notify_.stopping();
  refuse_or_take();
  drain_until_ = std::chrono::steady_clock::now() + time_to_finish;
  drain_when_quiet();
}

void daemon::drain_when_quiet() {
  const bool quiet = service_.pending() == 0 && outbox_.waiting() == 0 && outbox_.in_flight() == 0;
  const bool hopeless = links_.binds_up() == 0 && service_.pending() == 0;  // nobody there to send to
  if (quiet || hopeless || std::chrono::steady_clock::now() >= drain_until_) return unbind();
  drain_timer_.expires_after(look_again);
  drain_timer_.async_wait([this](boost::system::error_code failed) {
    if (!failed) drain_when_quiet();
  });
}

void daemon::unbind() {
  outbox_.stop();
  drain_timer_.expires_after(time_to_unbind);
  drain_timer_.async_wait([this](boost::system::error_code failed) {
    if (!failed) links_.cut();
  });
  links_.stop([this] { finish(); });
}

void daemon::finish() {
  drain_timer_.cancel();
  store_.stop(time_to_write);
  io_.stop();
}

void daemon::refuse_or_take() {
  links_.refuse_messages(draining_ || !store_up_ || !books_wrong_.empty());
}

// With books that are wrong nothing more is written into them until somebody has seen to it, and says so by SIGHUP or a
// restart.
void daemon::watched(const store::watch_report& seen) {
  const bool look_again = std::exchange(look_again_, false);
  if (!seen.wrong.empty() && (books_wrong_.empty() || look_again)) {
    books_wrong_ = seen.wrong + ", for example " + seen.example;
    log_.error(
        "books wrong",
        {{"check", seen.wrong},
         {"example", seen.example},
         {"do", "no text is taken until \"topupctl verify\" finds nothing and topupd gets SIGHUP or is restarted"}});
  } else if (seen.wrong.empty() && !books_wrong_.empty() && look_again) {
    books_wrong_.clear();
    log_.info("books right", {});
  }
  metrics_.books_ok(books_wrong_.empty());
  metrics_.guessing(seen.guess_level, seen.wrong_pins_today);
  say_guessing(seen);
  refuse_or_take();
  say_status();
}

void daemon::say_guessing(const store::watch_report& seen) {
  const int before = std::exchange(guess_level_, seen.guess_level);
  if (before == seen.guess_level) return;
  const auto level = std::to_string(seen.guess_level);
  const auto today = std::to_string(seen.wrong_pins_today);
  const auto this_hour = std::to_string(seen.wrong_pins_this_hour);
  const auto usual = fmt::format("{:.1f}", seen.usual_an_hour);
  const event_log::fields about{
      {"level", level}, {"wrong_pins_today", today}, {"this_hour", this_hour}, {"usual_an_hour", usual}};
  if (seen.guess_level > before) {
    log_.warning("guessing", about);
  } else {
    log_.info("guessing", about);
  }
}

std::string daemon::why_unhealthy() const {
  if (draining_) return "stopping";
  if (!store_up_) return "the store is away";
  if (!books_wrong_.empty()) return "the books are wrong: " + books_wrong_;
  if (store_hangs_) return "the store does not answer";
  if (links_.binds_up() == 0) return "no bind to any SMSC";
  return {};
}

void daemon::say_status() {
  metrics_.binds_up(links_.binds_up());
  for (std::size_t i = 0; i < links_.smsc_count(); ++i) metrics_.binds_up(links_.settings(i).name, links_.binds_up(i));
  metrics_.store_up(store_up_);
  notify_.status(fmt::format("{} of {} binds up, store {}{}{}", links_.binds_up(), links_.bind_count(),
                             store_up_ ? "up" : "away", books_wrong_.empty() ? "" : ", books wrong",
                             draining_ ? ", stopping" : ""));
}

// A server that takes a call and never answers is no lost connection: nobody else would notice.
void daemon::watch_store() {
  store_timer_.expires_after(longest_call);
  store_timer_.async_wait([this](boost::system::error_code failed) {
    if (failed) return;
    const auto progress = store_.progress();
    const bool hangs = std::exchange(store_progress_, progress) == progress;
    if (std::exchange(store_hangs_, hangs) != hangs) {
      if (hangs) {
        log_.error("store hangs", {{"queued", std::to_string(store_.queued())}});
      } else {
        log_.info("store answers again", {});
      }
    }
    watch_store();
  });
}

// From inside the event loop, so that a loop that hangs starves it.
void daemon::feed_watchdog() {
  const auto interval = notify_.watchdog_interval();
  if (!interval) return;
  notify_.watchdog();
  watchdog_timer_.expires_after(*interval / 2);
  watchdog_timer_.async_wait([this](boost::system::error_code failed) {
    if (!failed) feed_watchdog();
  });
}

}  // namespace topupd::gateway
