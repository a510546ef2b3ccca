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

TEST_CASE("several cards of one text are told together, whatever became of the first") {
  auto value = decision(outcome::unknown_pin);
  value.several = store::several{
      .cards = 3, .added = 2, .outcome = outcome::credited, .total = {7000, "USD"}, .balance = {8340, "USD"}};
  const auto some = text(value);
  for (const auto* part : {"2", "3", "70.00 USD", "83.40 USD"}) CHECK(has(some, part));
  value.several->added = 3;
  const auto all = text(value);
  CHECK(all != some);
  CHECK(has(all, "70.00 USD"));
  value.target = parser::msisdn::from_e164("999709876543");
  CHECK(has(text(value), "0709876543"));
  CHECK_FALSE(has(text(value), "83.40"));
  value.several->outcome = outcome::used;
  CHECK(has(text(value), "3"));
}

TEST_CASE("the receiver of a credit reads the giver's receipt and enough of his number to know him") {
  auto value = decision(outcome::received);
  value.earlier = store::receipt{777};
  value.giver = parser::msisdn::from_e164("999701234567");
  const auto told = text(value);
  CHECK(told.starts_with(to_string(store::receipt{777})));
  CHECK(has(told, "07012***67"));
  CHECK(has(told, "63.40 USD"));
}

TEST_CASE("a question after another expected value tells the true one and the expected one") {
  auto value = decision(outcome::asked);
  value.reason = "differs";
  value.expected_minor = 2000;
  value.until = now + 10min;
  CHECK(has(text(value), "50.00 USD"));
  CHECK(has(text(value), "20.00 USD"));
  value.target = parser::msisdn::from_e164("999709876543");
  CHECK(has(text(value), "0709876543"));
}

TEST_CASE("a bonus is told beside the credit it came with, and beside the balance, but never to who paid for another") {
  auto value = decision(outcome::credited);
  value.bonus = {500, "USD"};
  const auto receipt = to_string(value.receipt);
  CHECK(text(value) == receipt + " Confirmed. 50.00 USD added, and 5.00 USD bonus. Balance 63.40 USD.");
  value.valid_until = now + std::chrono::days(90);
  value.bonus_until = now + std::chrono::days(39);
  CHECK(text(value) ==
        receipt + " Confirmed. 50.00 USD added, and 5.00 USD bonus valid to 31 Dec 2026. Balance 63.40 USD.");
  value.target = parser::msisdn::from_e164("999709876543");
  CHECK_FALSE(has(text(value), "5.00 USD bonus"));

  value = decision(outcome::balance);
  value.earlier_at = now;
  value.bonus = {500, "USD"};
  CHECK(text(value) == "Balance 63.40 USD. Bonus 5.00 USD.");
  value.valid_until = now + std::chrono::days(39);
  CHECK(text(value) == "Balance 63.40 USD, valid to 31 Dec 2026. Bonus 5.00 USD.");
  value.bonus = {0, "USD"};
  CHECK(has(text(value), "Last top-up"));
}

TEST_CASE("a transfer is asked about, then told to both, and a NO leaves the credit where it is") {
  auto value = decision(outcome::asked);
  value.reason = "transfer";
  value.amount = {500, "USD"};
  value.target = parser::msisdn::from_e164("999709876543");
  value.until = now + 10min;
  CHECK(text(value) ==
        "Send 5.00 USD of your credit to 0709876543? Reply YES within 10 min, or NO. Nothing is sent yet.");
  value.outcome = outcome::transferred;
  CHECK(text(value) == to_string(value.receipt) + " Confirmed. 5.00 USD sent to 0709876543. Balance 63.40 USD.");
  value.outcome = outcome::cancelled;
  CHECK(text(value) == "Cancelled. Nothing was sent.");
  value.reason.clear();
  CHECK(has(text(value), "card"));
}

TEST_CASE("what stands against a transfer or an undo is told, each in its own words") {
  struct row {
    outcome what;
    const char *reason, *said;
  };
  for (const auto& [what, reason, said] : {
           row{outcome::not_transferred, "to_oneself", "your own number"},
           row{outcome::not_transferred, "no_amount", "cannot read the amount"},
           row{outcome::not_transferred, "above_transfer", "at most 50.00 USD at once"},
           row{outcome::not_transferred, "above_day", "at most 50.00 USD a day"},
           row{outcome::not_transferred, "above_month", "at most 50.00 USD a month"},
           row{outcome::not_transferred, "not_enough", "at most 50.00 USD now. Balance 63.40 USD"},
           row{outcome::not_transferred, "held_account", "between these numbers now. Nothing was sent. Help: call 100"},
           row{outcome::not_transferred, "other_currency", "two currencies. Nothing was sent"},
           row{outcome::not_transferred, "account_expired", "no longer valid. Nothing was sent"},
           row{outcome::not_undone, "nothing_to_undo", "nothing to take back"},
           row{outcome::not_undone, "undone_before", "taken back before"},
           row{outcome::not_undone, "spent", "already spent"},
           row{outcome::unclear, "no_undo", "cannot be taken back by text"},
           row{outcome::unclear, "undo_alone", "only the word UNDO"},
           row{outcome::unclear, "no_transfer", "cannot be transferred"},
           row{outcome::held_account, "", "Nothing was used. Help: call 100"},
       }) {
    CAPTURE(reason);
    auto value = decision(what);
    value.reason = reason;
    CHECK(has(text(value), said));
  }
}

