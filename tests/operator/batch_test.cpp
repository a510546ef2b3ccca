#include <doctest/doctest.h>

#include <string>

#include "store/operations.hpp"
#include "tests/operator/books.hpp"

namespace topupd::tests {

TEST_CASE("a batch goes only the ways it may, and void is for good") {
  const std::string states[] = {"inactive", "active", "held", "void"};
  const auto allowed = [](const std::string& from, const std::string& to) {
    if (to == "active") return from == "inactive" || from == "held";
    if (to == "held") return from == "active";
    return to == "void" && from != "void";
  };
  books books;
  books.fill();
  store::operations operations(books.url());
  for (const std::string& from : states)
    for (const std::string& to : {std::string("active"), std::string("held"), std::string("void")}) {
      CAPTURE(from);
      CAPTURE(to);
      books.sql("update topup.batch set state = '" + from + "' where id = 2");
      if (allowed(from, to))
        CHECK(operations.set_batch_state(2, to).state == to);
      else
        CHECK_THROWS_AS(operations.set_batch_state(2, to), store::refused);
    }
  CHECK_THROWS_AS(operations.set_batch_state(77, "active"), store::refused);
}

TEST_CASE("every change of a batch is recorded with who made it, also one made by hand") {
  books books;
  books.fill();
  store::operations(books.url()).set_batch_state(2, "active");
  books.sql("update topup.batch set state = 'held' where id = 2");
  books.sql("update topup.batch set state = 'held' where id = 2");  // no change
  const auto rows = books.sql(
      "select string_agg(state::text, ' ' order by line), bool_and(by = session_user) from topup.batch_change where "
      "batch = 2");
  CHECK(std::string(rows[0][0].c_str()) == "inactive active held");
  CHECK(rows[0][1].as<bool>());
}

TEST_CASE("a batch counts its redeemed cards") {
  books books;
  books.fill();
  const auto batches = store::operations(books.url()).batches();
  REQUIRE(batches.size() == 3);
  CHECK(batches[0].redeemed == 3);
  CHECK(batches[1].redeemed == 0);
  CHECK(batches[2].redeemed == 2);
}

TEST_CASE("a product is added once and never changes") {
  books books;
  store::operations operations(books.url());
  operations.add_product({"TEN", {1000, "USD"}, 90, "Red"});
  CHECK_THROWS_AS(operations.add_product({"TEN", {2000, "USD"}, 90, ""}), store::refused);
  const auto products = operations.products();
  REQUIRE(products.size() == 1);
  CHECK(products[0].value == parser::money{1000, "USD"});
  CHECK(products[0].brand == "Red");
}

}  // namespace topupd::tests
