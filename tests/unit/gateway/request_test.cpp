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
asked ask(const parser::request& request) {
  asked out;
  out.something = gateway::ask(request, keys(), "USD", out.text);
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
  CHECK(ask(parser::help{.empty = true}).text.reason == "empty");
  CHECK_FALSE(ask(parser::ignore{}).something);
}
