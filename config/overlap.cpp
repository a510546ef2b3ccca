#include "config/overlap.hpp"

#include <algorithm>

#include "parser/pin.hpp"

namespace topupd::config {
namespace {

// What people type, as digits and '#' for any digit: "0#########".
struct form {
  std::string digits;
  std::string called;
};

std::vector<form> number_forms(const parser::numbering_plan& plan, bool with_international_prefix) {
  std::vector<form> all;
  for (const int length : plan.national_lengths) {
    const std::string number(static_cast<std::size_t>(length), '#');
    all.push_back({plan.national_prefix + number, "a national number"});
    all.push_back({plan.country_code + number, "a number with the country code"});
    if (with_international_prefix && !plan.international_prefix.empty())
      all.push_back({plan.international_prefix + plan.country_code + number, "a number with the international prefix"});
  }
  return all;
}

// Digits that have both forms, made of 1, 2, 3 … where any will do; empty when there are none.
std::string example(const std::string& one, const std::string& other) {
  if (one.size() != other.size()) return {};
  std::string digits;
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i] != '#' && other[i] != '#' && one[i] != other[i]) return {};
    const char any = static_cast<char>('1' + i % 9);
    digits += one[i] != '#' ? one[i] : other[i] != '#' ? other[i] : any;
  }
  return digits;
}

std::string clash(const std::string& what, const std::string& digits, const std::string& other) {
  return what + " can look like " + other + ": " + digits + " would be both; ";
}

}  // namespace

std::vector<code_clash> find_code_clashes(const parser::rules& rules) {
  const auto is_one_of = [](const std::vector<std::string>& codes, const std::string& code) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
  };
  std::vector<code_clash> found;
  for (std::size_t i = 0; i < rules.short_codes.size(); ++i) {
    const auto& code = rules.short_codes[i];
    const auto is_long_as = [&](int length) { return static_cast<std::size_t>(length) == code.size(); };
    std::string other;
    if (is_one_of(rules.numeric_keywords, code))
      other = "is one of reading.numeric_keywords as well";
    else if (is_one_of(rules.service_codes, code))
      other = "is one of reading.service_codes as well";
    else if (!example(code, rules.serial_form).empty())
      other = "looks like a card's serial";
    else if (std::any_of(rules.pins.lengths.begin(), rules.pins.lengths.end(), is_long_as) &&
             check_digit_is_right(code, rules.pins.check))
      other = "looks like a PIN";
    if (!other.empty())
      found.push_back({.of_short_code = true,
                       .element = i,
                       .text = code + ' ' + other + "; a text with it would be readable in two ways"});
  }
  for (std::size_t i = 0; i < rules.numeric_keywords.size(); ++i)
    if (!example(rules.numeric_keywords[i], rules.serial_form).empty())
      found.push_back({.element = i,
                       .text = rules.numeric_keywords[i] +
                               " looks like a card's serial; a text with it would be readable in two ways"});
  return found;
}

std::vector<overlap> find_overlaps(const std::vector<int>& pin_lengths, const parser::numbering_plan& plan,
                                   const std::string& serial_form) {
  std::vector<overlap> found;
  auto others = number_forms(plan, false);
  if (!serial_form.empty()) others.push_back({serial_form, "a card's serial"});
  for (std::size_t i = 0; i < pin_lengths.size(); ++i) {
    const std::string pin(static_cast<std::size_t>(pin_lengths[i]), '#');
    for (const auto& other : others) {
      const auto digits = example(pin, other.digits);
      if (digits.empty()) continue;
      found.push_back({.of_serial = false,
                       .pin_element = i,
                       .text = clash("a PIN of " + std::to_string(pin_lengths[i]) + " digits", digits, other.called) +
                               "choose another length"});
    }
  }
  for (const auto& number : number_forms(plan, true)) {
    const auto digits = example(serial_form, number.digits);
    if (!digits.empty())
      found.push_back({.of_serial = true, .text = clash("a serial", digits, number.called) + "choose another form"});
  }
  return found;
}

}  // namespace topupd::config
