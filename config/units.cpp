#include "config/units.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace topupd::config {
namespace {

struct unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr std::array<unit, 5> units{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

// Edits that make one word the other: a letter more, less, other, or two neighbours swapped (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> edits(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) edits[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) edits[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t other = edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      edits[i][j] = std::min({edits[i - 1][j] + 1, edits[i][j - 1] + 1, other});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
    }
  }
  return edits[a.size()][b.size()];
}

template <typename Number>
std::optional<Number> number_from(std::string_view digits) {
  if (!is_digits(digits)) return std::nullopt;
  Number value{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::chrono::milliseconds> time_from(std::string_view text) {
  const auto digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
  const auto count = number_from<std::int64_t>(digits);
  const auto found =
      std::find_if(units.begin(), units.end(), [&](const unit& u) { return u.name == text.substr(digits.size()); });
  if (!count || found == units.end()) return std::nullopt;
  if (*count > std::numeric_limits<std::int64_t>::max() / found->milliseconds) return std::nullopt;
  return std::chrono::milliseconds(*count * found->milliseconds);
}

std::string to_text(std::chrono::milliseconds time) {
  for (const auto& unit : units) {
    if (time.count() != 0 && time.count() % unit.milliseconds == 0)
      return std::to_string(time.count() / unit.milliseconds) + std::string(unit.name);
  }
  return "0s";
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string nearest(std::string_view word, const std::vector<std::string>& among) {
  if (word.size() > 64) return {};
  std::string best;
  std::size_t least = word.size() < 5 ? 2 : 3;  // more than that is another word
  for (const auto& candidate : among) {
    const auto edits = distance(word, candidate);
    if (edits < least && edits < candidate.size()) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

std::string listed(const std::vector<std::string>& words) {
  std::string list;
  for (const auto& word : words) list += (list.empty() ? "" : ", ") + word;
  return list;
}

std::optional<endpoint> endpoint_from(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto address = text.substr(0, colon);
  const auto port = number_from<unsigned short>(text.substr(colon + 1));
  const bool bracketed = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (bracketed) address = address.substr(1, address.size() - 2);
  std::array<unsigned char, sizeof(in6_addr)> octets{};
  const std::string literal(address);
  if (!port || inet_pton(bracketed ? AF_INET6 : AF_INET, literal.c_str(), octets.data()) != 1) return std::nullopt;
  return endpoint{literal, *port};
}

}  // namespace topupd::config
