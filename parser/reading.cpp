#include "parser/reading.hpp"

#include <algorithm>
#include <charconv>

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
  std::vector<std::string_view> serials;
  std::vector<std::string> amounts;
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
      case part_kind::serial: insert(serials, part.digits); return;
      case part_kind::amount: insert(amounts, decimal(part)); return;
      case part_kind::short_code: return;
      case part_kind::wrong_check: wrong_check = true; return;
      case part_kind::wrong_length:
        if (wrong_length == 0) wrong_length = static_cast<int>(part.digits.size());
        return;
      case part_kind::leftover: leftover = true; return;
    }
  }
  static std::string decimal(const part& amount) {
    const auto whole = amount.digits.size() - amount.decimals;
    std::string text(amount.digits.substr(0, whole));
    if (amount.decimals > 0) text.append(1, '.').append(amount.digits.substr(whole));
    return text;
  }
  template <class T>
  static void insert(std::vector<T>& values, const T& value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
};

unclear because(unclear_reason reason) {
  return {.reason = reason};
}

std::optional<std::int64_t> number_of(const std::vector<std::string_view>& serials) {
  if (serials.empty()) return std::nullopt;
  std::int64_t serial = 0;
  const auto digits = serials.front();
  std::from_chars(digits.data(), digits.data() + digits.size(), serial);  // at most 18 of them: config/sections.cpp
  return serial;
}

// One PIN at least is legal: to whom, and is it sure? In the order of unclear_reason.
request decide_redeem(const findings& found, const spoken& said, const digit_reading& digits, const msisdn& sender,
                      const rules& rules) {
  if (found.wrong_check) return because(unclear_reason::check_digit);
  // Two amounts are none: nobody knows what the digits were meant for.
  if (found.wrong_length > 0 || found.leftover || found.amounts.size() > 1) return because(unclear_reason::bad_number);
  for (const auto& number : found.numbers)
    if (number != sender && !may_be_credited(number, rules.numbers)) return because(unclear_reason::bad_number);
  if (found.numbers.size() > 1) return because(unclear_reason::two_targets);
  if (digits.contradictory) return because(unclear_reason::two_pins);
  if (found.pins.size() > most_pins) return because(unclear_reason::many_pins);
  // Of which card is a serial or an amount beside several PINs?
  if (found.serials.size() > 1) return because(unclear_reason::two_pins);
  if (found.pins.size() > 1 && !(found.serials.empty() && found.amounts.empty()))
    return because(unclear_reason::two_pins);

  redeem out{.pins = {}, .target = {}, .serial = number_of(found.serials), .amount = {}};
  for (const auto pin : found.pins) out.pins.push_back(*pin::from_digits(pin, rules.pins));
  if (!found.amounts.empty()) out.amount = found.amounts.front();
  if (!found.numbers.empty() && found.numbers.front() != sender) out.target = found.numbers.front();

  const bool keyword = said.topup || found.keyword || found.service_code;
  // Words that nobody knows make prose of a text without a keyword, and a signature of a number beside them.
  const bool prose = said.unknown || said.command || said.answer;
  // NO beside a PIN: "cancel topup …", "no me pasa la recarga …". And "for my wife" is nobody's number, nor the
  // sender's.
  const bool refusal = said.contradiction || (said.answer && said.answer->command == command::no);
  out.check = said.check || (said.command && said.command->command == command::status);
  out.ask = out.check || digits.interpreted || refusal || said.somebody || said.adopted || (!keyword && prose) ||
            (out.target && (rules.ask_for_others || said.unknown)) ||
            (said.command && (said.command->command == command::transfer || said.command->command == command::undo));
  return out;
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

request decide_transfer(const findings& found, const msisdn& sender, const rules& rules) {
  const bool odd = found.leftover || found.wrong_check || found.wrong_length > 0;
  if (found.numbers.size() > 1) return because(unclear_reason::two_targets);
  if (found.amounts.size() != 1 || (found.numbers.empty() && !odd)) return because(unclear_reason::missing_amount);
  if (found.numbers.empty() || odd ||
      (found.numbers.front() != sender && !may_be_credited(found.numbers.front(), rules.numbers)))
    return because(unclear_reason::bad_number);
  return transfer{.to = found.numbers.front(), .amount = found.amounts.front()};
}

// UNDO moves money at once: it counts only when nothing is said that could make it another wish, or that names another
// credit than the last. "undo my last topup" does not; "how undo", "don't undo" and "undo 0709876543" do.
request decide_undo(const spoken& said, const digit_reading& digits) {
  const bool alone = !said.unknown && !said.answer && !said.check && !said.aside && !said.somebody;
  if (alone && digits.parts.empty()) return undo{};
  return because(unclear_reason::undo_alone);
}

// A receipt as people type one after TXN: the first word of six to thirteen letters and digits that is no word of ours.
// Of letters alone only as short as receipts are for years; of digits alone never as long as a PIN.
std::string receipt_in(std::string_view normalised, const keywords& words) {
  const auto is_symbol = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (auto begin = normalised.begin(); begin != normalised.end();) {
    begin = std::find_if(begin, normalised.end(), is_symbol);
    const auto end = std::find_if_not(begin, normalised.end(), is_symbol);
    const std::string_view word(begin, end);
    const bool digits_only = std::all_of(begin, end, is_digit);
    const bool fits = word.size() >= 6 && word.size() <= (digits_only ? 8 : 13) &&
                      (word.size() <= 7 || std::any_of(begin, end, is_digit));
    if (fits && words.find(word) == nullptr) {
      std::string receipt(word);
      std::transform(receipt.begin(), receipt.end(), receipt.begin(),
                     [](char c) { return static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c); });
      return receipt;
    }
    begin = end;
  }
  return {};
}

