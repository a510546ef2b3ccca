// Long texts: their parts come in any order, twice, over several links, before and after a crash, or never. Half a PIN
// is never used (SMPP.md §2, "long messages in").
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "tests/scenarios/stand.hpp"
#include "tests/smsc/long_text.hpp"

using namespace topupd::scenarios;
using namespace std::chrono_literals;
using topupd::smpp::short_message;
using topupd::smsc::joined_by;

namespace {

// The first part ends within the PIN: 6 + 140 septets stand before it.
std::string long_text(const std::string& pin) {
  std::string text = "TOPUP ";
  for (int word = 0; word < 20; ++word) text += "please ";
  return text + pin;
}

// The same in UCS-2: three parts, and the PIN in two of them.
std::string longer_text(const std::string& pin) {
  return long_text(pin) + " 谢谢";
}

std::vector<short_message> parts_of(const std::string& text, const std::string& phone,
                                    joined_by how = joined_by::header, std::uint16_t reference = 1) {
  auto parts = topupd::smsc::short_messages(text, reference, how);
  for (auto& each : parts) each.source = {1, 1, phone};
  return parts;
}

std::string phone_number(int number) {
  return std::to_string(999704000000 + number);
}

void deliver(stand& here, const std::vector<short_message>& parts) {
  for (const auto& each : parts) here.centre.deliver(each);
}

void check_each_has(stand& here, std::size_t phones, const std::string& accounts) {
  here.until([&] { return here.replies.size() == phones; }, "reply to each phone");
  here.until_answered();
  here.pass(200ms);
  for (const auto& phone : here.replies) {
    CAPTURE(phone.first);
    CAPTURE(phone.second.back());
    CHECK(phone.second.size() == 1);
  }
  CHECK(here.sql("select count(*), min(balance_minor), max(balance_minor) from topup.account") == accounts);
}

}  // namespace

TEST_CASE("a long text is one text, however its parts are joined, in whatever order, and also when they come twice") {
  stand here;
  int number = 0;
  for (const auto how : {joined_by::header, joined_by::wide_header, joined_by::sar, joined_by::nothing}) {
    for (const bool in_ucs2 : {false, true}) {
      const auto parts = [&] {
        const auto& pin = here.pin(static_cast<std::size_t>(number));
        return parts_of(in_ucs2 ? longer_text(pin) : long_text(pin), phone_number(number++), how);
      };
      deliver(here, parts());
      auto reversed = parts();
      std::reverse(reversed.begin(), reversed.end());
      deliver(here, reversed);
      if (how == joined_by::nothing) continue;  // one message: the same again, once answered, is a new text
      auto doubled = parts();
      const auto again = doubled;
      doubled.insert(doubled.begin() + 1, again.begin(), again.end());  // 1 1 2 2, or 1 1 2 3 2 3
      deliver(here, doubled);
      auto late = parts();
      late.push_back(late.front());  // once more when the text is decided already
      deliver(here, late);
    }
  }
  check_each_has(here, static_cast<std::size_t>(number), fmt::format("{}|5000|5000", number));
  here.check_all_is_well();
}

TEST_CASE("a phone's long texts do not run into each other, nor two phones' under one reference") {
  stand here;
  CHECK(has(here.ask(long_text(here.pin(0))), "50.00"));
  CHECK(has(here.ask(long_text(here.pin(1))), "100.00"));
  deliver(here, parts_of(long_text(here.pin(2)), here.self, joined_by::header, 1));  // 255 texts later
  here.until([&] { return here.replies_to(here.self) == 3; }, "the third confirmation");
  CHECK(here.balance_of(here.self) == "150.00");

  here.centre.faults.hasty = true;
  const auto one = parts_of(long_text(here.pin(3)), here.self, joined_by::header, 9);
  const auto two = parts_of(long_text(here.pin(4)), here.other, joined_by::header, 9);
  deliver(here, {one[0], two[0], two[1], one[1]});
  here.until([&] { return here.reply_count == 5; }, "both confirmations");
  CHECK(here.balance_of(here.self) == "200.00");
  CHECK(here.balance_of(here.other) == "50.00");
  here.check_all_is_well();
}

