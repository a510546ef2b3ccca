// Reads a print file (print_file.hpp), ours or another maker's, card by card: a million cards need no memory.
//
// The first line names the columns, in any order: `serial` and `pin` must be there, `value` with `currency`, and
// `expires` may be. Fields may stand in quotes (RFC 4180, without quotes inside); CRLF, a byte order mark and empty
// lines at the end do no harm. Every line is judged: digits of the serial, length and check digit of the PIN, amount
// and date. Whether a serial or PIN stands there twice is the store's to say, by its constraint.
//
// Faults are named by line and column, never by what stands there: it may be a PIN.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "parser/money.hpp"
#include "parser/pin.hpp"

namespace topupd::operators {

struct card {
  std::int64_t serial = 0;             // positive, 18 digits at most
  parser::pin pin;                     // legal by the rules given
  std::optional<parser::money> value;  // none: the file has no such columns
  std::string expires;                 // "2027-12-31"; empty: never, or the file does not say
};

// What was read, when all of it was good.
struct card_file_summary {
  std::int64_t cards = 0;
  std::int64_t lowest = 0, highest = 0;  // serials
  std::string sha256;                    // of the file, 64 hexadecimal digits
  bool has_values = false, has_expires = false;
  bool manifest_agrees = false;  // false: there is no manifest beside it
};

// path: a file, a pipe, or "-" for standard input, so that `gpg --decrypt ten.csv.gpg | topupctl …` puts no PIN on a
// disk. A manifest is looked for as PATH.sha256 and, for what was decrypted, PATH.gpg.sha256.
//
// on_card gets each card in the order of the file, while it is read. The file is known to be good only when this
// returns: what on_card did must be undone when it throws (a transaction, a file that is not kept). After the first
// fault on_card is not called again, and the rest is read for its faults only.
//
// Throws store::refused: not there, encrypted, no card in it, checksum differs, or the faults, each on a line of its
// own, 20 at most and "and N more". What on_card throws comes out of here.
card_file_summary read_cards(const std::string& path, const parser::pin_rules& pins,
                             const std::function<void(const card&)>& on_card);

}  // namespace topupd::operators
