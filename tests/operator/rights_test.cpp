// What each role may do, whoever logs in (DESIGN.md §3): proven by trying everything there is.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/operations.hpp"
#include "store/worker.hpp"
#include "tests/operator/books.hpp"

namespace topupd::tests {
namespace {

enum class answer { allowed, forbidden };

// Whether a role may, whatever else is wrong with the statement; rolled back.
answer try_as(books& books, const std::string& role, const std::string& statement) {
  pqxx::work transaction(books.administrator());
  transaction.exec("set local role " + role);
  try {
    transaction.exec(statement);
  } catch (const pqxx::insufficient_privilege&) {
    return answer::forbidden;
  } catch (const pqxx::sql_error&) {
    // Allowed, and wrong in another way.
  }
  return answer::allowed;
}
bool may(books& books, const std::string& role, const std::string& statement) {
  return try_as(books, role, statement) == answer::allowed;
}

std::vector<std::string> listed(books& books, const std::string& query) {
  std::vector<std::string> out;
  for (const auto& row : books.sql(query)) out.emplace_back(row[0].c_str());
  return out;
}

// Functions that a role may call, besides `public`'s nothing.
const std::map<std::string, std::set<std::string>> functions_of = {
    {"topup_gateway",
     {"redeem", "quarantine", "keep_part", "claim", "note_deliveries", "take_receipts", "startup_facts", "watch"}},
    {"topup_charging", {"reserve", "commit", "release", "debit", "balance"}},
};

// Every function of the schema, with nulls for its arguments. Triggers' cannot be called by anybody.
struct function {
  std::string name, call;
};
std::vector<function> functions(books& books) {
  std::vector<function> out;
  for (const auto& row : books.sql(R"(
         select p.proname, format('select topup.%I(%s)', p.proname,
                  (select string_agg(format('null::%s', format_type(t, null)), ', ' order by n)
                   from unnest(p.proargtypes) with ordinality as a (t, n)))
         from pg_proc p where p.pronamespace = 'topup'::regnamespace and p.prorettype <> 'trigger'::regtype order by 1, 2)"))
    out.push_back({row[0].c_str(), row[1].c_str()});
  return out;
}

// Every table and view with its statements. Nothing is inserted into a view or changed in it, whoever asks.
struct relation {
  std::string select, insert, update, remove, truncate;
};
std::vector<relation> relations(books& books) {
  std::vector<relation> out;
  for (const auto& row : books.sql(R"(
         select format('topup.%I', c.relname), c.relkind = 'r',
                (select quote_ident(a.attname) from pg_attribute a
                 where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attidentity = '' order by a.attnum limit 1)
         from pg_class c where c.relnamespace = 'topup'::regnamespace and c.relkind in ('r', 'v', 'm', 'p') order by 1)")) {
    const std::string name = row[0].c_str();
    const std::string column = row[2].c_str();
    relation& each = out.emplace_back();
    each.select = "select " + column + " from " + name;
    if (!row[1].as<bool>()) continue;
    each.insert = "insert into " + name + " default values";
    each.update = "update " + name + " set " + column + " = " + column;
    each.remove = "delete from " + name;
    each.truncate = "truncate " + name;
  }
  return out;
}

const char* sequences =
    "select format('topup.%I', relname) from pg_class where relnamespace = 'topup'::regnamespace and relkind = 'S' "
    "order by 1";

}  // namespace

TEST_CASE("gateways, operators and charging systems have no right on any table, view or sequence") {
  books books;
  books.fill();
  const auto tables = relations(books);
  const auto counters = listed(books, sequences);
  CHECK(tables.size() > 30);
  CHECK(counters.size() >= 2);
  for (const std::string role : {"topup_gateway", "topup_operator", "topup_charging"}) {
    CAPTURE(role);
    for (const relation& each : tables)
      for (const std::string& statement : {each.select, each.insert, each.update, each.remove, each.truncate}) {
        CAPTURE(statement);
        CHECK_FALSE((!statement.empty() && may(books, role, statement)));
      }
    for (const std::string& counter : counters) {
      CAPTURE(counter);
      CHECK_FALSE(may(books, role, "select nextval('" + counter + "')"));
      CHECK_FALSE(may(books, role, "select setval('" + counter + "', 1)"));
      CHECK_FALSE(may(books, role, "select last_value from " + counter));
    }
  }
}

TEST_CASE(
    "no role has a right in the catalogue that trying would not show: on columns, by grants of others, as owner") {
  books books;
  const auto odd = listed(books, R"(
    select format('%s: %s on %s', r.rolname, right_on.what, c.relname)
    from pg_roles r cross join pg_class c
    cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) as right_on (what)
    where r.rolname in ('topup_gateway', 'topup_operator', 'topup_charging') and c.relnamespace = 'topup'::regnamespace
      and c.relkind in ('r', 'v') and has_any_column_privilege(r.oid, c.oid, right_on.what))");
  CHECK_MESSAGE(odd.empty(), (odd.empty() ? "" : odd.front()));
  // Nothing in the schema is anybody's but the owner's, and nobody but the owner may put anything there.
  CHECK(listed(books,
               "select relname from pg_class where relnamespace = 'topup'::regnamespace and relowner <> "
               "'topup_owner'::regrole")
            .empty());
  CHECK(listed(books,
               "select proname from pg_proc where pronamespace = 'topup'::regnamespace and proowner <> "
               "'topup_owner'::regrole")
            .empty());
  for (const std::string role : {"topup_gateway", "topup_operator", "topup_charging", "topup_auditor"}) {
    CAPTURE(role);
    CHECK_FALSE(may(books, role, "create table topup.mine (x integer)"));
    CHECK_FALSE(may(books, role, "create function topup.mine() returns integer language sql as 'select 1'"));
    CHECK_FALSE(may(books, role, "alter table topup.transfer disable trigger all"));
    CHECK_FALSE(may(books, role, "set session_replication_role = replica"));
    CHECK(listed(books, "select r.rolname from pg_roles r where r.rolname ~ '^(topup|pg)_' and r.rolname <> '" + role +
                            "' and pg_has_role('" + role + "', r.oid, 'member')")
              .empty());
  }
}

TEST_CASE("a role may call its functions and no other") {
  books books;
  const auto all = functions(books);
  CHECK(all.size() > 60);
  for (const auto& [role, own] : functions_of) {
    CAPTURE(role);
    std::set<std::string> met;
    for (const function& each : all) {
      CAPTURE(each.call);
      CHECK(may(books, role, each.call) == own.contains(each.name));
      met.insert(each.name);
    }
    for (const std::string& name : own) CHECK_MESSAGE(met.contains(name), name);
  }
}

TEST_CASE("what operators and auditors may call is what the files of migrations grant, and nobody else may") {
  books books;
  const auto granted = [&](const std::string& role) {
    const auto names = listed(books,
                              "select distinct proname from pg_proc where pronamespace = 'topup'::regnamespace and "
                              "has_function_privilege('" +
                                  role + "', oid, 'execute') and prorettype <> 'trigger'::regtype");
    return std::set<std::string>(names.begin(), names.end());
  };
  const auto of_operators = granted("topup_operator");
  // Tried, not only looked up.
  for (const function& each : functions(books)) {
    CAPTURE(each.call);
    CHECK(may(books, "topup_operator", each.call) == of_operators.contains(each.name));
  }
  for (const char* of_others :
       {"redeem", "claim", "note_deliveries", "watch", "reserve", "debit", "post", "audit", "set_policy", "lapse",
        "take_turn", "next_receipt", "carry_out", "ask_approval", "apply_to_cards", "look"}) {
    CAPTURE(of_others);
    CHECK_FALSE(of_operators.contains(of_others));
  }
  // An auditor changes nothing: whatever it may call says of itself that it does not. But for health(), which reads the
  // clock, and find_lost_cards(), which remembers which batches are spent so that nobody counts their cards again.
  const auto writing = listed(books, R"(
    select proname from pg_proc
    where pronamespace = 'topup'::regnamespace and has_function_privilege('topup_auditor', oid, 'execute')
      and provolatile = 'v' and proname not in ('health', 'find_lost_cards'))");
  CHECK_MESSAGE(writing.empty(), (writing.empty() ? "" : writing.front()));
  CHECK(listed(books,
               "select proname from pg_proc where pronamespace = 'topup'::regnamespace and "
               "has_function_privilege('public', oid, 'execute')")
            .empty());
}

TEST_CASE("whatever runs with the owner's rights has its search path pinned") {
  books books;
  const auto loose = listed(books, R"(
    select proname from pg_proc
    where pronamespace = 'topup'::regnamespace and prosecdef
      and not coalesce(proconfig, '{}') @> array['search_path=topup, pg_temp'])");
  CHECK_MESSAGE(loose.empty(), (loose.empty() ? "" : loose.front()));
  CHECK(listed(books, "select proname from pg_proc where pronamespace = 'topup'::regnamespace and prosecdef").size() >
        20);
}

TEST_CASE("a table of one's own by the name of one of ours catches no function of ours") {
  books books;
  books.fill();
  pqxx::work transaction(books.administrator());
  transaction.exec("set local role topup_operator");
  try {
    transaction.exec("create temporary table account (msisdn bigint, currency text, balance_minor bigint)");
  } catch (const pqxx::insufficient_privilege&) {
    return;  // not even that
  }
  const auto row = transaction.exec("select balance_minor from topup.find_account(999701234567)")[0];
  CHECK(row[0].as<int>() == 2000);
}

TEST_CASE("auditors read everything and change nothing") {
  books books;
  books.fill();
  for (const relation& each : relations(books)) {
    CAPTURE(each.select);
    CHECK(may(books, "topup_auditor", each.select));
    for (const std::string& statement : {each.insert, each.update, each.remove, each.truncate}) {
      CAPTURE(statement);
      CHECK_FALSE((!statement.empty() && may(books, "topup_auditor", statement)));
    }
  }
  for (const char* statement : {"select * from topup.verify()", "select * from topup.trace_serial(1)",
                                "select * from topup.daily_report(null, null)"}) {
    CAPTURE(statement);
    CHECK(may(books, "topup_auditor", statement));
  }
  for (const char* statement : {"select * from topup.prove()", "select * from topup.clear_lock(1, 'x')",
                                "select * from topup.change_cards(1, null, null, 'void', 'x', false)"}) {
    CAPTURE(statement);
    CHECK_FALSE(may(books, "topup_auditor", statement));
  }
}

TEST_CASE("vouchers join a batch only in the transaction that opened it") {
  books books;
  books.fill();
  CHECK_THROWS_AS(books.sql("select topup.add_vouchers(2, '{100000000005}', array[sha256('x')])"), pqxx::sql_error);
}

TEST_CASE("an auditor's login sees what it may, and is told what it may not") {
  books books;
  books.fill();
  books.sql(
      "do $$ begin create role test_auditor login in role topup_auditor; exception when duplicate_object then null; "
      "end $$");
  store::operations operations(books.url("test_auditor"));
  CHECK_FALSE(operations.verify().empty());
  CHECK_THROWS_AS(operations.add_product({"X", {1, "USD"}, 0, ""}), store::unavailable);
}

}  // namespace topupd::tests
