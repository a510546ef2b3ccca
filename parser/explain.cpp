#include "parser/explain.hpp"

#include <algorithm>

namespace topupd::parser {
namespace {

constexpr std::size_t shown = 4;
constexpr std::size_t could_be_pin = 8;  // digits

bool is_digits(const token& t) {
  return t.kind == token_kind::digits;
}

std::string last_four(std::string_view digits) {
  return "…" + std::string(digits.substr(digits.size() - std::min(shown, digits.size())));
}

std::string_view name(command what) {
  switch (what) {
    case command::topup: return "topup";
    case command::balance: return "balance";
    case command::history: return "history";
    case command::status: return "status";
    case command::check: return "check";
    case command::help: return "help";
    case command::language: return "language";
    case command::transfer: return "transfer";
    case command::undo: return "undo";
    case command::yes: return "yes";
    case command::no: return "no";
  }
  return "";
}

std::string describe(const meaning& what) {
  auto text = std::string(name(what.command));
  if (!what.language.empty()) text += " (" + what.language + ")";
  switch (what.written) {
    case spelling::right: break;
    case spelling::typo: text += ", mistyped"; break;
    case spelling::look_alike: text += ", in look-alike letters"; break;
  }
  return text;
}

step describe(const part& part, const rules& rules) {
  const auto count = std::to_string(part.digits.size()) + " digits";
  switch (part.kind) {
    case part_kind::keyword: return {"keyword", "topup (" + std::string(part.digits) + ")"};
    case part_kind::service_code: return {"service code", std::string(part.digits)};
    case part_kind::pin: return {"pin", last_four(part.digits)};
    case part_kind::number: return {"number", as_dialled(*part.number, rules.numbers)};
    case part_kind::serial: return {"serial", std::string(part.digits)};
    case part_kind::amount: return {"amount", count};
    case part_kind::short_code: return {"our short code", std::string(part.digits)};
    case part_kind::wrong_check: return {"wrong check digit", last_four(part.digits)};
    case part_kind::wrong_length: return {"wrong length", count};
    case part_kind::leftover: return {"neither PIN nor number", count};
  }
  return {};
}

struct decision_text {
  const numbering_plan& plan;
  std::string operator()(const redeem& r) const {
    auto text = r.pins.size() > 1 ? "redeem " + std::to_string(r.pins.size()) + " cards" : std::string("redeem");
    text += " for " + (r.target ? as_dialled(*r.target, plan) : std::string("the sender"));
    if (r.serial) text += ", if the serial is " + std::to_string(*r.serial);
    if (!r.amount.empty()) text += ", if it is worth " + r.amount;
    if (r.check) text += ", only to tell its value at first";
    return r.ask ? text + ", after YES" : text;
  }
  std::string operator()(const balance&) const { return "balance"; }
  std::string operator()(const history&) const { return "history"; }
  std::string operator()(const status& s) const {
    return "status of " + (s.serial ? "card " + std::to_string(*s.serial) : "receipt " + s.receipt);
  }
  std::string operator()(const set_language& l) const { return "language " + l.to; }
  std::string operator()(const transfer& t) const { return "transfer " + t.amount + " to " + as_dialled(t.to, plan); }
  std::string operator()(const help&) const { return "help"; }
  std::string operator()(const undo&) const { return "take back the last credit to another number"; }
  std::string operator()(const confirm&) const { return "confirm"; }
  std::string operator()(const cancel&) const { return "cancel"; }
  std::string operator()(const ignore&) const { return "ignore"; }
  std::string operator()(const unclear& u) const { return "unclear: " + std::string(parser::name(u.reason)); }
};

}  // namespace

std::string mask(std::string_view normalised, const std::vector<token>& tokens) {
  std::string text(normalised);
  std::size_t total = 0;
  for (const auto& t : tokens) total += is_digits(t) ? t.text.size() : 0;
  if (total < could_be_pin) return text;

  const auto hide = [&](std::size_t begin, std::size_t end, std::size_t length) {
    std::size_t left = length;
    for (auto i = begin; i < end; ++i)
      for (std::size_t j = 0; j < tokens[i].text.size(); ++j, --left)
        if (left > shown || length < could_be_pin) text[tokens[i].offset + j] = '#';
  };
  for (std::size_t i = 0; i < tokens.size();) {
    const auto begin = i;
    std::size_t length = 0;
    for (; i < tokens.size() && is_digits(tokens[i]); ++i) length += tokens[i].text.size();
    if (length >= shown) hide(begin, i, length);
    if (i == begin) ++i;
  }
  return text;
}

std::vector<step> flags_of(std::string_view utf8, bool mended) {
  const auto changes = changes_of(utf8);
  std::vector<step> flags;
  if (changes.digits) flags.push_back({"digits", "of another script, read as 0-9"});
  if (changes.invisible) flags.push_back({"marks", "invisible ones dropped"});
  if (changes.accents) flags.push_back({"marks", "accents dropped"});
  if (changes.malformed) flags.push_back({"octets", "some are no characters"});
  if (mended) flags.push_back({"digits", "letters typed for digits: O, l, I"});
  return flags;
}

std::vector<step> explain(std::string_view normalised, const std::vector<token>& tokens, const spoken& said,
                          const digit_reading& digits, const request& decision, const rules& rules) {
  std::vector<step> steps{{"normalised", mask(normalised, tokens)}};
  for (const auto& word : {said.topup, said.check, said.command, said.answer})
    if (word) steps.push_back({"keyword", describe(*word)});
  if (said.unknown) steps.push_back({"words", "some are neither keyword nor noise"});
  for (const auto& part : digits.parts) steps.push_back(describe(part, rules));
  if (digits.joined) steps.push_back({"digits", "groups joined"});
  if (digits.split) {
    steps.push_back({"digits", "one group split into a PIN and a number"});
  } else if (digits.interpreted) {
    steps.push_back({"digits", "another reading is possible"});
  }
  steps.push_back({"decision", std::visit(decision_text{rules.numbers}, decision)});
  return steps;
}

}  // namespace topupd::parser
