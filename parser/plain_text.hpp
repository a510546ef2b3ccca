// What ICU formats -> what goes into a short message: CLDR's no-break spaces become spaces and its bidirectional marks
// go, because neither is in GSM 03.38 and one of them makes the whole text UCS-2.
#pragma once

#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <string>

namespace topupd::parser {

inline std::string to_plain_utf8(const icu::UnicodeString& text) {
  icu::UnicodeString plain;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const auto c = text.char32At(i);
    if (u_charType(c) == U_FORMAT_CHAR) continue;
    plain.append(u_charType(c) == U_SPACE_SEPARATOR ? static_cast<UChar32>(' ') : c);
  }
  std::string utf8;
  return plain.toUTF8String(utf8);
}

}  // namespace topupd::parser
