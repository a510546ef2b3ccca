// What the words of a text say, whatever its digits mean.
#pragma once

#include <optional>
#include <vector>

#include "parser/keywords.hpp"
#include "parser/tokens.hpp"

namespace topupd::parser {

struct spoken {
  std::optional<meaning> topup;    // its first keyword for topup
  std::optional<meaning> command;  // its first other keyword; yes, no and check apart
  std::optional<meaning> check;
  std::optional<meaning> answer;  // yes or no; see `contradiction`
  bool contradiction = false;     // both yes and no
  bool aside = false;             // help or a language is asked for, whatever else is said: "how undo"
  bool unknown = false;           // words besides keywords and noise
  bool somebody = false;          // "for my wife": a word nobody knows, behind one that somebody follows
  bool adopted = false;           // digits glued to a word went with it: "A52", but also "P20"
  bool noise = false;             // noise that is more than politeness: "which", "my number"
};

void hear(spoken& said, const meaning& what);

// The code of the language that the text names, as in "LANG FR"; nullptr for none.
const std::string* language_named(const std::vector<token>& tokens, const keywords& words);

// Digits that belong to a word, as in "S23" and "4u", become words in `tokens`: nobody takes them for a number.
spoken listen(std::vector<token>& tokens, const keywords& words);

}  // namespace topupd::parser
