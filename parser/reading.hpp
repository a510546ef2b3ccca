// text -> request: what a subscriber's text asks for. Pure: no clock, no I/O, no account data (DESIGN.md §1).
//
// read() never throws and never guesses with money: where a text has two legal readings the request says `ask`, and
// where it has none it is `unclear` with the reason. A PIN in a request stood in the text digit for digit; a target is
// the sender's own number or stood in the text. Thread-safe: rules are const, everything else is a value.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "parser/msisdn.hpp"
#include "parser/pin.hpp"

namespace topupd::parser {

// Credit the voucher of this PIN to `target`; no target means the sender.
struct redeem {
  parser::pin pin;
  std::optional<msisdn> target;
  bool ask = false;  // the reading needs a YES before money moves (rules.ask_for_others, or prose around the PIN)
};
struct balance {};
struct help {};
struct confirm {};  // YES: spend the voucher of the pending question
struct cancel {};   // NO
struct ignore {};   // padding noise, or our own confirmation forwarded back: no answer at all

// Nothing is used and nothing counts as a wrong PIN; the reply says what is wrong. In order of precedence;
// in_parts is the gateway's word for a text that came in several messages, which read() never sees.
enum class unclear_reason { missing_pin, pin_length, check_digit, bad_number, two_targets, two_pins, in_parts };
struct unclear {
  unclear_reason reason;
  int got = 0;  // pin_length: the digits found
};

using request = std::variant<redeem, balance, help, confirm, cancel, ignore, unclear>;

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
enum class command { topup, balance, help, yes, no };
struct language {
  std::string code;  // BCP 47: "en"
  struct keyword {
    std::string word;  // as people write it; matched after normalisation and case folding
    parser::command command;
  };
  std::vector<keyword> keywords;
  std::vector<std::string> noise;  // words that mean nothing beside a PIN: "pls", "for"
};

struct rules {
  pin_rules pins;
  numbering_plan numbers;
  std::vector<std::string> service_codes;     // our USSD codes, also when typed into a text: "123"
  std::vector<std::string> numeric_keywords;  // keywords for topup that are digits: "155"
  std::string serial_form;                    // "1000########"; empty: serials are not read
  bool ask_for_others = true;
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
