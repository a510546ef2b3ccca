#include "parser/phrase.hpp"

#include <doctest/doctest.h>

#include "parser/alphabet.hpp"

namespace topupd::parser {
namespace {

using namespace std::chrono;

std::string phrase(const char* language, const std::string& pattern, const arguments& values,
                   const char* zone = "UTC") {
  std::vector<std::string> names;
  for (const auto& [name, value] : values) names.emplace_back(name);
  std::vector<phrases::problem> problems;
  const phrases made(language, zone, {{"it", pattern}}, {{"it", names}}, problems);
  for (const auto& problem : problems) return problem.key + ": " + problem.reason;
  return made.format("it", values);
}

sys_seconds at(int y, unsigned m, unsigned d, int h = 12, int min = 0) {
  return sys_days(year(y) / month(m) / std::chrono::day(d)) + hours(h) + minutes(min);
}

}  // namespace

TEST_CASE("amounts and dates stand as the language writes them, in GSM 03.38 where it can be") {
  const arguments values{{"balance", money{6340, "USD"}}, {"until", parser::day{at(2026, 12, 31)}}};
  struct row {
    const char *language, *text;
  };
  for (const auto& r : {row{"en", "63.40 USD, 31 Dec 2026"},
                        {"fr", "63,40 USD, 31/12/2026"},
                        {"es", "63.40 USD, 31/12/2026"},
                        {"es-ES", "63,40 USD, 31/12/2026"},
                        {"zh", "63.40 USD, 2026-12-31"},
                        {"ar", "63.40 USD, 31/12/2026"},
                        {"ru", "63,40 USD, 31.12.2026"},
                        {"hi", "63.40 USD, 31/12/2026"},
                        {"vi", "63,40 USD, 31/12/2026"},
                        {"bn", "63.40 USD, 31/12/2026"},
                        {"sw", "63.40 USD, 31/12/2026"},
                        {"id", "63,40 USD, 31/12/2026"},
                        {"pt-BR", "63,40 USD, 31/12/2026"}}) {
    CAPTURE(r.language);
    const auto text = phrase(r.language, "{balance}, {until}", values);
    CHECK(text == r.text);
    CHECK(int{encode(text, alphabet::gsm7).data_coding} == 0);
  }
  CHECK(phrase("fr", "{a}", {{"a", money{123456789, "USD"}}}) == "1234567,89 USD");
  CHECK(phrase("en", "{a}", {{"a", money{-300, "KWD"}}}) == "-0.300 KWD");
  CHECK(phrase("zh", "余额{a}。", {{"a", money{6340, "CNY"}}}) == "余额63.40元。");
  CHECK(phrase("en", "{a}", {{"a", money{6340, "CNY"}}}) == "63.40 CNY");
}

TEST_CASE("a moment of today is a time, another has its day, one of another year its year") {
  const auto now = at(2026, 3, 2, 20);
  const auto moment_of = [&](const char* language, sys_seconds when, const char* zone = "UTC") {
    return phrase(language, "{m}", {{"m", moment{when, now}}}, zone);
  };
  CHECK(moment_of("en", at(2026, 3, 2, 14, 5)) == "14:05");
  CHECK(moment_of("en", at(2026, 3, 1, 14, 5)) == "1 Mar at 14:05");
  CHECK(moment_of("en", at(2025, 3, 2, 14, 5)) == "2 Mar 2025 at 14:05");
  CHECK(moment_of("fr", at(2026, 3, 1, 14, 5)) == "01/03 à 14:05");
  CHECK(moment_of("zh", at(2026, 3, 1, 14, 5)) == "03-01 14:05");
  CHECK(moment_of("es", at(2026, 3, 1, 14, 5)) == "1/3, 14:05");
  CHECK(moment_of("id", at(2026, 3, 2, 14, 5)) == "14.05");
}

TEST_CASE("days begin in the service's time zone, summer time included") {
  const auto night = at(2026, 7, 1, 3, 30);
  CHECK(phrase("en", "{d}", {{"d", parser::day{night}}}, "America/New_York") == "30 Jun 2026");
  CHECK(phrase("en", "{d}", {{"d", parser::day{night}}}, "UTC") == "1 Jul 2026");
  CHECK(phrase("en", "{m}", {{"m", moment{night, at(2026, 7, 1, 3, 59)}}}, "America/New_York") == "23:30");
  CHECK(phrase("en", "{m}", {{"m", moment{at(2026, 1, 1, 4), at(2026, 7, 1, 3, 59)}}}, "America/New_York") ==
        "31 Dec 2025 at 23:00");
}

TEST_CASE("a date that was formatted before comes out the same") {
  std::vector<phrases::problem> problems;
  const phrases made("en", "Asia/Kathmandu", {{"it", "{d} {m}"}}, {{"it", {"d", "m"}}}, problems);
  REQUIRE(problems.empty());
  for (int round = 0; round < 2; ++round)
    for (unsigned d = 1; d < 20; ++d) {
      const auto text =
          made.format("it", {{"d", parser::day{at(2026, 5, d)}}, {"m", moment{at(2026, 5, d, 1, 2), at(2026, 6, 1)}}});
      CHECK(text == std::to_string(d) + " May 2026 " + std::to_string(d) + " May at 06:47");
    }
}

TEST_CASE("patterns are ICU's, with quotes, plurals and choices") {
  CHECK(phrase("en", "Don't use {x} at '{home}', it''s {x}.", {{"x", "it"}}) == "Don't use it at {home}, it's it.");
  CHECK(phrase("en", "no argument", {}) == "no argument");
  const auto plural = "{n, plural, one {# digit} other {# digits}} of {pin}";
  CHECK(phrase("en", plural, {{"n", 1LL}, {"pin", "it"}}) == "1 digit of it");
  CHECK(phrase("en", plural, {{"n", 15LL}, {"pin", "it"}}) == "15 digits of it");
  CHECK(phrase("ru", "{n, plural, one {# цифра} few {# цифры} many {# цифр} other {# цифры}}", {{"n", 22LL}}) ==
        "22 цифры");
  CHECK(phrase("ar", "{n, plural, other {# x}}", {{"n", 15LL}}) == "15 x");
  CHECK(phrase("en", "{w, select, self {your} other {their}} {a}", {{"w", "self"}, {"a", money{100, "USD"}}}) ==
        "your 1.00 USD");
  CHECK(phrase("fa", "\u200fمی\u200cشود {n, plural, other {می\u200cشود}}", {{"n", 1LL}}) ==
        "\u200fمی\u200cشود می\u200cشود");  // the pattern's own marks stay
  CHECK(phrase("en", "{n} digits", {{"n", 15LL}}) == "15 digits");
}

TEST_CASE("a faulty catalogue is refused with every fault in words") {
  std::vector<phrases::problem> problems;
  const phrases made(
      "en", "UTC",
      {{"typo", "{amout} added"}, {"open", "{receipt Confirmed"}, {"style", "{amount, number} added"}, {"extra", "x"}},
      {{"typo", {"receipt", "amount"}}, {"open", {"receipt"}}, {"style", {"amount"}}, {"absent", {}}}, problems);
  std::string all;
  for (const auto& problem : problems) all += problem.key + " " + problem.reason + "\n";
  CHECK(all.find("absent is missing\n") != std::string::npos);
  CHECK(all.find("open is not a message pattern: ") != std::string::npos);
  CHECK(all.find("style argument {amount} has a format of its own") != std::string::npos);
  CHECK(all.find("typo argument {amout} is unknown; known are {receipt}, {amount}\n") != std::string::npos);
  CHECK(all.find("extra is no phrase of ours\n") != std::string::npos);
  CHECK(problems.size() == 5);
}

TEST_CASE("languages and time zones are ICU's or unknown") {
  for (const auto* known : {"en", "zh", "fr", "ar", "pt-BR", "sw"}) CHECK(language_is_known(known));
  for (const auto* unknown : {"", "xx", "english", "en-"}) CHECK_FALSE(language_is_known(unknown));
  for (const auto* known : {"UTC", "America/New_York", "Asia/Kathmandu"}) CHECK(time_zone_is_known(known));
  for (const auto* unknown : {"", "Mars/Base", "America"}) CHECK_FALSE(time_zone_is_known(unknown));
  CHECK(phrase("xx", "x", {}) == ": language \"xx\" is unknown to ICU");
  CHECK(phrase("en", "x", {}, "Mars/Base") == ": time zone \"Mars/Base\" is unknown to ICU");
}

}  // namespace topupd::parser
