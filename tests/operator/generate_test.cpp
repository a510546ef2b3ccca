#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "store/operations.hpp"
#include "store/pin_source.hpp"
#include "store/worker.hpp"
#include "tests/operator/books.hpp"

namespace topupd::tests {
namespace {

const store::keyring& keys() {
  static const store::keyring ring(secret("0123456789abcdef0123456789abcdef"));
  return ring;
}

store::operations::new_batch order_of(std::int64_t count) {
  return {.product = "TEN", .count = count, .expires = "2099-12-31", .serial_form = "1000########", .pins = {}};
}

std::string hex(const store::voucher_digest& digest) {
  std::string out = "\\x";
  for (const auto octet : digest.octets) out += fmt::format("{:02x}", octet);
  return out;
}

void ignore(std::int64_t, const parser::pin&) {}

void add_ten(store::operations& operations) {
  operations.add_product({"TEN", {1000, "USD"}, 90, ""});
}

struct interruption {};

}  // namespace

TEST_CASE("the digits of new PINs are all equally likely, and the check digit is right") {
  store::pin_source source({.lengths = {16}, .check = parser::check_digit::damm});
  std::array<int, 10> counted{};
  constexpr int pins = 20'000;
  for (int i = 0; i < pins; ++i) {
    const parser::pin pin = source.next();
    CHECK(parser::check_digit_is_right(pin.reveal(), parser::check_digit::damm));
    for (const char c : pin.reveal().substr(0, 15)) ++counted[static_cast<std::size_t>(c - '0')];
  }
  // 30,000 of each are expected with a standard deviation of 164: five of them are met once in 170,000 runs.
  for (const int count : counted) CHECK(std::abs(count - pins * 15 / 10) < 900);
}

TEST_CASE("each card is handed over once, in serial order, and only its digest is in the database") {
  books books;
  store::operations operations(books.url());
  add_ten(operations);
  constexpr std::int64_t count = 20'003;  // more than two statements' worth
  std::vector<std::pair<std::int64_t, parser::pin>> cards;
  std::vector<std::int64_t> progress;
  bool committed_early = false;
  const store::batch batch = operations.generate(
      order_of(count), keys(), [&](std::int64_t serial, const parser::pin& pin) { cards.emplace_back(serial, pin); },
      [&](std::int64_t done) { progress.push_back(done); },
      [&](const auto&) { committed_early = !books.sql("select from topup.batch").empty(); });

  CHECK_FALSE(committed_early);
  CHECK(batch.state == "generated");
  CHECK(batch.first_serial == 100'000'000'001);
  CHECK(batch.last_serial == batch.first_serial + count - 1);
  CHECK(progress == std::vector<std::int64_t>{10'000, 20'000, 20'003});
  REQUIRE(cards.size() == count);

  const auto rows = books.sql("select serial, digest from topup.voucher order by serial");
  REQUIRE(rows.size() == cards.size());
  bool all_match = true;
  for (std::size_t i = 0; i < cards.size(); ++i) {
    const auto row = rows[static_cast<pqxx::result::size_type>(i)];
    all_match = all_match && row[0].as<std::int64_t>() == cards[i].first &&
                row[1].c_str() == hex(keys().digest(cards[i].second));
  }
  CHECK(all_match);
  for (const store::check& check : operations.verify()) CHECK_MESSAGE(check.violations == 0, check.example);
}

TEST_CASE("a PIN that another card has already is made again, until none is left") {
  books books;
  store::operations operations(books.url());
  add_ten(operations);
  auto order = order_of(600);
  order.pins = {.lengths = {3}, .check = parser::check_digit::none};  // a thousand PINs: most batches meet each other's
  std::set<std::string> pins;
  const auto take = [&](std::int64_t, const parser::pin& pin) { pins.insert(std::string(pin.reveal())); };
  operations.generate(order, keys(), take, {});
  order.count = 200;
  operations.generate(order, keys(), take, {});
  CHECK(pins.size() == 800);

  order.count = 201;
  CHECK_THROWS_AS(operations.generate(order, keys(), ignore, {}), store::refused);
  CHECK(operations.batches().size() == 2);
}

TEST_CASE("whatever goes wrong before COMMIT, no batch was made and no serial is lost") {
  books books;
  store::operations operations(books.url());
  add_ten(operations);
  CHECK_THROWS_AS(operations.generate(order_of(10), keys(), [](auto, const auto&) { throw interruption{}; }, {}),
                  interruption);
  CHECK_THROWS_AS(operations.generate(order_of(10), keys(), ignore, [](auto) { throw interruption{}; }), interruption);
  CHECK_THROWS_AS(operations.generate(order_of(10), keys(), ignore, {}, [](const auto&) { throw interruption{}; }),
                  interruption);
  // The connection breaks: what became of COMMIT is asked on a new one.
  const auto cut = [&](const auto&) {
    books.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'topupctl' and datname = "
        "current_database()");
  };
  CHECK_THROWS_AS(operations.generate(order_of(10), keys(), ignore, {}, cut), store::unavailable);
  CHECK(operations.batches().empty());
  CHECK(operations.generate(order_of(10), keys(), ignore, {}).first_serial == 100'000'000'001);
}

TEST_CASE("after a COMMIT whose answer was lost, the database says whether the batch was made") {
  books books;
  books.fill();
  CHECK(books.sql("select topup.batch_was_made(1)")[0][0].as<bool>());
  CHECK_FALSE(books.sql("select topup.batch_was_made(4)")[0][0].as<bool>());
}

TEST_CASE("serials go on where the last batch ended, and an order that does not fit is refused") {
  books books;
  store::operations operations(books.url());
  add_ten(operations);
  auto order = order_of(5);
  order.serial_form = "77#";
  CHECK(operations.generate(order, keys(), ignore, {}).first_serial == 771);
  CHECK_THROWS_WITH_AS(operations.generate(order, keys(), ignore, {}),
                       "the form 77# has only 4 serials left: order fewer cards or give reading.serial a new prefix",
                       store::refused);
  order.count = 4;
  CHECK(operations.generate(order, keys(), ignore, {}).last_serial == 779);
  order.serial_form = "7##";  // holds the range above
  CHECK(operations.generate(order, keys(), ignore, {}).first_serial == 780);

  for (const char* form : {"", "0###", "####", "10#0#", "1000", "10a##", "1#################################"}) {
    CAPTURE(form);
    order.serial_form = form;
    CHECK_THROWS_AS(operations.generate(order, keys(), ignore, {}), store::refused);
  }
}

TEST_CASE("PINs that would be guessed too often are not made, and the answer says what helps") {
  books books;
  store::operations operations(books.url());
  add_ten(operations);
  // 20,000 wrong PINs a day are 7,300,000 a year; 12 digits with a check digit are 10^11 PINs: 136 cards are 0.0099.
  auto order = order_of(100);
  order.pins.lengths = {12};
  order.wrong_pins_per_day = 20'000;
  const store::batch first = operations.generate(order, keys(), ignore, {});
  CHECK(first.guesses_a_year.value_or(0) == doctest::Approx(0.0073));
  order.count = 37;
  CHECK_THROWS_WITH_AS(operations.generate(order, keys(), ignore, {}),
                       "with 137 cards to be hit and 20000 wrong PINs a day, 0.01 of these PINs would be guessed a "
                       "year, and at most 0.01 "
                       "may be: put 13 first in pin.lengths, or set guessing.wrong_pins_per_day to 19998 or less",
                       store::refused);
  order.wrong_pins_per_day = 19'998;
  order.count = 37;
  CHECK(operations.generate(order, keys(), ignore, {}).count == 37);
  order.wrong_pins_per_day = 20'000;
  order.count = 1;
  CHECK_THROWS_AS(operations.generate(order, keys(), ignore, {}), store::refused);

  // PINs of other lengths are no hits, nor are cards that nobody can use any more; without a check digit all digits
  // count.
  order.pins.lengths = {13};
  CHECK(operations.generate(order, keys(), ignore, {}).guesses_a_year.value_or(0) == doctest::Approx(7.3e-6));
  order.pins = {.lengths = {12}, .check = parser::check_digit::none};
  CHECK(operations.generate(order, keys(), ignore, {}).guesses_a_year.value_or(0) == doctest::Approx(138 * 7.3e-6));
  operations.change_cards({.of = {.batch = first.id}, .wanted = "void", .reason = "a test"});
  order.pins.check = parser::check_digit::damm;
  CHECK(operations.generate(order, keys(), ignore, {}).guesses_a_year.value_or(0) == doctest::Approx(39 * 7.3e-5));
}

TEST_CASE("cards of an unknown product, or expired before they are made, are refused") {
  books books;
  store::operations operations(books.url(), "America/New_York");
  auto order = order_of(1);
  CHECK_THROWS_AS(operations.generate(order, keys(), ignore, {}), store::refused);
  add_ten(operations);
  order.expires = "2020-12-31";
  CHECK_THROWS_AS(operations.generate(order, keys(), ignore, {}), store::refused);
}

}  // namespace topupd::tests
