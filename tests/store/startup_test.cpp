// What must be so before a text is taken, and the one line that is said when it is not.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>
#include <thread>

#include "database.hpp"
#include "store/migrations.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

std::string refusal(const std::function<void()>& attempt) {
  try {
    attempt();
  } catch (const unavailable& said) {
    CHECK(std::string{said.what()}.find('\n') == std::string::npos);
    return said.what();
  }
  return "nothing was refused";
}

std::string refusal_of(worker_options at) {
  return refusal([&] { worker{std::move(at), {}}; });
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a server that could lose what it acknowledged is refused") {
  database db;
  struct row {
    const char* setting;
    const char* change;
  };
  for (const row& row : {row{"synchronous_commit", "alter database {0} set synchronous_commit = off"},
                         row{"fsync", "alter system set fsync = off"},
                         row{"full_page_writes", "alter system set full_page_writes = off"}}) {
    const std::string name = db.word("select current_database()");
    db.sql(fmt::format(fmt::runtime(row.change), name));
    db.sql("select pg_reload_conf()");
    std::string said;
    do said = refusal_of(options(db));  // the postmaster reads its files when it gets to it
    while (said == "nothing was refused");
    CHECK_MESSAGE(has(said, fmt::format("{} = off", row.setting)), said);
    db.sql("alter system reset all");
    db.sql("select pg_reload_conf()");
    db.sql(fmt::format("alter database {} reset all", name));
    while (refusal_of(options(db)) != "nothing was refused") {
    }
  }
}

TEST_CASE("a schema that this program does not know is refused, with what to do") {
  SUBCASE("none") {
    worker_options at;
    at.url = "dbname=postgres";
    CHECK(has(refusal_of(at), "run \"topupctl migrate\""));
  }
  SUBCASE("older") {
    database db;
    db.sql("delete from topup.migration where version = " + std::to_string(schema_version()));
    CHECK(has(refusal_of(options(db)), "run \"topupctl migrate\""));
  }
  SUBCASE("newer") {
    database db;
    db.sql("insert into topup.migration values (9999, '9999_future', 'x')");
    CHECK(has(refusal_of(options(db)), "install the newer topupd"));
    CHECK(has(refusal([&] { migrate(db.url()); }), "install the newer topupd"));
  }
  SUBCASE("another one under the same number") {
    database db;
    db.sql("update topup.migration set checksum = 'x' where version = 1");
    CHECK(has(refusal_of(options(db)), "001_schema is not this program's"));
    CHECK(has(refusal([&] { migrate(db.url()); }), "001_schema is not this program's"));
  }
}

TEST_CASE("migrating twice changes nothing, and two at once do it once") {
  pqxx::connection outside{"dbname=postgres"};
  pqxx::nontransaction{outside}.exec("create database topup_twice");
  std::size_t applied[2] = {};
  {
    std::thread other([&] { applied[0] = migrate("dbname=topup_twice").size(); });
    applied[1] = migrate("dbname=topup_twice").size();
    other.join();
  }
  CHECK(applied[0] + applied[1] == migrations().size());
  CHECK((applied[0] == 0 || applied[1] == 0));
  CHECK(migrate("dbname=topup_twice").empty());
}

