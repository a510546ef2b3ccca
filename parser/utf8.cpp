#include "parser/utf8.hpp"

#include <unicode/utf8.h>

#include <array>

namespace topupd::parser {

void append_utf8(std::string& text, char32_t character) {
  if (character < 0x80) {
    text.push_back(static_cast<char>(character));
    return;
  }
  std::array<std::uint8_t, U8_MAX_LENGTH> octets{};
  std::size_t length = 0;
  bool error = false;
  U8_APPEND(octets, length, octets.size(), character, error);
  if (error) return append_utf8(text, unknown_character);
  for (std::size_t i = 0; i < length; ++i) text.push_back(static_cast<char>(octets[i]));
}

char32_t next_utf8(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) {
    ++at;
    return first;
  }
  const auto* octets = reinterpret_cast<const std::uint8_t*>(text.data());
  UChar32 c = 0;
  U8_NEXT_OR_FFFD(octets, at, text.size(), c);
  return static_cast<char32_t>(c);
}

}  // namespace topupd::parser
