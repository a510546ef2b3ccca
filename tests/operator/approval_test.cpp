// Two pairs of eyes: what one operator asks for and another one must agree to. The database knows who is who.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "store/migrations.hpp"
#include "store/operations.hpp"
#include "tests/operator/books.hpp"
#include "tests/operator/proof.hpp"

namespace topupd::tests {
namespace {

// Ada and Bob are operators; above 20.00 USD two are needed. Batch 4: three cards of TEN, batch 5: two.
struct office {
  office() {
    books.sql(R"(
      insert into topup.batch (product, count, first_serial, last_serial) values ('TEN', 3, 501, 503), ('TEN', 2, 504, 505);
      insert into topup.voucher select s, sha256(s::text::bytea), 4 + (s > 503)::integer from generate_series(501, 505) s)");
    above(2000);
  }
  void above(std::int64_t minor) {
    store::set_policy(books.url(), {.currency = "USD", .time_zone = "UTC", .activate_above_minor = minor}, "root");
  }
  std::string state(std::size_t batch) { return ada.batches()[batch - 1].state; }

  tests::books books;
  store::operations ada{login("ada"), "UTC", "ada@desk"};
  store::operations bob{login("bob"), "UTC", "bob@desk"};

 private:
  std::string login(const std::string& name) {
    if (name == "ada") books.fill();
    if (books.sql("select from pg_roles where rolname = '" + name + "'").empty())
      books.sql("create role " + name + " login in role topup_operator");
    return books.url(name);
  }
};

store::card_change activate(std::int64_t batch, bool dry_run = false) {
  return {.of = {.batch = batch}, .wanted = "active", .reason = "shipped", .dry_run = dry_run};
}
store::card_change activate_serials(std::int64_t first, std::int64_t last) {
  return {.of = {.batch = {}, .first = first, .last = last}, .wanted = "active", .reason = "shipped"};
}

}  // namespace

TEST_CASE("a batch worth more than one may activate waits for a second operator") {
  office office;
  const auto tried = office.ada.change_cards(activate(4, true));
  REQUIRE(tried.fates.size() == 1);
  CHECK(tried.fates[0].what == store::card_fate::kind::waiting);
  CHECK_FALSE(tried.approval);
  CHECK(office.ada.approvals().empty());

  const auto asked = office.ada.change_cards(activate(4));
  REQUIRE(asked.approval);
  CHECK(office.ada.change_cards(activate(4)).approval == asked.approval);  // once on file is enough
  CHECK(office.state(4) == "generated");

  CHECK(refusal([&] { office.ada.grant_approval(*asked.approval); }).find("somebody else") != std::string::npos);
  CHECK(office.state(4) == "generated");
  const auto granted = office.bob.grant_approval(*asked.approval);
  CHECK(granted.detail == "3 cards generated -> active");
  CHECK(granted.amount == parser::money{3000, "USD"});
  CHECK(office.state(4) == "active");
  CHECK(refusal([&] { office.bob.grant_approval(*asked.approval); }).find("granted by bob") != std::string::npos);

  const auto listed = office.ada.approvals();
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].asked_by == "ada");
  CHECK(listed[0].asked_person == "ada@desk");
  CHECK(listed[0].decision == "granted");
  CHECK(listed[0].decided_by == "bob");
  CHECK(listed[0].decided_person == "bob@desk");
  const auto line = office.books.sql(
      "select by, person, action, subject, reason, detail from topup.audit_log "
      "order by line desc limit 1")[0];
  CHECK(line[0].as<std::string>() == "bob");
  CHECK(line[2].as<std::string>() == "batch activate");
  CHECK(line[3].as<std::string>() == "batch 4");
  CHECK(line[4].as<std::string>() == "shipped");
  CHECK(line[5].as<std::string>() == "3 cards generated -> active; approval 1, asked by ada");
}

TEST_CASE("which changes need a second operator") {
  struct row {
    const char* what;
    std::int64_t above;
    store::card_change change;
    bool needs;
  };
  const row rows[] = {
      {"nobody asked for two", 0, activate(4), false},
      {"worth exactly as much", 3000, activate(4), false},
      {"worth more", 2999, activate(4), true},
      {"a part of a batch that needs two", 2999, activate_serials(501, 501), true},
      {"a range that reaches into one", 2999, activate_serials(503, 505), true},
      {"a batch that needs none", 2999, activate_serials(504, 505), false},
      {"what refuses cards needs one only", 1, {.of = {.batch = 4}, .wanted = "void", .reason = "torn"}, false},
  };
  for (const row& row : rows) {
    CAPTURE(row.what);
    office office;
    office.above(row.above);
    CHECK(office.ada.change_cards(row.change).approval.has_value() == row.needs);
  }
  // What is in another currency than the limit cannot be compared with it.
  office office;
  office.books.sql(
      "insert into topup.product (code, value_minor, currency) values ('YEN', 1, 'JPY');"
      "insert into topup.batch (product, count, first_serial, last_serial) values ('YEN', 1, 601, 601);"
      "insert into topup.voucher values (601, sha256('601'), 6)");
  CHECK(office.ada.change_cards(activate(6)).approval);
  office.above(0);
  CHECK_FALSE(office.ada.change_cards(activate(6)).approval);
}

