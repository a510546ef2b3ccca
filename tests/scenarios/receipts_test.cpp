// Delivery receipts: what the SMSC says has become of a reply, however and wherever it says so (SMPP 3.4 §2.11,
// Appendix B; SMPP.md §2).
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "tests/scenarios/stand.hpp"

using namespace topupd;
using namespace topupd::scenarios;
using namespace std::chrono_literals;

namespace {

const stand_options asking_for_receipts{.sandbox = {"--set", "receipts = \"all\""}};

smpp::short_message receipt_of(const std::string& phone) {
  smpp::short_message receipt;
  receipt.source = {1, 1, phone};
  receipt.esm_class = 0x04;  // §5.2.12: SMSC delivery receipt
  return receipt;
}

smpp::short_message by_tlv(const std::string& phone, const std::string& id, std::uint8_t state) {
  auto receipt = receipt_of(phone);
  receipt.receipted_message_id = id;
  receipt.message_state = state;  // §5.2.28
  return receipt;
}

smpp::short_message by_text(const std::string& phone, const std::string& id, const std::string& words) {
  auto receipt = receipt_of(phone);
  receipt.octets = "id:" + id + " sub:001 dlvrd:001 submit date:2611221800 done date:2611221801 " + words;
  return receipt;
}

constexpr std::uint8_t delivered = 2, undeliverable = 5;

std::string reply_state(stand& here, const std::string& phone = stand::self) {
  return here.sql("select reply from topup.message where sender = " + phone + " order by receipt desc limit 1");
}

void until_state(stand& here, const std::string& wanted, const std::string& phone = stand::self) {
  here.until([&] { return reply_state(here, phone) == wanted; }, "reply that is " + wanted, 10s);
}

// The id of the answer to the last reply that left.
std::string credited(stand& here, std::size_t card, const std::string& phone = stand::self) {
  CHECK(has(here.ask("TOPUP " + here.pin(card), phone), "Confirmed"));
  until_state(here, "sent", phone);
  return here.last_reply.message_id;
}

}  // namespace

TEST_CASE("a receipt by TLV or by text settles the reply that it names, and no other") {
  stand here(asking_for_receipts);
  const std::string untold = "999704000000";
  credited(here, 0, untold);
  struct row {
    const char* means;
    std::function<smpp::short_message(const std::string& phone, const std::string& id)> receipt;
    const char* state;
  };
  const std::vector<row> rows = {
      {"by TLV", [](auto& phone, auto& id) { return by_tlv(phone, id, delivered); }, "delivered"},
      {"by text", [](auto& phone, auto& id) { return by_text(phone, id, "stat:DELIVRD err:000 text:"); }, "delivered"},
      {"its id with zeros before it", [](auto& phone, auto& id) { return by_text(phone, "0000" + id, "stat:DELIVRD"); },
       "delivered"},
      {"not delivered", [](auto& phone, auto& id) { return by_text(phone, id, "stat:UNDELIV err:027"); },
       "undelivered"},
      {"another one's id", [](auto& phone, auto& id) { return by_tlv(phone, "9" + id, delivered); }, "sent"},
      {"on its way still", [](auto& phone, auto& id) { return by_text(phone, id, "stat:ENROUTE err:000"); }, "sent"},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(rows[i].means);
    const auto phone = std::to_string(999704000001 + i);
    const auto id = credited(here, i + 1, phone);
    here.centre.deliver(rows[i].receipt(phone, id));
    here.until_answered();
    CHECK(reply_state(here, phone) == rows[i].state);
  }
  CHECK(reply_state(here, untold) == "sent");
  CHECK(here.reply_count == rows.size() + 1);  // a receipt is never answered
  here.check_all_is_well();
}

TEST_CASE("a receipt that overtakes the answer to its submit_sm is kept until that comes") {
  stand here(asking_for_receipts);
  const auto id = std::to_string(std::stoi(credited(here, 0, here.other)) + 1);  // the simulator counts
  here.centre.deliver(by_tlv(here.self, id, delivered));
  here.until_answered();
  CHECK(has(here.ask("TOPUP " + here.pin(1)), "Confirmed"));
  CHECK(here.last_reply.message_id == id);
  until_state(here, "delivered");
  here.check_all_is_well();
}

