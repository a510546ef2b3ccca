// The proof that the books are right, the reports drawn from them, and the database's health.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "store/operations_body.hpp"

namespace topupd::store {

std::vector<check> operations::verify() {
  std::vector<check> out;
  const char* statement = body_->operates ? "select * from topup.prove()" : "select * from topup.verify()";
  for (const pqxx::row& row : body_->call(statement))
    out.push_back({.name = text_in(row[0]),
                   .examined = row[1].as<std::int64_t>(),
                   .violations = row[2].as<std::int64_t>(),
                   .example = with_receipts(text_in(row[3]))});
  return out;
}

report operations::report(const std::string& name, const std::string& first, const std::string& last) {
  constexpr std::array<std::string_view, 3> of_days{"daily", "batches", "failures"};
  const auto day = [](const std::string& given) { return given.empty() ? std::nullopt : std::optional(given); };
  pqxx::result rows;
  if (name == "liability") {
    rows = body_->call("select * from topup.liability_report()");
  } else if (std::find(of_days.begin(), of_days.end(), name) != of_days.end()) {
    rows = body_->call(fmt::format("select * from topup.{}_report($1, $2)", name), day(first), day(last));
  } else {
    throw refused(fmt::format("there is no report \"{}\": see \"topupctl report --help\"", name));
  }
  store::report out;
  for (pqxx::row_size_type i = 0; i < rows.columns(); ++i) out.columns.emplace_back(rows.column_name(i));
  for (const pqxx::row& row : rows) {
    auto& fields = out.rows.emplace_back();
    for (const pqxx::field& field : row)
      fields.push_back(field.is_null() ? std::nullopt : std::optional(field.as<std::string>()));
  }
  return out;
}

health operations::examine() {
  const auto before = std::chrono::system_clock::now();
  const auto row = body_->call("select * from topup.health()")[0];
  const auto between = before + (std::chrono::system_clock::now() - before) / 2;
  const std::chrono::duration<double> here = between.time_since_epoch();
  return {.server_version = text_in(row[0]),
          .schema_version = row[1].as<int>(),
          .fsync = row[2].as<bool>(),
          .full_page_writes = row[3].as<bool>(),
          .synchronous_commit = row[4].as<bool>(),
          .clock_difference =
              std::chrono::round<std::chrono::seconds>(std::chrono::duration<double>(row[5].as<double>()) - here),
          .owed_replies = row[6].as<std::int64_t>(),
          .user = text_in(row[7]),
          .hosts = hosts_in(body_->url),
          .standbys = text_in(row[8]),
          .commit_waits_for = text_in(row[9])};
}

}  // namespace topupd::store
