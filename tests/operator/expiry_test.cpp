// A card's last day of use ends at midnight where the service is.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

#include "store/operations.hpp"
#include "tests/operator/books.hpp"
#include "tests/operator/proof.hpp"

namespace topupd::tests {
namespace {

struct row {
  const char* zone;
  const char* last_day;
  const char* ends;  // the first moment whose local date is a later one, by another reader of the time zone database
};
const row rows[] = {
    {"UTC", "2026-12-31", "2027-01-01 00:00:00+00"},
    {"Asia/Kolkata", "2028-02-29", "2028-02-29 18:30:00+00"},
    {"Asia/Kathmandu", "2026-06-15", "2026-06-15 18:15:00+00"},
    {"Pacific/Kiritimati", "2026-12-31", "2026-12-31 10:00:00+00"},
    {"Pacific/Pago_Pago", "2026-12-31", "2027-01-01 11:00:00+00"},
    // Days of 23 and of 25 hours.
    {"America/New_York", "2026-03-08", "2026-03-09 04:00:00+00"},
    {"America/New_York", "2026-07-04", "2026-07-05 04:00:00+00"},
    {"America/New_York", "2026-11-01", "2026-11-02 05:00:00+00"},
    {"America/New_York", "2027-12-31", "2028-01-01 05:00:00+00"},
    {"Europe/Berlin", "2026-03-28", "2026-03-28 23:00:00+00"},
    {"Europe/Berlin", "2026-03-29", "2026-03-29 22:00:00+00"},
    {"Europe/Berlin", "2026-10-25", "2026-10-25 23:00:00+00"},
    {"Australia/Lord_Howe", "2026-04-04", "2026-04-04 13:00:00+00"},
    {"Australia/Lord_Howe", "2026-10-03", "2026-10-03 13:30:00+00"},
    // Clocks go from 24:00 to 1:00: the next day has no midnight.
    {"Africa/Cairo", "2026-04-23", "2026-04-23 22:00:00+00"},
    {"Africa/Cairo", "2026-04-24", "2026-04-24 21:00:00+00"},
    {"Asia/Beirut", "2026-03-28", "2026-03-28 22:00:00+00"},
    {"America/Havana", "2026-03-07", "2026-03-08 05:00:00+00"},
    {"America/Sao_Paulo", "2018-11-03", "2018-11-04 03:00:00+00"},
    // Clocks go from 24:00 back to 23:00: the day's last hour comes twice.
    {"Africa/Cairo", "2026-10-29", "2026-10-29 22:00:00+00"},
    {"Africa/Cairo", "2026-10-30", "2026-10-30 22:00:00+00"},
    {"Asia/Beirut", "2026-10-24", "2026-10-24 22:00:00+00"},
    {"America/Sao_Paulo", "2018-02-17", "2018-02-18 03:00:00+00"},
    // From 1:00 back to 0:00: midnight comes twice.
    {"America/Havana", "2026-10-31", "2026-11-01 04:00:00+00"},
    // A day that never was.
    {"Pacific/Apia", "2011-12-29", "2011-12-30 10:00:00+00"},
    {"Pacific/Apia", "2011-12-30", "2011-12-30 10:00:00+00"},
    {"Pacific/Apia", "2011-12-31", "2011-12-31 10:00:00+00"},
    {"Pacific/Apia", "2026-12-31", "2026-12-31 11:00:00+00"},
};

}  // namespace

TEST_CASE("a card can be redeemed at 23:59:59 of its last day where the service is, and not at midnight") {
  books books;
  books.sql("insert into topup.product (code, value_minor, currency) values ('TEN', 1000, 'USD')");
  std::int64_t serial = 1000;
  for (const row& row : rows) {
    CAPTURE(row.zone);
    CAPTURE(row.last_day);
    serial += 2;
    books.sql(fmt::format(R"(
      insert into topup.batch (product, count, first_serial, last_serial, expires, ends)
        values ('TEN', 2, {0}, {0} + 1, '{1}', topup.end_of_day('{1}', '{2}'));
      insert into topup.voucher select s, sha256(s::text::bytea), (select max(id) from topup.batch)
        from generate_series({0}, {0} + 1) s;
      insert into topup.card_change (batch, first_serial, last_serial, was, state, at)
        select id, first_serial, last_serial, 'generated', 'active', ends - interval '2 days'
        from topup.batch where first_serial = {0})",
                          serial, row.last_day, row.zone));
    CHECK(books.sql(fmt::format("select ends = '{}' from topup.batch where first_serial = {}", row.ends, serial))[0][0]
              .as<bool>());
    const auto redeem = [&](std::int64_t card, const char* before) {
      books.sql(fmt::format("insert into topup.redemption values ({0}, {0}, timestamptz '{1}' - interval '{2}')", card,
                            row.ends, before));
    };
    CHECK_NOTHROW(redeem(serial, "1 second"));
    CHECK_THROWS_AS(redeem(serial + 1, "0 seconds"), pqxx::failure);
  }
}

TEST_CASE("the last day of new cards ends in the zone of the service, and cards whose day is over are not made") {
  books books;
  const store::keyring keys(secret("0123456789abcdef0123456789abcdef"));
  const auto ignore = [](std::int64_t, const parser::pin&) {};
  for (const char* zone : {"America/New_York", "Asia/Kathmandu"}) {
    store::operations operations(books.url(), zone);
    const auto today = books.sql(
        fmt::format("select (now() at time zone '{0}')::date, (now() at time zone '{0}')::date - 1", zone))[0];
    if (operations.products().empty()) operations.add_product({"TEN", {1000, "USD"}, 90, ""});
    store::operations::new_batch order{
        .product = "TEN", .count = 1, .expires = today[0].as<std::string>(), .serial_form = "1000########", .pins = {}};
    const store::batch made = operations.generate(order, keys, ignore, {});
    CHECK(books
              .sql(fmt::format("select (ends at time zone '{}')::text = '{}'::date + 1 || ' 00:00:00' from topup.batch "
                               "where id = {}",
                               zone, order.expires, made.id))[0][0]
              .as<bool>());
    order.expires = today[1].as<std::string>();
    CHECK(refusal([&] { operations.generate(order, keys, ignore, {}); }).find("is over") != std::string::npos);
  }
}

TEST_CASE("what has expired is expired whatever it was on sale for, and only then") {
  books books;
  books.fill();
  store::operations operations(books.url());
  books.sql("update topup.batch set expires = '2020-12-31', ends = '2021-01-01' where id in (1, 2)");
  auto all = operations.batches();
  CHECK(all[0].states == std::map<std::string, std::int64_t>{{"expired", 1}, {"redeemed", 3}});
  CHECK(all[1].state == "expired");
  CHECK(refusal([&] {
          operations.change_cards({.of = {.batch = 2}, .wanted = "active", .reason = {}});
        }).find("their last day of use is over") != std::string::npos);
  operations.change_cards({.of = {.batch = 2}, .wanted = "void", .reason = "shredded"});
  CHECK(operations.batches()[1].state == "void");
}

}  // namespace topupd::tests
