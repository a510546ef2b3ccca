// What the files that implement operations share: the connection with its rights, and how PostgreSQL's fields become
// ours. Private to the store.
#pragma once

#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/connection.hpp"
#include "store/operations.hpp"
#include "store/pin_source.hpp"

namespace topupd::store {

inline std::optional<std::int64_t> integer_in(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return field.as<std::int64_t>();
}
inline std::string text_in(const pqxx::field& field) {
  return field.is_null() ? std::string{} : field.as<std::string>();
}
inline std::optional<moment> time_in(const pqxx::field& field) {
  const auto seconds = integer_in(field);
  return seconds ? std::optional(moment(std::chrono::seconds(*seconds))) : std::nullopt;
}
inline std::optional<receipt> receipt_in(const pqxx::field& field) {
  const auto number = integer_in(field);
  return number ? std::optional(receipt{*number}) : std::nullopt;
}
inline std::optional<parser::msisdn> number_in(const pqxx::field& field) {
  const auto number = integer_in(field);
  return number ? parser::msisdn::from_number(static_cast<std::uint64_t>(*number)) : std::nullopt;
}
// No amount has no currency either.
inline parser::money money_in(const pqxx::field& minor, const pqxx::field& currency) {
  if (minor.is_null()) return {};
  return {*integer_in(minor), text_in(currency)};
}
inline std::int64_t stored(const parser::msisdn& number) {
  return static_cast<std::int64_t>(number.number());
}

message_story story_in(const pqxx::row& row);

// The functions of migrations/ name receipts as #number; operators and subscribers know them as to_string() writes
// them.
std::string with_receipts(std::string_view sentence);

struct operations::body {
  std::string url;
  std::string time_zone;
  std::string person;
  bool operates = false;  // else it is an auditor
  std::unique_ptr<connection> link;

  body(std::string where, std::string zone, std::string who)
      : url(std::move(where)), time_zone(std::move(zone)), person(std::move(who)) {
    connect();
  }
  void connect();  // with an operator's rights, or those of an auditor who may only read

  // The one place where libpqxx's exceptions become ours.
  template <class Work>
  auto guarded(Work&& work) {
    try {
      return work();
    } catch (const pqxx::sql_error& problem) {
      const std::string state = sqlstate(problem);
      if (state == "42883" || state == "42P01" || state == "3F000")  // no such function, table, schema
        throw unavailable("the database's schema is not the one this topupctl knows: run \"topupctl migrate\"");
      throw explain(problem, url);
    } catch (const pqxx::failure& problem) {
      throw explain(problem, url);
    }
  }

  // One call of one function in one transaction.
  template <class... Arguments>
  pqxx::result call(const std::string& statement, const Arguments&... arguments) {
    return guarded([&] {
      pqxx::work transaction{*link};
      pqxx::result rows = transaction.exec_params(statement, arguments...);
      transaction.commit();
      return rows;
    });
  }

  template <class... Arguments>
  std::vector<message_story> stories(const std::string& statement, const Arguments&... arguments) {
    std::vector<message_story> out;
    for (const pqxx::row& row : call(statement, arguments...)) out.push_back(story_in(row));
    return out;
  }

  batch open_batch(pqxx::work& transaction, const new_batch& order, const keyring& keys);
  std::vector<parser::pin> write(pqxx::work& transaction, std::int64_t id, std::int64_t first, std::int64_t count,
                                 pin_source& source, const keyring& keys);
  void settle(std::int64_t id);
};

}  // namespace topupd::store