// What decisions look at.
struct heard {
  std::string_view text;  // normalised
  const std::vector<token>& tokens;
  const keywords& words;
  const spoken& said;
  const digit_reading& digits;
  const findings& found;
};

request decide_command(const heard& all, const msisdn& sender, const rules& rules) {
  switch (all.said.command->command) {
    case command::balance: return balance{};
    case command::history: return history{};
    case command::transfer: return decide_transfer(all.found, sender, rules);
    case command::undo: return decide_undo(all.said, all.digits);
    case command::status: {
      if (const auto serial = number_of(all.found.serials)) return status{.serial = serial, .receipt = {}};
      if (all.found.wrong_check) return because(unclear_reason::check_digit);  // a PIN, and none to keep as a receipt
      auto receipt = receipt_in(all.text, all.words);
      if (receipt.empty()) return because(unclear_reason::missing_serial);
      return status{.serial = {}, .receipt = std::move(receipt)};
    }
    case command::language: {
      const auto* code = language_named(all.tokens, all.words);
      if (code == nullptr) return because(unclear_reason::unknown_language);
      return set_language{.to = *code};
    }
    case command::help:
    case command::topup:
    case command::check:
    case command::yes:
    case command::no: break;
  }
  return help{};
}

request decide(const heard& all, const msisdn& sender, const rules& rules) {
  const auto& [text, tokens, words, said, digits, found] = all;
  if (!found.pins.empty()) return decide_redeem(found, said, digits, sender, rules);

  if (said.command && said.command->command == command::undo) return decide_undo(said, digits);

  const bool topup = said.topup || found.keyword || (said.check && !said.command);
  if (topup || (found.service_code && (found.wrong_check || found.wrong_length > 0)))
    return decide_mistyped(found).value_or(because(unclear_reason::missing_pin));
  if (said.command) return decide_command(all, sender, rules);
  // YES spends a voucher: it counts only when nothing else is said but please and thanks.
  if (said.answer && !said.unknown && !said.contradiction && digits.parts.empty()) {
    if (said.answer->command == command::no) return cancel{};
    if (!said.noise) return confirm{};
  }
  const bool bare = !said.unknown && !said.answer;
  if (bare || found.wrong_check || is_surely_meant_as_pin(found.wrong_length, rules))
    if (auto mistyped = decide_mistyped(found)) return *mistyped;
  const bool empty = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0 && c <= ' '; });
  return help{.empty = empty};
}

}  // namespace

struct reader::tables {
  parser::rules rules;
  keywords words;
};

reader::reader(parser::rules rules) {
  keywords words(rules.languages, rules.default_language);
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
  const bool mended = mend_digits(text.text, rules);
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
  const bool transfer = said.command && said.command->command == command::transfer;
  read_digits(tokens, rules, transfer, digits);
  const findings found(digits);
  const heard all{
      .text = text.text, .tokens = tokens, .words = tables_->words, .said = said, .digits = digits, .found = found};
  const bool asks_status = said.command && said.command->command == command::status;
  const bool no_answer = found.pins.empty() && !asks_status && wants_no_answer(text.text, rules.currency);
  reading result{.request = no_answer ? request(ignore{}) : decide(all, sender, rules), .language = {}, .steps = {}};
  for (const auto* keyword : {&said.topup, &said.check, &said.command, &said.answer})
    if (*keyword && result.language.empty()) result.language = (*keyword)->language;
  if (explain) {
    result.steps = flags_of(utf8, mended);
    for (auto& step : parser::explain(text.text, tokens, said, digits, result.request, rules))
      result.steps.push_back(std::move(step));
  }
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
    case unclear_reason::many_pins: return "many_pins";
    case unclear_reason::missing_serial: return "missing_serial";
    case unclear_reason::unknown_language: return "unknown_language";
    case unclear_reason::missing_amount: return "missing_amount";
    case unclear_reason::undo_alone: return "undo_alone";
    case unclear_reason::no_transfer: return "no_transfer";
    case unclear_reason::no_undo: return "no_undo";
    case unclear_reason::in_parts: return "in_parts";
  }
  return "";
}

}  // namespace topupd::parser
