// Cards that somebody else made.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "store/operations.hpp"
#include "tests/operator/books.hpp"
#include "tests/operator/proof.hpp"

namespace topupd::tests {
namespace {

const store::keyring& keys() {
  static const store::keyring ring(secret("0123456789abcdef0123456789abcdef"));
  return ring;
}

struct card {
  std::int64_t serial;
  int pin;  // the number that it is
};
parser::pin pin_of(int number) {
  return *parser::pin::from_digits(fmt::format("{:016}", number),
                                   {.lengths = {16}, .check = parser::check_digit::none});
}
std::string file_named(char letter) {
  return std::string(64, letter);
}

store::operations::import_result import(store::operations& operations, char file, const std::vector<card>& cards,
                                        const std::string& expires = "2099-12-31", bool dry_run = false,
                                        const store::keyring& ring = keys()) {
  return operations.import({.product = "TEN", .wrong_pins_per_day = 20'000, .dry_run = dry_run}, ring,
                           [&](const auto& take) -> store::operations::import_file {
                             int line = 2;
                             for (const card& each : cards) take({line++, each.serial, pin_of(each.pin)});
                             return {file_named(file), expires};
                           });
}

struct shop {
  shop() { operations.add_product({"TEN", {1000, "USD"}, 90, ""}); }
  tests::books books;
  store::operations operations{books.url(), "UTC", "ada"};
};

struct interruption {};

}  // namespace

TEST_CASE("imported cards are a batch, with the gaps that they came with") {
  shop shop;
  const auto made = import(shop.operations, 'a', {{510, 1}, {501, 2}, {505, 3}});
  CHECK_FALSE(made.before);
  CHECK(made.batch.count == 3);
  CHECK(made.batch.first_serial == 501);
  CHECK(made.batch.last_serial == 510);
  const auto rows = shop.books.sql("select serial, digest, batch from topup.voucher order by serial");
  REQUIRE(rows.size() == 3);
  CHECK(rows[1][0].as<std::int64_t>() == 505);
  const auto digest = keys().digest(pin_of(3));
  CHECK(pqxx::binarystring(rows[1][1]).str() == std::string(digest.octets.begin(), digest.octets.end()));
  CHECK(shop.books.sql("select keys[1], pin_length, ends from topup.batch")[0][0].as<std::string>() == keys().ids()[0]);

  const auto listed = shop.operations.batches();
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].imported);
  CHECK(listed[0].expires == "2099-12-31");
  CHECK(listed[0].states == std::map<std::string, std::int64_t>{{"generated", 3}});
  CHECK(shop.operations.change_cards({.of = {.batch = 1}, .wanted = "active", .reason = {}}).fates[0].count == 3);
  const auto held =
      shop.operations.change_cards({.of = {.batch = {}, .first = 505, .last = 510}, .wanted = "held", .reason = {}});
  CHECK(held.fates[0].count == 2);
  prove(shop.operations);
}

TEST_CASE("the same file is imported once, and a dry run imports nothing") {
  shop shop;
  CHECK(import(shop.operations, 'a', {{501, 1}}, "", true).batch.count == 1);
  CHECK(shop.operations.batches().empty());
  const auto first = import(shop.operations, 'a', {{501, 1}}, "");
  const auto again = import(shop.operations, 'a', {{501, 1}}, "");
  CHECK(again.before);
  CHECK(again.batch.id == first.batch.id);
  CHECK(again.batch.created == first.batch.created);
  CHECK(shop.operations.batches().size() == 1);
  CHECK(shop.books.sql("select count(*) from topup.import_card")[0][0].as<int>() == 0);
  CHECK(shop.books.sql("select count(*) from topup.audit_log where action = 'batch import'")[0][0].as<int>() == 1);
}

TEST_CASE("a card that somebody has put beside an import is no part of it") {
  shop shop;
  shop.books.sql("select topup.import_cards('{2}', '{502}', array[sha256('slipped in')], '{}')");
  CHECK(import(shop.operations, 'a', {{501, 1}, {503, 2}}).batch.count == 2);
  CHECK(shop.books.sql("select count(*) from topup.voucher where serial = 502")[0][0].as<int>() == 0);
  CHECK(shop.books.sql("select count(*) from topup.import_card")[0][0].as<int>() == 0);
}

