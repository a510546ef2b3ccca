// The log line of a decision, as it leaves on standard output.
#include "gateway/decision_log.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <memory>
#include <string>

using namespace topupd;
using store::outcome;

namespace {

// Standard output goes to a file of nobody's name while one lives.
class captured {
 public:
  captured() : file_(std::tmpfile(), &std::fclose), was_(dup(STDOUT_FILENO)) {
    std::fflush(stdout);
    REQUIRE(dup2(fileno(file_.get()), STDOUT_FILENO) >= 0);
  }
  captured(const captured&) = delete;
  captured& operator=(const captured&) = delete;
  ~captured() { restore(); }
  std::string text() {
    restore();
    std::string all;
    std::rewind(file_.get());
    for (int c = std::fgetc(file_.get()); c != EOF; c = std::fgetc(file_.get())) all += static_cast<char>(c);
    return all;
  }

 private:
  void restore() {
    if (was_ < 0) return;
    std::fflush(stdout);
    dup2(was_, STDOUT_FILENO);
    close(was_);
    was_ = -1;
  }
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  int was_;
};

store::decision decision(outcome what) {
  store::decision value;
  value.receipt = {12345};
  value.outcome = what;
  value.reply_owed = true;
  value.sender = parser::msisdn::from_e164("999701234567");
  value.amount = {5000, "USD"};
  value.balance = {6340, "USD"};
  value.language = "en";
  value.smsc = "main";
  value.batch = 7;
  return value;
}

// From the event on, less what is the same for all of them.
std::string line_of(const store::decision& value) {
  boost::asio::io_context io;
  captured out;
  {
    gateway::event_log log(io.get_executor(), "info", "text");
    log_decision(log, value, std::chrono::milliseconds(5));
  }
  auto text = out.text();
  text.erase(0, text.find("topup "));
  const auto end = text.find(" language=");
  REQUIRE(end != std::string::npos);
  CHECK(text.substr(end) == " language=en batch=7 took=5.0ms smsc=main\n");
  return text.substr(0, end);
}

}  // namespace

TEST_CASE("a line tells who, whose account and how much, and a bonus, when one was granted") {
  const auto receipt = "receipt=" + to_string(store::receipt{12345});
  auto value = decision(outcome::credited);
  value.serial = 100000234567;
  CHECK(line_of(value) == "topup credited " + receipt +
                              " from=999701234567 target=self serial=100000234567 amount=50.00USD balance=63.40USD");
  value.bonus = {500, "USD"};
  CHECK(line_of(value).ends_with(" amount=50.00USD balance=63.40USD bonus=5.00USD"));
}

TEST_CASE("a transfer, its question and what stood against it are told with the receiver and the amount") {
  const auto receipt = "receipt=" + to_string(store::receipt{12345});
  auto value = decision(outcome::asked);
  value.target = parser::msisdn::from_e164("999709876543");
  value.reason = "transfer";
  CHECK(line_of(value) == "topup asked " + receipt +
                              " from=999701234567 target=999709876543 serial=- amount=50.00USD balance=- "
                              "reason=transfer");
  value = decision(outcome::transferred);
  value.target = parser::msisdn::from_e164("999709876543");
  CHECK(line_of(value) ==
        "topup transferred " + receipt + " from=999701234567 target=999709876543 amount=50.00USD balance=63.40USD");
  value.outcome = outcome::not_transferred;
  value.reason = "above_day";
  CHECK(line_of(value) == "topup not_transferred " + receipt +
                              " from=999701234567 reason=above_day target=999709876543 amount=50.00USD "
                              "balance=63.40USD");
}

TEST_CASE("an UNDO is told with what it undid, its notice with who undid it") {
  const auto receipt = "receipt=" + to_string(store::receipt{12345});
  auto value = decision(outcome::undone);
  value.target = parser::msisdn::from_e164("999709876543");
  value.earlier = store::receipt{777};
  CHECK(line_of(value) == "topup undone " + receipt +
                              " from=999701234567 target=999709876543 amount=50.00USD balance=63.40USD undid=" +
                              to_string(store::receipt{777}));
  value = decision(outcome::taken_back);
  value.sender = parser::msisdn::from_e164("999709876543");
  value.giver = parser::msisdn::from_e164("999701234567");
  value.leader = store::receipt{12344};
  CHECK(line_of(value) == "topup taken_back " + receipt + " with=" + to_string(store::receipt{12344}) +
                              " from=999701234567 target=999709876543 amount=50.00USD balance=63.40USD");
  value = decision(outcome::not_undone);
  value.action = store::action::undo;
  value.reason = "spent";
  CHECK(line_of(value) == "topup not_undone " + receipt + " from=999701234567 action=undo reason=spent serial=-");
}

TEST_CASE("a card for a held account is told with the card") {
  auto value = decision(outcome::held_account);
  value.action = store::action::redeem;
  value.serial = 100000234567;
  CHECK(line_of(value) == "topup held_account receipt=" + to_string(store::receipt{12345}) +
                              " from=999701234567 action=redeem reason=- serial=100000234567");
}
