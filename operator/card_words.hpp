// What stands on a printed card, in the languages of config/languages/. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace topupd::operators {

struct card_words {
  std::string code;          // "en"
  std::string serial;        // "Serial"
  std::string expires;       // "Use by": the date follows
  std::string instructions;  // "Text TOPUP and this PIN to {short_code}."
  std::string help;          // "Help: {care_number}"
  bool joined = false;       // its letters change with their neighbours, which libhpdf cannot draw: codes only
};

std::optional<card_words> card_words_of(std::string_view code);
std::vector<std::string> card_languages();  // codes of those that can be drawn

// "Text TOPUP and this PIN to 12345. Help: 100"; without help when there is no care number.
std::string card_instructions(const card_words& words, std::string_view short_code, std::string_view care_number);

}  // namespace topupd::operators
