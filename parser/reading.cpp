#include "parser/reading.hpp"

#include <algorithm>

#include "parser/digits.hpp"
#include "parser/explain.hpp"
#include "parser/keywords.hpp"
#include "parser/noise.hpp"
#include "parser/normalise.hpp"
#include "parser/tokens.hpp"
#include "parser/words.hpp"

namespace topupd::parser {
namespace {

// The parts of a digit reading, sorted by what they are; the same PIN or number twice counts once.
struct findings {
  std::vector<std::string_view> pins;
  std::vector<msisdn> numbers;
  bool wrong_check = false;
  int wrong_length = 0;  // digits; the first such group, 0 for none
  bool leftover = false;
  bool keyword = false;
  bool service_code = false;

  explicit findings(const digit_reading& digits) {
    for (const auto& part : digits.parts) add(part);
  }

 private:
  void add(const part& part) {
    switch (part.kind) {
      case part_kind::keyword: keyword = true; return;
      case part_kind::service_code: service_code = true; return;
      case part_kind::pin: insert(pins, part.digits); return;
      case part_kind::number: insert(numbers, *part.number); return;
      case part_kind::wrong_check: wrong_check = true; return;
      case part_kind::wrong_length:
        if (wrong_length == 0) wrong_length = static_cast<int>(part.digits.size());
        return;
      case part_kind::leftover: leftover = true; return;
    }
  }
  template <class T>
  static void insert(std::vector<T>& values, const T& value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
};

unclear because(unclear_reason reason) {
  return {.reason = reason};
}

// One PIN at least is legal: to whom, and is it sure? In the order of unclear_reason.
request decide_redeem(const findings& found, const spoken& said, const digit_reading& digits, const msisdn& sender,
                      const rules& rules) {
  if (found.wrong_check) return because(unclear_reason::check_digit);
  if (found.wrong_length > 0 || found.leftover) return because(unclear_reason::bad_number);
  for (const auto& number : found.numbers)
    if (number != sender && !may_be_credited(number, rules.numbers)) return because(unclear_reason::bad_number);
  if (found.numbers.size() > 1) return because(unclear_reason::two_targets);
  if (found.pins.size() > 1 || digits.contradictory) return because(unclear_reason::two_pins);

  const bool other = !found.numbers.empty() && found.numbers.front() != sender;
  const bool keyword = said.topup || found.keyword || found.service_code;
  // Words that nobody knows make prose of a text without a keyword, and a signature of a number beside them.
  const bool prose = said.unknown || said.command || said.answer;
  const bool ask = digits.interpreted || (!keyword && prose) || (other && (rules.ask_for_others || said.unknown));
  auto pin = pin::from_digits(found.pins.front(), rules.pins);
  return redeem{
      .pin = std::move(*pin), .target = other ? std::optional(found.numbers.front()) : std::nullopt, .ask = ask};
}

// Is a group of `length` digits in prose a mistyped PIN, or an account number, a date and a time?
bool is_surely_meant_as_pin(int length, const rules& rules) {
  return std::any_of(rules.pins.lengths.begin(), rules.pins.lengths.end(),
                     [&](int legal) { return length >= legal - 2 && length <= legal + 2; });
}

// No legal PIN, but digits that were meant as one; nothing when there are none.
std::optional<request> decide_mistyped(const findings& found) {
  // Where one group is as long as a PIN, that is the PIN, and the others are something else.
  if (found.wrong_check) return because(unclear_reason::check_digit);
  if (found.wrong_length > 0) return unclear{.reason = unclear_reason::pin_length, .got = found.wrong_length};
  return std::nullopt;
}

request decide(const findings& found, const spoken& said, const digit_reading& digits, const msisdn& sender,
               const rules& rules) {
  if (!found.pins.empty()) return decide_redeem(found, said, digits, sender, rules);

  const bool topup = said.topup || found.keyword;
  if (topup || (found.service_code && (found.wrong_check || found.wrong_length > 0)))
    return decide_mistyped(found).value_or(because(unclear_reason::missing_pin));
  if (said.command) {
    if (said.command->command == command::balance) return balance{};
    return help{};
  }
  // YES spends a voucher: it counts only when nothing else is said.
  if (said.answer && !said.unknown && !said.contradiction && digits.parts.empty()) {
    if (said.answer->command == command::yes) return confirm{};
    return cancel{};
  }
  const bool bare = !said.unknown && !said.answer;
  if (bare || found.wrong_check || is_surely_meant_as_pin(found.wrong_length, rules))
    if (auto mistyped = decide_mistyped(found)) return *mistyped;
  return help{};
}

}  // namespace

struct reader::tables {
  parser::rules rules;
  keywords words;
};

reader::reader(parser::rules rules) {
  keywords words(rules.languages);
  tables_ = std::make_unique<tables>(tables{std::move(rules), std::move(words)});
}
reader::~reader() = default;
reader::reader(reader&&) noexcept = default;
reader& reader::operator=(reader&&) noexcept = default;

const rules& reader::rules() const noexcept {
  return tables_->rules;
}

reading reader::read(std::string_view utf8, const msisdn& sender, bool explain) const {
  const auto& rules = tables_->rules;
  scratch text;
  normalise(utf8, text);
  mend_digits(text.text, rules);
  auto tokens = tokenise(text.text);

  // "1" and "2" answer a question: a keyword of digits is one only when it is the whole text.
  spoken said;
  if (tokens.size() == 1 && tokens.front().kind == token_kind::digits)
    if (const auto* whole = tables_->words.find(tokens.front().text)) {
      hear(said, *whole);
      tokens.front().kind = token_kind::word;
    }
  if (!said.answer && !said.command && !said.topup) said = listen(tokens, tables_->words);

  digit_reading digits;
  read_digits(tokens, rules, digits);
  const findings found(digits);
  const bool no_pin = found.pins.empty();
  reading result{
      .request = no_pin && wants_no_answer(text.text) ? request(ignore{}) : decide(found, said, digits, sender, rules),
      .language = {},
      .steps = {}};
  const auto& keyword = said.topup ? said.topup : said.command ? said.command : said.answer;
  if (keyword) result.language = keyword->language;
  if (explain) result.steps = parser::explain(text.text, tokens, said, digits, result.request, rules);
  return result;
}

std::string_view name(unclear_reason reason) {
  switch (reason) {
    case unclear_reason::missing_pin: return "missing_pin";
    case unclear_reason::pin_length: return "pin_length";
    case unclear_reason::check_digit: return "check_digit";
    case unclear_reason::bad_number: return "bad_number";
    case unclear_reason::two_targets: return "two_targets";
    case unclear_reason::two_pins: return "two_pins";
    case unclear_reason::in_parts: return "in_parts";
  }
  return "";
}

}  // namespace topupd::parser
