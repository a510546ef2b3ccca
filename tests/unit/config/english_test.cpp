// The English texts themselves: what a subscriber reads with the longest values that are met in practice.
#include <set>

#include "parser/alphabet.hpp"
#include "parser/phrase.hpp"
#include "parser/reading.hpp"
#include "tests/unit/config/rig.hpp"

namespace topupd::config {
namespace {

using std::chrono::sys_seconds;
using namespace std::chrono_literals;

settings english() {
  auto [settings, problems] = load(TOPUPD_CONFIG "/topupd.toml", {.secrets = false, .phrases = english_phrases()});
  REQUIRE(problems.empty());
  return *std::move(settings);
}

parser::phrases english_texts(const settings& from) {
  std::vector<parser::phrases::problem> problems;
  parser::phrases texts("en", "America/New_York", from.languages.at(0).texts, english_phrases(), problems);
  REQUIRE(problems.empty());
  return texts;
}

constexpr sys_seconds new_year_eve = std::chrono::sys_days{std::chrono::year{2026} / 12 / 31} + 20h;

TEST_CASE("every English text is one short message of the default alphabet, even with long values") {
  const auto settings = english();
  const auto texts = english_texts(settings);
  const parser::arguments longest = {
      {"receipt", "8F3K2Q8F"},
      {"care_number", "+99970123456789"},
      {"service", "Example Mobile"},
      {"amount", parser::money{12'345'678'99, "USD"}},
      {"balance", parser::money{12'345'678'99, "USD"}},
      {"valid_until", parser::day{new_year_eve}},
      {"at", parser::moment{.at = new_year_eve, .now = new_year_eve + 24h * 400}},
      {"until", parser::moment{.at = new_year_eve, .now = new_year_eve - 48h}},
      {"earlier", "7Z9P4M8F"},
      {"number", "+447700900123456"},
      {"minutes", 600LL},
      {"got", 120LL},
      {"lengths", "12/14/16"},
      {"currency", "USD"},
  };
  for (const auto& [key, names] : english_phrases()) {
    const auto text = texts.format(key, longest);
    CAPTURE(key);
    CAPTURE(text);
    const auto sent = parser::encode(text, parser::alphabet::gsm7);
    CHECK(sent.data_coding == 0);
    CHECK(sent.segments == 1);
    CHECK(text.find_first_of("{}") == std::string::npos);
  }
}

TEST_CASE("the English texts lead with what happened to the money") {
  const auto settings = english();
  const auto texts = english_texts(settings);
  const parser::money fifty{50'00, "USD"};
  const parser::money rest{63'40, "USD"};
  CHECK(
      texts.format(
          "credited_valid",
          {{"receipt", "8F3K2Q"}, {"amount", fifty}, {"balance", rest}, {"valid_until", parser::day{new_year_eve}}}) ==
      "8F3K2Q Confirmed. 50.00 USD added. Balance 63.40 USD, valid to 31 Dec 2026.");
  CHECK(texts.format("credited_other", {{"receipt", "8F3K2Q"}, {"amount", fifty}, {"number", "0709876543"}}) ==
        "8F3K2Q Confirmed. 50.00 USD sent to 0709876543.");
  CHECK(texts.format("asked", {{"amount", fifty}, {"number", "0709876543"}, {"minutes", 10LL}}) ==
        "Add 50.00 USD to 0709876543? Reply YES within 10 min, or NO. The card is not used yet.");
  CHECK(texts.format("refused", {{"care_number", "100"}}) ==
        "This PIN cannot be used. Please check it, or call 100 with the card's serial number.");
  CHECK(texts.format("pin_length", {{"got", 15LL}, {"lengths", "16"}}) ==
        "Your PIN has 15 digits, ours have 16. Nothing was used. Please check and send again.");
}

TEST_CASE("every English keyword is read as what its list says") {
  const auto settings = english();
  const parser::reader reader(settings.reading);
  const auto sender = parser::msisdn::from_e164("999701234567").value();
  const auto is = [](const parser::request& request, parser::command wanted) {
    switch (wanted) {
      case parser::command::topup: {  // alone: a top-up whose PIN is missing
        const auto* unclear = std::get_if<parser::unclear>(&request);
        return unclear != nullptr && unclear->reason == parser::unclear_reason::missing_pin;
      }
      case parser::command::balance: return std::holds_alternative<parser::balance>(request);
      case parser::command::help: return std::holds_alternative<parser::help>(request);
      case parser::command::yes: return std::holds_alternative<parser::confirm>(request);
      case parser::command::no: return std::holds_alternative<parser::cancel>(request);
    }
    return false;
  };
  for (const auto& [word, command] : settings.languages.at(0).words.keywords) {
    CAPTURE(word);
    CHECK(is(reader.read(word, sender).request, command));
  }
}

}  // namespace
}  // namespace topupd::config
