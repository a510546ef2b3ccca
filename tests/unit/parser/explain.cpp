#include <doctest/doctest.h>

#include "parser/reading.hpp"
#include "rules.hpp"

namespace topupd::parser {
namespace {

std::string explained(std::string_view text) {
  static const reader reader(sample_rules());
  std::string steps;
  for (const auto& step : reader.read(text, sample_sender(), true).steps)
    steps += step.what + ": " + step.detail + "\n";
  return steps;
}

}  // namespace

TEST_CASE("a reading explains itself step by step") {
  CHECK(explained("Top-Up 4821739055162749 FOR 0709876543") ==
        "normalised: top-up ############2749 for ######6543\n"
        "keyword: topup (en)\n"
        "pin: …2749\n"
        "number: 0709876543\n"
        "decision: redeem for 0709876543, after YES\n");
  CHECK(explained("TOPUP 20") ==
        "normalised: topup 20\n"
        "keyword: topup (en)\n"
        "amount: 2 digits\n"
        "decision: unclear: missing_pin\n");
  CHECK(reader(sample_rules()).read("TOPUP 20", sample_sender()).steps.empty());
}

TEST_CASE("what was mended on the way is said") {
  struct row {
    const char *text, *step;
  };
  for (const auto& [text, step] : {
           row{"充值：４８２１　７３９０　５５１６　２７４９", "digits: of another script, read as 0-9"},
           {"\u200fTOPUP 4821739055162749", "marks: invisible ones dropped"},
           {"Crédit 4821739055162749", "marks: accents dropped"},
           {"TOPUP 4821739O55162749", "digits: letters typed for digits: O, l, I"},
           {"ТОРUР 4821739055162749", "keyword: topup (en), in look-alike letters"},
           {"TOPPUP 4821739055162749", "keyword: topup (en), mistyped"},
           {"TOPUP 4821 7390 5516 2749", "digits: groups joined"},
           {"TOPUP 48217390551627490709876543", "digits: one group split into a PIN and a number"},
           {"TOPUP 4821739055162749 100000234567", "serial: 100000234567"},
           {"TOPUP 4821739055162749 5930184726650910", "decision: redeem 2 cards for the sender"},
           {"TOPUP 4821739055162749 50", "decision: redeem for the sender, if it is worth 50"},
           {"CHECK 4821739055162749", "decision: redeem for the sender, only to tell its value at first, after YES"},
           {"TXN 8F3K2Q", "decision: status of receipt 8F3K2Q"},
       }) {
    CAPTURE(text);
    const auto steps = explained(text);
    CAPTURE(steps);
    CHECK(steps.find(step) != std::string::npos);
  }
}

TEST_CASE("no step holds more of a PIN than its last four digits, however it was written") {
  for (const auto* text :
       {"TOPUP 4821739055162749", "4821 7390 5516 2749", "4 8 2 1 7 3 9 0 5 5 1 6 2 7 4 9",
        "TOPUP 4821 a 7390 b 5516 c 2749", "TOPUP 48217390551627490709876543", "TOPUP 4821739O55162749",
        "٤٨٢١٧٣٩٠٥٥١٦٢٧٤٩", "TOPUP 482173905516274", "TOPUP 4821739055162794", "4821739055162749 4821739055162749"}) {
    CAPTURE(text);
    const auto steps = explained(text);
    for (const auto* leak : {"4821", "7390", "0551", "5516", "1627", "482", "739"}) {
      CAPTURE(leak);
      CHECK(steps.find(leak) == std::string::npos);
    }
  }
}

}  // namespace topupd::parser
