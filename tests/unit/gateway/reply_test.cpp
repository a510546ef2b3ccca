// What the subscriber reads, for every outcome, with amounts and dates as large as they get.
#include "gateway/reply.hpp"

#include <doctest/doctest.h>

#include "parser/alphabet.hpp"

using namespace topupd;
using namespace std::chrono_literals;
using store::outcome;

namespace {

const config::settings& settings() {
  static const auto loaded = config::load(TOPUPD_EXAMPLE, {.secrets = false, .phrases = gateway::phrase_arguments()});
  for (const auto& each : loaded.problems) MESSAGE(config::to_string(each));
  REQUIRE(loaded.settings);
  return *loaded.settings;
}

// 22 Nov 2026, 18:00 UTC: 13:00 in New York, the example's zone.
constexpr std::chrono::sys_seconds now{1'795'370'400s};

store::decision decision(outcome what) {
  store::decision value;
  value.receipt = {12345};
  value.outcome = what;
  value.sender = parser::msisdn::from_e164("999701234567");
  value.amount = {5000, "USD"};
  value.balance = {6340, "USD"};
  value.decided_at = now;
  return value;
}

std::string text(const store::decision& value) {
  static const gateway::replies replies(settings());
  return replies.render(value);
}

bool has(const std::string& all, std::string_view part) {
  return all.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a credit leads with its receipt, then the amount, the balance and its validity") {
  auto value = decision(outcome::credited);
  const auto receipt = to_string(value.receipt);
  CHECK(text(value) == receipt + " Confirmed. 50.00 USD added. Balance 63.40 USD.");
  value.valid_until = now + std::chrono::days(39);
  CHECK(text(value) == receipt + " Confirmed. 50.00 USD added. Balance 63.40 USD, valid to 31 Dec 2026.");
}

TEST_CASE("a credit for another names his number as it is dialled, and never a balance that is not the sender's") {
  auto value = decision(outcome::credited);
  value.target = parser::msisdn::from_e164("999709876543");
  CHECK(text(value) == to_string(value.receipt) + " Confirmed. 50.00 USD sent to 0709876543.");
}

TEST_CASE("every reason why a PIN cannot be used reads the same, so that it tells a thief nothing") {
  const auto refused = text(decision(outcome::unknown_pin));
  CHECK(has(refused, "cannot be used"));
  for (const auto what : {outcome::not_active, outcome::void_voucher, outcome::expired, outcome::used}) {
    CHECK(text(decision(what)) == refused);
  }
}

TEST_CASE("a question names the amount, the number and how long it waits") {
  auto value = decision(outcome::asked);
  value.until = now + 10min;
  value.target = parser::msisdn::from_e164("999709876543");
  const auto asked = text(value);
  CHECK(has(asked, "50.00 USD"));
  CHECK(has(asked, "0709876543"));
  CHECK(has(asked, "10 min"));
  CHECK(has(asked, "YES"));
}

TEST_CASE("a locked sender is told until when, in the service's time zone") {
  auto value = decision(outcome::locked);
  value.until = now + 1h;
  CHECK(has(text(value), "14:00"));
}

TEST_CASE("a PIN of a wrong length is told with the digits found and the digits needed") {
  auto value = decision(outcome::unclear);
  value.reason = "pin_length";
  value.got = 15;
  const auto told = text(value);
  CHECK(has(told, "15"));
  CHECK(has(told, "16"));
}

TEST_CASE("a reason that only a newer daemon knows gets the help text") {
  auto value = decision(outcome::unclear);
  value.reason = "from_the_future";
  CHECK(text(value) == text(decision(outcome::help)));
}

TEST_CASE("every reply fits one short message of the default alphabet, with the longest amounts and dates") {
  for (int number = 0; number <= static_cast<int>(outcome::credited); ++number) {
    for (const bool full : {false, true}) {
      auto value = decision(static_cast<outcome>(number));
      value.amount.amount_minor = 99'999'999;
      value.balance.amount_minor = 999'999'999;
      value.reason = "two_targets";
      if (full) {
        value.target = parser::msisdn::from_e164("999709876543");
        value.valid_until = now + std::chrono::days(400);
        value.earlier_at = now - std::chrono::days(200);
      }
      value.earlier_at = now - std::chrono::days(200);
      value.earlier = store::receipt{1'000'000'000};
      value.until = now + 20h;
      const auto reply = text(value);
      CAPTURE(reply);
      const auto sent = parser::encode(reply, parser::alphabet::gsm7);
      CHECK(sent.segments == 1);
      CHECK(sent.data_coding == 0);
    }
  }
  for (const auto& reason :
       {"missing_pin", "pin_length", "check_digit", "bad_number", "two_targets", "two_pins", "in_parts"}) {
    auto value = decision(outcome::unclear);
    value.reason = reason;
    CAPTURE(reason);
    CHECK(parser::encode(text(value), parser::alphabet::gsm7).segments == 1);
  }
}
