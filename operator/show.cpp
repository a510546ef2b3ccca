#include "operator/show.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <cstdio>

namespace topupd::operators {

std::string iso(std::chrono::sys_seconds at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(at.time_since_epoch().count()));
}
std::string iso(const std::optional<std::chrono::sys_seconds>& at) {
  return at ? iso(*at) : std::string{};
}
std::string shown(const parser::money& amount) {
  return parser::decimal(amount) + " " + amount.currency;
}

std::string grouped(std::string_view decimal) {
  const std::size_t sign = decimal.starts_with('-') ? 1 : 0;
  const std::size_t whole = std::min(decimal.find('.'), decimal.size());
  std::string out(decimal);
  for (std::size_t at = whole; at > sign + 3;) out.insert(at -= 3, 1, ',');
  return out;
}
std::string grouped(std::int64_t number) {
  return grouped(std::to_string(number));
}

void print(std::string_view line) {
  fmt::print("{}\n", line);
}
void print_json(const boost::json::value& value) {
  fmt::print("{}\n", boost::json::serialize(value));
}

void print_fields(std::initializer_list<std::pair<std::string_view, std::string>> fields) {
  std::size_t width = 0;
  for (const auto& [name, value] : fields)
    if (!value.empty()) width = std::max(width, name.size());
  for (const auto& [name, value] : fields)
    if (!value.empty()) fmt::print("{:<{}}  {}\n", name, width, value);
}

void print_table(const std::vector<std::vector<std::string>>& rows, const std::vector<std::size_t>& right) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool to_the_right = std::find(right.begin(), right.end(), i) != right.end();
      line += fmt::format(fmt::runtime(to_the_right ? "{:>{}}  " : "{:<{}}  "), row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    print(line);
  }
}

void put(boost::json::object& into, std::string_view name, const parser::money& amount) {
  into[name] = parser::decimal(amount);
  into[std::string(name) + "_minor"] = amount.amount_minor;
  into["currency"] = amount.currency;
}
boost::json::value or_null(std::string_view text) {
  if (text.empty()) return nullptr;
  return boost::json::value(text);
}

}  // namespace topupd::operators
