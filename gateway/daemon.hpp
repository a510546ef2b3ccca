// The composition root: owns every part as a member, in the order in which they depend on each other, and wires them.
//
// One thread runs all of it; the store's workers and the time limits of their connections are the only others, and only
// values cross (DESIGN.md §1).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "config/settings.hpp"
#include "gateway/event_log.hpp"
#include "gateway/http_server.hpp"
#include "gateway/metrics.hpp"
#include "gateway/notify.hpp"
#include "gateway/outbox_relay.hpp"
#include "gateway/socket_links.hpp"
#include "gateway/topup_service.hpp"
#include "store/watcher.hpp"
#include "store/worker.hpp"

namespace topupd::gateway {

class daemon {
 public:
  // path: of the configuration, read again on SIGHUP. Throws store::unavailable when the database cannot be used, and
  // boost::system::system_error when [http] listen cannot be had.
  daemon(const config::settings& settings, std::string path);

  // Runs until SIGTERM or SIGINT has been obeyed: takes no more texts, finishes what is taken, unbinds; within 10 s.
  void run();

 private:
  void on_signal();
  void reload();
  void drain();
  void drain_when_quiet();
  void unbind();
  void finish();
  void refuse_or_take();
  void watched(const store::watch_report& seen);
  void say_guessing(const store::watch_report& seen);
  void say_status();
  [[nodiscard]] std::string why_unhealthy() const;
  void feed_watchdog();
  void watch_store();
  template <typename Act>
  void act(Act step);
  void wake_in_time();

  std::string path_;
  boost::asio::io_context io_{1};
  event_log log_;
  metrics metrics_;
  notify notify_;
  socket_links links_;
  store::worker store_;
  store::watcher watcher_;
  outbox_relay outbox_;
  topup_service service_;
  std::optional<http_server> http_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer drain_timer_;
  boost::asio::steady_timer watchdog_timer_;
  std::chrono::steady_clock::time_point drain_until_;
  boost::asio::steady_timer store_timer_;
  boost::asio::steady_timer agenda_;  // expires when the service or the outbox has something to do
  smpp::time_point wakes_at_ = smpp::time_point::max();
  std::uint64_t store_progress_ = 0;
  bool store_up_ = true;
  bool store_hangs_ = false;
  std::string books_wrong_;  // the check and its example, while no text is taken for it
  bool look_again_ = false;  // SIGHUP came: what the watch finds next counts
  int guess_level_ = 0;
  bool draining_ = false;
};

}  // namespace topupd::gateway
