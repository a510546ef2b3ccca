#include "parser/noise.hpp"

#include <algorithm>

namespace topupd::parser {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_token(char c) {
  return is_digit(c) || is_letter(c);
}

// NUL is '@' in GSM 03.38: what is left of an empty, padded message.
bool is_padding(std::string_view text) {
  const auto pad = [](char c) { return c == '@' || c == '\0' || c == ' ' || c == '\r' || c == '\n'; };
  return text.find('@') != std::string_view::npos && std::all_of(text.begin(), text.end(), pad);
}

// Six symbols of Crockford's base 32, which has no i, l, o and u, with a digit and a letter among them.
bool is_receipt(std::string_view token) {
  const auto symbol = [](char c) { return is_token(c) && c != 'i' && c != 'l' && c != 'o' && c != 'u'; };
  return token.size() == 6 && std::all_of(token.begin(), token.end(), symbol) &&
         std::any_of(token.begin(), token.end(), is_digit) && std::any_of(token.begin(), token.end(), is_letter);
}

bool has_receipt(std::string_view text) {
  for (auto begin = text.begin(); begin != text.end();) {
    begin = std::find_if(begin, text.end(), is_token);
    const auto end = std::find_if_not(begin, text.end(), is_token);
    if (is_receipt({begin, end})) return true;
    begin = end;
  }
  return false;
}

// "50.00" or "50,00": two or three decimals, as every language of ours writes money.
bool has_amount(std::string_view text) {
  for (std::size_t i = 1; i + 2 < text.size(); ++i) {
    if ((text[i] != '.' && text[i] != ',') || !is_digit(text[i - 1])) continue;
    std::size_t decimals = 0;
    while (i + 1 + decimals < text.size() && is_digit(text[i + 1 + decimals])) ++decimals;
    if (decimals == 2 || decimals == 3) return true;
  }
  return false;
}

// "5000 xof": digits, and the code behind them.
bool has_currency(std::string_view text, std::string_view code) {
  for (std::size_t i = 2; i + code.size() <= text.size() && !code.empty(); ++i) {
    const auto before = text.find_last_not_of(' ', i - 1);
    if (before + 1 < i && before != std::string_view::npos && is_digit(text[before]) &&
        std::equal(code.begin(), code.end(), text.begin() + static_cast<std::ptrdiff_t>(i),
                   [](char c, char t) { return (c | 0x20) == t; }))
      return true;
  }
  return false;
}

}  // namespace

bool wants_no_answer(std::string_view normalised, std::string_view currency) {
  return is_padding(normalised) ||
         (has_receipt(normalised) && (has_amount(normalised) || has_currency(normalised, currency)));
}

}  // namespace topupd::parser
