#include "parser/tokens.hpp"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>

#include "parser/normalise.hpp"
#include "parser/utf8.hpp"

namespace topupd::parser {
namespace {

enum class letter_class { separator, digit, letter, unspaced_letter };

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_ascii_letter(char c) {
  return c >= 'a' && c <= 'z';
}

letter_class classify(char32_t character) {
  const auto c = static_cast<UChar32>(character);
  if (c < 0x80) {
    if (is_digit(static_cast<char>(c))) return letter_class::digit;
    return is_ascii_letter(static_cast<char>(c)) ? letter_class::letter : letter_class::separator;
  }
  if (!(U_MASK(u_charType(c)) & (U_GC_L_MASK | U_GC_M_MASK))) return letter_class::separator;
  UErrorCode status = U_ZERO_ERROR;
  return uscript_breaksBetweenLetters(uscript_getScript(c, &status)) ? letter_class::unspaced_letter
                                                                     : letter_class::letter;
}

char separator_of(char32_t c) {
  if (c < 0x80) return static_cast<char>(c);
  return u_charType(static_cast<UChar32>(c)) == U_CURRENCY_SYMBOL ? '$' : ' ';
}

// The digit that a mistyped letter stands for, 0 for none.
char meant_digit(char letter) {
  if (letter == 'o') return '0';
  return letter == 'l' || letter == 'i' ? '1' : '\0';
}

bool is_mendable(std::string_view chunk) {
  if (chunk.size() < 8 || !is_digit(chunk.front()) || !is_digit(chunk.back())) return false;
  const auto letters = std::count_if(chunk.begin(), chunk.end(), is_ascii_letter);
  return letters > 0 && static_cast<std::size_t>(letters) * 4 <= chunk.size() &&
         std::all_of(chunk.begin(), chunk.end(), [](char c) { return is_digit(c) || meant_digit(c) != 0; });
}

bool is_legal(std::string_view digits, const rules& rules) {
  const auto fits = [&](int length) { return static_cast<std::size_t>(length) == digits.size(); };
  return std::any_of(rules.pins.lengths.begin(), rules.pins.lengths.end(), fits) ||
         read_number(digits, false, rules.numbers).has_value();
}

}  // namespace

std::vector<token> tokenise(std::string_view normalised) {
  std::vector<token> tokens;
  tokens.reserve(8);
  auto previous = letter_class::separator;
  char separator = 0;
  for (std::size_t at = 0; at < normalised.size();) {
    const auto begin = at;
    const auto c = next_utf8(normalised, at);
    const auto now = classify(c);
    if (now == letter_class::separator) {
      separator = separator_of(c);
      if (previous != letter_class::separator) tokens.back().after = separator;
    } else if (now == previous) {
      auto& text = tokens.back().text;
      text = normalised.substr(tokens.back().offset, at - tokens.back().offset);
    } else {
      const bool glued = previous != letter_class::separator;
      tokens.push_back({.kind = now == letter_class::digit ? token_kind::digits : token_kind::word,
                        .text = normalised.substr(begin, at - begin),
                        .unspaced = now == letter_class::unspaced_letter,
                        .glued = glued,
                        .before = glued ? '\0' : separator,
                        .offset = begin});
    }
    previous = now;
  }
  return tokens;
}

bool mend_digits(std::string& normalised, const rules& rules) {
  const auto in_chunk = [](char c) {
    return is_digit(c) || is_ascii_letter(c) || static_cast<unsigned char>(c) >= 0x80;
  };
  bool any = false;
  for (auto begin = normalised.begin(); begin != normalised.end();) {
    begin = std::find_if(begin, normalised.end(), in_chunk);
    const auto end = std::find_if_not(begin, normalised.end(), in_chunk);
    const auto length = static_cast<std::size_t>(end - begin);
    if (is_mendable({begin, end})) {
      scratch mended;
      mended.text.reserve(length);
      for (auto c = begin; c != end; ++c) mended.text.push_back(is_digit(*c) ? *c : meant_digit(*c));
      if (is_legal(mended.text, rules)) {
        std::copy(mended.text.begin(), mended.text.end(), begin);
        any = true;
      }
    }
    begin = end;
  }
  return any;
}

}  // namespace topupd::parser
