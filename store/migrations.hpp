// The schema's versions: store/migrations/NNN_name.sql, embedded in the binary, forward only, checksummed.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/operations.hpp"

namespace topupd::store {

struct migration {
  int version;
  std::string_view name;  // "001_schema"
  std::string_view sql;
};
const std::vector<migration>& migrations();  // in order
int schema_version();                        // of this binary: the last one's

using applied_migrations = std::map<int, std::string>;  // version -> checksum, as the table topup.migration has them
std::string checksum(const migration& of);
// Why this program may not work with such a schema, and what to do; empty: it may.
std::string schema_problem(const applied_migrations& there);

// Applies what is missing, each in its own transaction, under an advisory lock so that two at once are harmless.
// Returns the names applied. Throws unavailable, also when an applied one's checksum is not ours or the schema is
// newer.
std::vector<std::string> migrate(const std::string& url);

// What the configuration says and the database holds everybody to. Written by whoever migrates: an operator cannot lift
// what holds operators. True: the database said something else before. Throws unavailable.
bool set_policy(const std::string& url, const policy& value, const std::string& person);

}  // namespace topupd::store
