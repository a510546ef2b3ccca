// Octets of a short message <-> text, by data_coding (SMPP 3.4 §5.2.19, 3GPP TS 23.038 §6.2). Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace topupd::parser {

// What data_coding 0, "SMSC default alphabet", means at an SMSC: a setting of its profile.
enum class alphabet { gsm7, ascii, latin1 };  // gsm7: GSM 03.38 unpacked, one septet an octet, with its extension table

std::optional<alphabet> alphabet_from(std::string_view name);  // "gsm7", "ascii", "latin1"

// The text in UTF-8, or nothing when data_coding says that this is no text (binary 2 and 4, unknown codings, WAP push
// …).
//   0 the SMSC's default · 1 IA5/ASCII (unpacked GSM 03.38 at Osmocom: the same for what a top-up needs) · 3 Latin-1 ·
//   8 UCS-2 big-endian (surrogate pairs happen) · 0xF0-0xFF and 0x00-0x3F groups of TS 23.038 §4 by their alphabet bits
// UCS-2 or UTF-8 mislabelled as 0 is recognised and rescued. Octets that mean nothing read as U+FFFD; never throws.
std::optional<std::string> decode(std::string_view octets, std::uint8_t data_coding, alphabet default_alphabet);

struct encoded {
  std::string octets;
  std::uint8_t data_coding;  // 0 when it fits the default alphabet, else 8
  // Where in the octets the second short message begins, and each after it: one holds 160 septets or 70 UCS-2 units
  // alone, 153 or 67 beside a concatenation header. No escape sequence or surrogate pair is cut in two.
  std::vector<std::size_t> cuts;
  [[nodiscard]] std::size_t segments() const { return cuts.size() + 1; }
  [[nodiscard]] std::string_view segment(std::size_t number) const {  // from 0; lives as long as this
    const auto begin = number == 0 ? 0 : cuts[number - 1];
    const auto end = number < cuts.size() ? cuts[number] : octets.size();
    return std::string_view(octets).substr(begin, end - begin);
  }
};
// The shortest form of the text: the SMSC's default alphabet when it holds every character, else UCS-2.
encoded encode(std::string_view utf8, alphabet default_alphabet);

}  // namespace topupd::parser
