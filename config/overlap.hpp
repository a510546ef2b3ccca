// Whether a PIN, a phone number and a card's serial can be told from each other by their digits. Where they cannot, a
// typo away from money is a guess (DESIGN.md §2.9), so such a configuration is refused, with an example of the clash.
#pragma once

#include <string>
#include <vector>

#include "parser/msisdn.hpp"
#include "parser/reading.hpp"

namespace topupd::config {

struct overlap {
  bool of_serial = false;       // the key at fault: reading.serial, or one of pin.lengths
  std::size_t pin_element = 0;  // which of pin.lengths
  std::string text;
};

// A number written with the international prefix ("00999701234567") is no clash with a PIN of as many digits: the
// prefix and the country code tell it, and the reader asks where a PIN begins with both.
std::vector<overlap> find_overlaps(const std::vector<int>& pin_lengths, const parser::numbering_plan& plan,
                                   const std::string& serial_form);

// Our own numbers and the keywords that are digits: one that stood for two things, or looked like a card's digits,
// would make a question of every text that has it.
struct code_clash {
  bool of_short_code = false;  // the key at fault: service.short_codes, or reading.numeric_keywords
  std::size_t element = 0;     // which of them
  std::string text;
};
std::vector<code_clash> find_code_clashes(const parser::rules& rules);

}  // namespace topupd::config
