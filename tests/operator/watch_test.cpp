// The watch: what is new is proven every minute, old accounts in turn; what it finds stays found until a whole proof
// finds nothing.
#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "store/operations.hpp"
#include "store/watcher.hpp"
#include "store/worker.hpp"
#include "tests/operator/proof.hpp"
#include "tests/operator/rich_books.hpp"

namespace topupd::tests {
namespace {

// check and example, separated by a colon; empty: nothing is wrong.
std::string watched(pqxx::transaction_base& transaction, bool urgent = true) {
  const auto row = transaction.exec(urgent ? "select * from topup.watch(true)" : "select * from topup.watch()")[0];
  return row[0].is_null() ? std::string{} : row[0].as<std::string>() + ": " + row[1].as<std::string>();
}
std::string watched(books& books, bool urgent = true) {
  pqxx::work transaction(books.administrator());
  auto found = watched(transaction, urgent);
  transaction.commit();
  return found;
}

// As if the last look had been so long ago.
void wait(books& books, const std::string& time) {
  books.sql("update topup.books set looked_at = looked_at - interval '" + time + "'");
}

void damage(books& books, const std::string& how) {
  books.sql("set local session_replication_role = replica; set local search_path = topup; " + how);
}

// What a watcher reports, for a test that waits for it.
class listener {
 public:
  store::watcher::callback heard() {
    return [this](const store::watch_report& report) {
      const std::lock_guard lock{guard_};
      all_.push_back(report);
      there_.notify_all();
    };
  }
  store::watch_report wait_for(std::size_t count) {
    std::unique_lock lock{guard_};
    REQUIRE(there_.wait_for(lock, std::chrono::seconds(60), [&] { return all_.size() >= count; }));
    return all_[count - 1];
  }

