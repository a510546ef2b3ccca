// What `trace` tells on one screen, and `voucher show` of a card: everything known about a receipt, a card or a number.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "parser/reading.hpp"
#include "store/operations.hpp"

namespace topupd::operators {

struct story {
  std::optional<store::voucher> voucher;  // of a card: what it is now
  std::vector<store::card_event> card;    // and how it came to that
  std::optional<store::account> account;  // of a number
  std::optional<store::lock> lock;        // while it is locked
  std::vector<store::message_story> messages;
  std::vector<store::transfer_line> transfers;  // of these messages, and those of no text: calls, operators' acts
  std::vector<store::act> acts;
  bool newest_first = false;
};

// Whether these digits have this form: "1000########".
bool has_form(std::string_view digits, std::string_view form);
// Nothing for what may be a PIN: it must not reach the database's log (DESIGN.md §2.7).
std::optional<std::int64_t> serial_from(std::string_view written, const parser::rules& reading);
boost::json::object fields_of(const store::voucher& voucher);
boost::json::array fields_of(const std::vector<store::card_event>& card);
void show(const store::voucher& voucher);
void show(const std::vector<store::card_event>& card);

boost::json::object fields_of(const story& all);
void tell(const story& all);

}  // namespace topupd::operators
