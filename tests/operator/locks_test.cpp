#include <doctest/doctest.h>

#include <string>

#include "store/operations.hpp"
#include "tests/operator/rich_books.hpp"

namespace topupd::tests {
namespace {

const auto stranger = *parser::msisdn::from_e164("999704444444");

// A wrong PIN that nobody tried before; whether its sender is locked for it.
bool wrong_pin(books& books, int which) {
  return books
      .sql("select topup.count_wrong_pins(now(), array[999704444444], array[sha256('new " + std::to_string(which) +
           "')], array[" + std::to_string(1000 + which) + "], 20000, 5)")[0][0]
      .as<bool>();
}

}  // namespace

TEST_CASE("who is locked is listed with what led there and what was said since") {
  books books;
  books.fill();
  enrich(books);
  books.sql("insert into topup.sender_lock (sender, locked_until) values (999704444445, now() - interval '1 minute')");
  const auto locks = store::operations(books.url()).locks({}, 10);
  REQUIRE(locks.size() == 1);
  CHECK(locks[0].sender == stranger);
  CHECK(locks[0].rung == 1);
  CHECK(locks[0].told);
  CHECK(locks[0].unheard == 2);
  CHECK(locks[0].wrong_pins == 5);
}

TEST_CASE("the longest lock is listed first, and no more than asked for") {
  books books;
  books.sql(
      "insert into topup.sender_lock (sender, locked_until) "
      "select 999704444000 + n, now() + n * interval '1 hour' from generate_series(1, 5) n");
  const auto locks = store::operations(books.url()).locks({}, 2);
  REQUIRE(locks.size() == 2);
  CHECK(locks[0].sender.digits() == "999704444005");
  CHECK(locks[1].sender.digits() == "999704444004");
}

TEST_CASE("a cleared sender has a fresh allowance, and begins at the foot of the ladder") {
  books books;
  books.fill();
  enrich(books);
  books.sql("update topup.sender_lock set rung = 4");
  store::operations operations(books.url(), "UTC", "amina");
  const auto cleared = operations.clear_lock(stranger, "called us");
  CHECK(cleared.until);
  CHECK(cleared.wrong_pins == 5);
  CHECK(operations.locks({}, 10).empty());
  for (int i = 1; i <= 4; ++i) CHECK_FALSE(wrong_pin(books, i));
  CHECK(wrong_pin(books, 5));
  CHECK(operations.locks({}, 10).at(0).rung == 1);
}

TEST_CASE("clearing a lock is in the audit log, with who and why") {
  books books;
  books.fill();
  enrich(books);
  store::operations operations(books.url(), "UTC", "amina");
  operations.clear_lock(stranger, "called us");
  const auto acts = operations.acts({}, "account 999704444444");
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].action == "locks clear");
  CHECK(acts[0].person == "amina");
  CHECK(acts[0].reason == "called us");
  CHECK(acts[0].detail.find("5 wrong PINs") != std::string::npos);
}

TEST_CASE("wrong PINs of a sender who is not locked can be forgotten too, and nothing is nothing") {
  books books;
  books.fill();
  store::operations operations(books.url());
  CHECK_FALSE(wrong_pin(books, 1));
  const auto cleared = operations.clear_lock(stranger, "called us");
  CHECK_FALSE(cleared.until);
  CHECK(cleared.wrong_pins == 1);
  CHECK_THROWS_AS(operations.clear_lock(stranger, "again"), store::refused);
  CHECK(operations.acts({}, "account 999704444444").size() == 1);
}

}  // namespace topupd::tests
