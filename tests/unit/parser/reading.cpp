#include "parser/reading.hpp"

#include <doctest/doctest.h>

#include "rules.hpp"
#include "texts.hpp"

namespace topupd::parser {
namespace {

std::string read(const reader& reader, std::string_view text) {
  return std::visit(wording{}, reader.read(text, sample_sender()).request);
}

std::string last_in_text(const reading& r) {
  const auto* found = std::get_if<redeem>(&r.request);
  return found ? found->pins.front().last_four() : std::string();
}

}  // namespace

TEST_CASE("texts are read as their writers meant them") {
  const reader reader(sample_rules());
  const auto rows = rows_of(TEXTS_FILE);
  REQUIRE(rows.size() > 150);
  for (const auto& r : rows) {
    CAPTURE(r.text);
    CAPTURE(r.why);
    const auto result = reader.read(r.text, sample_sender());
    CHECK(std::visit(wording{}, result.request) == r.reading);
    if (!r.language.empty()) CHECK(result.language == r.language);
  }
}

TEST_CASE("case and added spaces change nothing") {
  const reader reader(sample_rules());
  for (const auto& r : rows_of(TEXTS_FILE)) {
    CAPTURE(r.text);
    std::string loud;
    for (char c : r.text)
      loud += c == ' ' ? std::string("  ") : std::string(1, static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c));
    CHECK(read(reader, " " + loud + "\n") == r.reading);
  }
}

TEST_CASE("a clearly written other number needs no question when the operator says so, one in a signature does") {
  auto rules = sample_rules();
  rules.ask_for_others = false;
  const reader reader(rules);
  CHECK(read(reader, "TOPUP 4821739055162749 0709876543") == "redeem 2749 999709876543");
  CHECK(read(reader, "TOPUP 4821739055162749 FOR 0709876543") == "redeem 2749 999709876543");
  CHECK(read(reader, "4821739055162749 0709876543") == "redeem 2749 999709876543");
  CHECK(read(reader, "TOPUP 4821739055162749\nJohn 0701112223") == "redeem 2749 999701112223 ask");
  CHECK(read(reader, "TOPUP 48217390551627490709876543") == "redeem 2749 999709876543 ask");
}

TEST_CASE("digits that are a legal PIN and a legal number at once are asked about") {
  auto rules = sample_rules();
  const reader reader(rules);
  // 14 digits with the right Luhn digit, and the international form of 0709876547.
  const std::string both = "00999709876547";
  REQUIRE(check_digit_is_right(both, check_digit::luhn));
  CHECK(read(reader, "TOPUP " + both) == "redeem 6547 self ask");
  CHECK(read(reader, "TOPUP 4821739055162749 for " + both) == "redeem 2749 999709876547 ask");
}

TEST_CASE("an unreadable setting of languages still reads digits") {
  auto rules = sample_rules();
  rules.languages.clear();
  const reader reader(rules);
  CHECK(read(reader, "4821739055162749") == "redeem 2749 self");
  CHECK(read(reader, "155 4821739055162749") == "redeem 2749 self");
  CHECK(read(reader, "TOPUP 4821739055162749") == "redeem 2749 self ask");
}

TEST_CASE("octets that are no UTF-8 separate and harm nothing") {
  const reader reader(sample_rules());
  CHECK(read(reader,
             "TOPUP\xFF"
             "4821739055162749") == "redeem 2749 self");
  CHECK(read(reader, "\xC3") == "help");
  CHECK(read(reader, std::string_view("TOPUP\0004821739055162749", 22)) == "redeem 2749 self");
}

TEST_CASE("a text of many numbers is refused without being searched for ever") {
  const reader reader(sample_rules());
  std::string many = "TOPUP 4821739055162749";
  for (int i = 0; i < 20000; ++i) many += " 07";
  CHECK(read(reader, many).starts_with("unclear"));
  CHECK(last_in_text(reader.read(std::string(60000, '0'), sample_sender())).empty());
}

}  // namespace topupd::parser
