#include "parser/words.hpp"

#include <algorithm>

#include "parser/utf8.hpp"

namespace topupd::parser {
namespace {

constexpr std::size_t longest_join = 3;   // "top - up", "top up now"
constexpr std::size_t shortest_join = 5;  // octets: what shorter words happen to spell together means nothing
constexpr std::size_t longest_name = 48;  // octets, of a language in a script without spaces
constexpr std::size_t typo_patience = 8;  // words: in a longer text typos are prose

bool is_word(const token& t) {
  return t.kind == token_kind::word;
}
bool is_digits(const token& t) {
  return t.kind == token_kind::digits;
}

// "我要充值": the longest keyword at each place, and what lies between is unknown.
void listen_inside(std::string_view text, const keywords& words, spoken& said) {
  bool for_somebody = false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = std::min(words.longest(), text.size() - at);
    const meaning* found = nullptr;
    for (; length > 0 && !found; found ? length : --length) found = words.find(text.substr(at, length));
    if (found) {
      hear(said, *found);
      for_somebody = found->recipient || (for_somebody && found->noise);
      at += length;
    } else {
      said.unknown = true;
      said.somebody = said.somebody || for_somebody;
      next_utf8(text, at);
    }
  }
}

// The longest keyword or noise word made of tokens from `at` on; how many tokens it takes, 0 for none.
std::size_t listen_to_words(const std::vector<token>& tokens, std::size_t at, const keywords& words, spoken& said,
                            bool& for_somebody) {
  std::string joined;
  std::size_t found_length = 0;
  const meaning* found = nullptr;
  for (std::size_t n = 1; n <= longest_join && at + n <= tokens.size(); ++n) {
    const auto& next = tokens[at + n - 1];
    if (!is_word(next) || next.unspaced || joined.size() + next.text.size() > words.longest()) break;
    joined += next.text;
    const auto* what = words.find(joined);
    if (what && (n == 1 || what->apart || joined.size() >= shortest_join)) {
      found = what;
      found_length = n;
    }
  }
  if (found == nullptr) return 0;
  // "y" is a YES, and "and" in Spanish: one letter is an answer only as the whole text.
  const bool is_answer = !found->noise && (found->command == command::yes || found->command == command::no);
  if (is_answer && found_length == 1 && tokens[at].text.size() == 1 && tokens.size() > 1) {
    said.noise = true;
  } else {
    hear(said, *found);
  }
  for_somebody = found->recipient || (for_somebody && found->noise);
  return found_length;
}

// "t0pup": letters with at most two digits between them, all glued together. One past its last token.
std::size_t end_of_mixed_word(const std::vector<token>& tokens, std::size_t at) {
  std::size_t end = at + 1;
  while (end + 1 < tokens.size() && is_digits(tokens[end]) && tokens[end].glued && tokens[end].text.size() <= 2 &&
         is_word(tokens[end + 1]) && tokens[end + 1].glued)
    end += 2;
  return end;
}

// Only when no keyword was written as it should be: a typo never overrules a word that is right.
void listen_for_typos(std::vector<token>& tokens, const keywords& words, spoken& said) {
  if (std::count_if(tokens.begin(), tokens.end(), is_word) > static_cast<std::ptrdiff_t>(typo_patience)) return;
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    if (!is_word(tokens[at]) || tokens[at].unspaced || words.find(tokens[at].text)) continue;
    const auto end = end_of_mixed_word(tokens, at);
    std::string word;
    for (auto i = at; i < end; ++i) word += tokens[i].text;
    if (const auto what = words.find_similar(word)) {
      hear(said, *what);
      for (auto i = at; i < end; ++i) tokens[i].kind = token_kind::word;
      at = end - 1;
    }
  }
}

// The letter of "A52" and "4u" is no word, though "a" and "u" may be.
bool is_part_of_a_name(const std::vector<token>& tokens, std::size_t at) {
  if (tokens[at].text.size() != 1) return false;
  const bool behind_digits = at > 0 && tokens[at].glued && is_digits(tokens[at - 1]);
  const bool before_digits = at + 1 < tokens.size() && tokens[at + 1].glued && is_digits(tokens[at + 1]);
  return behind_digits || before_digits;
}

