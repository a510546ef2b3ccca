#include "parser/alphabet.hpp"

#include <algorithm>
#include <vector>

#include "parser/gsm7.hpp"
#include "parser/rescue.hpp"
#include "parser/utf8.hpp"

namespace topupd::parser {
namespace {

enum class coding { defaults, ascii, latin1, ucs2, gsm7 };

// SMPP 3.4 §5.2.19 up to 0x0F, the groups of TS 23.038 §4 above: 00xx general, 1111 data coding and message class.
std::optional<coding> coding_of(std::uint8_t data_coding) {
  switch (data_coding) {
    case 0x00: return coding::defaults;
    case 0x01: return coding::ascii;
    case 0x03: return coding::latin1;
    case 0x08: return coding::ucs2;
    default: break;
  }
  if (data_coding >= 0x10 && data_coding <= 0x1F) {  // 0x20 on is compressed
    if ((data_coding & 0x0C) == 0x00) return coding::gsm7;
    if ((data_coding & 0x0C) == 0x08) return coding::ucs2;
  }
  if (data_coding >= 0xF0 && (data_coding & 0x04) == 0) return coding::gsm7;
  return std::nullopt;
}

// Space to 'z' less what GSM 03.38 has elsewhere: the same octets in all alphabets. A PIN and its keyword are of these.
bool is_same_everywhere(char octet) {
  if (octet < ' ' || octet > 'z') return octet == '\n' || octet == '\r';
  return octet != '$' && octet != '@' && !(octet >= '[' && octet <= '`');
}

std::string from_gsm7(std::string_view octets) {
  const auto& tables = gsm7();
  std::string text;
  text.reserve(octets.size() + octets.size() / 8);
  bool escaped = false;
  for (char octet : octets) {
    const auto septet = static_cast<unsigned char>(octet);
    if (septet >= 0x80) {
      append_utf8(text, unknown_character);
      escaped = false;
    } else if (octet == gsm7_tables::escape) {
      if (escaped) text.push_back(' ');  // TS 23.038 §6.2.1.1: a second escape is reserved, shown as a space
      escaped = !escaped;
    } else {
      // What the extension table lacks is shown as the plain character (ibid.).
      const auto extended = escaped ? tables.extension[septet] : gsm7_tables::none;
      append_utf8(text, extended != gsm7_tables::none ? extended : tables.plain[septet]);
      escaped = false;
    }
  }
  return text;
}

std::string from_ascii(std::string_view octets) {
  std::string text;
  for (char octet : octets)
    append_utf8(text, static_cast<unsigned char>(octet) < 0x80 ? static_cast<char32_t>(octet) : unknown_character);
  return text;
}

std::string from_latin1(std::string_view octets) {
  std::string text;
  for (char octet : octets) append_utf8(text, static_cast<unsigned char>(octet));
  return text;
}

// Osmocom and node-smpp send GSM 03.38 as data_coding 1: of its octets ASCII has no use for the controls.
bool is_gsm7_control(char octet) {
  return octet >= 0 && octet < ' ' && octet != '\n' && octet != '\r' && octet != '\t';
}

std::string from_ia5(std::string_view octets) {
  const bool gsm = std::any_of(octets.begin(), octets.end(), is_gsm7_control);
  return gsm ? from_gsm7(octets) : from_ascii(octets);
}

std::string from_default(std::string_view octets, alphabet default_alphabet) {
  switch (default_alphabet) {
    case alphabet::ascii: return from_ascii(octets);
    case alphabet::latin1: return from_latin1(octets);
    case alphabet::gsm7: break;
  }
  return from_gsm7(octets);
}

// Appends the character's octets, or returns false when the alphabet has no such character.
bool append(std::string& octets, char32_t c, alphabet to) {
  switch (to) {
    case alphabet::ascii:
      if (c >= 0x80) return false;
      octets.push_back(static_cast<char>(c));
      return true;
    case alphabet::latin1:
      if (c >= 0x100) return false;
      octets.push_back(static_cast<char>(static_cast<unsigned char>(c)));
      return true;
    case alphabet::gsm7: break;
  }
  const auto& tables = gsm7();
  if (const auto plain = tables.to_plain.find(c); plain != tables.to_plain.end()) {
    octets.push_back(static_cast<char>(plain->second));
    return true;
  }
  const auto extended = tables.to_extension.find(c);
  if (extended == tables.to_extension.end()) return false;
  octets.push_back(gsm7_tables::escape);
  octets.push_back(static_cast<char>(extended->second));
  return true;
}

// One character of an encoded text: its octets, and what it takes of a short message, in septets or UCS-2 units.
struct extent {
  std::uint8_t octets;
  std::uint8_t width;
};

// Where the second short message begins, and the third …; no character is split (TS 23.040 §9.2.3.24.1).
std::vector<std::size_t> find_cuts(const std::vector<extent>& characters, int alone, int in_part) {
  int total = 0;
  for (const auto& each : characters) total += each.width;
  std::vector<std::size_t> cuts;
  if (total <= alone) return cuts;
  std::size_t at = 0;
  int used = 0;
  for (const auto& each : characters) {
    if (used + each.width > in_part) {
      cuts.push_back(at);
      used = 0;
    }
    used += each.width;
    at += each.octets;
  }
  return cuts;
}

encoded encode_ucs2(std::string_view utf8) {
  encoded out{.octets = {}, .data_coding = 8, .cuts = {}};
  std::vector<extent> characters;
  const auto push = [&](char32_t unit) {
    out.octets.push_back(static_cast<char>(unit >> 8));
    out.octets.push_back(static_cast<char>(unit & 0xFF));
  };
  for (std::size_t at = 0; at < utf8.size();) {
    const auto c = next_utf8(utf8, at);
    if (c < 0x10000) {
      push(c);
    } else {
      push(0xD7C0 + (c >> 10));
      push(0xDC00 + (c & 0x3FF));
    }
    const std::uint8_t units = c < 0x10000 ? 1 : 2;
    characters.push_back({static_cast<std::uint8_t>(2 * units), units});
  }
  out.cuts = find_cuts(characters, 70, 67);
  return out;
}

}  // namespace

std::optional<alphabet> alphabet_from(std::string_view name) {
  if (name == "gsm7") return alphabet::gsm7;
  if (name == "ascii") return alphabet::ascii;
  if (name == "latin1") return alphabet::latin1;
  return std::nullopt;
}

std::optional<std::string> decode(std::string_view octets, std::uint8_t data_coding, alphabet default_alphabet) {
  const auto how = coding_of(data_coding);
  if (!how) return std::nullopt;
  if (*how == coding::ucs2) return from_ucs2(octets);
  if (std::all_of(octets.begin(), octets.end(), is_same_everywhere)) return std::string(octets);
  const bool eight_bits = *how == coding::latin1 || (*how == coding::defaults && default_alphabet == alphabet::latin1);
  if (auto rescued = rescue(octets, eight_bits)) return rescued;
  switch (*how) {
    case coding::ascii: return from_ia5(octets);
    case coding::latin1: return from_latin1(octets);
    case coding::gsm7: return from_gsm7(octets);
    case coding::defaults:
    case coding::ucs2: break;
  }
  return from_default(octets, default_alphabet);
}

encoded encode(std::string_view utf8, alphabet default_alphabet) {
  if (utf8.size() <= 160 && std::all_of(utf8.begin(), utf8.end(), is_same_everywhere))
    return {.octets = std::string(utf8), .data_coding = 0, .cuts = {}};
  encoded out{.octets = {}, .data_coding = 0, .cuts = {}};
  out.octets.reserve(utf8.size());
  std::vector<extent> characters;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto c = next_utf8(utf8, at);
    const auto before = out.octets.size();
    if (!append(out.octets, c, default_alphabet)) return encode_ucs2(utf8);
    // ASCII and Latin-1 travel the air as GSM 03.38 too, so the characters cost what they cost there.
    characters.push_back({static_cast<std::uint8_t>(out.octets.size() - before),
                          static_cast<std::uint8_t>(std::max(1, gsm7().septets(c)))});
  }
  out.cuts = find_cuts(characters, 160, 153);
  return out;
}

}  // namespace topupd::parser
