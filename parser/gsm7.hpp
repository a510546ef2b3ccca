// The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 §6.2.1), one septet an octet, as ICU's
// converter "gsm-03.38-2009" has them: asked once, then plain tables. Const and thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace topupd::parser {

struct gsm7_tables {
  static constexpr char escape = 0x1B;
  static constexpr char16_t none = 0xFFFD;
  std::array<char16_t, 128> plain{};      // septet -> character
  std::array<char16_t, 128> extension{};  // septet after an escape -> character, or none
  std::unordered_map<char32_t, std::uint8_t> to_plain;
  std::unordered_map<char32_t, std::uint8_t> to_extension;

  // How many septets the character takes, 0 when the alphabet has no such character.
  [[nodiscard]] int septets(char32_t character) const {
    return to_plain.contains(character) ? 1 : to_extension.contains(character) ? 2 : 0;
  }
};

const gsm7_tables& gsm7();

}  // namespace topupd::parser
