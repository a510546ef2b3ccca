#include "gateway/smpp/delivery_receipt.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "gateway/smpp/guard.hpp"

namespace topupd::smpp {
namespace {

constexpr std::size_t error_limit = 16;
constexpr std::size_t text_limit = 1024;  // of what is searched; a receipt has some 120 characters

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_white(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

// ---- the text: "id:IIII sub:SSS dlvrd:DDD submit date:… done date:… stat:DDDDDDD err:E text:…" (Appendix B)

enum field : std::size_t { id, state, error, other, text, field_count };
struct key {
  std::string_view spelling;  // without blanks, underscores and case
  field is;
};
// Longest first among those that begin alike.
constexpr key keys[] = {
    {"messageid", id},   {"msgid", id},     {"id", id},           {"messagestate", state}, {"status", state},
    {"state", state},    {"stat", state},   {"errorcode", error}, {"errcode", error},      {"error", error},
    {"err", error},      {"sub", other},    {"dlvrd", other},     {"submitdate", other},   {"submiton", other},
    {"donedate", other}, {"doneon", other}, {"text", text},
};

// Where a key with its colon ends, when one begins at `at`: "Submit Date :" is one.
std::optional<std::pair<std::size_t, field>> key_at(std::string_view from, std::size_t at) {
  if (at > 0 && is_letter(from[at - 1])) return std::nullopt;
  for (const key& known : keys) {
    std::size_t place = at, matched = 0;
    while (place < from.size() && matched < known.spelling.size()) {
      if (lower(from[place]) == known.spelling[matched]) {
        ++matched;
      } else if (matched == 0 || (from[place] != ' ' && from[place] != '_')) {
        break;
      }
      ++place;
    }
    if (matched < known.spelling.size()) continue;
    while (place < from.size() && from[place] == ' ') ++place;
    if (place < from.size() && (from[place] == ':' || from[place] == '=')) return std::pair(place + 1, known.is);
  }
  return std::nullopt;
}

// The first word of a value, without the quotes and separators about it.
std::string_view word_of(std::string_view value) {
  const auto about = [](char c) { return is_white(c) || c == '"' || c == '\'' || c == ',' || c == ';' || c == '|'; };
  const auto* const begin = std::ranges::find_if_not(value, about);
  const auto* const end = std::find_if(begin, value.end(), about);
  return {begin, end};
}

using fields = std::array<std::string_view, field_count>;

// A value goes on to the next key. Where the text of the message comes last it may hold anything, keys too: a field
// counts where it stands first, and that is before the text.
fields fields_of(std::string_view receipt) {
  fields found{};
  std::array<bool, field_count> seen{};
  field current = other;
  std::size_t begin = 0;
  const auto take = [&](std::size_t end) {
    if (!std::exchange(seen[current], true)) found[current] = receipt.substr(begin, end - begin);
  };
  for (std::size_t at = 0; at < receipt.size(); ++at) {
    const auto next = key_at(receipt, at);
    if (!next) continue;
    take(at);
    begin = next->first;
    current = next->second;
    at = begin - 1;
  }
  take(receipt.size());
  return found;
}

struct spelling {
  std::string_view begins;
  message_state means;
};
// Appendix B has seven letters for each; others write the word out, or one of their own. "DELIVERY FAILED" is not
// delivered, so no word is cut shorter than it must be.
constexpr spelling states[] = {
    {"delivrd", message_state::delivered},
    {"delivd", message_state::delivered},
    {"deliverd", message_state::delivered},
    {"delivered", message_state::delivered},
    {"dlvrd", message_state::delivered},
    {"expire", message_state::expired},
    {"exprd", message_state::expired},
    {"delete", message_state::deleted},
    {"deltd", message_state::deleted},
    {"undel", message_state::undeliverable},
    {"undlv", message_state::undeliverable},
    {"notdeliv", message_state::undeliverable},
    {"deliveryfail", message_state::undeliverable},
    {"fail", message_state::undeliverable},
    {"accept", message_state::accepted},
    {"unknown", message_state::unknown},
    {"unknwn", message_state::unknown},
    {"reject", message_state::rejected},
    {"rejctd", message_state::rejected},
    {"enroute", message_state::enroute},
    {"buffered", message_state::enroute},
    {"scheduled", message_state::enroute},
};

std::optional<message_state> state_from(std::uint8_t number) {
  if (number >= 1 && number <= 8) return message_state{number};
  return std::nullopt;
}

std::optional<message_state> state_from(std::string_view value) {
  if (const auto number = word_of(value); number.size() == 1 && is_digit(number.front()))
    return state_from(static_cast<std::uint8_t>(number.front() - '0'));
  std::string letters;
  for (const char c : value.substr(0, 32))
    if (is_letter(c)) letters += lower(c);
  for (const spelling& known : states)
    if (letters.starts_with(known.begins)) return known.means;
  return std::nullopt;
}

// UCS-2 happens (data_coding 8): then every other octet is zero. A header before the text happens, too.
std::string text_of(const short_message& value) {
  std::string_view octets = std::string_view(value.octets).substr(0, text_limit);
  if (value.has_udh() && !octets.empty())
    octets.remove_prefix(std::min(octets.size(), std::size_t{static_cast<unsigned char>(octets.front())} + 1));
  if (octets.size() < 2 || octets[0] != '\0' || octets.size() % 2 != 0) return std::string(octets);
  std::string narrow;
  for (std::size_t i = 0; i < octets.size(); i += 2) narrow += octets[i] == '\0' ? octets[i + 1] : '?';
  return narrow;
}

std::string printable(std::string_view word, std::size_t limit) {
  std::string out(word.substr(0, limit));
  std::ranges::replace_if(
      out, [](char c) { return c < '!' || c > '~'; }, '?');
  return out;
}

std::string_view without_zeros(std::string_view number) {
  const auto first = number.find_first_not_of('0');
  return first == std::string_view::npos ? number.substr(number.size() - 1) : number.substr(first);
}

// Of any length: an id has up to 64 digits.
std::string hex_from_decimal(std::string_view decimal) {
  std::array<std::uint8_t, message_id_limit> digits{};  // hexadecimal, the last one first; 64 decimal ones need 54
  for (const char c : decimal) {
    unsigned carry = static_cast<unsigned>(c - '0');
    for (std::uint8_t& digit : digits) {
      carry += digit * 10U;
      digit = carry & 15;
      carry >>= 4;
    }
  }
  std::string hex;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) hex += "0123456789abcdef"[*digit];
  return hex;
}

}  // namespace

std::string_view name(message_state state) {
  switch (state) {
    case message_state::enroute: return "ENROUTE";
    case message_state::delivered: return "DELIVERED";
    case message_state::expired: return "EXPIRED";
    case message_state::deleted: return "DELETED";
    case message_state::undeliverable: return "UNDELIVERABLE";
    case message_state::accepted: return "ACCEPTED";
    case message_state::unknown: return "UNKNOWN";
    case message_state::rejected: return "REJECTED";
  }
  return "?";
}

bool is_final(message_state state) {
  return state != message_state::enroute && state != message_state::accepted;
}

std::optional<delivery_receipt> read_delivery_receipt(const short_message& value) {
  const bool intermediate = (value.esm_class & 0x3C) == 0x20;
  if (!value.is_delivery_receipt() && !intermediate) return std::nullopt;
  const std::string text = text_of(value);
  const fields found = fields_of(text);

  delivery_receipt receipt;
  receipt.message_id = printable(word_of(value.receipted_message_id.value_or("")), message_id_limit);
  if (receipt.message_id.empty()) receipt.message_id = printable(word_of(found[field::id]), message_id_limit);
  receipt.user_message_reference = value.user_message_reference;
  if (receipt.message_id.empty() && !receipt.user_message_reference) return std::nullopt;

  auto state = value.message_state ? state_from(*value.message_state) : std::nullopt;
  if (!state) state = state_from(found[field::state]);
  if (intermediate) state = message_state::enroute;
  if (!state) return std::nullopt;
  receipt.state = *state;
  receipt.error = printable(word_of(found[field::error]), error_limit);
  return receipt;
}

std::string receipt_key(std::string_view message_id, id_in where, receipt_match match) {
  std::string key = printable(word_of(message_id), message_id_limit);
  if (key.empty()) return key;
  std::ranges::transform(key, key.begin(), lower);
  const id_in decimal_one = match == receipt_match::decimal_of_hex ? id_in::receipt : id_in::submit_sm_resp;
  const bool converted = match == receipt_match::decimal_of_hex || match == receipt_match::hex_of_decimal;
  if (key.starts_with("0x") && key.size() > 2 && std::ranges::all_of(key.substr(2), is_hex_digit)) {
    key.erase(0, 2);
  } else if (converted && where == decimal_one && std::ranges::all_of(key, is_digit)) {
    key = hex_from_decimal(key);
  }
  return std::string(without_zeros(key));
}

std::string receipt_key(std::string_view subscriber, std::uint16_t reference) {
  return std::string(subscriber) + '/' + std::to_string(reference);
}

}  // namespace topupd::smpp