TEST_CASE("cards that were taken off sale need two again, whichever way they took") {
  office office;
  office.bob.grant_approval(*office.ada.change_cards(activate(4)).approval);
  office.ada.change_cards({.of = {.batch = 4}, .wanted = "held", .reason = "rumours"});
  CHECK(office.ada.change_cards(activate(4)).approval);
  office.ada.change_cards({.of = {.batch = 4}, .wanted = "stolen", .reason = "true"});
  office.ada.change_cards(
      {.of = {.batch = {}, .first = 501, .last = 503}, .wanted = "held", .reason = "found again"});  // by name alone
  CHECK(office.ada.change_cards(activate(4)).approval);
  CHECK(office.state(4) == "held");
}

TEST_CASE("what was asked for is refused, by anybody, with a reason; and asked for again") {
  office office;
  const auto first = office.ada.change_cards(activate(4)).approval;
  office.bob.refuse_approval(*first, "not printed yet");
  CHECK(refusal([&] { office.bob.grant_approval(*first); }).find("refused by bob") != std::string::npos);
  CHECK(office.state(4) == "generated");
  const auto second = office.ada.change_cards(activate(4)).approval;
  CHECK(second != first);
  office.ada.refuse_approval(*second, "a mistake");  // whoever asked may take it back
  CHECK(office.ada.approvals()[0].decided_reason == "not printed yet");
  CHECK(refusal([&] { office.bob.grant_approval(77); }).find("no approval 77") != std::string::npos);
}

TEST_CASE("what cannot be done any more is not granted, and nothing of it is done") {
  office office;
  const auto asked = office.ada.change_cards(activate(4)).approval;
  office.ada.change_cards({.of = {.batch = {}, .first = 501, .last = 503}, .wanted = "void", .reason = "torn"});
  const auto lines = office.books.sql("select count(*) from topup.audit_log")[0][0].as<int>();
  CHECK(refusal([&] { office.bob.grant_approval(*asked); }) ==
        "approval 1 cannot be granted: 3 cards are void now and cannot become active");
  CHECK(office.state(4) == "void");
  CHECK(office.ada.approvals()[0].decision.empty());
  CHECK(office.books.sql("select count(*) from topup.audit_log")[0][0].as<int>() == lines);
}

TEST_CASE("nobody gets round the second operator, the owner of the tables neither") {
  office office;
  office.ada.change_cards(activate(4));
  const auto as = [&](const std::string& user, const std::string& statement) {
    pqxx::connection link(office.books.url(user));
    pqxx::work work(link);
    work.exec(statement);
    work.commit();
  };
  const auto decided_by = [](const std::string& who) {
    return "update topup.approval set decision = 'granted', decided_at = now(), decided_person = '', decided_by = " +
           who;
  };
  for (const std::string& attempt :
       {std::string("select topup.carry_out(a) from topup.approval a"),
        std::string("select topup.apply_to_cards(4, null, null, 'active', '', false, 'bob')"),
        std::string("select topup.carry_out_activation('{\"batch\":4}', '', 'bob')"),
        std::string("select topup.set_policy('USD', 'UTC', 0, 0)"), decided_by("'bob'"),
        std::string("insert into topup.card_change (batch, first_serial, last_serial, was, state) "
                    "values (4, 501, 503, 'generated', 'active')"),
        std::string("delete from topup.approval")}) {
    CAPTURE(attempt);
    CHECK_THROWS_AS(as("ada", attempt), pqxx::insufficient_privilege);
  }
  // Who may do more at the tables, as whoever migrates, still cannot be two.
  const auto owner = [&](const std::string& statement) {
    office.books.sql("set local role topup_owner; " + statement);
  };
  office.books.sql("set local session_replication_role = replica; update topup.approval set asked_by = session_user");
  CHECK_THROWS_AS(owner(decided_by("session_user")), pqxx::check_violation);
  CHECK_THROWS_AS(owner(decided_by("'bob'")), pqxx::sql_error);
  CHECK_THROWS_AS(owner("update topup.approval set amount_minor = 1"), pqxx::sql_error);
  CHECK_THROWS_AS(owner("delete from topup.approval"), pqxx::sql_error);
  CHECK(office.state(4) == "generated");
}

TEST_CASE("the policy is written by whoever migrates, once for each change") {
  books books;
  const store::policy policy{
      .currency = "KES", .time_zone = "Africa/Nairobi", .activate_above_minor = 5, .adjust_above_minor = 7};
  CHECK(store::set_policy(books.url(), policy, "root"));
  CHECK_FALSE(store::set_policy(books.url(), policy, "root"));
  CHECK(store::operations(books.url()).policy() == policy);
  CHECK(books.sql("select count(*) from topup.audit_log where action = 'policy' and person = 'root'")[0][0].as<int>() ==
        1);
}

}  // namespace topupd::tests