 private:
  std::mutex guard_;
  std::condition_variable there_;
  std::vector<store::watch_report> all_;
};

}  // namespace

TEST_CASE("good books are found good, again and again") {
  books books;
  books.fill();
  enrich(books);
  CHECK(watched(books).empty());
  for (int i = 0; i < 3; ++i) {
    wait(books, "1 minute");
    CHECK(watched(books, false).empty());
  }
}

TEST_CASE("the watch names what verify would, of what is new") {
  struct {
    const char* how;
    const char* found;
  } const table[] = {
      {"update transfer set debit = 2 where receipt = 11",
       "each transfer is between the accounts of its kind: receipt #11: topup from 2 to 999701234567"},
      {"update transfer set amount_minor = 900 where receipt = 12",
       "each redeemed voucher has its one credit: voucher 100000000002"},
      {"update transfer set currency = 'EUR' where receipt = 12",
       "each credited message has its transfer: receipt #12: message 999701234567 1000 USD"},
      {"update transfer set currency = 'EUR' where receipt = 12; update message set currency = 'EUR' where receipt = "
       "12",
       "each bonus is its product's"},
      {"delete from transfer where receipt = 12",
       "each redeemed voucher has its one credit: voucher 100000000002: redeemed by receipt #12"},
      {"delete from redemption where receipt = 12",
       "each redeemed voucher has its one credit: voucher 100000000002: redeemed by receipt none"},
      {"update redemption set receipt = 14 where receipt = 12",
       "each redeemed voucher has its one credit: voucher 100000000002"},
      {"update transfer set serial = 100000000077 where receipt = 12", "each redeemed voucher has its one credit"},
      {"delete from transfer where receipt = 30 and line = 2",
       "each bonus is its product's: receipt #30: 300 promised, 0 granted"},
      {"delete from correction", "every act of an operator is in the audit log: receipt #"},
      {"delete from message where receipt = 12", "each credited message has its transfer: receipt #12: message none"},
      {"update message set amount_minor = 9 where receipt = 12", "each credited message has its transfer: receipt #12"},
      {"update message set outcome = 'credited' where receipt = 14",
       "each credited message has its transfer: receipt #14"},
      {"update account set balance_minor = 2500 where msisdn = 999701234567",
       "balances = sum of transfers: account 999701234567: balance 2500 USD, transfers 2000"},
      {"update account set bonus_minor = 9 where msisdn = 999701234567", "bonus 9, transfers 0"},
      {"update account set reserved_minor = 9 where msisdn = 999701234567",
       "what is reserved = open reservations: account 999701234567"},
      {"update audit_log set by = 'somebody' where line = 2", "the audit log is whole: line 2"},
      {"delete from audit_log where line = 2", "the audit log is whole: line 3"},
  };
  books books;
  books.fill();
  enrich(books);
  for (const auto& [how, found] : table) {
    CAPTURE(how);
    pqxx::work transaction(books.administrator());  // rolled back
    transaction.exec(std::string("set local session_replication_role = replica; set local search_path = topup; ") +
                     how);
    const std::string said = watched(transaction);
    CHECK_MESSAGE(said.find(found) != std::string::npos, said);
  }
}

TEST_CASE("a partner that lies further up in its table is found there, and all is well") {
  books books;
  books.fill();
  // The redemption is not among the new.
  damage(books, "update transfer set at = now() where receipt = 12");
  damage(books, "update books set looked_at = now() - interval '1 minute'");
  CHECK(watched(books, false).empty());
}

TEST_CASE("there is one look a minute, however many gateways ask") {
  books books;
  books.fill();
  CHECK(watched(books).empty());
  damage(books, "update account set balance_minor = 2500 where msisdn = 999701234567");
  CHECK(watched(books, false).empty());
  wait(books, "44 seconds");
  CHECK(watched(books, false).empty());
  wait(books, "2 seconds");
  CHECK_FALSE(watched(books, false).empty());
}

TEST_CASE("a gateway that looks while another one does waits for nobody") {
  books books;
  books.fill();
  pqxx::connection other(books.url());
  pqxx::work looking(other);
  looking.exec("select from topup.books for update");
  books.sql("set lock_timeout = '2s'");
  CHECK(watched(books).empty());
}

TEST_CASE("what is old comes by in the course of the round") {
  books books;
  books.fill();
  damage(books,
         "insert into account (msisdn, currency, balance_minor) select 999700000000 + n, 'USD', 0 from "
         "generate_series(1, 250) n; "
         "update account set balance_minor = 7 where msisdn = 999700000220");
  std::string found;
  int looks = 0;
  while (found.empty() && ++looks < 10) {
    found = watched(books, false);
    wait(books, "1 minute");
  }
  CHECK(looks == 3);  // a hundred accounts each time
  CHECK(found.find("account 999700000220: balance 7") != std::string::npos);
}

TEST_CASE("the round begins anew when it is through") {
  books books;
  books.fill();
  damage(books,
         "insert into account (msisdn, currency, balance_minor) select 999800000000 + n, 'USD', 0 from "
         "generate_series(1, 100) n");
  for (int i = 0; i < 2; ++i) {
    CHECK(watched(books, false).empty());
    wait(books, "1 minute");
  }
  damage(books, "update account set balance_minor = 7 where msisdn = 999709876543");  // among the first hundred
  CHECK_FALSE(watched(books, false).empty());
}

TEST_CASE("what was found stays found until a whole proof of an operator finds nothing") {
  books books;
  books.fill();
  damage(books, "update account set balance_minor = 2500 where msisdn = 999701234567");
  CHECK_FALSE(watched(books).empty());
  store::operations operations(books.url(), "UTC", "amina");
  operations.verify();
  CHECK_FALSE(watched(books).empty());
  damage(books, "update account set balance_minor = 2000 where msisdn = 999701234567");
  CHECK_FALSE(watched(books).empty());

  books.sql(
      "do $$ begin create role test_auditor login in role topup_auditor; exception when duplicate_object then null; "
      "end $$");
  store::operations(books.url("test_auditor")).verify();
  CHECK_FALSE(watched(books).empty());

  operations.verify();
  CHECK(watched(books).empty());
  const auto acts = operations.acts({}, "books");
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].person == "amina");
  CHECK(acts[0].detail.find("balance 2500") != std::string::npos);
}

TEST_CASE("what has come to its end lapses with the watch") {
  books books;
  books.fill();
  enrich(books);
  books.sql("update topup.account set bonus_until = now() - interval '1 second' where bonus_minor > 0");
  CHECK(watched(books).empty());
  const auto account = store::operations(books.url()).find_account(*parser::msisdn::from_e164("999702222222"));
  CHECK(account->bonus.amount_minor == 100);  // reserved for call-1
  for (const store::check& check : store::operations(books.url()).verify())
    CHECK_MESSAGE(check.violations == 0, check.example);
}

TEST_CASE("a watcher looks at once, at its time and when it is asked to, and names receipts as subscribers know them") {
  books books;
  books.fill();
  listener listener;
  store::watcher watcher({.url = books.url(), .every = std::chrono::hours(1)}, listener.heard(),
                         [](const std::string&) {});
  CHECK(watcher.first().wrong.empty());
  damage(books, "update message set outcome = 'credited' where receipt = 14");
  watcher.look();
  const auto seen = listener.wait_for(1);
  CHECK(seen.wrong == "each credited message has its transfer");
  CHECK(seen.example.find("receipt " + to_string(store::receipt{14}) + ": message") == 0);
}

