#include "store/receipt.hpp"

#include <array>
#include <cstddef>

namespace topupd::store {
namespace {

constexpr std::string_view symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's Base32

// Numbers below 2^30 take 6 symbols, and each further symbol holds 5 more bits. What a width can hold is shuffled
// within itself, so the width says which numbers it may stand for.
constexpr int shortest = 6;
constexpr int longest = 13;
constexpr int bits(int width) {
  return width == longest ? 63 : 5 * width;
}
constexpr int width_of(std::uint64_t number) {
  int width = shortest;
  while (width < longest && number >> bits(width) != 0) ++width;
  return width;
}

// Two rounds of an odd multiplication and a shift-and-xor: each is a bijection of k bits, together they leave no
// pattern that a reader would see. Secrecy is not asked for; the database's number is no secret.
constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;   // 2^64 divided by the golden ratio
constexpr std::uint64_t inverse(std::uint64_t a) {  // of an odd number modulo 2^64, by Newton
  std::uint64_t x = a;
  for (int i = 0; i < 6; ++i) x *= 2 - a * x;
  return x;
}
static_assert(odd * inverse(odd) == 1);

constexpr std::uint64_t mask(int k) {
  return (std::uint64_t{1} << k) - 1;
}
constexpr std::uint64_t shuffle(std::uint64_t x, int k) {
  for (int round = 0; round < 2; ++round) {
    x = (x * odd) & mask(k);
    x ^= x >> ((k + 1) / 2);  // shifted by half or more, it undoes itself
  }
  return x;
}
constexpr std::uint64_t unshuffle(std::uint64_t x, int k) {
  for (int round = 0; round < 2; ++round) {
    x ^= x >> ((k + 1) / 2);
    x = (x * inverse(odd)) & mask(k);
  }
  return x;
}

std::optional<std::uint64_t> symbol_value(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  const std::size_t at = symbols.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return at;
}

}  // namespace

std::string to_string(receipt value) {
  const auto number = static_cast<std::uint64_t>(value.number);
  const int width = width_of(number);
  std::uint64_t rest = shuffle(number, bits(width));
  std::string text(static_cast<std::size_t>(width), '0');
  for (auto it = text.rbegin(); it != text.rend(); ++it, rest >>= 5) *it = symbols[rest & 31];
  return text;
}

std::optional<receipt> receipt_from(std::string_view text) {
  const int width = static_cast<int>(text.size());
  if (text.size() < shortest || text.size() > longest) return std::nullopt;
  std::uint64_t packed = 0;
  for (const char c : text) {
    const auto value = symbol_value(c);
    if (!value || packed >> 59 != 0) return std::nullopt;  // 13 symbols are 65 bits: the first may not fill them
    packed = packed << 5 | *value;
  }
  if (packed > mask(bits(width))) return std::nullopt;
  const std::uint64_t number = unshuffle(packed, bits(width));
  // A number that has a shorter form, or none at all, was never written this way.
  if (number == 0 || width_of(number) != width) return std::nullopt;
  return receipt{static_cast<std::int64_t>(number)};
}

}  // namespace topupd::store
