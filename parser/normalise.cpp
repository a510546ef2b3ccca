#include "parser/normalise.hpp"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#include <algorithm>
#include <vector>

#include "parser/utf8.hpp"

namespace topupd::parser {
namespace {

struct wide_scratch {
  std::vector<UChar> units;
  explicit wide_scratch(std::size_t size) : units(size) {}
  wide_scratch(const wide_scratch&) = delete;
  wide_scratch& operator=(const wide_scratch&) = delete;
  ~wide_scratch() { explicit_bzero(units.data(), units.size() * sizeof(UChar)); }
};

struct normalizers {
  const UNormalizer2* fold;  // NFKC, case folding, default-ignorable code points dropped: bidi and zero-width marks
  const UNormalizer2* decompose;  // letters and their marks apart
};

const normalizers& icu() {
  static const normalizers instances = [] {
    UErrorCode status = U_ZERO_ERROR;
    return normalizers{unorm2_getNFKCCasefoldInstance(&status), unorm2_getNFDInstance(&status)};
  }();
  return instances;
}

// Marks that belong to no script are accents, Arabic vowel marks and keycaps; vowel signs of Indic scripts are letters.
bool is_dropped(UChar32 c) {
  constexpr UChar32 tatweel = 0x640;  // stretches an Arabic word, means nothing
  if (c == tatweel) return true;
  const auto category = U_MASK(u_charType(c));
  if (category & U_GC_CF_MASK) return true;
  if (!(category & U_GC_M_MASK)) return false;
  UErrorCode status = U_ZERO_ERROR;
  return uscript_getScript(c, &status) == USCRIPT_INHERITED;
}

// Keyboards of Persian and Urdu send their own yeh and keheh for the same Arabic words; alef maksura is a dotless yeh.
UChar32 arabic_variant(UChar32 c) {
  switch (c) {
    case 0x649:
    case 0x6CC: return 0x64A;
    case 0x6A9: return 0x643;
    default: return c;
  }
}

UChar32 next(const UChar* units, int32_t& at, int32_t length) {
  const UChar first = units[at++];
  if (!U16_IS_LEAD(first) || at == length || !U16_IS_TRAIL(units[at])) return first;
  return U16_GET_SUPPLEMENTARY(first, units[at++]);
}

std::size_t transform(const UNormalizer2* step, const wide_scratch& in, std::size_t length, wide_scratch& out) {
  UErrorCode status = U_ZERO_ERROR;
  const auto size = unorm2_normalize(step, in.units.data(), static_cast<int32_t>(length), out.units.data(),
                                     static_cast<int32_t>(out.units.size()), &status);
  return U_SUCCESS(status) ? static_cast<std::size_t>(size) : 0;
}

void normalise_unicode(std::string_view utf8, std::string& out) {
  // NFKC makes up to 18 units of one (U+FDFA) and NFD at most 3 more of each; neither step can run out of room.
  wide_scratch typed(utf8.size() + 1);
  int32_t length = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8WithSub(typed.units.data(), static_cast<int32_t>(typed.units.size()), &length, utf8.data(),
                       static_cast<int32_t>(utf8.size()), 0xFFFD, nullptr, &status);
  if (U_FAILURE(status)) return;
  const auto typed_length = static_cast<std::size_t>(length);
  wide_scratch folded(typed_length * 18 + 1);
  const auto folded_length = transform(icu().fold, typed, typed_length, folded);
  wide_scratch apart(folded_length * 4 + 1);
  const auto apart_length = static_cast<int32_t>(transform(icu().decompose, folded, folded_length, apart));

  out.reserve(out.size() + static_cast<std::size_t>(apart_length) * 3);
  const UChar* units = apart.units.data();
  for (int32_t i = 0; i < apart_length;) {
    const UChar32 c = next(units, i, apart_length);
    if (c < 0x80) {
      out.push_back(static_cast<char>(c));
    } else if (const int digit = u_charDigitValue(c); digit >= 0) {
      out.push_back(static_cast<char>('0' + digit));
    } else if (!is_dropped(c)) {
      append_utf8(out, static_cast<char32_t>(arabic_variant(c)));
    }
  }
}

}  // namespace

void normalise(std::string_view utf8, scratch& out) {
  // Nearly every text is ASCII, and of that only capitals change.
  const bool ascii = std::all_of(utf8.begin(), utf8.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!ascii) return normalise_unicode(utf8, out.text);
  out.text.reserve(out.text.size() + utf8.size());
  for (char c : utf8) out.text.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
}

changes changes_of(std::string_view utf8) {
  changes found;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto c = static_cast<UChar32>(next_utf8(utf8, at));
    if (c == static_cast<UChar32>(unknown_character)) found.malformed = true;
    if (c < 0x80) continue;
    if (u_charType(c) == U_DECIMAL_DIGIT_NUMBER) found.digits = true;
    if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) {
      found.invisible = true;
      continue;
    }
    const bool mark = is_dropped(c);
    UErrorCode status = U_ZERO_ERROR;
    UChar decomposed[8];
    const auto length = unorm2_getDecomposition(icu().decompose, c, decomposed, 8, &status);
    if (mark || (U_SUCCESS(status) && length > 1)) found.accents = true;
  }
  return found;
}

}  // namespace topupd::parser
