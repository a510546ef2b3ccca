// The words of all languages in one table: what a word of a text stands for. Built once from the rules; const after
// that, and then thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/reading.hpp"

namespace topupd::parser {

enum class spelling { right, typo, look_alike };

struct meaning {
  bool noise = false;      // means nothing beside a PIN; no command then
  bool polite = false;     // noise, and means nothing beside YES either
  bool recipient = false;  // noise, and somebody follows
  parser::command command = command::help;
  bool apart = false;                  // the language writes it as several words: "s/n"
  std::string language;                // of several that share the word: the service's, else the first
  spelling written = spelling::right;  // how the text has it
};

class keywords {
 public:
  // default_language: the service's.
  keywords(const std::vector<language>& languages, const std::string& default_language);
  ~keywords();
  keywords(keywords&&) noexcept;
  keywords& operator=(keywords&&) noexcept;

  // word: normalised, without separators ("topup" finds "top up" as well). Nothing: nullptr.
  [[nodiscard]] const meaning* find(std::string_view word) const;
  // A keyword with one typo (of four letters or more) or written in look-alike letters (UTS #39); never noise, yes or
  // no.
  [[nodiscard]] std::optional<meaning> find_similar(std::string_view word) const;
  // The code of the language that goes by this name: "français" -> "fr". Nothing: nullptr.
  [[nodiscard]] const std::string* find_language(std::string_view name) const;
  // The longest entry in octets: no longer word needs to be looked up.
  [[nodiscard]] std::size_t longest() const noexcept;

 private:
  struct tables;
  std::unique_ptr<tables> tables_;
};

}  // namespace topupd::parser
