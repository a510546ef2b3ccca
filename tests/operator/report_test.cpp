// The reports, and the views that auditors read: what enrich() and fill() made is counted by hand here.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "store/operations.hpp"
#include "tests/operator/rich_books.hpp"

namespace topupd::tests {
namespace {

using row = std::map<std::string, std::string>;

std::vector<row> rows_of(const store::report& report) {
  std::vector<row> out;
  for (const auto& fields : report.rows) {
    auto& one = out.emplace_back();
    for (std::size_t i = 0; i < fields.size(); ++i) one[report.columns[i]] = fields[i].value_or("-");
  }
  return out;
}

std::vector<row> report(books& books, const std::string& name, const std::string& first = "",
                        const std::string& last = "") {
  return rows_of(store::operations(books.url()).report(name, first, last));
}

std::string sum(const std::vector<row>& rows, const std::string& column) {
  std::int64_t all = 0;
  for (const row& each : rows) all += std::stoll(each.at(column));
  return std::to_string(all);
}

}  // namespace

TEST_CASE("the daily report has every kind of money once") {
  books books;
  books.fill();
  enrich(books);
  const auto days = report(books, "daily");
  struct {
    const char* column;
    const char* sum;
  } const expected[] = {{"topups", "7"},
                        {"amount_minor", "9000"},
                        {"bonus_minor", "600"},
                        {"charges", "2"},
                        {"charged_minor", "130"},
                        {"transfers", "2"},
                        {"transferred_minor", "800"},
                        {"reversals", "2"},
                        {"reversed_minor", "2600"},
                        {"adjusted_minor", "50"},
                        {"refusals", "1"}};
  for (const auto& [column, total] : expected) {
    CAPTURE(column);
    CHECK(sum(days, column) == total);
  }
  for (const row& each : days) CHECK(each.at("currency") == "USD");
}

TEST_CASE("senders are counted once a day, and notices are nobody's") {
  books books;
  books.fill();
  books.sql(
      "update topup.message set received_at = '2026-11-21 12:00Z'; "
      "alter table topup.transfer disable trigger all; update topup.transfer set at = '2026-11-21 12:00Z'");
  const auto days = report(books, "daily");
  REQUIRE(days.size() == 1);
  CHECK(days[0].at("day") == "2026-11-21");
  CHECK(days[0].at("topups") == "5");
  CHECK(days[0].at("senders") == "2");
}

TEST_CASE("a day is the service's, to its midnight") {
  struct {
    const char* zone;
    const char* at;
    const char* day;
  } const table[] = {
      {"UTC", "2026-11-21 23:59:59Z", "2026-11-21"},
      {"UTC", "2026-11-22 00:00:00Z", "2026-11-22"},
      {"America/New_York", "2026-11-22 04:59:59Z", "2026-11-21"},
      {"America/New_York", "2026-11-22 05:00:00Z", "2026-11-22"},
      {"Asia/Kathmandu", "2026-11-21 18:15:00Z", "2026-11-22"},
      {"America/New_York", "2026-03-09 03:59:59Z", "2026-03-08"},  // summer time began on that day
  };
  books books;
  books.fill();
  books.sql("alter table topup.transfer disable trigger all");
  for (const auto& [zone, at, day] : table) {
    CAPTURE(zone);
    CAPTURE(at);
    books.sql(std::string("update topup.policy set time_zone = '") + zone +
              "'; update topup.message set received_at = '" + at + "'; update topup.transfer set at = '" + at + "'");
    const auto days = report(books, "daily");
    REQUIRE(days.size() == 1);
    CHECK(days[0].at("day") == day);
    CHECK(report(books, "failures").at(0).at("day") == day);
    CHECK(report(books, "daily", day, day).size() == 1);
    CHECK(report(books, "daily", "2026-11-23").empty());
    CHECK(report(books, "daily", "", "2026-03-07").empty());
  }
}

TEST_CASE("the report of batches counts each card once, in the state it is in") {
  books books;
  books.fill();
  enrich(books);
  const auto batches = report(books, "batches");
  REQUIRE(batches.size() == 4);
  const char* columns[] = {"generated", "active", "held", "void", "stolen", "damaged", "expired", "redeemed"};
  for (const row& batch : batches) {
    std::int64_t all = 0;
    for (const char* column : columns) all += std::stoll(batch.at(column));
    CHECK(std::to_string(all) == batch.at("cards"));
  }
  CHECK(batches[0].at("active") == "1");
  CHECK(batches[0].at("redeemed") == "3");
  CHECK(batches[0].at("redeemed_value_minor") == "3000");
  CHECK(batches[0].at("open_value_minor") == "1000");
  CHECK(batches[1].at("generated") == "1");
  CHECK(batches[1].at("open_value_minor") == "0");
  CHECK(batches[3].at("void") == "1");
  CHECK(batches[3].at("open_value_minor") == "2000");

  // An imported batch has gaps in its serials, and a day of expiry makes of what is left what it is.
  books.sql("delete from topup.voucher where serial = 100000000013; update topup.batch set count = 3 where id = 4");
  CHECK(report(books, "batches").at(3).at("active") == "0");
  books.sql("update topup.batch set expires = '2020-01-01', ends = '2020-01-02' where id = 1");
  CHECK(report(books, "batches").at(0).at("expired") == "1");
  CHECK(report(books, "batches").at(0).at("open_value_minor") == "0");
}

TEST_CASE("liability is the credit, the bonus, what is reserved of them, and the cards on sale") {
  books books;
  books.fill();
  enrich(books);
  auto liability = report(books, "liability");
  REQUIRE(liability.size() == 1);
  const row& now = liability[0];
  const auto of_accounts = [&](const char* expression) {
    return books.sql(std::string("select ") + expression + " from topup.account")[0][0].as<std::string>();
  };
  CHECK(now.at("accounts") == "5");
  CHECK(now.at("credit_minor") == of_accounts("sum(balance_minor)"));
  CHECK(now.at("bonus_minor") == "170");     // of 300, a debit of 0.70 and a call of 0.60 were paid first
  CHECK(now.at("reserved_minor") == "100");  // call-1
  CHECK(now.at("cards") == "2");
  CHECK(now.at("cards_value_minor") == "3000");
  CHECK(std::stoll(now.at("total_minor")) == std::stoll(now.at("credit_minor")) + 170 + 3000);

  books.sql("update topup.account set valid_until = now() - interval '1 day' where msisdn = 999701234567");
  CHECK(report(books, "liability").at(0).at("expired_minor") == "2000");
}

TEST_CASE("liability has a line for each currency, of accounts and of cards") {
  books books;
  books.fill();
  books.sql(
      "insert into topup.account (msisdn, currency, balance_minor) values (999701111111, 'EUR', 0); "
      "insert into topup.product (code, value_minor, currency) values ('KES', 100, 'KES'); "
      "insert into topup.batch (product, count, first_serial, last_serial) values ('KES', 1, 5, 5); "
      "insert into topup.voucher values (5, sha256('5'), 4)");
  const auto liability = report(books, "liability");
  REQUIRE(liability.size() == 3);
  CHECK(liability[0].at("currency") == "EUR");
  CHECK(liability[1].at("currency") == "KES");
  CHECK(liability[1].at("cards") == "0");
}

TEST_CASE("failures are counted by what and why, and so are replies that the SMSC refused for good") {
  books books;
  books.fill();
  books.sql(
      "update topup.message set outcome = 'unclear', reason = 'no_pin' where receipt = 14; "
      "update topup.message set reply = 'dead', reply_status = 11 where receipt = 15");
  std::map<std::string, std::string> counted;
  for (const row& each : report(books, "failures"))
    counted[each.at("outcome") + " " + each.at("reason")] = each.at("texts");
  CHECK(counted == std::map<std::string, std::string>{{"reply_refused command_status 0x0000000b", "1"},
                                                      {"unclear no_pin", "1"},
                                                      {"unknown_pin ", "1"}});
}

TEST_CASE("so are replies that did not reach their phone, and what became of those that were sent once more") {
  books books;
  books.fill();
  enrich(books);
  books.sql(
      "update topup.message set extra.resent_at = 1 where receipt in (36, 37); "
      "update topup.message set reply = 'owed', extra.delivery = 'expired' where receipt = 36");
  std::map<std::string, std::string> counted;
  for (const row& each : report(books, "failures"))
    if (each.at("outcome").starts_with("reply_"))
      counted[each.at("outcome") + " " + each.at("reason")] = each.at("texts");
  CHECK(counted == std::map<std::string, std::string>{{"reply_not_delivered expired", "1"},
                                                      {"reply_not_delivered undeliverable", "1"},
                                                      {"reply_resent owed", "1"},
                                                      {"reply_resent sent", "1"}});
}

TEST_CASE("an auditor reads the views themselves") {
  books books;
  books.fill();
  enrich(books);
  pqxx::work transaction(books.administrator());
  transaction.exec("set local role topup_auditor");
  for (const char* view : {"report_daily", "report_batches", "report_liability", "report_failures", "message_story",
                           "transfer_story", "voucher_story", "lock_story"}) {
    CAPTURE(view);
    CHECK_FALSE(transaction.exec(std::string("select * from topup.") + view).empty());
  }
}

TEST_CASE("there is no report of another name") {
  books books;
  CHECK_THROWS_AS(report(books, "daily_report($1, $2); --"), store::refused);
}

}  // namespace topupd::tests
