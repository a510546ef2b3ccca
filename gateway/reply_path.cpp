#include "gateway/reply_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace topupd::gateway {
namespace {

constexpr std::string_view dialogue = ";ussd=";
constexpr std::string_view with = ";to=";

template <typename Number>
std::optional<Number> number_from(std::string_view text) {
  Number value{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

smpp::address address_from(std::string_view text) {
  const auto first = text.find('.');
  const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return {};
  const auto ton = number_from<std::uint8_t>(text.substr(0, first));
  const auto npi = number_from<std::uint8_t>(text.substr(first + 1, second - first - 1));
  if (!ton || !npi) return {};
  return {.ton = *ton, .npi = *npi, .digits = std::string(text.substr(second + 1))};
}

}  // namespace

std::string to_string(const smpp::address& value) {
  return fmt::format("{}.{}.{}", value.ton, value.npi, value.digits);
}

std::string to_string(const reply_path& value) {
  auto text = to_string(value.to);
  if (value.ussd) text += fmt::format("{}{}", dialogue, *value.ussd);
  if (value.ussd && value.dialled != smpp::address{}) text += fmt::format("{}{}", with, to_string(value.dialled));
  return text;
}

// A subscriber's number has digits alone, so the first such mark is ours; what stands behind it may be anything.
reply_path reply_path_from(std::string_view text) {
  reply_path path;
  if (const auto at = text.find(dialogue); at != std::string_view::npos) {
    const auto about = text.substr(at + dialogue.size());
    const auto end = std::min(about.find(with), about.size());
    path.ussd = number_from<std::uint16_t>(about.substr(0, end));
    if (path.ussd && end < about.size()) path.dialled = address_from(about.substr(end + with.size()));
    if (path.ussd) text = text.substr(0, at);
  }
  path.to = address_from(text);
  return path;
}

}  // namespace topupd::gateway