TEST_CASE("each fault is told by its line, and then no card is imported") {
  shop shop;
  import(shop.operations, 'a', {{501, 1}, { 509, 2 }});
  struct row {
    const char* what;
    std::vector<card> cards;
    const char* tells;
  };
  const row rows[] = {
      {"a serial twice", {{601, 11}, {602, 12}, {601, 13}}, "\n  line 4: this serial stands in an earlier line, too"},
      {"a PIN twice",
       {{601, 11}, {602, 11}, {603, 11}},
       "\n  line 3: this PIN stands in an earlier line, too\n  line 4: this PIN stands in an earlier line, too"},
      {"a serial of another batch", {{501, 11}}, "\n  line 2: there is a card with this serial already"},
      {"a PIN of another batch", {{601, 11}, {602, 2}}, "\n  line 3: there is a card with this PIN already"},
  };
  for (const row& row : rows) {
    CAPTURE(row.what);
    CHECK(refusal([&] { import(shop.operations, 'b', row.cards); }) ==
          std::string("the file is not taken:") + row.tells);
  }
  CHECK(refusal([&] {
          import(shop.operations, 'b', {{505, 11}, { 700, 12 }});
        }) == "the serials 505 to 700 reach into those of batch 1: import the file in parts that do not");
  CHECK(refusal([&] {
          import(shop.operations, 'b', {{ 601, 11 }}, "2020-12-31");
        }).find("2020-12-31 is over") != std::string::npos);
  std::vector<card> many(30, {601, 11});
  const std::string all = refusal([&] { import(shop.operations, 'b', many); });
  CHECK(all.find("line 22:") != std::string::npos);
  CHECK(all.find("line 23:") == std::string::npos);
  CHECK(all.find("\n  and 9 more") != std::string::npos);
  CHECK(shop.operations.batches().size() == 1);
}

TEST_CASE("a PIN that a card of an older key has is known, imported or made here") {
  shop shop;
  import(shop.operations, 'a', {{ 501, 1 }});
  const store::keyring newer(secret("abcdef0123456789abcdef0123456789"), {secret("0123456789abcdef0123456789abcdef")});
  CHECK(refusal([&] {
          import(shop.operations, 'b', {{ 601, 1 }}, "", false, newer);
        }).find("line 2: there is a card with this PIN already") != std::string::npos);
  CHECK(import(shop.operations, 'b', {{601, 2}}, "", false, newer).batch.count == 1);

  // Of the hundred PINs of two digits the first key has 60: no more than 40 are left for the second.
  store::operations::new_batch order{.product = "TEN",
                                     .count = 60,
                                     .expires = {},
                                     .serial_form = "1000########",
                                     .pins = {.lengths = {2}, .check = parser::check_digit::none}};
  const auto ignore = [](std::int64_t, const parser::pin&) {};
  shop.operations.generate(order, keys(), ignore, {});
  order.count = 41;
  CHECK(refusal([&] { shop.operations.generate(order, newer, ignore, {}); }).find("no unused PINs") !=
        std::string::npos);
  order.count = 25;
  CHECK(shop.operations.generate(order, newer, ignore, {}).count == 25);
}

TEST_CASE("whatever goes wrong while a file is read, nothing of it stays") {
  shop shop;
  CHECK_THROWS_AS(shop.operations.import({.product = "TEN"}, keys(),
                                         [](const auto& take) -> store::operations::import_file {
                                           for (int i = 0; i < 20'001; ++i) take({i + 2, 1000 + i, pin_of(i)});
                                           throw interruption{};
                                         }),
                  interruption);
  CHECK(shop.operations.batches().empty());
  CHECK(shop.books.sql("select count(*) from topup.voucher")[0][0].as<int>() == 0);
  CHECK(refusal([&] {
          shop.operations.import({.product = "NONE"}, keys(), [](const auto& take) -> store::operations::import_file {
            take({2, 501, pin_of(1)});
            return {file_named('c'), ""};
          });
        }).find("no product NONE") != std::string::npos);
}

TEST_CASE("many cards are imported at once, and how easily they are guessed is told") {
  shop shop;
  std::vector<card> cards;
  cards.reserve(25'000);
  for (int i = 0; i < 25'000; ++i) cards.push_back({1000 + 2 * i, i});
  const auto made = import(shop.operations, 'a', cards);
  CHECK(made.batch.count == 25'000);
  CHECK(made.batch.guesses_a_year.value_or(0) == doctest::Approx(20'000.0 * 365 * 25'000 / 1e16));
  prove(shop.operations);
}

}  // namespace topupd::tests