TEST_CASE("an undone credit is told to both, to the receiver with the undoing receipt and a masked number") {
  auto value = decision(outcome::undone);
  value.target = parser::msisdn::from_e164("999709876543");
  value.earlier = store::receipt{777};
  CHECK(text(value) ==
        to_string(value.receipt) + " Confirmed. 50.00 USD taken back from 0709876543. Balance 63.40 USD.");
  value = decision(outcome::taken_back);
  value.giver = parser::msisdn::from_e164("999701234567");
  value.earlier = store::receipt{777};
  CHECK(text(value) ==
        to_string(store::receipt{777}) + " 50.00 USD was taken back by its sender, 07012***67. Balance 63.40 USD.");
}

TEST_CASE("the last top-ups are told with their receipts, newest first") {
  auto value = decision(outcome::history);
  const auto none = text(value);
  value.history = {{.receipt = {20}, .amount = {5000, "USD"}, .at = now},
                   {.receipt = {10}, .amount = {1000, "USD"}, .at = now - std::chrono::days(30)}};
  const auto told = text(value);
  CHECK(told != none);
  CHECK(told.find(to_string(store::receipt{20})) < told.find(to_string(store::receipt{10})));
  CHECK(has(told, "10.00 USD"));
}

TEST_CASE("what try shows has placeholders for what only the store knows") {
  static const gateway::replies replies(settings());
  const auto preview = [](parser::request request) {
    return replies.preview({.request = std::move(request), .language = "en", .steps = {}},
                           *parser::msisdn::from_e164("999701234567"));
  };
  const auto status = preview(parser::status{.serial = 100000234567, .receipt = {}});
  REQUIRE(status);
  CHECK(has(*status, "100000234567"));
  CHECK(has(*status, "<amount>"));
  CHECK(has(*preview(parser::unclear{.reason = parser::unclear_reason::pin_length, .got = 15}), "15"));
  CHECK_FALSE(preview(parser::ignore{}));
}

TEST_CASE("what try shows of TRANSFER and UNDO is what the settings allow") {
  const auto sender = *parser::msisdn::from_e164("999701234567");
  const auto other = *parser::msisdn::from_e164("999709876543");
  auto offering = settings();
  offering.transfer.enabled = true;
  offering.service.undo_within = 10min;
  const auto shows = [&](const config::settings& by, parser::request request) {
    return *gateway::replies(by).preview({.request = std::move(request), .language = "en", .steps = {}}, sender);
  };
  CHECK(has(shows(settings(), parser::transfer{.to = other, .amount = "5"}), "cannot be transferred"));
  CHECK(has(shows(settings(), parser::undo{}), "cannot be taken back by text"));
  CHECK(has(shows(settings(), parser::unclear{.reason = parser::unclear_reason::undo_alone}), "by text"));
  CHECK(has(shows(offering, parser::transfer{.to = other, .amount = "5"}),
            "Send 5.00 USD of your credit to 0709876543?"));
  CHECK(has(shows(offering, parser::transfer{.to = other, .amount = "20.01"}), "at most 20.00 USD at once"));
  CHECK(has(shows(offering, parser::transfer{.to = other, .amount = "0.001"}), "cannot read the amount"));
  CHECK(has(shows(offering, parser::transfer{.to = sender, .amount = "5"}), "your own number"));
  CHECK(has(shows(offering, parser::undo{}), "<receipt> Confirmed. <amount> taken back from <number>."));
  CHECK(has(shows(offering, parser::unclear{.reason = parser::unclear_reason::undo_alone}), "only the word UNDO"));
}

TEST_CASE(
    "a question on a phone that dialled is answered by digits, and is asked in words where digits say too little") {
  auto value = decision(outcome::asked);
  value.until = now + 10min;
  value.source = "1.1.999701234567;ussd=4608";
  CHECK(text(value) == "Add 50.00 USD?\n1 Yes\n2 No");
  value.target = parser::msisdn::from_e164("999709876543");
  CHECK(text(value) == "Add 50.00 USD to 0709876543?\n1 Yes\n2 No");
  value.reason = "transfer";
  CHECK(text(value) == "Send 50.00 USD of your credit to 0709876543?\n1 Yes\n2 No");
  value.reason = "differs";
  value.expected_minor = 2000;
  const auto differs = text(value);
  CHECK(has(differs, "not 20.00 USD"));
  value.source = "1.1.999701234567";
  CHECK(text(value) == differs);
  value.reason.clear();
  CHECK(has(text(value), "Reply YES"));
}

TEST_CASE("the language menu counts the languages from the service's on, each by its own name") {
  const gateway::replies replies(settings());
  const config::smsc at;
  CHECK(replies.choices() == std::vector<std::string>{"en", "ar", "es", "fr", "id", "sw", "zh"});
  const auto menu = replies.menu(gateway::ussd_display::languages, "", at);
  CHECK(menu == "1 English\n2 العربية\n3 Español\n4 Français\n5 Bahasa Indonesia\n6 Kiswahili\n7 中文");
  for (const auto& language : replies.choices()) {
    CAPTURE(language);
    CHECK(gateway::fits_ussd(replies.menu(gateway::ussd_display::languages, language, at), at));
  }

  auto french = settings();
  french.service.language = "fr";
  CHECK(gateway::replies(french).choices().front() == "fr");
  auto wordy = settings();
  for (auto& each : wordy.languages)
    if (each.words.code == "en") each.words.names.front() = "the English language";
  CHECK(gateway::replies(wordy).menu(gateway::ussd_display::languages, "", at) ==
        "1 en\n2 ar\n3 es\n4 fr\n5 id\n6 sw\n7 zh");
}

TEST_CASE("a menu is in the language that is asked for, and in the service's where there is none") {
  const gateway::replies replies(settings());
  const config::smsc at;
  CHECK(replies.menu(gateway::ussd_display::main, "es", at).starts_with("1 Recargar\n2 Saldo\n"));
  for (const auto* language : {"", "en", "vi"})
    CHECK(replies.menu(gateway::ussd_display::pin, language, at) == "Enter the card's PIN");
}
