// A subscriber's number as E.164 has it: country code first, no prefix, 7 to 15 digits, never a leading zero (ITU-T
// E.164 §6). One exists only if it parsed, so a function that takes an msisdn needs no check. A value of eight octets.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace topupd::parser {

class msisdn {
 public:
  // Digits only, international form without '+': "999701234567". Nothing when it is no E.164 number.
  static std::optional<msisdn> from_e164(std::string_view digits);
  // As stored: the digits read as one number. Nothing when it could not have come from from_e164().
  static std::optional<msisdn> from_number(std::uint64_t number);

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] std::string digits() const { return std::to_string(number_); }
  friend auto operator<=>(const msisdn&, const msisdn&) = default;

 private:
  explicit msisdn(std::uint64_t number) : number_(number) {}
  std::uint64_t number_;
};

// How people write numbers here ([numbering] of the configuration).
struct numbering_plan {
  std::string country_code = "999";            // digits
  std::string national_prefix = "0";           // trunk prefix; may be empty
  std::string international_prefix = "00";     // may be empty
  std::vector<int> national_lengths = {9};     // digits of a national number without its prefix
  std::vector<std::string> targets = {"999"};  // E.164 prefixes that may be credited
};

// A number as written, by its digits (0-9) and whether a '+' stood before them. Nothing when no legal reading exists:
//   "+999701234567", "00999701234567", "999701234567", "0701234567" -> 999701234567
// A foreign number in full international form is a legal msisdn; whether it may be credited is may_be_credited()'s
// word.
std::optional<msisdn> read_number(std::string_view digits, bool plus, const numbering_plan& plan);
bool may_be_credited(const msisdn& number, const numbering_plan& plan);
// "0709876543" for a number of our country, "+4479460000" for another: how it is shown to a subscriber.
std::string as_dialled(const msisdn& number, const numbering_plan& plan);

}  // namespace topupd::parser
