// The steps that `topupctl try` shows. Nothing here holds more of a PIN, or of what may be a mistyped one, than its
// last four digits.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parser/digits.hpp"
#include "parser/reading.hpp"
#include "parser/tokens.hpp"
#include "parser/words.hpp"

namespace topupd::parser {

// What normalising has changed: digits of other scripts, invisible marks, accents; and letters mended to digits.
std::vector<step> flags_of(std::string_view utf8, bool mended);

std::vector<step> explain(std::string_view normalised, const std::vector<token>& tokens, const spoken& said,
                          const digit_reading& digits, const request& decision, const rules& rules);

// The normalised text with '#' for digits: of a stretch of eight or more the last four stay, of a shorter one beside
// many other digits none, because a PIN may be written in pieces.
std::string mask(std::string_view normalised, const std::vector<token>& tokens);

}  // namespace topupd::parser
