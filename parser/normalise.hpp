// A text as typed -> the text as it is read: NFKC and case folded (UAX #15, UTS #46's NFKC_Casefold), digits of every
// script as 0-9, accents and Arabic marks gone, invisible marks dropped. Pure and thread-safe.
#pragma once

#include <string.h>  // explicit_bzero

#include <string>
#include <string_view>

namespace topupd::parser {

// A working buffer that a PIN passes through: it wipes itself. Reserve first, because growing leaves copies behind.
struct scratch {
  std::string text;
  scratch() = default;
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() { explicit_bzero(text.data(), text.capacity()); }
};

// Appends to `out`. Malformed UTF-8 reads as U+FFFD, which no rule takes for a letter.
void normalise(std::string_view utf8, scratch& out);

// What normalise() changes in a text, besides case: for the explanation of a reading.
struct changes {
  bool digits = false;     // of another script, full-width ones, keycaps' plain ones not
  bool invisible = false;  // bidirectional marks, joiners, variation selectors, controls
  bool accents = false;    // and Arabic vowel marks
  bool malformed = false;  // octets that are no UTF-8
};
changes changes_of(std::string_view utf8);

}  // namespace topupd::parser
