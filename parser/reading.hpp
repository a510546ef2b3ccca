// text -> request: what a subscriber's text asks for. Pure: no clock, no I/O, no account data (DESIGN.md §1).
//
// read() never throws and never guesses with money: where a text has two legal readings the request says `ask`, and
// where it has none it is `unclear` with the reason. A PIN in a request stood in the text digit for digit; a target is
// the sender's own number or stood in the text. Thread-safe: rules are const, everything else is a value.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "parser/msisdn.hpp"
#include "parser/pin.hpp"

namespace topupd::parser {

// Credit the vouchers of these PINs to `target`; no target means the sender.
struct redeem {
  std::vector<parser::pin> pins;  // 1 to most_pins, no two the same, in the order of the text
  std::optional<msisdn> target;
  std::optional<std::int64_t> serial;  // typed beside the only PIN: must be that voucher's, else nothing is used
  std::string amount;                  // the value that the sender expects of the only PIN: "50", "50.00"; empty: none
  bool ask = false;    // the reading needs a YES before money moves (rules.ask_for_others, or prose around the PIN)
  bool check = false;  // CHECK: only what the card is worth; then `ask` is true
};
inline constexpr std::size_t most_pins = 5;  // in one text

struct balance {};
struct history {};  // LAST: the last three top-ups
struct status {     // exactly one of the two: what became of a card, or of a message
  std::optional<std::int64_t> serial;
  std::string receipt;  // as typed, six characters or more: "8F3K2Q"
};
struct help {
  bool empty = false;  // the text said nothing at all
};
struct set_language {
  std::string to;  // code of a language that has reply texts
};
struct transfer {  // of the sender's own credit
  msisdn to;
  std::string amount;  // "100"
};
struct undo {};     // of the sender's last credit to another number
struct confirm {};  // YES: spend the vouchers of the pending question, or transfer
struct cancel {};   // NO
struct ignore {};   // padding noise, or our own confirmation forwarded back: no answer at all

// Nothing is used and nothing counts as a wrong PIN; the reply says what is wrong. In order of precedence.
// in_parts, no_transfer and no_undo are the gateway's words, which read() never says: parts of a long text that did not
// all arrive, and what this operator does not offer.
enum class unclear_reason {
  missing_pin,
  pin_length,
  check_digit,
  bad_number,
  two_targets,
  two_pins,          // two readings of the PIN, or a serial or an amount beside several PINs
  many_pins,         // more than most_pins
  missing_serial,    // STATUS or TXN of nothing
  unknown_language,  // LANG of one that there is not
  missing_amount,    // TRANSFER without number or amount
  undo_alone,        // UNDO beside anything that it could be about
  in_parts,
  no_transfer,
  no_undo
};
struct unclear {
  unclear_reason reason;
  int got = 0;  // pin_length: the digits found
};

using request = std::variant<redeem, balance, history, status, help, set_language, transfer, undo, confirm, cancel,
                             ignore, unclear>;

// One step of the explanation that `topupctl try` shows: {"normalised", "topup ############2749"}. Holds no PIN beyond
// its last four digits.
struct step {
  std::string what;
  std::string detail;
};

struct reading {
  parser::request request;
  std::string language;     // of the keyword, "en"; empty when the text does not tell
  std::vector<step> steps;  // filled only when `explain` was asked for
};

// A keyword and what it stands for; the words of one language, as its file in config/languages/ has them.
enum class command { topup, balance, history, status, check, help, language, transfer, undo, yes, no };
struct language {
  std::string code;                // BCP 47: "en"
  std::vector<std::string> names;  // what LANG calls it: "English", "EN"; none: it cannot be chosen
  struct keyword {
    std::string word;  // as people write it; matched after normalisation and case folding
    parser::command command;
  };
  std::vector<keyword> keywords;
  std::vector<std::string> noise;           // words that mean nothing beside a PIN: "pls", "for"
  std::vector<std::string> recipient = {};  // those of them that somebody follows: "for", "to"
  std::vector<std::string> polite = {};     // those of them that mean nothing beside YES either: "pls", "thanks"
};

struct rules {
  pin_rules pins;
  numbering_plan numbers;
  std::vector<std::string> service_codes;     // our USSD codes, also when typed into a text: "123"
  std::vector<std::string> numeric_keywords;  // keywords for topup that are digits: "155"
  std::string serial_form;                    // "1000########"; empty: serials are not read
  bool ask_for_others = true;
  std::vector<std::string> short_codes;  // our own addresses: "send TOPUP … to 12345"
  std::string currency = "USD";          // its code beside an amount means nothing: "50 USD"
  std::string default_language = "en";   // tells the language of a keyword that several languages share, if one of them
  std::vector<language> languages;
};

// Precomputed from rules, once at start and on SIGHUP: what read() looks keywords up in.
class reader {
 public:
  explicit reader(parser::rules rules);
  ~reader();
  reader(reader&&) noexcept;
  reader& operator=(reader&&) noexcept;

  // utf8: the text as the sender typed it (malformed octets read as U+FFFD); sender: whose "self" is.
  [[nodiscard]] reading read(std::string_view utf8, const msisdn& sender, bool explain = false) const;
  [[nodiscard]] const parser::rules& rules() const noexcept;

 private:
  struct tables;
  std::unique_ptr<tables> tables_;
};

std::string_view name(unclear_reason reason);  // "missing_pin", as the corpus, the store and the log write it

}  // namespace topupd::parser
