#include "store/connection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <pqxx/except>
#include <pqxx/nontransaction>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "store/time_limit.hpp"

namespace topupd::store {
namespace {

constexpr std::chrono::seconds first_answer{5};  // a server that has let us in and says nothing more is frozen

using parameters = std::map<std::string, std::string>;

void take(parameters& into, PQconninfoOption* options) {
  for (const PQconninfoOption* option = options; option && option->keyword; ++option)
    if (option->val && *option->val) into[option->keyword] = option->val;
  PQconninfoFree(options);
}

// Nothing when it is no libpq URL. libpq's own words about it are dropped: they may quote the part with the password.
parameters parsed(const std::string& url) {
  char* error = nullptr;
  PQconninfoOption* options = PQconninfoParse(url.c_str(), &error);
  if (error) PQfreemem(error);
  parameters given;
  if (!options) return given;
  take(given, options);
  given.try_emplace("target_session_attrs", "read-write");  // a failed-over server's old half takes no top-up
  // Each host that does not answer costs so much before the next one is asked: after a failover the first may be dead.
  given.try_emplace("connect_timeout", "3");
  // A host that vanished without a word is noticed in about five seconds, not in two hours.
  given.try_emplace("tcp_user_timeout", "5000");
  given.try_emplace("keepalives_idle", "2");
  given.try_emplace("keepalives_interval", "1");
  given.try_emplace("keepalives_count", "3");
  return given;
}

std::vector<std::string> listed(const parameters& given, const char* key) {
  std::vector<std::string> all;
  const auto found = given.find(key);
  if (found == given.end()) return all;
  std::istringstream in{found->second};
  for (std::string each; std::getline(in, each, ',');) all.push_back(each);
  return all;
}

// libpq asks the hosts in their order; a list of addresses and one of ports go with them, place by place.
void ask_last(parameters& given, const server& which) {
  const auto hosts = listed(given, given.contains("host") ? "host" : "hostaddr");
  const auto ports = listed(given, "port");
  for (std::size_t i = 0; i + 1 < hosts.size(); ++i) {
    const bool is_it = hosts[i] == which.host && (ports.size() != hosts.size() || ports[i] == which.port);
    if (!is_it) continue;
    for (const char* key : {"host", "hostaddr", "port"}) {
      auto all = listed(given, key);
      if (all.size() != hosts.size()) continue;
      std::rotate(all.begin() + static_cast<std::ptrdiff_t>(i), all.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                  all.end());
      given[key] = fmt::format("{}", fmt::join(all, ","));
    }
    return;
  }
}

// A password with an @ or / that was not escaped ends up in another part, which we would show.
bool is_torn(const parameters& given) {
  const auto holds = [&](const char* key, auto is_odd) {
    const auto it = given.find(key);
    return it != given.end() && std::any_of(it->second.begin(), it->second.end(), is_odd);
  };
  const auto is_at = [](char c) { return c == '@'; };
  const auto is_no_port = [](char c) { return (c < '0' || c > '9') && c != ','; };
  return holds("host", is_at) || holds("dbname", is_at) || holds("port", is_no_port);
}

std::string quoted(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string_view sql_name(role as) {
  switch (as) {
    case role::login: break;
    case role::owner: return "topup_owner";
    case role::gateway: return "topup_gateway";
    case role::operators: return "topup_operator";
    case role::auditor: return "topup_auditor";
  }
  return "none";
}

// `database "topup" on db1:5432 as "gateway"`: with what the URL leaves to the environment and to libpq.
struct place {
  std::string database, host, user;
};
place place_of(const std::string& url) {
  parameters all;
  take(all, PQconndefaults());
  for (auto& [key, value] : parsed(url)) all[key] = value;
  const auto at = [&](const char* key) {
    const auto it = all.find(key);
    return it == all.end() ? std::string{} : it->second;
  };
  place out{at("dbname"), at("host"), at("user")};
  if (out.database.empty()) out.database = out.user;
  if (out.host.empty()) out.host = at("hostaddr");
  if (out.host.empty()) out.host = "the local socket";
  if (const std::string port = at("port"); !port.empty()) out.host += ":" + port;
  return out;
}

std::string first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  for (const std::string_view noise : {"ERROR:  ", "FATAL:  "})
    if (text.starts_with(noise)) text.remove_prefix(noise.size());
  return std::string{text};
}

// libpq gives no SQLSTATE for a connection that did not come about: its words are all there is. The first row that is
// found is the answer; several hosts give several lines, so what somebody must correct stands before what may pass by
// itself.
struct symptom {
  std::string_view words;
  std::string_view meaning;  // {0} database, {1} host, {2} user, {3} the words' line
};
constexpr std::array symptoms{
    symptom{"password authentication failed",
            "wrong password for user \"{2}\" on {1}: correct store.url or the password file"},
    symptom{"no password supplied", "{1} wants a password for user \"{2}\": put it into store.url or a password file"},
    symptom{"Peer authentication failed",
            "{1} does not accept this system user as \"{2}\": see pg_hba.conf and pg_ident.conf"},
    symptom{"no pg_hba.conf entry",
            "{1} does not let user \"{2}\" into database \"{0}\" from here: see its pg_hba.conf"},
    symptom{"permission denied to set role",
            "user \"{2}\" is not a member of the role it needs: grant topup_gateway to it (topupctl's users: "
            "topup_operator)"},
    symptom{"permission denied for",
            "user \"{2}\" may not do this ({3}): run \"topupctl migrate\" as the schema's owner and check the grants"},
    symptom{"ERROR:  role \"topup_", "database \"{0}\" on {1} has no topup roles: run \"topupctl migrate\""},
    symptom{"schema \"topup\" does not exist", "database \"{0}\" on {1} has no schema topup: run \"topupctl migrate\""},
    symptom{"database \"", "database \"{0}\" does not exist on {1}: create it, then run \"topupctl migrate\""},
    symptom{"role \"", "user \"{2}\" does not exist on {1}: create it, or correct store.url"},
    symptom{"could not translate host name", "unknown host in store.url: {1}"},
    symptom{"starting up", "PostgreSQL on {1} is starting up: it will be tried again"},
    symptom{"shutting down", "PostgreSQL on {1} is shutting down: it will be tried again"},
    symptom{"recovery mode", "PostgreSQL on {1} is recovering: it will be tried again"},
    symptom{"too many clients", "PostgreSQL on {1} has no connection left: raise max_connections"},
    symptom{"remaining connection slots", "PostgreSQL on {1} has no connection left: raise max_connections"},
    symptom{"session is read-only", "no server that takes writes among {1}: is the primary down?"},
    symptom{"hot standby mode", "no server that takes writes among {1}: is the primary down?"},
    symptom{"timeout expired", "PostgreSQL on {1} does not answer: is the host up and the port open?"},
    symptom{"Connection refused", "no PostgreSQL listens on {1}: is it running, and is store.url right?"},
    symptom{"No such file or directory", "no PostgreSQL listens on {1}: is it running, and is store.url right?"},
    symptom{"permission denied to create role",
            "user \"{2}\" may not create the topup roles: run \"topupctl migrate\" once as a superuser"},
};

std::string meaning(std::string_view words, const std::string& url) {
  const place at = place_of(url);
  for (const symptom& known : symptoms) {
    const std::size_t found = words.find(known.words);
    if (found == std::string_view::npos) continue;
    const std::size_t begin = words.rfind('\n', found);
    const std::string line = first_line(words.substr(begin == std::string_view::npos ? 0 : begin + 1));
    return fmt::format(fmt::runtime(known.meaning), at.database, at.host, at.user, line);
  }
  return fmt::format("database \"{}\" on {}: {}", at.database, at.host, first_line(words));
}

}  // namespace

bool connection::listener::operator()(const char[]) noexcept {
  heard = true;
  return false;  // nobody else needs to hear it
}

connection::connection(const std::string& conninfo)
    : pqxx::connection(conninfo), listener_(*this), at_{hostname(), port()} {
  // libpqxx 6 would quietly reconnect, and the new session would lack our role. It calls its switch deprecated because
  // 7 has no reconnecting any more.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

bool connection::warned() noexcept {
  return std::exchange(listener_.heard, false);
}

std::unique_ptr<connection> open(const std::string& url, role as, const std::string& application_name,
                                 const server& last) {
  parameters given = parsed(url);
  if (given.empty() || is_torn(given))
    throw unavailable(
        "store.url is not a libpq URL: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with %40 for an @ and %2F "
        "for "
        "a / in the password");
  ask_last(given, last);
  given["application_name"] = application_name;
  given["client_encoding"] = "UTF8";
  std::string conninfo;
  for (const auto& [key, value] : given) conninfo += key + "=" + quoted(value) + " ";
  try {
    auto opened = std::make_unique<connection>(conninfo);
    time_limit limit{opened->sock()};
    const time_limit::scope within{limit, first_answer};
    pqxx::nontransaction session{*opened};
    session.exec(fmt::format("set client_min_messages = warning; set role {}", sql_name(as)));
    return opened;
  } catch (const std::exception& problem) {
    throw explain(problem, url);
  }
}

int hosts_in(const std::string& url) {
  const parameters given = parsed(url);
  return std::max(1, static_cast<int>(listed(given, given.contains("host") ? "host" : "hostaddr").size()));
}

unavailable explain(const std::exception& problem, const std::string& url) {
  if (const auto* known = dynamic_cast<const unavailable*>(&problem)) return *known;
  return unavailable(meaning(problem.what(), url));
}

std::string sqlstate(const std::exception& problem) {
  // libpqxx drops the code where it has a class of its own for it.
  if (dynamic_cast<const pqxx::serialization_failure*>(&problem)) return "40001";
  if (dynamic_cast<const pqxx::deadlock_detected*>(&problem)) return "40P01";
  if (const auto* known = dynamic_cast<const pqxx::sql_error*>(&problem)) return known->sqlstate();
  return {};
}

}  // namespace topupd::store
