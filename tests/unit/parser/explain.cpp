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
        "neither PIN nor number: 2 digits\n"
        "decision: unclear: missing_pin\n");
  CHECK(reader(sample_rules()).read("TOPUP 20", sample_sender()).steps.empty());
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
