// What reading a text costs: typical ones, and the oddest that come in one short message or several.
//   reading [--benchmark_filter=…]
#include <benchmark/benchmark.h>

#include <stdexcept>

#include "config/settings.hpp"
#include "parser/alphabet.hpp"
#include "parser/reading.hpp"

namespace {

using namespace topupd;

const parser::reader& reader() {
  static const parser::reader instance = [] {
    auto loaded = config::load(TOPUPD_EXAMPLE, {.secrets = false});
    if (!loaded.settings) throw std::runtime_error("the example configuration has faults");
    auto rules = loaded.settings->reading;
    rules.pins = {.lengths = {14, 16}, .check = parser::check_digit::luhn};
    return parser::reader(std::move(rules));
  }();
  return instance;
}

void read(benchmark::State& state, const std::string& text) {
  const auto sender = *parser::msisdn::from_e164("999701234567");
  const auto octets = parser::encode(text, parser::alphabet::gsm7);
  for (auto _ : state) {
    const auto decoded = parser::decode(octets.octets, octets.data_coding, parser::alphabet::gsm7);
    benchmark::DoNotOptimize(reader().read(*decoded, sender));
  }
}

std::string times(int n, const std::string& word) {
  std::string all;
  for (int i = 0; i < n; ++i) all += word;
  return all;
}

const struct {
  const char* name;
  std::string text;
} texts[] = {
    {"typical/keyword and PIN", "TOPUP 4821739055162749"},
    {"typical/groups", "Top up 4821 7390 5516 2749"},
    {"typical/PIN alone", "4821739055162749"},
    {"typical/another number", "TOPUP 4821739055162749 0709876543"},
    {"typical/balance", "BAL"},
    {"typical/yes", "YES"},
    {"typical/Chinese", "充值 4821739055162749"},
    {"typical/Arabic", "شحن ٤٨٢١٧٣٩٠٥٥١٦٢٧٤٩"},
    {"odd/signature", "TOPUP 4821739055162749 -- Sent from my Galaxy"},
    {"odd/prose", times(27, "lorem ") + "4821739055162749 " + times(27, "dolor ")},
    {"odd/forty groups", "TOPUP " + times(40, "07 ")},
    {"odd/digit by digit", "TOPUP 4 8 2 1 7 3 9 0 5 5 1 6 2 7 4 9"},
    {"odd/vowel marks", "\u200fشَحْن رَصِيد ٤٨٢١٧٣٩٠٥٥١٦٢٧٤٩ لِلرَّقْم ٠٧٠٩٨٧٦٥٤٣"},
    {"odd/look-alikes", "ТОРUР 4821739055162749"},
    {"odd/five PINs", "TOPUP " + times(5, "4821739055162749 ")},
    {"odd/one run", "TOPUP 48217390551627490709876543"},
    {"odd/emoji", times(30, "😀") + "4821739055162749"},
};

}  // namespace

int main(int argc, char** argv) {
  for (const auto& each : texts)
    benchmark::RegisterBenchmark(each.name, [&each](benchmark::State& state) { read(state, each.text); });
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
