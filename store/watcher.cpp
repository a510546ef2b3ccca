#include "store/watcher.hpp"

#include <pthread.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <pqxx/nontransaction>
#include <thread>
#include <utility>

#include "store/operations_body.hpp"
#include "store/time_limit.hpp"

namespace topupd::store {
namespace {

std::unique_ptr<connection> connect(const std::string& url, const server& last = {}) {
  auto opened = open(url, role::gateway, "topupd watcher", last);
  try {
    pqxx::nontransaction{*opened}.exec("set statement_timeout = '60s'; set tcp_user_timeout = '10s'");
  } catch (const std::exception& problem) {
    throw explain(problem, url);
  }
  return opened;
}

// One statement and its own transaction: libpq answers when COMMIT has been acknowledged.
watch_report ask(connection& link, bool urgent) {
  time_limit limit{link.sock()};
  const time_limit::scope within{limit, std::chrono::seconds{65}};  // when the server's own has failed
  const pqxx::row row = pqxx::nontransaction{link}.exec_params1("select * from topup.watch($1)", urgent);
  return {.wrong = text_in(row[0]),
          .example = with_receipts(text_in(row[1])),
          .guess_level = row[3].as<int>(),
          .guess_until = time_in(row[4]),
          .wrong_pins_today = row[5].as<std::int64_t>(),
          .wrong_pins_this_hour = row[6].as<std::int64_t>(),
          .usual_an_hour = row[7].as<double>()};
}

}  // namespace

struct watcher::body {
  body(options options, callback to_whom, std::function<void(const std::string&)> failure)
      : given(std::move(options)),
        on_report(std::move(to_whom)),
        on_failed(std::move(failure)),
        link(connect(given.url)) {
    try {
      first = ask(*link, true);
    } catch (const std::exception& problem) {
      throw explain(problem, given.url);
    }
    thread = std::thread([this] { run(); });
  }
  ~body() {
    {
      const std::lock_guard lock{guard};
      stopping = true;
      if (link) shutdown(link->sock(), SHUT_RDWR);
      wake.notify_one();
    }
    thread.join();
  }

  void run() {
    pthread_setname_np(pthread_self(), "store-watcher");
    std::unique_lock lock{guard};
    while (true) {
      wake.wait_for(lock, given.every, [this] { return asked || stopping; });
      if (stopping) return;
      const bool urgent = std::exchange(asked, false);
      lock.unlock();
      look(urgent);
      lock.lock();
    }
  }

  void look(bool urgent) {
    server here;
    try {
      if (!link) replace(connect(given.url, last));
      here = link->at();
      on_report(ask(*link, urgent));
    } catch (const unavailable&) {
      // Not there: the worker has said so.
    } catch (const std::exception& problem) {
      const bool there = link->is_open();
      if (!there) last = here;  // perhaps it was cut off from its standbys
      replace({});
      if (there) on_failed(explain(problem, given.url).what());
    }
  }

  void replace(std::unique_ptr<connection> with) {
    const std::lock_guard lock{guard};
    link = std::move(with);
  }

  const options given;
  const callback on_report;
  const std::function<void(const std::string&)> on_failed;
  watch_report first;
  std::mutex guard;
  std::condition_variable wake;
  std::unique_ptr<connection> link;  // used by the thread alone, replaced under guard
  server last;                       // the thread's own: to be asked after all others
  bool asked = false;
  bool stopping = false;
  std::thread thread;
};

watcher::watcher(options given, callback on_report, std::function<void(const std::string& why)> on_failed)
    : body_(std::make_unique<body>(std::move(given), std::move(on_report), std::move(on_failed))) {}
watcher::~watcher() = default;

const watch_report& watcher::first() const {
  return body_->first;
}

void watcher::look() {
  const std::lock_guard lock{body_->guard};
  body_->asked = true;
  body_->wake.notify_one();
}

}  // namespace topupd::store
