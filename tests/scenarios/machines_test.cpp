// What is no text of a subscriber is acknowledged, so that it does not come again, and never read or answered: a
// gateway that answers machines answers for ever (DESIGN.md §7, SMPP.md §3).
#include <doctest/doctest.h>

#include "tests/scenarios/stand.hpp"

using namespace topupd::scenarios;
using namespace std::chrono_literals;
using topupd::smpp::short_message;

namespace {

short_message from(topupd::smpp::address source, std::string octets) {
  short_message message;
  message.source = std::move(source);
  message.octets = std::move(octets);
  return message;
}

short_message from_self(std::string octets) {
  return from({1, 1, stand::self}, std::move(octets));
}

short_message with(short_message message, std::uint8_t esm_class, std::uint8_t data_coding = 0) {
  message.esm_class = esm_class;
  message.data_coding = data_coding;
  return message;
}

std::string header(std::initializer_list<int> octets) {
  std::string result;
  for (const int each : octets) result += static_cast<char>(each);
  return result;
}

// Each is acknowledged, and none is answered, uses the card or writes anything about money.
void check_silence(stand& here, const std::vector<short_message>& messages) {
  for (const auto& each : messages) {
    CAPTURE(&each - messages.data());
    here.centre.deliver(each);
    here.until_answered();
    CHECK(here.sql("select count(*) from topup.message") == "0");
  }
  here.pass(500ms);
  CHECK(here.reply_count == 0);
  CHECK(here.centre.counters().refused == 0);
  CHECK(here.sql("select count(*) from topup.account") == "0");
}

}  // namespace

TEST_CASE("receipts, binary, port-addressed messages and WAP push are never texts") {
  stand here;
  const auto topup = "TOPUP " + here.pin(0);
  std::vector<short_message> messages;
  // SMPP 3.4 §5.2.12: delivery receipt, delivery acknowledgement, user acknowledgement, conversation abort,
  // intermediate notification.
  for (const std::uint8_t esm_class : std::initializer_list<std::uint8_t>{0x04, 0x08, 0x10, 0x18, 0x20})
    messages.push_back(with(from_self(topup), esm_class));
  messages.push_back(with(
      from_self("id:7 sub:001 dlvrd:001 submit date:2611221800 done date:2611221800 stat:DELIVRD err:000 text:TOPUP"),
      0x04));
  // §5.2.19: octets that mean nothing to a reader; 0xF4 and on are 8-bit data (3GPP TS 23.038 §4).
  for (const std::uint8_t data_coding : std::initializer_list<std::uint8_t>{2, 4, 0xF4, 0xF5})
    messages.push_back(with(from_self(topup), 0, data_coding));
  // Application ports of 16 bits and of 8 (3GPP TS 23.040 §9.2.3.24.3, .4): a vCard, and WAP push with its port 2948.
  messages.push_back(with(from_self(header({6, 5, 4, 0x23, 0xF4, 0, 0}) + topup), 0x40));
  messages.push_back(with(from_self(header({4, 4, 2, 0x10, 0x11}) + topup), 0x40));
  messages.push_back(with(from_self(header({6, 5, 4, 0x0B, 0x84, 0x23, 0xF0, 0x25, 6, 1}) + topup), 0x40, 4));
  // A header that runs past the end, and the third part of two.
  messages.push_back(with(from_self(header({200, 0, 3}) + topup), 0x40));
  messages.push_back(with(from_self(header({5, 0, 3, 9, 2, 3}) + topup), 0x40));
  check_silence(here, messages);
  CHECK(has(here.ask(topup), "Confirmed"));  // nothing of all that has used the card
  here.check_all_is_well();
}

TEST_CASE("machines are not answered: short codes, names, our own number, our own words") {
  stand here;
  const auto topup = "TOPUP " + here.pin(0);
  check_silence(here, {
                          from({0, 1, "10086"}, topup), from({3, 0, "10086"}, topup), from({0, 1, "12345"}, topup),
                          from({1, 1, "12345"}, topup), from({5, 0, "Example"}, topup), from({0, 0, "Example"}, topup),
                          from({0, 0, ""}, topup), from_self(std::string(7, '\0')),  // "@@@@@@@": padding
                      });
  const auto confirmation = here.ask(topup);
  CHECK(has(confirmation, "Confirmed"));
  here.text(confirmation);  // an autoresponder, or a confirmation forwarded back
  here.text(confirmation, here.other);
  here.until_answered();
  here.pass(300ms);
  CHECK(here.reply_count == 1);
  CHECK(here.balance_of(here.self) == "50.00");
  here.check_all_is_well();
}
