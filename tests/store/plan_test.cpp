// Plans made while the tables were empty must be right when they are full: every statement of a gateway enters each
// table by a key (DESIGN.md §3).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

// Each statement and branch once; card: the first of 20.
void use_everything(gateway& at, std::int64_t card) {
  const auto sender = [number = static_cast<std::uint64_t>(card)](std::uint64_t i) { return alice + 10 * number + i; };
  text several = redeem_for(sender(0), voucher(card), sender(1));
  several.vouchers = {voucher(card), voucher(card + 1), nobodys(static_cast<int>(card))};
  text beside = redeem(sender(2), voucher(card + 2));
  beside.serial = card + 2;
  text differs = redeem(sender(3), voucher(card + 3));
  differs.expected_minor = 1;
  text check = redeem(sender(4), voucher(card + 4));
  check.ask = true;
  check.reason = "check";
  text language = plain(sender(5), action::language);
  language.language = "zh";
  text by_serial = plain(sender(6), action::status);
  by_serial.serial = card;
  const auto all =
      at.decide_all({several, beside, differs, check, language, by_serial, plain(sender(7), action::help)});
  text by_receipt = plain(sender(0), action::status);
  by_receipt.about = all.at(0).receipt;
  at.decide_all({by_receipt, plain(sender(1), action::history), plain(sender(2), action::balance),
                 plain(sender(3), action::confirm), plain(sender(4), action::cancel), several});
  at.repeat();
  const std::string id = fmt::format("id{}", card);
  at.report({{.receipt = all.at(0).receipt,
              .what = reply_result::kind::sent,
              .heard = true,
              .smsc_message_id = id,
              .smsc = "backup",
              .awaited = true}});
  several.came = std::chrono::steady_clock::now() + std::chrono::seconds{1};
  at.note({{.smsc = "backup", .smsc_message_id = id, .state = delivery_state::expired},
           {.smsc = "main", .smsc_message_id = id, .state = delivery_state::delivered}});
  at.decide(several);
  several.newer_than = all.at(0).receipt;
  at.decide(several);
  at.report({{.receipt = all.at(1).receipt, .what = reply_result::kind::sent, .smsc_message_id = id, .awaited = true}});
  for (int number = 1; number <= 2; ++number) {
    const part each{.ticket = 1,
                    .group = by_serial.print,
                    .number = number,
                    .print = by_receipt.print,
                    .sealed = "x",
                    .smsc = "main",
                    .source = "1.1.1",
                    .short_code = "0.0.12345",
                    .sender = msisdn(alice)};
    at.link().keep(each);
  }
  at.claim(10);
}

// Each table that grows gets so many rows, none of which concerns anybody here.
void fill(database& db, int rows) {
  db.sql("set session_replication_role = replica");  // rows of no batch
  for (const char* each :
       {"message (receipt, bucket, fingerprint, sender, source, short_code, smsc, action, outcome, reply, lease_until) "
        "select -n, topup.bucket(now()), sha256(n::text::bytea), n, '', '', 'main', 'help', 'help', 'owed', "
        "now() + n * interval '1 hour'",
        "transfer (receipt, debit, credit, amount_minor, currency) select -n, 1, 1000 + n, 1, 'USD'",
        "account (msisdn, currency, balance_minor) select 1000 + n, 'USD', 1",
        "question (sender, digests, receipt, until) select n, '{}', n, now()", "subscriber select n, 'fr'",
        "answered select n, '{}', now()", "sender_lock select n, now()", "wrong_pin select n, '', 7",
        "redemption select -n, -n", "serial_range select -n, -n, n, 'active'",
        "awaited select 'main', n, n, null, null, null, now() + n * interval '1 hour'",
        "undelivered select n, n, now()", "part select sha256(n::text::bytea), 1, 2, '', '', n, '', '', 'main'"})
    db.sql(fmt::format("insert into topup.{} from generate_series(1, {}) n", each, rows));
  db.sql("reset session_replication_role");
  db.print(rows);
}

// Table and index rows that finished connections have read, but for the tables that stay small.
std::int64_t rows_read(database& db) {
  while (db.count("select count(*) from pg_stat_activity where datname = current_database()") > 1) {
  }
  return db.count(
      "select sum(seq_tup_read + coalesce((select sum(idx_tup_read) from pg_stat_user_indexes i where i.relid = "
      "t.relid), 0)) "
      "from pg_stat_user_tables t where schemaname = 'topup' and relname not in ('migration', 'product', 'batch')");
}

}  // namespace

TEST_CASE("a plan made for empty tables, and one made for full ones, read no table or index from end to end") {
  constexpr int rows = 20'000, rounds = 3;
  database db;
  const auto cards = db.print(1000);
  auto at = options(db);
  at.answers_per_hour = 5;
  {
    gateway early{at};
    for (int i = 0; i < rounds; ++i) use_everything(early, cards + 20 * i);
    fill(db, rows);
    for (int i = 0; i < rounds; ++i) use_everything(early, cards + 100 + 20 * i);
    db.sql("analyze");  // which has plans made anew
    gateway late{at};
    for (int i = 0; i < rounds; ++i) use_everything(late, cards + 200 + 20 * i);
  }
  const auto read = rows_read(db);
  CHECK(read > 100);
  CHECK(read < rows / 2);
}
