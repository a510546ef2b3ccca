#include "parser/rescue.hpp"

#include <unicode/uchar.h>
#include <unicode/utf16.h>

#include <algorithm>

#include "parser/utf8.hpp"

namespace topupd::parser {
namespace {

bool is_high(char octet) {
  return static_cast<unsigned char>(octet) >= 0x80;
}
char16_t unit(char high, char low) {
  return static_cast<char16_t>(static_cast<unsigned char>(high) << 8 | static_cast<unsigned char>(low));
}

bool is_utf8(std::string_view octets) {
  for (std::size_t at = 0; at < octets.size();)
    if (next_utf8(octets, at) == unknown_character) return false;
  return true;
}

// Something a person types: no control but line breaks, nothing unassigned or private.
bool is_typed(char32_t c) {
  if (c == '\r' || c == '\n' || c == '\t') return true;
  if (c == unknown_character) return false;
  const auto category = U_MASK(u_charType(static_cast<UChar32>(c)));
  return (category & (U_GC_CC_MASK | U_GC_CN_MASK | U_GC_CO_MASK | U_GC_CS_MASK)) == 0;
}

bool is_typed_ucs2(std::string_view octets) {
  const auto text = from_ucs2(octets);
  for (std::size_t at = 0; at < text.size();)
    if (!is_typed(next_utf8(text, at))) return false;
  return true;
}

// "\0T\0O\0P": digits, spaces and Latin letters have a zero in front, and no text in a default alphabet has '@' (0 in
// GSM 03.38) or NUL at every other place. Half of the characters suffice, as in "充值 4821…"; never one after which
// something could be padding.
bool alternates_with_zero(std::string_view octets) {
  std::size_t latin = 0;
  for (std::size_t i = 0; i < octets.size(); i += 2) {
    if (octets[i + 1] == 0) return false;
    if (octets[i] == 0 && !is_high(octets[i + 1]) && octets[i + 1] >= ' ') ++latin;
  }
  return latin >= 2 && latin * 4 >= octets.size();
}

// Scripts from Greek to Georgian sit in blocks whose high octet is a small number, "\x06\x34\x06\x2D\x06\x46": as GSM
// 03.38 every other letter would be Greek or accented, as ASCII a control. Line breaks (0x0A, 0x0D) are no evidence.
bool alternates_with_small_block(std::string_view octets) {
  if (octets.size() < 6) return false;
  for (std::size_t i = 0; i < octets.size(); i += 2)
    if (octets[i] < 0 || octets[i] > 0x10 || octets[i] == '\r' || octets[i] == '\n' || octets[i + 1] == 0) return false;
  return true;
}

// Han characters have an octet from 0x80 on in most of their pairs; a stray accented letter of Latin-1 is one in many.
bool is_mostly_high(std::string_view octets) {
  std::size_t high = 0;
  for (std::size_t i = 0; i < octets.size(); i += 2) high += (is_high(octets[i]) || is_high(octets[i + 1])) ? 1U : 0U;
  return high * 4 >= octets.size();
}

}  // namespace

std::optional<std::string> rescue(std::string_view octets, bool eight_bits) {
  const bool any_high = std::any_of(octets.begin(), octets.end(), is_high);
  if (any_high && is_utf8(octets)) return std::string(octets);
  if (octets.size() < 4 || octets.size() % 2 != 0) return std::nullopt;
  const bool looks_like_ucs2 =
      alternates_with_zero(octets) || alternates_with_small_block(octets) || (!eight_bits && is_mostly_high(octets));
  if (looks_like_ucs2 && is_typed_ucs2(octets)) return from_ucs2(octets);
  return std::nullopt;
}

std::string from_ucs2(std::string_view octets) {
  const bool little = octets.starts_with("\xFF\xFE");
  const auto at = [&](std::size_t i) {
    return little ? unit(octets[i + 1], octets[i]) : unit(octets[i], octets[i + 1]);
  };
  std::string text;
  text.reserve(octets.size() * 2);
  std::size_t i = 0;
  for (; i + 1 < octets.size(); i += 2) {
    const char16_t first = at(i);
    if (!U16_IS_SURROGATE(first)) {
      append_utf8(text, first);
    } else if (U16_IS_LEAD(first) && i + 3 < octets.size() && U16_IS_TRAIL(at(i + 2))) {
      append_utf8(text, static_cast<char32_t>(U16_GET_SUPPLEMENTARY(first, at(i + 2))));
      i += 2;
    } else {
      append_utf8(text, unknown_character);
    }
  }
  if (i < octets.size()) append_utf8(text, unknown_character);  // half a character
  return text;
}

}  // namespace topupd::parser
