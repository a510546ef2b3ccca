// What the store is asked for a reading, and that no PIN goes with it.
#include "gateway/request.hpp"

#include <doctest/doctest.h>

using namespace topupd;

namespace {

const store::keyring& keys() {
  static const store::keyring all(secret(std::string(32, 'k')));
  return all;
}

parser::pin pin(std::string_view digits) {
  return *parser::pin::from_digits(digits, {.lengths = {16}, .check = parser::check_digit::luhn});
}

store::text empty_text() {
  return {.ticket = 1,
          .print = {},
          .smsc = "main",
          .source = "1.1.999701234567",
          .short_code = "0.0.12345",
          .sender = *parser::msisdn::from_e164("999701234567"),
          .language = "en"};
}

struct asked {
  bool something = false;
  store::text text = empty_text();
};
asked ask(const parser::request& request, const gateway::offered& by = {.currency = "USD"}) {
  asked out;
  out.something = gateway::ask(request, keys(), by, out.text);
  return out;
}

}  // namespace

TEST_CASE("PINs become digests, in the order of the text") {
  const auto out = ask(parser::redeem{
      .pins = {pin("4821739055162749"), pin("5930184726650910")}, .target = {}, .serial = {}, .amount = {}});
  CHECK(out.something);
  CHECK(out.text.action == store::action::redeem);
  REQUIRE(out.text.vouchers.size() == 2);
  CHECK(out.text.vouchers[0] == keys().digest(pin("4821739055162749")));
  CHECK(out.text.vouchers[1] == keys().digest(pin("5930184726650910")));
  CHECK_FALSE(out.text.ask);
}

TEST_CASE("what cards of older keys would be known by goes along, PIN by PIN") {
  const store::keyring both(secret(std::string(32, 'k')), {secret(std::string(32, 'o'))});
  const std::vector pins = {pin("4821739055162749"), pin("5930184726650910")};
  auto text = empty_text();
  CHECK(gateway::ask(parser::redeem{.pins = pins, .target = {}, .serial = {}, .amount = {}}, both, {.currency = "USD"},
                     text));
  REQUIRE(text.vouchers.size() == 2);
  auto older = both.older(pins[0]);
  REQUIRE_FALSE(older.empty());
  for (const auto& digest : both.older(pins[1])) older.push_back(digest);
  CHECK(text.older == older);
  CHECK(text.prefixes == std::vector{both.prefix(pins[0]), both.prefix(pins[1])});
  CHECK(ask(parser::redeem{.pins = pins, .target = {}, .serial = {}, .amount = {}}).text.older.empty());
}

TEST_CASE("an expected value goes in minor units; one that the currency does not have is asked about") {
  const auto with_amount = [](const char* amount) {
    return ask(parser::redeem{.pins = {pin("4821739055162749")}, .target = {}, .serial = {}, .amount = amount});
  };
  CHECK(with_amount("50").text.expected_minor == 5000);
  CHECK(with_amount("12.5").text.expected_minor == 1250);
  const auto odd = with_amount("50.125");
  CHECK_FALSE(odd.text.expected_minor);
  CHECK(odd.text.ask);
}

TEST_CASE("CHECK asks, and says so") {
  const auto out = ask(parser::redeem{
      .pins = {pin("4821739055162749")}, .target = {}, .serial = {}, .amount = {}, .ask = true, .check = true});
  CHECK(out.text.ask);
  CHECK(out.text.reason == "check");
}

TEST_CASE("a status is of a card, or of a receipt that could be ours") {
  const auto card = ask(parser::status{.serial = 100000234567, .receipt = {}});
  CHECK(card.text.action == store::action::status);
  CHECK(card.text.serial == 100000234567);
  const auto receipt = ask(parser::status{.serial = {}, .receipt = to_string(store::receipt{12345})});
  CHECK(receipt.text.about == store::receipt{12345});
  const auto nonsense = ask(parser::status{.serial = {}, .receipt = "uuuuuu"});  // u is no letter of a receipt
  CHECK(nonsense.text.action == store::action::unclear);
  CHECK(nonsense.text.reason == "missing_serial");
}

TEST_CASE("the language that is chosen is the language of the answer") {
  const auto out = ask(parser::set_language{.to = "fr"});
  CHECK(out.text.action == store::action::language);
  CHECK(out.text.language == "fr");
}

TEST_CASE("what is not offered, and what says nothing") {
  const auto transfer = ask(parser::transfer{.to = *parser::msisdn::from_e164("999709876543"), .amount = "100"});
  CHECK(transfer.text.action == store::action::unclear);
  CHECK(transfer.text.reason == "no_transfer");
  const auto undo = ask(parser::undo{});
  CHECK(undo.text.action == store::action::unclear);
  CHECK(undo.text.reason == "no_undo");
  CHECK(ask(parser::unclear{.reason = parser::unclear_reason::undo_alone}).text.reason == "no_undo");
  CHECK(ask(parser::help{.empty = true}).text.reason == "empty");
  CHECK_FALSE(ask(parser::ignore{}).something);
}

TEST_CASE("TRANSFER asks for an amount of the service's currency, to whatever number; the store judges both") {
  const gateway::offered dollars{.currency = "USD", .transfers = true};
  const gateway::offered yen{.currency = "JPY", .transfers = true};
  struct row {
    const char *to, *amount;
    const gateway::offered& by;
    std::optional<std::int64_t> expected;
  };
  for (const auto& [to, amount, by, expected] : {
           row{"999709876543", "5", dollars, 500}, row{"999709876543", "5.50", dollars, 550},
           row{"999709876543", "5.005", dollars, {}}, row{"999709876543", "5", yen, 5},
           row{"999709876543", "5.50", yen, {}}, row{"999709876543", "99999999999999999999", dollars, {}},
           row{"999701234567", "5", dollars, 500},  // to oneself
       }) {
    CAPTURE(amount);
    const auto out = ask(parser::transfer{.to = *parser::msisdn::from_e164(to), .amount = amount}, by);
    CHECK(out.something);
    CHECK(out.text.action == store::action::transfer);
    CHECK(out.text.target == parser::msisdn::from_e164(to));
    CHECK(out.text.expected_minor == expected);
    CHECK(out.text.reason.empty());
  }
}

TEST_CASE("UNDO is passed on where the settings offer it") {
  const gateway::offered with_undo{.currency = "USD", .undo = true};
  CHECK(ask(parser::undo{}, with_undo).text.action == store::action::undo);
  CHECK(ask(parser::unclear{.reason = parser::unclear_reason::undo_alone}, with_undo).text.reason == "undo_alone");
  config::settings settings;
  CHECK_FALSE(gateway::offered::by(settings).undo);
  CHECK_FALSE(gateway::offered::by(settings).transfers);
  settings.service.undo_within = std::chrono::minutes(10);
  settings.transfer.enabled = true;
  CHECK(gateway::offered::by(settings).undo);
  CHECK(gateway::offered::by(settings).transfers);
}
