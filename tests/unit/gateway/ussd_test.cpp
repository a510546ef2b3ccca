// Whole dialogues, message by message: what came, and what goes out.
#include "tests/unit/gateway/ussd_rig.hpp"

using namespace topupd;
using namespace topupd::test;

namespace {

// One message of a dialogue. reply: what the store's answer is, when it is asked.
struct line {
  int operation;
  std::string typed, goes_out;
  const char* reply = nullptr;
};

}  // namespace

TEST_CASE("dialogues, from dialling to their end") {
  const std::string card = pin;
  struct row {
    const char* story;
    std::vector<line> lines;
  };
  const row rows[] = {
      {"all in one", {{1, "*123*" + card + "#", "redeem 2749 self", done}}},
      {"all in one for another: asked first",
       {{1, "*123*" + card + "*0709876543#", "redeem 2749 999709876543 ask", question}, {18, "1", "confirm", done}}},
      {"the whole way",
       {{1, "*123#", "ussd_menu"},
        {18, "1", "ussd_pin"},
        {18, card, "redeem 2749 self ask", question},
        {18, "1", "confirm", done}}},
      {"thought better of",
       {{1, "*123#", "ussd_menu"},
        {18, "1", "ussd_pin"},
        {18, card, "redeem 2749 self ask", question},
        {18, "2", "cancel", done}}},
      {"a wrong PIN ends it as a text would be answered",
       {{1, "*123#", "ussd_menu"}, {18, "1", "ussd_pin"}, {18, "482173905516274", "unclear pin_length 15", done}}},
      {"balance", {{1, "*123#", "ussd_menu"}, {18, "2", "balance", done}}},
      {"last", {{1, "*123#", "ussd_menu"}, {18, "3", "history", done}}},
      {"language", {{1, "*123#", "ussd_menu"}, {18, "4", "ussd_languages"}, {18, "3", "language zh", done}}},
      {"the code is the destination, and nothing is typed", {{1, "", "ussd_menu"}, {18, "2", "balance", done}}},
      {"a code that nobody configured", {{1, "*555#", "ussd_menu"}}},
      {"digits of another script, and what people put about them",
       {{1, "*123#", "ussd_menu"}, {18, "٤", "ussd_languages"}, {18, " 1.", "language en", done}}},
      {"a PIN at the first menu is asked about",
       {{1, "*123#", "ussd_menu"}, {18, card, "redeem 2749 self ask", question}}},
      {"words at a menu", {{1, "*123#", "ussd_menu"}, {18, "BAL", "balance", done}}},
      {"YES in a word",
       {{1, "*123#", "ussd_menu"}, {18, card, "redeem 2749 self ask", question}, {18, "yes please", "confirm", done}}},
      {"no such choice: shown again",
       {{1, "*123#", "ussd_menu"},
        {18, "5", "ussd_menu"},
        {18, "0", "ussd_menu"},
        {18, "12", "ussd_menu"},
        {18, "hello", "ussd_menu"},
        {18, "", "ussd_menu"},
        {18, "4", "ussd_languages"},
        {18, "4", "ussd_languages"},
        {18, "0", "ussd_languages"}}},
      {"1 where a PIN is wanted is no YES",
       {{1, "*123#", "ussd_menu"}, {18, "1", "ussd_pin"}, {18, "1", "ussd_pin"}, {18, "2", "ussd_pin"}}},
      {"a question is asked again, until it is answered",
       {{1, "*123#", "ussd_menu"},
        {18, card, "redeem 2749 self ask", question},
        {18, "3", question},
        {18, "what", question},
        {18, "1", "confirm", done}}},
      {"another PIN instead of an answer",
       {{1, "*123#", "ussd_menu"},
        {18, card, "redeem 2749 self ask", question},
        {18, "5930184726650910", "redeem 0910 self ask", question},
        {18, "1", "confirm", done}}},
      {"the same PIN typed again is asked about again",
       {{1, "*123#", "ussd_menu"},
        {18, card, "redeem 2749 self ask", question},
        {18, card, "redeem 2749 self ask", question}}},
      {"gateways that say 2, 17 or nothing where 18 is meant",
       {{1, "*123#", "ussd_menu"},
        {2, "1", "ussd_pin"},
        {17, card, "redeem 2749 self ask", question},
        {-1, "1", "confirm", done}}},
      {"a gateway that gives no operation at all",
       {{-1, "*123#", "ussd_menu"}, {-1, "2", "balance", done}, {-1, "*123#", "ussd_menu"}}},
      {"a gateway that says 1 every time",
       {{1, "*123#", "ussd_menu"}, {1, "1", "ussd_pin"}, {1, "BAL", "balance", done}}},
      {"dialled again in the middle",
       {{1, "*123#", "ussd_menu"}, {18, "1", "ussd_pin"}, {1, "*123#", "ussd_menu"}, {18, "2", "balance", done}}},
      {"hung up: what comes then begins anew",
       {{1, "*123#", "ussd_menu"},
        {18, card, "redeem 2749 self ask", question},
        {129, "", "nothing"},
        {18, "1", "ussd_menu"}}},
      {"an answer to a menu of another process: a bare digit says nothing without it, the rest is read as a text",
       {{18, "1", "ussd_menu"}}},
      {"", {{18, card, "redeem 2749 self", done}}},
      {"", {{18, "BAL", "balance", done}}},
      {"after the end", {{1, "*123#", "ussd_menu"}, {18, "2", "balance", done}, {18, "1", "ussd_menu"}}},
  };
  for (const auto& [story, lines] : rows) {
    CAPTURE(story);
    ussd_rig phone;
    for (const auto& each : lines) {
      CAPTURE(each.typed);
      phone.now += 5s;
      CHECK(phone.comes(each.operation, each.typed) == each.goes_out);
      if (each.reply != nullptr) phone.decided(each.reply);
    }
  }
}