TEST_CASE("a watcher tells how much guessing there is, and what is done about it") {
  books books;
  books.sql(
      "update topup.guess_level set level = 1, until = now() + interval '1 hour'; "
      "insert into topup.guess_hour select topup.hour_of(now()) - n, case n when 0 then 60 else "
      "2 end "
      "from generate_series(0, 100) n");
  listener listener;
  store::watcher watcher({.url = books.url(), .every = std::chrono::milliseconds(50)}, listener.heard(),
                         [](const std::string&) {});
  const auto& first = watcher.first();
  CHECK(first.guess_level == 1);
  CHECK(first.guess_until);
  CHECK(first.wrong_pins_this_hour == 60);
  CHECK(first.wrong_pins_today == 60 + 23 * 2);
  CHECK(first.usual_an_hour == doctest::Approx(200.0 / 168));
  books.sql("update topup.guess_level set until = now()");
  listener.wait_for(1);
  CHECK(listener.wait_for(3).guess_level == 0);
}

TEST_CASE("a watcher whose connection is cut looks again with a new one") {
  books books;
  listener listener;
  store::watcher watcher({.url = books.url(), .every = std::chrono::milliseconds(20)}, listener.heard(),
                         [](const std::string&) {});
  listener.wait_for(1);
  books.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'topupd watcher'");
  listener.wait_for(10);
}

TEST_CASE("a look that fails is told, and the next one is made") {
  books books;
  listener listener;
  std::atomic<int> failed{0};
  store::watcher watcher({.url = books.url(), .every = std::chrono::milliseconds(20)}, listener.heard(),
                         [&](const std::string&) { ++failed; });
  books.sql("alter function topup.lapse_bonuses(integer) rename to elsewhere");
  while (failed == 0) std::this_thread::yield();
  books.sql("alter function topup.elsewhere(integer) rename to lapse_bonuses");
  listener.wait_for(1);
}

TEST_CASE("while top-ups and calls go on at full speed, nothing seems wrong") {
  books books;
  store::operations operations(books.url());
  const store::keyring keys(secret("0123456789abcdef0123456789abcdef"));
  operations.add_product({.code = "TEN", .value = {1000, "USD"}, .brand = "", .bonus = {100, "USD"}});
  std::vector<store::voucher_digest> cards;
  operations.generate({.product = "TEN", .count = 2000, .expires = "", .serial_form = "1000########", .pins = {}}, keys,
                      [&](std::int64_t, const parser::pin& pin) { cards.push_back(keys.digest(pin)); }, {});
  operations.change_cards({.of = {.batch = 1}, .wanted = "active", .reason = ""});

  std::atomic<std::size_t> decided{0};
  store::worker worker({.url = books.url(), .instance = "test", .key_ids = keys.ids()},
                       {.on_decided = [&](const std::vector<store::decision>& some) { decided += some.size(); },
                        .on_refused = {},
                        .on_claimed = {},
                        .on_state = [](bool, const std::string&) {}});
  std::atomic<bool> over{false};
  std::thread calls([&] {
    pqxx::connection charging(books.url());
    for (int i = 0; i < 500 && !over; ++i)
      pqxx::nontransaction(charging).exec("select topup.debit(999700000000 + " + std::to_string(i % 50) + ", 10, 'c" +
                                          std::to_string(i) + "')");
  });
  std::size_t offered = 0;
  int looks = 0;
  while (decided < cards.size()) {
    for (int i = 0; i < 200 && offered < cards.size(); ++i, ++offered) {
      const auto sender = *parser::msisdn::from_number(999'700'000'000 + offered % 50);
      REQUIRE(worker.offer(redeeming(cards[offered], sender, offered + 1)) == store::worker::taken::yes);
    }
    CHECK(watched(books) == "");
    ++looks;
  }
  over = true;
  calls.join();
  CHECK(looks > 3);
  wait(books, "1 minute");
  CHECK(watched(books) == "");
  for (const store::check& check : operations.verify())
    CHECK_MESSAGE(check.violations == 0, check.name, ": ", check.example);
}

TEST_CASE("a gateway without a schema has no watcher") {
  CHECK_THROWS_AS(store::watcher({.url = "postgresql:///postgres"}, {}, {}), store::unavailable);
}

}  // namespace topupd::tests
