// What each role may do, whoever logs in (DESIGN.md §3).
#include <doctest/doctest.h>

#include "store/operations.hpp"
#include "store/worker.hpp"
#include "tests/operator/books.hpp"

namespace topupd::tests {
namespace {

bool may(books& books, const std::string& role, const std::string& statement) {
  pqxx::work transaction(books.administrator());
  transaction.exec("set local role " + role);
  try {
    transaction.exec(statement);
    return true;
  } catch (const pqxx::insufficient_privilege&) {
    return false;
  }
}

}  // namespace

TEST_CASE("operators work through functions alone: no table is theirs to read or write") {
  books books;
  books.fill();
  CHECK(may(books, "topup_operator", "select * from topup.verify()"));
  CHECK(may(books, "topup_operator", "select * from topup.set_batch_state(2, 'active')"));
  for (const char* statement :
       {"select * from topup.voucher", "select * from topup.message_story",
        "update topup.account set balance_minor = 1",
        "insert into topup.transfer (receipt, debit, credit, amount_minor, currency) values (1, 1, 2000, 1, 'USD')",
        "delete from topup.voucher_end", "delete from topup.batch_change"}) {
    CAPTURE(statement);
    CHECK_FALSE(may(books, "topup_operator", statement));
  }
}

TEST_CASE("auditors read everything and change nothing") {
  books books;
  books.fill();
  for (const char* statement : {"select * from topup.voucher", "select * from topup.message_story",
                                "select * from topup.verify()", "select * from topup.trace_serial(1)"}) {
    CAPTURE(statement);
    CHECK(may(books, "topup_auditor", statement));
  }
  for (const char* statement :
       {"update topup.account set balance_minor = 1", "select topup.add_product('X', 1, 'USD', 0, '')",
        "select * from topup.set_batch_state(2, 'active')",
        "select * from topup.open_batch('TEN', 1, 1, 9, null, 'UTC')"}) {
    CAPTURE(statement);
    CHECK_FALSE(may(books, "topup_auditor", statement));
  }
}

TEST_CASE("everyone else may do nothing") {
  books books;
  books.fill();
  CHECK_FALSE(may(books, "topup_gateway", "select * from topup.set_batch_state(2, 'active')"));
  CHECK_FALSE(may(books, "topup_gateway", "select * from topup.verify()"));
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
