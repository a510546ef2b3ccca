// Octets of a short message and their data_coding -> text -> request, with whatever the network sends. The first octet
// is the data_coding, the second chooses the settings,
// and whether the reading explains itself. Aborts when a promise of parser/reading.hpp is broken.
#include "parser/reading.hpp"

#include <string>

#include "parser/alphabet.hpp"
#include "parser/normalise.hpp"
#include "parser/tokens.hpp"
#include "script.hpp"

namespace {

using namespace topupd::parser;
using topupd::fuzz::promise;

reader make(check_digit check, std::vector<int> lengths) {
  rules made;
  made.pins = {.lengths = std::move(lengths), .check = check};
  made.service_codes = {"123"};
  made.numeric_keywords = {"155"};
  made.serial_form = "1000########";
  made.short_codes = {"12345"};
  made.languages = {{.code = "en",
                     .names = {"English"},
                     .keywords = {{"top up", command::topup},
                                  {"load", command::topup},
                                  {"bal", command::balance},
                                  {"help", command::help},
                                  {"check", command::check},
                                  {"status", command::status},
                                  {"last", command::history},
                                  {"lang", command::language},
                                  {"transfer", command::transfer},
                                  {"undo", command::undo},
                                  {"yes", command::yes},
                                  {"1", command::yes},
                                  {"no", command::no}},
                     .noise = {"pls", "for"}},
                    {.code = "zh",
                     .names = {"中文"},
                     .keywords = {{"充值", command::topup}, {"余额", command::balance}},
                     .noise = {"给"}}};
  return reader(std::move(made));
}

// The digits of the text as it is read, in order and nothing between them.
std::string digits_of(const std::string& utf8, const rules& rules) {
  scratch text;
  normalise(utf8, text);
  mend_digits(text.text, rules);
  std::string digits;
  for (char c : text.text)
    if (c >= '0' && c <= '9') digits += c;
  return digits;
}

bool stands(const std::string& what, const std::string& digits) {
  return digits.find(what) != std::string::npos;
}

void check(const redeem& found, const reading& result, const std::string& digits, const msisdn& sender,
           const rules& rules) {
  promise(!found.pins.empty() && found.pins.size() <= most_pins, "one to five PINs");
  for (const auto& each : found.pins) {
    const auto pin = std::string(each.reveal());
    promise(stands(pin, digits), "a PIN stands in the text digit for digit");
    // A shorter PIN may stand in the very number that a step shows.
    for (const auto& step : result.steps)
      promise(pin.size() < 14 || step.detail.find(pin) == std::string::npos, "no step holds a PIN");
  }
  if (found.target) {
    promise(*found.target != sender, "the sender is no other number");
    promise(may_be_credited(*found.target, rules.numbers), "a target may be credited");
    promise(stands(found.target->digits().substr(3), digits), "a target stands in the text");
  }
  promise(!found.serial || stands(std::to_string(*found.serial), digits), "a serial stands in the text");
  promise(!found.check || found.ask, "CHECK spends nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const reader readers[] = {make(check_digit::luhn, {14, 16}), make(check_digit::damm, {16}),
                                   make(check_digit::none, {8, 12})};  // without a check digit many readings are legal
  static const auto sender = *msisdn::from_e164("999701234567");
  if (size < 2) return 0;
  const auto& reader = readers[data[1] % 3];
  const auto by_default = static_cast<alphabet>(data[1] / 3 % 3);
  const auto text = decode({reinterpret_cast<const char*>(data + 2), size - 2}, data[0], by_default);
  if (!text) return 0;

  const bool explained = data[1] < 0x80;
  const auto result = reader.read(*text, sender, explained);
  if (explained)
    promise(result.request.index() == reader.read(*text, sender).request.index(), "a text is read the same every time");
  if (const auto* found = std::get_if<redeem>(&result.request))
    check(*found, result, digits_of(*text, reader.rules()), sender, reader.rules());
  if (const auto* found = std::get_if<transfer>(&result.request))
    promise(stands(found->to.digits().substr(3), digits_of(*text, reader.rules())),
            "the number of a transfer stands in the text");
  return 0;
}