TEST_CASE("a receipt that comes on another daemon's bind settles the reply that the first one sent") {
  stand here(asking_for_receipts);
  here.add_daemon();
  // The simulator's binds take turns: the receipt comes on the one that the text did not come on.
  const auto id = credited(here, 0);
  here.centre.deliver(by_text(here.self, id, "stat:UNDELIV err:027"));
  until_state(here, "undelivered");
  const auto second = here.run({"cat", here.folder() + "/topupd2.log"}).output;
  const std::string sent = "topup credited", told = "reply not delivered";
  CHECK(has(here.log(), sent) != has(second, sent));
  CHECK(has(here.log(), told) == has(second, sent));
  CHECK(has(second, told) == has(here.log(), sent));
  here.check_all_is_well();
}

TEST_CASE("a receipt that comes after a restart settles the reply that the last process sent") {
  stand here(asking_for_receipts);
  const auto id = credited(here, 0);
  SUBCASE("after an orderly end") {
    CHECK(here.stop_daemon() == 0);
  }
  SUBCASE("after kill -9") {
    here.kill_daemon();
  }
  here.centre.deliver(by_tlv(here.self, id, delivered));
  here.start_daemon();
  until_state(here, "delivered");
  here.check_all_is_well();
}

TEST_CASE(
    "a reply that did not reach its phone is shown in trace, and sent once more when its subscriber texts again") {
  stand here(asking_for_receipts);
  const auto id = credited(here, 0);
  const auto confirmation = here.last_reply_to(here.self);
  here.centre.deliver(by_text(here.self, id, "stat:UNDELIV err:027"));
  until_state(here, "undelivered");
  const auto receipt = confirmation.substr(0, confirmation.find(' '));
  const auto trace = here.topupctl({"trace", receipt});
  CHECK(has(trace.output, "not delivered: undeliverable, error 027"));
  CHECK(here.replies_to(here.self) == 1);  // not before the phone is seen again

  here.text("BALANCE");
  here.until([&] { return here.replies_to(here.self) == 3; }, "the balance, and the confirmation again");
  const auto& all = here.replies.at(here.self);
  CHECK(std::count(all.begin(), all.end(), confirmation) == 2);
  here.until_nothing_is_owed();
  CHECK(has(here.topupctl({"trace", receipt}).output, "once more"));

  // Once: whoever's phone stays away is not sent the same for ever.
  const auto again = here.sql("select smsc_message_id from topup.message order by receipt limit 1");
  CHECK(again != id);
  here.centre.deliver(by_tlv(here.self, again, undeliverable));
  here.until_answered();
  CHECK(has(here.topupctl({"trace", receipt}).output, "not delivered this time either"));
  here.ask("BALANCE");
  here.until_nothing_is_owed();
  CHECK(here.replies_to(here.self) == 4);
  CHECK(here.balance_of(here.self) == "50.00");
  here.check_all_is_well();
}

TEST_CASE("at OsmoMSC, whose ids are all the same, a receipt settles the reply that has its reference, and no other") {
  stand here({.sandbox = {"--set", "profile = \"osmocom\"", "--set", "receipts = \"all\""}});
  credited(here, 0);
  credited(here, 1, here.other);
  // "999701234567/7": the number that the gateway gave its submit_sm.
  const auto name = here.sql("select smsc_message_id from topup.message where sender = " + here.self);
  REQUIRE(has(name, here.self + "/"));
  // As seen running (SMPP.md §3): data_coding 2, no receipted_message_id, and what the format should have said.
  auto receipt = by_text(here.self, "msg_id_not_implemented", "stat:DELIVRD err:000 text:");
  receipt.octets.replace(receipt.octets.find("2611221800"), 10, "YYMMDDhhmm");
  receipt.data_coding = 2;
  receipt.user_message_reference = static_cast<std::uint16_t>(std::stoul(name.substr(name.find('/') + 1)));
  here.centre.deliver(receipt);
  until_state(here, "delivered");
  CHECK(reply_state(here, here.other) == "sent");
  here.check_all_is_well();
}
