// How topupctl answers: tables and lines for people, JSON for programs. Times are ISO 8601 in UTC, amounts decimal
// strings beside their minor units, serials and numbers strings of digits (they are names, not quantities).
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parser/money.hpp"

namespace topupd::operators {

std::string iso(std::chrono::sys_seconds at);                        // "2026-11-22T18:00:00Z"
std::string iso(const std::optional<std::chrono::sys_seconds>& at);  // empty when there is none
std::string shown(const parser::money& amount);                      // "50.00 USD"
std::string grouped(std::string_view decimal);                       // "1234567.50" -> "1,234,567.50"
std::string grouped(std::int64_t number);

void print(std::string_view line);  // and a line end
void print_json(const boost::json::value& value);
void print_fields(std::initializer_list<std::pair<std::string_view, std::string>> fields);  // empty ones are left out
// The first row is the heading. Columns named in `right` stand right-aligned.
void print_table(const std::vector<std::vector<std::string>>& rows, const std::vector<std::size_t>& right);

// {"amount": "50.00", "amount_minor": 5000, "currency": "USD"} for the name "amount".
void put(boost::json::object& into, std::string_view name, const parser::money& amount);
// Null when there is none.
template <class T, class Show>
boost::json::value or_null(const std::optional<T>& value, Show&& show) {
  if (!value) return nullptr;
  return boost::json::value(show(*value));
}
boost::json::value or_null(std::string_view text);  // null when empty

}  // namespace topupd::operators
