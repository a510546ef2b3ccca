#include "parser/msisdn.hpp"

#include <algorithm>
#include <charconv>

namespace topupd::parser {
namespace {

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_national_length(std::size_t length, const numbering_plan& plan) {
  return std::any_of(plan.national_lengths.begin(), plan.national_lengths.end(),
                     [&](int legal) { return static_cast<std::size_t>(legal) == length; });
}

// A national number never begins with the trunk prefix that is dialled before it.
bool is_national(std::string_view digits, const numbering_plan& plan) {
  if (!is_national_length(digits.size(), plan)) return false;
  return plan.national_prefix.empty() || !digits.starts_with(plan.national_prefix);
}

// Of our own country the length is known, and a number that misses a digit is no number.
std::optional<msisdn> read_international(std::string_view digits, const numbering_plan& plan) {
  if (digits.starts_with(plan.country_code) && !is_national(digits.substr(plan.country_code.size()), plan))
    return std::nullopt;
  return msisdn::from_e164(digits);
}

std::optional<msisdn> with_country_code(std::string_view national, const numbering_plan& plan) {
  return msisdn::from_e164(plan.country_code + std::string(national));
}

}  // namespace

std::optional<msisdn> msisdn::from_e164(std::string_view digits) {
  if (digits.size() < 7 || digits.size() > 15 || digits.front() == '0' || !all_digits(digits)) return std::nullopt;
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return msisdn(number);
}

std::optional<msisdn> msisdn::from_number(std::uint64_t number) {
  if (number < 1'000'000 || number > 999'999'999'999'999) return std::nullopt;
  return msisdn(number);
}

std::optional<msisdn> read_number(std::string_view digits, bool plus, const numbering_plan& plan) {
  if (!all_digits(digits)) return std::nullopt;
  if (plus) return read_international(digits, plan);

  // Without '+' the prefixes tell. Where a plan lets two of them fit with different results, that is no reading.
  std::optional<msisdn> found;
  bool contradiction = false;
  const auto add = [&](std::optional<msisdn> reading) {
    if (reading && found && *reading != *found) contradiction = true;
    if (reading) found = reading;
  };
  if (!plan.international_prefix.empty() && digits.starts_with(plan.international_prefix))
    add(read_international(digits.substr(plan.international_prefix.size()), plan));
  if (digits.starts_with(plan.national_prefix)) {
    const auto national = digits.substr(plan.national_prefix.size());
    if (is_national(national, plan)) add(with_country_code(national, plan));
  }
  if (digits.starts_with(plan.country_code)) add(read_international(digits, plan));
  return contradiction ? std::nullopt : found;
}

bool may_be_credited(const msisdn& number, const numbering_plan& plan) {
  const auto digits = number.digits();
  return std::any_of(plan.targets.begin(), plan.targets.end(),
                     [&](const std::string& prefix) { return digits.starts_with(prefix); });
}

std::string as_dialled(const msisdn& number, const numbering_plan& plan) {
  const auto digits = number.digits();
  if (digits.starts_with(plan.country_code)) {
    const auto national = std::string_view(digits).substr(plan.country_code.size());
    if (is_national(national, plan)) return plan.national_prefix + std::string(national);
  }
  return "+" + digits;
}

}  // namespace topupd::parser