TEST_CASE("parts that come over two binds at once, in a heap, are put together once") {
  stand here({.sandbox = {"--set", "binds = 2"}});
  here.until([&] { return here.centre.binds() == 2; }, "the second bind");
  here.centre.faults.hasty = true;
  constexpr int phones = 40;
  std::vector<short_message> heap;
  for (int phone = 0; phone < phones; ++phone) {
    const auto parts = parts_of(longer_text(here.pin(static_cast<std::size_t>(phone))), phone_number(phone));
    heap.insert(heap.end(), parts.begin(), parts.end());
    heap.push_back(parts[static_cast<std::size_t>(phone) % parts.size()]);
  }
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::shuffle(heap.begin(), heap.end(), std::mt19937(seed));
  deliver(here, heap);
  check_each_has(here, phones, fmt::format("{}|5000|5000", phones));
  here.check_all_is_well();
}

TEST_CASE("a daemon killed between the parts puts them together after its restart") {
  stand here;
  const auto parts = parts_of(longer_text(here.pin(0)), here.self);
  REQUIRE(parts.size() == 3);
  deliver(here, {parts[2]});
  here.until_answered();
  here.kill_daemon();
  here.start_daemon();
  deliver(here, {parts[0]});
  here.until_answered();
  CHECK(here.reply_count == 0);
  here.kill_daemon();
  here.launch_daemon();
  CHECK(has(here.ask(parts[1]), "Confirmed"));
  CHECK(here.balance_of(here.self) == "50.00");
  here.check_all_is_well();
}

TEST_CASE("an answer lost behind the last part brings that part again, and credit once") {
  stand here;
  here.centre.faults.cut_before_answer = 2;
  CHECK(has(here.ask(long_text(here.pin(0))), "Confirmed"));
  CHECK(here.centre.counters().sent == 3);
  here.pass(300ms);
  for (const auto& each : here.replies[here.self])
    CHECK(each == here.replies[here.self][0]);  // its response was lost too
  CHECK(here.balance_of(here.self) == "50.00");
  here.check_all_is_well();
}

TEST_CASE("a part that never comes is told when the time is over; half a text is never used") {
  stand here({.sandbox = {"--parts", "2s"}});
  // Half of it would be a top-up by itself.
  auto text = "TOPUP " + here.pin(0);
  while (text.size() <= 160) text += " please";
  const auto parts = parts_of(text, here.self);
  deliver(here, {parts[0]});
  here.until_answered();
  here.pass(500ms);
  CHECK(here.reply_count == 0);
  here.until([&] { return here.replies_to(here.self) == 1; }, "word that a part is missing", 20s);
  CHECK(here.outcome_of_last() == "unclear in_parts");
  CHECK(here.sql("select count(*) from topup.account") == "0");
  CHECK(here.sql("select count(*) from topup.part") == "0");
  CHECK(has(here.ask("TOPUP " + here.pin(0)), "Confirmed"));
  here.check_all_is_well();
}

TEST_CASE("parts while the database is away are not taken, and come again") {
  stand here;
  const std::string cluster = std::getenv("TOPUP_TEST_CLUSTER");
  REQUIRE(here.run({CLUSTER, "stop", cluster}).status == 0);
  here.text(long_text(here.pin(0)));
  here.until([&] { return here.centre.counters().sent > 1; }, "second attempt: the first one's answer was for now");
  CHECK(here.centre.counters().taken == 0);
  REQUIRE(here.run({CLUSTER, "start", cluster}).status == 0);
  here.until([&] { return here.replies_to(here.self) == 1; }, "the confirmation");
  CHECK(has(here.last_reply_to(here.self), "Confirmed"));
  here.check_all_is_well();
}
