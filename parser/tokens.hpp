// A normalised text -> words and groups of digits; everything between them only separates. Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parser/reading.hpp"

namespace topupd::parser {

enum class token_kind { word, digits };

struct token {
  token_kind kind;
  std::string_view text;   // lives in the normalised text
  bool unspaced = false;   // a word of a script that puts no spaces between words: Han, Thai, Khmer …
  bool glued = false;      // nothing stands between it and the token before
  char before = 0;         // the separator right in front of it, 0 for none: '+' and '*' mean something, '$' is any
                           // currency's sign
  char after = 0;          // the one right behind it
  std::size_t offset = 0;  // where it begins in the normalised text
};

std::vector<token> tokenise(std::string_view normalised);

// Letters typed for digits: "4821739o55162749" -> "4821739055162749". Only o, l and i between digits of an otherwise
// numeric token, and only when it then is as long as a PIN or is a number of the plan. Same length, so done in place.
// True when there were some.
bool mend_digits(std::string& normalised, const rules& rules);

}  // namespace topupd::parser
