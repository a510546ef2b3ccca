#include <doctest/doctest.h>

#include <string>

#include "store/operations.hpp"
#include "tests/operator/books.hpp"

namespace topupd::tests {

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
  operations.add_product({.code = "TWENTY",
                          .value = {2000, "USD"},
                          .validity_days = 0,
                          .brand = {},
                          .bonus = {100, "USD"},
                          .bonus_days = 7,
                          .text = "of the summer"});
  CHECK_THROWS_AS(operations.add_product({"TEN", {2000, "USD"}, 90, ""}), store::refused);
  const auto products = operations.products();
  REQUIRE(products.size() == 2);
  CHECK(products[0].value == parser::money{1000, "USD"});
  CHECK(products[0].brand == "Red");
  CHECK(products[0].bonus == parser::money{0, "USD"});
  CHECK(products[1].bonus == parser::money{100, "USD"});
  CHECK(products[1].bonus_days == 7);
  CHECK(products[1].text == "of the summer");
}

}  // namespace topupd::tests
