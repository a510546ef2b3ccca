// What subscribers do, and what they read on their phones.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>

#include "tests/scenarios/stand.hpp"

using namespace topupd::scenarios;

TEST_CASE("a card is credited to its sender, confirmed with a receipt, and its balance asked for") {
  stand here;
  const auto confirmation = here.ask("TOPUP " + here.pin(0));
  CHECK(has(confirmation, " Confirmed. 50.00"));
  CHECK(has(confirmation, "added"));
  const auto balance = here.ask("bal");
  CHECK(has(balance, "50.00"));
  CHECK(here.balance_of(here.self) == "50.00");

  // The receipt is the one name of the top-up: in the reply, the log, the trace.
  const auto receipt = confirmation.substr(0, confirmation.find(' '));
  CHECK(has(here.log(), "receipt=" + receipt));
  const auto trace = here.topupctl({"trace", receipt});
  CHECK(trace.status == 0);
  CHECK(has(trace.output, receipt));
  here.check_all_is_well();
}

TEST_CASE("a card for another number is asked about first, and YES spends it") {
  stand here;
  CHECK(has(here.ask("TOPUP " + here.pin(0) + " 0709876543"), "0709876543? Reply YES"));
  CHECK(here.balance_of(here.other) == "none");
  CHECK(has(here.ask("YES"), "Confirmed. 50.00"));
  CHECK(here.balance_of(here.other) == "50.00");
  CHECK(here.balance_of(here.self) == "none");
  here.check_all_is_well();
}

TEST_CASE("NO leaves the card as it was") {
  stand here;
  here.ask("TOPUP " + here.pin(0) + " 0709876543");
  CHECK(has(here.ask("no"), "not used"));
  CHECK(here.balance_of(here.other) == "none");
  CHECK(has(here.ask(here.pin(0)), "Confirmed. 50.00"));
  CHECK(here.balance_of(here.self) == "50.00");
  here.check_all_is_well();
}

TEST_CASE("a used card tells its owner the first receipt, and others no more than an unknown one does") {
  stand here;
  const auto first = here.ask("TOPUP " + here.pin(0));
  const auto receipt = first.substr(0, first.find(' '));
  const auto again = here.ask("topup " + here.pin(0));
  CHECK(has(again, "already"));
  CHECK(has(again, receipt));

  const auto stolen = here.ask("TOPUP " + here.pin(0), here.other);
  CHECK_FALSE(has(stolen, "Confirmed"));
  CHECK(here.ask("TOPUP " + here.unknown_pin(), here.other) == stolen);
  CHECK(here.balance_of(here.self) == "50.00");
  CHECK(here.balance_of(here.other) == "none");
  here.check_all_is_well();
}

TEST_CASE("a typing mistake uses nothing and is told as one") {
  stand here;
  std::string mistyped = here.pin(0);
  mistyped.back() = mistyped.back() == '9' ? '0' : static_cast<char>(mistyped.back() + 1);
  CHECK(has(here.ask("TOPUP " + mistyped), "mistyped"));
  CHECK(has(here.ask("TOPUP " + here.pin(0).substr(0, 15)), "15 digits"));
  CHECK(here.sql("select count(*) from topup.wrong_pin") == "0");
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed"));
  here.check_all_is_well();
}

TEST_CASE("one card sent by fifty phones at once is credited once") {
  stand here;
  for (int phone = 0; phone < 50; ++phone) here.text("TOPUP " + here.pin(0), std::to_string(999701000000 + phone));
  here.until([&] { return here.reply_count >= 50; }, "an answer to each phone");
  std::size_t confirmed = 0;
  for (const auto& [phone, texts] : here.replies) {
    confirmed += static_cast<std::size_t>(
        std::count_if(texts.begin(), texts.end(), [](const auto& each) { return has(each, "Confirmed"); }));
  }
  CHECK(confirmed == 1);
  CHECK(here.sql("select count(*), sum(balance_minor) from topup.account") == "1|5000");
  here.check_all_is_well();
}
