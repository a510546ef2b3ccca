// What holds for every text, whatever its octets (rapidcheck prints its seed; RC_PARAMS="seed=…" plays one again).
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "parser/alphabet.hpp"
#include "parser/normalise.hpp"
#include "parser/reading.hpp"
#include "parser/tokens.hpp"
#include "rules.hpp"

namespace topupd::parser {
namespace {

const reader& sample_reader() {
  static const reader instance(sample_rules());
  return instance;
}

// The digits of the text as it is read, in order and nothing between them.
std::string digits_of(const std::string& utf8) {
  scratch text;
  normalise(utf8, text);
  mend_digits(text.text, sample_reader().rules());
  std::string digits;
  std::copy_if(text.text.begin(), text.text.end(), std::back_inserter(digits),
               [](char c) { return c >= '0' && c <= '9'; });
  return digits;
}

// A reading without what may differ in spelling: enough to tell two readings apart.
std::string wording(const reading& of) {
  std::string text = std::to_string(of.request.index());
  if (const auto* found = std::get_if<redeem>(&of.request)) {
    for (const auto& pin : found->pins) text += " " + pin.last_four();
    text += found->target ? " " + found->target->digits() : " self";
    if (found->serial) text += " " + std::to_string(*found->serial);
    text += " " + found->amount + (found->ask ? " ask" : "");
  }
  if (const auto* found = std::get_if<unclear>(&of.request))
    text += " " + std::string(name(found->reason)) + std::to_string(found->got);
  if (const auto* found = std::get_if<transfer>(&of.request)) text += " " + found->to.digits() + " " + found->amount;
  return text;
}

void nothing_is_invented(const std::string& text) {
  const auto read = sample_reader().read(text, sample_sender());
  const auto digits = digits_of(text);
  if (const auto* found = std::get_if<redeem>(&read.request)) {
    RC_ASSERT(!found->pins.empty() && found->pins.size() <= most_pins);
    for (const auto& pin : found->pins) RC_ASSERT(digits.find(pin.reveal()) != std::string::npos);
    if (found->target) {
      RC_ASSERT(*found->target != sample_sender());
      RC_ASSERT(may_be_credited(*found->target, sample_reader().rules().numbers));
      RC_ASSERT(digits.find(found->target->digits().substr(3)) != std::string::npos);
    }
    if (found->serial) RC_ASSERT(digits.find(std::to_string(*found->serial)) != std::string::npos);
    if (found->check) RC_ASSERT(found->ask);
  }
  if (const auto* found = std::get_if<transfer>(&read.request))
    RC_ASSERT(digits.find(found->to.digits().substr(3)) != std::string::npos);
  for (const auto& step : sample_reader().read(text, sample_sender(), true).steps)
    if (const auto* found = std::get_if<redeem>(&read.request))
      for (const auto& pin : found->pins) RC_ASSERT(step.detail.find(pin.reveal()) == std::string::npos);
}

std::string in_digits_of(std::string text, char32_t zero) {
  std::string out;
  for (char c : text) {
    if (c < '0' || c > '9') {
      out += c;
      continue;
    }
    const char32_t digit = zero + static_cast<char32_t>(c - '0');
    out += static_cast<char>(0xE0 | digit >> 12);
    out += static_cast<char>(0x80 | (digit >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (digit & 0x3F));
  }
  return out;
}

// What people put together, in any order.
rc::Gen<std::string> piece() {
  return rc::gen::element<std::string>(
      "TOPUP", "recarga", "充值", "شحن", "CHECK", "STATUS", "TXN", "LANG", "TRANSFER", "UNDO", "BAL", "LAST", "YES",
      "NO", "1", "4821739055162749", "4821 7390 5516 2749", "5930184726650910", "48217390551624", "482173905516274",
      "4821739055162794", "4821739O55162749", "0709876543", "+999709876543", "00999709876543", "070 987 6543",
      "0701234567", "+4479460000", "112", "50", "50.00", "$20", "USD", "100000234567", "1000 0023 4567", "12345", "155",
      "*123*", "8F3K2Q", "pls", "hello", "给", "رقم", "😀", "\xC3", "T0PUP", "ТОРUР", "٤٨٢١٧٣٩٠٥٥١٦٢٧٤٩", "４８２１");
}
rc::Gen<std::string> between() {
  return rc::gen::element<std::string>(" ", "", "\n", "#", "*", ",", "-", ": ", "\xE2\x80\x8F", "  ");
}
rc::Gen<std::string> typed_text() {
  return rc::gen::map(
      rc::gen::container<std::vector<std::pair<std::string, std::string>>>(rc::gen::pair(piece(), between())),
      [](const std::vector<std::pair<std::string, std::string>>& pieces) {
        std::string text;
        for (const auto& [word, separator] : pieces) text += word + separator;
        return text;
      });
}

}  // namespace

TEST_CASE("no text, whatever its octets, yields a PIN or a number that is not in it") {
  CHECK(rc::check("any octets", [](const std::string& octets) { nothing_is_invented(octets); }));
  CHECK(rc::check("octets of a short message", [] {
    const auto octets = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
    const auto text = decode(octets, *rc::gen::element<std::uint8_t>(0, 1, 3, 8), alphabet::gsm7);
    if (text) nothing_is_invented(*text);
  }));
  CHECK(rc::check("what people type", [] { nothing_is_invented(*typed_text()); }));
}

TEST_CASE("any text reads the same in capitals and with more space around its words") {
  CHECK(rc::check("case and spaces", [] {
    const auto text = *typed_text();
    std::string loud = "  ";
    for (char c : text) loud += c == ' ' ? std::string("   ") : std::string(1, c >= 'a' && c <= 'z' ? char(c - 32) : c);
    RC_ASSERT(wording(sample_reader().read(loud + " ", sample_sender())) ==
              wording(sample_reader().read(text, sample_sender())));
  }));
}

TEST_CASE("any text reads the same in the digits of another script") {
  CHECK(rc::check("digits", [] {
    const auto text = *typed_text();
    const auto zero = *rc::gen::element<char32_t>(0x0966, 0x09E6, 0x0E50, 0xFF10);  // Devanagari, Bengali, Thai, wide
    RC_ASSERT(wording(sample_reader().read(in_digits_of(text, zero), sample_sender())) ==
              wording(sample_reader().read(text, sample_sender())));
  }));
}

}  // namespace topupd::parser
