// UTF-8 one character at a time; ICU's rules for what is malformed. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace topupd::parser {

constexpr char32_t unknown_character = 0xFFFD;

void append_utf8(std::string& text, char32_t character);
// The character at `at`, which moves behind it; unknown_character for octets that are no UTF-8.
char32_t next_utf8(std::string_view text, std::size_t& at);

}  // namespace topupd::parser