// One or two digits glued to an unknown word and with no other digits beside them.
void adopt_digits(std::vector<token>& tokens, const std::vector<bool>& unknown, spoken& said) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!is_digits(tokens[i])) continue;
    const bool alone = (i == 0 || is_word(tokens[i - 1])) && (i + 1 == tokens.size() || is_word(tokens[i + 1]));
    if (!alone) continue;
    const bool ends_word = i > 0 && tokens[i].glued && unknown[i - 1] && tokens[i].text.size() <= 2;
    const bool begins_word =
        i + 1 < tokens.size() && tokens[i + 1].glued && unknown[i + 1] && tokens[i].text.size() == 1;
    if (!ends_word && !begins_word) continue;
    tokens[i].kind = token_kind::word;
    said.adopted = true;
  }
}

}  // namespace

void hear(spoken& said, const meaning& what) {
  if (what.noise) {
    said.noise = said.noise || !what.polite;
    return;
  }
  switch (what.command) {
    case command::topup:
      if (!said.topup) said.topup = what;
      return;
    case command::yes:
    case command::no:
      if (said.answer && said.answer->command != what.command) said.contradiction = true;
      if (!said.answer) said.answer = what;
      return;
    case command::check:
      if (!said.check) said.check = what;
      return;
    case command::balance:
    case command::history:
    case command::status:
    case command::help:
    case command::language:
    case command::transfer:
    case command::undo:
      said.aside = said.aside || what.command == command::help || what.command == command::language;
      // "how much balance": whoever says what he wants needs no help.
      if (!said.command || said.command->command == command::help) said.command = what;
      return;
  }
}

const std::string* language_named(const std::vector<token>& tokens, const keywords& words) {
  // The longest name: "idioma en español" is not about English.
  const std::string* found = nullptr;
  std::size_t found_length = 0;
  const auto consider = [&](std::string_view name) {
    const auto* code = name.size() > found_length ? words.find_language(name) : nullptr;
    if (code == nullptr) return;
    found = code;
    found_length = name.size();
  };
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    const auto text = tokens[at].text;
    if (tokens[at].unspaced)  // "语言中文": the name is somewhere inside
      for (std::size_t from = 0; from < text.size(); next_utf8(text, from))
        for (auto end = from; end < std::min(text.size(), from + longest_name);) {
          next_utf8(text, end);
          consider(text.substr(from, end - from));
        }
    std::string joined;  // "bahasa indonesia"
    for (std::size_t n = 0; n < longest_join && at + n < tokens.size() && is_word(tokens[at + n]); ++n) {
      joined += tokens[at + n].text;
      consider(joined);
    }
  }
  return found;
}

spoken listen(std::vector<token>& tokens, const keywords& words) {
  spoken said;
  std::vector<bool> unknown(tokens.size());
  bool for_somebody = false;
  for (std::size_t at = 0; at < tokens.size();) {
    if (!is_word(tokens[at])) {
      for_somebody = false;  // "for 0709876543"
      ++at;
    } else if (tokens[at].unspaced) {
      listen_inside(tokens[at++].text, words, said);
    } else if (is_part_of_a_name(tokens, at)) {
      said.unknown = unknown[at++] = true;
    } else if (const auto length = listen_to_words(tokens, at, words, said, for_somebody)) {
      at += length;
    } else {
      said.unknown = unknown[at++] = true;
      said.somebody = said.somebody || for_somebody;
    }
  }
  if (!said.unknown) return said;
  if (!said.topup && !said.command && !said.check && !said.answer) {
    listen_for_typos(tokens, words, said);
    // The guessed word itself is no longer unknown, but which of the others are does not matter beside a keyword.
  }
  adopt_digits(tokens, unknown, said);
  return said;
}

}  // namespace topupd::parser