TEST_CASE("silence ends a dialogue") {
  ussd_rig phone;
  CHECK(phone.comes(1, "*123#") == "ussd_menu");
  phone.now += 59s;
  CHECK(phone.comes(18, "1") == "ussd_pin");
  phone.now += 59s;
  CHECK(phone.comes(18, pin) == "redeem 2749 self ask");
  phone.now += 30s;
  phone.decided(question);  // the time counts from here
  phone.now += 61s;
  CHECK(phone.comes(18, "1") == "ussd_menu");
  CHECK(phone.dialogues.size() == 1);
  phone.now += 61s;
  phone.number = "999701234568";
  CHECK(phone.comes(1, "*123#") == "ussd_menu");
  CHECK(phone.dialogues.size() == 1);
}

TEST_CASE("each phone has its own dialogue, and more than can be kept push out the oldest") {
  ussd_rig phone(2);
  const auto from = [&](const char* number, int operation, const char* typed) {
    phone.number = number;
    phone.now += 1s;
    return phone.comes(operation, typed);
  };
  CHECK(from("999700000001", 1, "*123#") == "ussd_menu");
  CHECK(from("999700000002", 1, "*123#") == "ussd_menu");
  CHECK(from("999700000001", 18, "1") == "ussd_pin");
  CHECK(from("999700000002", 18, "4") == "ussd_languages");
  CHECK(from("999700000003", 1, "*123#") == "ussd_menu");
  CHECK(phone.dialogues.size() == 2);
  CHECK(from("999700000002", 18, "1") == "language en");
  CHECK(from("999700000001", 18, "2") == "ussd_menu");  // was pushed out
}

TEST_CASE("the session's second octet may count the messages, and another first octet is another dialogue") {
  ussd_rig phone;
  CHECK(phone.comes(1, "*123#") == "ussd_menu");
  phone.session = 0x1202;
  CHECK(phone.comes(18, "1") == "ussd_pin");
  phone.session = 0x1300;
  CHECK(phone.comes(18, "BAL") == "balance");
  phone.session = 0x1204;
  CHECK(phone.comes(18, pin) == "redeem 2749 self ask");
}

TEST_CASE("who was answered in a language gets the next menus in it") {
  ussd_rig phone;
  CHECK(phone.comes(1, "*123#") == "ussd_menu");
  CHECK(phone.comes(18, "4") == "ussd_languages");
  CHECK(phone.comes(18, "3") == "language zh");
  phone.decided({}, true, "zh");
  CHECK(phone.comes(1, "*123#") == "ussd_menu zh");
  CHECK(phone.comes(18, "2") == "balance");
  CHECK(phone.last.language == "zh");
}

TEST_CASE("what is USSD, and what its dialogue is named by, is the SMSC's profile") {
  smpp::short_message value;
  value.ussd_service_op = 1;
  value.its_session_info = 7;
  value.user_message_reference = 9;
  config::smsc at;
  CHECK_FALSE(gateway::is_ussd(value, at));
  struct row {
    config::ussd_session by;
    std::uint16_t session;
  };
  for (const auto& [by, session] : {row{config::ussd_session::its_session_info, 7},
                                    {config::ussd_session::user_message_reference, 9},
                                    {config::ussd_session::source, 0}}) {
    at.ussd = by;
    CHECK(gateway::is_ussd(value, at));
    CHECK(gateway::ussd_session_of(value, at) == session);
  }
  value.ussd_service_op.reset();
  CHECK_FALSE(gateway::is_ussd(value, at));
  value.service_type = "USSD";
  CHECK(gateway::is_ussd(value, at));
}

TEST_CASE("a menu goes back where the answer came from, waits for an answer, and carries the session as it came") {
  smpp::short_message came;
  came.source = {.ton = 1, .npi = 1, .digits = "999701234567"};
  came.destination = {.ton = 0, .npi = 0, .digits = "123"};
  came.its_session_info = 0x1203;
  came.user_message_reference = 9;
  config::smsc at;
  at.ussd = config::ussd_session::its_session_info;
  const auto menu = gateway::ussd_request(came, at, "1 充值");
  CHECK(menu.kind == smpp::command_id::submit_sm);
  CHECK(menu.service_type == "USSD");
  CHECK(menu.source == came.destination);
  CHECK(menu.destination == came.source);
  CHECK(menu.ussd_service_op == 2);
  CHECK(menu.its_session_info == 0x1203);
  CHECK_FALSE(menu.user_message_reference);
  CHECK(menu.data_coding == 8);
  CHECK(menu.octets == std::string("\0001\0 \x51\x45\x50\x3C", 8));
  at.ussd = config::ussd_session::user_message_reference;
  const auto other = gateway::ussd_request(came, at, "1 Top up");
  CHECK_FALSE(other.its_session_info);
  CHECK(other.user_message_reference == 9);
}

TEST_CASE("data codings of cell broadcast are read as a USSD gateway means them") {
  const config::smsc at;
  CHECK(gateway::ussd_text("*123#", 0x0F, at) == "*123#");
  CHECK(gateway::ussd_text(std::string("\0001\0002", 4), 0x48, at) == "12");
  CHECK(gateway::ussd_text("\x11", 0x00, at) == "_");  // the SMSC's default alphabet
  CHECK_FALSE(gateway::ussd_text("*123#", 0x04, at));
}
