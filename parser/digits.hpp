// What the digits of a text mean: the groups, in order, cut into PINs and numbers.
//
// Groups are joined, and one group is cut in two, only where a legal reading results; a word between two groups keeps
// them apart. When no reading is legal, the nearest illegal one says what the sender probably mistyped.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/normalise.hpp"
#include "parser/reading.hpp"
#include "parser/tokens.hpp"

namespace topupd::parser {

enum class part_kind {
  keyword,       // 155, in front: a numeric keyword
  service_code,  // *123*, in front
  pin,
  number,
  serial,        // of a card
  amount,        // "50", "50.00": beside a PIN, or of a transfer
  short_code,    // one of our own addresses
  wrong_check,   // as long as a PIN, but its check digit is wrong
  wrong_length,  // about as long as a PIN
  leftover       // none of these
};

struct part {
  part_kind kind;
  std::string_view digits;       // lives in digit_reading::all
  std::optional<msisdn> number;  // of a number
  std::size_t decimals = 0;      // of an amount: how many of its digits stand behind the point
};

struct digit_reading {
  scratch all;                 // every digit of the text
  std::vector<part> parts;     // in the order of the text
  bool legal = false;          // no wrong_check, wrong_length or leftover among them
  bool joined = false;         // several groups make one PIN or number
  bool split = false;          // a PIN and a number ran together: ask
  bool interpreted = false;    // that, or another reading was legal too: ask
  bool contradictory = false;  // several legal readings, each with one PIN: none is preferred
};

// transfer: the text moves the sender's own credit, so that any short group is an amount.
void read_digits(const std::vector<token>& tokens, const rules& rules, bool transfer, digit_reading& out);

}  // namespace topupd::parser
