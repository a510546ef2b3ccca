#include "store/migrations.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <pqxx/transaction>

#include "store/connection.hpp"

namespace topupd::store {
namespace {

// "topup" as a number; below zero, because the gateway locks senders by their msisdn.
constexpr std::int64_t migrating = -0x746F707570;

int newest(const applied_migrations& there) {
  return there.empty() ? 0 : there.rbegin()->first;
}

// A schema that is not an earlier one of ours: nothing may be done to it, and nothing with it.
std::string foreign(const applied_migrations& there) {
  for (const migration& known : migrations()) {
    const auto it = there.find(known.version);
    if (it != there.end() && it->second != checksum(known))
      return fmt::format("the database's migration {} is not this program's: they are of different releases",
                         known.name);
  }
  if (newest(there) <= schema_version()) return {};
  return fmt::format("the database has schema version {}, this program knows {}: install the newer topupd",
                     newest(there), schema_version());
}

applied_migrations applied(pqxx::connection& database) {
  pqxx::nontransaction query{database};
  applied_migrations there;
  if (query.exec("select to_regclass('topup.migration') is null")[0][0].as<bool>()) return there;
  for (const auto& row : query.exec("select version, checksum from topup.migration"))
    there[row[0].as<int>()] = row[1].as<std::string>();
  return there;
}

std::string apply(pqxx::connection& database, const migration& next) {
  pqxx::work change{database};
  change.exec(std::string{next.sql});  // each begins with `set local role topup_owner`
  change.exec_params("insert into topup.migration (version, name, checksum) values ($1, $2, $3)", next.version,
                     std::string{next.name}, checksum(next));
  change.commit();
  return std::string{next.name};
}

}  // namespace

int schema_version() {
  return migrations().back().version;
}

std::string checksum(const migration& of) {
  std::array<unsigned char, 32> digest{};
  if (EVP_Digest(of.sql.data(), of.sql.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available in this OpenSSL");
  std::string hex;
  for (const unsigned char octet : digest) hex += fmt::format("{:02x}", octet);
  return hex;
}

std::string schema_problem(const applied_migrations& there) {
  if (std::string problem = foreign(there); !problem.empty()) return problem;
  if (there.size() == migrations().size()) return {};
  return fmt::format("the database has schema version {}, this program needs {}: run \"topupctl migrate\"",
                     newest(there), schema_version());
}

std::vector<std::string> migrate(const std::string& url) {
  auto database = open(url, role::login, "topupctl migrate");
  std::string at = "before the first migration";
  try {
    std::vector<std::string> done;
    pqxx::nontransaction{*database}.exec(fmt::format("select pg_advisory_lock({})", migrating));  // until we disconnect
    applied_migrations there = applied(*database);
    if (const std::string problem = foreign(there); !problem.empty()) throw unavailable(problem);
    for (const migration& next : migrations()) {
      if (there.contains(next.version)) continue;
      at = next.name;
      done.push_back(apply(*database, next));
    }
    return done;
  } catch (const unavailable&) {
    throw;
  } catch (const std::exception& problem) {
    throw unavailable(fmt::format("migration {}: {}", at, explain(problem, url).what()));
  }
}

bool set_policy(const std::string& url, const policy& value, const std::string& person) {
  auto database = open(url, role::owner, "topupctl migrate");
  try {
    pqxx::work change{*database};
    change.exec_params1("select set_config('topup.person', $1, true)", person);
    const auto row = change.exec_params1("select topup.set_policy($1, $2, $3, $4)", value.currency, value.time_zone,
                                         value.activate_above_minor, value.adjust_above_minor);
    change.commit();
    return row[0].as<bool>();
  } catch (const std::exception& problem) {
    throw unavailable(fmt::format("policy: {}", explain(problem, url).what()));
  }
}

}  // namespace topupd::store