TEST_CASE("the world's failures are one clear line each, without the password") {
  database db;
  const std::string name = db.word("select current_database()");
  db.sql(
      "do $$ begin if not exists (select from pg_roles where rolname = 'topup_test_user') then "
      "create role topup_test_user login password 'right'; end if; end $$");
  const std::string port = std::getenv("PGPORT");
  struct row {
    std::string url;
    std::string expected;
  };
  const std::vector<row> rows{
      {"postgresql://u:sesame@127.0.0.1:1/x", "no PostgreSQL listens on 127.0.0.1:1"},
      {"postgresql://u:sesame@no-such-host.invalid/x", "unknown host in store.url: no-such-host.invalid"},
      {"postgresql://root:sesame@127.0.0.1:" + port + "/no_such_database",
       "database \"no_such_database\" does not exist"},
      {"postgresql://no_such_user:sesame@127.0.0.1:" + port + "/" + name, "user \"no_such_user\" does not exist"},
      {"postgresql://topup_test_user:sesame@127.0.0.1:" + port + "/" + name, "\"topup_test_user\" is not a member"},
      {"postgresql://u:%zzsesame@h/x", "not a libpq URL"},
      {"postgresql://u:sesame@h:sesame/x", "not a libpq URL"},
      {"postgresql://u:open@sesame@h/x", "not a libpq URL"},
      {"postgresql://u:12/sesame@h/x", "not a libpq URL"},
  };
  for (const row& row : rows) {
    worker_options at;
    at.url = row.url;
    const std::string said = refusal_of(at);
    CHECK_MESSAGE(has(said, row.expected), said);
    CHECK_MESSAGE(!has(said, "sesame"), said);
  }
  auto at = options(db);
  at.time_zone = "Mars/Olympus_Mons";
  CHECK(has(refusal_of(at), "time zone \"Mars/Olympus_Mons\""));
}

TEST_CASE("a wrong password is said to be one") {
  database db;
  const std::string name = db.word("select current_database()");
  const auto rules = [&](const std::string& lines) {
    db.sql(
        fmt::format("do $$ begin execute format('copy (select unnest(string_to_array(%L, ''|''))) to %L', '{}', "
                    "current_setting('hba_file')); end $$",
                    lines));
    db.sql("select pg_reload_conf()");
  };
  const std::string trust = "local all all trust|host all all 127.0.0.1/32 trust|host all all ::1/128 trust";
  db.sql(
      "do $$ begin if not exists (select from pg_roles where rolname = 'topup_password_user') then "
      "create role topup_password_user login password 'right'; end if; end $$");
  rules("host all topup_password_user 127.0.0.1/32 scram-sha-256|" + trust);
  const auto said_to = [&](const std::string& password) {
    worker_options at;
    at.url = fmt::format("postgresql://topup_password_user{}@127.0.0.1:{}/{}", password, std::getenv("PGPORT"), name);
    return refusal_of(at);
  };
  std::string said;
  do said = said_to(":sesame");
  while (has(said, "not a member"));
  CHECK(has(said, "wrong password for user \"topup_password_user\""));
  CHECK_FALSE(has(said, "sesame"));
  CHECK(has(said_to(""), "wants a password"));
  CHECK(has(said_to(":right"), "is not a member"));
  rules(trust);
}

TEST_CASE("the gateway's role may call its eight functions and nothing else") {
  database db;
  pqxx::connection as_gateway{db.url()};
  pqxx::nontransaction session{as_gateway};
  session.exec("set role topup_gateway");
  int tables = 0;
  for (const auto& table : db.sql("select oid::regclass::text from pg_class where relnamespace = 'topup'::regnamespace "
                                  "and relkind in ('r', 'v', 'S')")) {
    ++tables;
    CAPTURE(table[0].c_str());
    CHECK_THROWS_AS(session.exec(fmt::format("select * from {}", table[0].c_str())), pqxx::insufficient_privilege);
  }
  CHECK(tables >= 15);
  std::string allowed;
  for (const auto& function : db.sql("select proname from pg_proc where pronamespace = 'topup'::regnamespace and "
                                     "has_function_privilege('topup_gateway', oid, 'execute') order by 1"))
    allowed += std::string{function[0].c_str()} + " ";
  CHECK(allowed == "claim keep_part note_deliveries quarantine redeem startup_facts take_receipts watch ");
  CHECK_THROWS_AS(session.exec("create table topup.mine ()"), pqxx::insufficient_privilege);
  CHECK_THROWS_AS(session.exec("create temp table product (code text); set search_path = pg_temp, topup; "
                               "select * from topup.voucher"),
                  pqxx::insufficient_privilege);
  CHECK(session.exec("select topup.take_receipts()").size() == 1);
}
