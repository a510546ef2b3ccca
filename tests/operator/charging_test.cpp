// The charging system's door, as a softswitch uses it: role topup_charging and five functions.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <future>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "store/operations.hpp"
#include "store/worker.hpp"
#include "tests/operator/books.hpp"
#include "tests/operator/proof.hpp"

namespace topupd::tests {
namespace {

// What a softswitch is: a database user that is nothing but topup_charging.
class softswitch {
 public:
  explicit softswitch(const books& of) : link_(of.url()) {
    pqxx::nontransaction(link_).exec("set role topup_charging");
  }
  // "done 400 600": the word and the two amounts that each of the four functions answers with.
  std::string ask(const std::string& call) {
    pqxx::work transaction(link_);
    const pqxx::result rows = transaction.exec("select * from topup." + call);
    transaction.commit();
    return fmt::format("{} {} {}", rows[0][0].c_str(), rows[0][1].c_str(), rows[0][2].c_str());
  }

 private:
  pqxx::connection link_;
};

// 3.00 and 1.00 bonus on 999709876543; 5.00 on 999700000002.
void open_accounts(books& books) {
  books.fill();
  grant_bonus(books);
  const std::string adjust =
      "select topup.carry_out_adjustment(jsonb_build_object('msisdn', {0}, 'amount_minor', {1}), "
      "topup.audit('account adjust', 'account {0}', 'for a test'))";
  books.sql("select topup.open_account(999700000002, 'USD', now())");
  books.sql(fmt::format(fmt::runtime(adjust), 999709876543, -700));
  books.sql(fmt::format(fmt::runtime(adjust), 999700000002, 500));
}

struct step {
  const char* call;
  const char* answer;
};

void walk(std::initializer_list<step> steps) {
  books books;
  open_accounts(books);
  softswitch asks(books);
  int number = 0;
  for (const step& each : steps) {
    CAPTURE(++number);
    CAPTURE(each.call);
    if (std::string(each.call).starts_with("update"))
      books.sql(each.call);
    else
      CHECK(asks.ask(each.call) == each.answer);
  }
  store::operations operations(books.url());
  prove(operations);
}

}  // namespace

TEST_CASE("a call is reserved, charged for what it took, and the rest may be spent") {
  walk({{"reserve(999709876543, 350, 'c1')", "done 350 50"},
        {"reserve(999709876543, 51, 'c2')", "not_enough 0 50"},
        {"debit(999709876543, 51, 'd1')", "not_enough 0 50"},
        {"reserve(999709876543, 50, 'c2')", "done 50 0"},
        {"commit('c1', 120)", "done 120 230"},
        {"release('c2')", "done 50 280"},
        {"debit(999709876543, 280, 'd1')", "done 280 0"},
        {"reserve(999709876543, 1, 'c3')", "not_enough 0 0"}});
}

TEST_CASE("the same call again is answered the same, and charged once") {
  walk({{"reserve(999709876543, 200, 'c1')", "done 200 200"},
        {"reserve(999709876543, 200, 'c1')", "repeated 200 200"},
        {"commit('c1', 150)", "done 150 250"},
        {"commit('c1', 150)", "repeated 150 250"},
        {"debit(999709876543, 250, 'd1')", "done 250 0"},
        {"debit(999709876543, 250, 'd1')", "repeated 250 0"},
        {"reserve(999700000002, 200, 'c2')", "done 200 300"},
        {"release('c2')", "done 200 500"},
        {"release('c2')", "repeated 200 500"}});
}

TEST_CASE("a reference means one call for good") {
  walk({{"reserve(999709876543, 200, 'c1')", "done 200 200"},
        {"reserve(999709876543, 201, 'c1')", "other_call 0 200"},
        {"reserve(999700000002, 200, 'c1')", "other_call 0 500"},
        {"debit(999709876543, 200, 'c1')", "other_call 0 200"},
        {"commit('c1', 100)", "done 100 300"},
        {"commit('c1', 99)", "other_call 0 300"},
        {"release('c1')", "other_call 0 300"},
        {"reserve(999709876543, 200, 'c1')", "other_call 0 300"},
        {"debit(999709876543, 10, 'd1')", "done 10 290"},
        {"debit(999709876543, 11, 'd1')", "other_call 0 290"},
        {"debit(999700000002, 10, 'd1')", "other_call 0 500"},
        {"commit('d1', 10)", "other_call 0 290"},
        {"release('d1')", "other_call 0 290"},
        {"reserve(999709876543, 10, 'd1')", "other_call 0 290"}});
}

TEST_CASE("no more is charged than is reserved, and nothing for a call that was none") {
  walk({{"commit('c1', 1)", "no_reservation 0 0"},
        {"release('c1')", "no_reservation 0 0"},
        {"reserve(999700000002, 200, 'c1')", "done 200 300"},
        {"commit('c1', 201)", "too_much 0 300"},
        {"commit('c1', 200)", "done 200 300"},
        {"reserve(999700000002, 200, 'c2')", "done 200 100"},
        {"commit('c2', 0)", "done 0 300"},
        {"commit('c2', 0)", "repeated 0 300"},
        {"reserve(999700000002, 200, 'c3')", "done 200 100"},
        {"release('c3')", "done 200 300"},
        {"commit('c3', 200)", "no_reservation 0 300"}});
}

TEST_CASE("who has no account, or a held or expired one, is not charged; a call under way is paid") {
  walk({{"reserve(999709999999, 1, 'c0')", "no_account 0 0"},
        {"debit(999709999999, 1, 'd0')", "no_account 0 0"},
        {"reserve(999700000002, 100, 'c1')", "done 100 400"},
        {"reserve(999700000002, 100, 'c2')", "done 100 300"},
        {"update topup.account set held = true where msisdn = 999700000002", ""},
        {"reserve(999700000002, 1, 'c3')", "held 0 0"},
        {"debit(999700000002, 1, 'd1')", "held 0 0"},
        {"commit('c1', 60)", "done 60 0"},
        {"update topup.account set held = false, valid_until = now() where msisdn = 999700000002", ""},
        {"reserve(999700000002, 1, 'c3')", "expired 0 0"},
        {"debit(999700000002, 1, 'd1')", "expired 0 0"},
        {"commit('c2', 100)", "done 100 0"}});
}

TEST_CASE("a reservation lapses after its time, and what it held may be spent") {
  walk({{"reserve(999709876543, 400, 'c1', '90 seconds')", "done 400 0"},
        {"debit(999709876543, 10, 'd1')", "not_enough 0 0"},
        {"update topup.reservation set until = now()", ""},
        {"debit(999709876543, 10, 'd1')", "done 10 390"},
        {"commit('c1', 400)", "lapsed 0 390"},
        {"release('c1')", "lapsed 0 390"},
        {"reserve(999709876543, 400, 'c1')", "lapsed 0 390"}});
}

TEST_CASE("the bonus is spent first, while it lasts") {
  books books;
  open_accounts(books);
  softswitch asks(books);
  const auto left = [&] {
    const auto row = books.sql("select balance_minor, bonus_minor from topup.account where msisdn = 999709876543")[0];
    return fmt::format("{} {}", row[0].as<int>(), row[1].as<int>());
  };
  CHECK(asks.ask("debit(999709876543, 30, 'd1')") == "done 30 370");
  CHECK(left() == "300 70");
  CHECK(asks.ask("reserve(999709876543, 100, 'c1')") == "done 100 270");
  CHECK(asks.ask("commit('c1', 60)") == "done 60 310");
  CHECK(left() == "300 10");
  books.sql("update topup.account set bonus_until = now() where msisdn = 999709876543");
  CHECK(asks.ask("reserve(999709876543, 301, 'c2')") == "not_enough 0 300");
  CHECK(left() == "300 0");
  store::operations operations(books.url());
  prove(operations);
}

TEST_CASE("a mistake of the caller is an error, not an answer, and changes nothing") {
  books books;
  open_accounts(books);
  softswitch asks(books);
  for (const char* call :
       {"reserve(999709876543, 0, 'c1')", "reserve(999709876543, -5, 'c1')", "debit(999709876543, 0, 'd1')",
        "debit(999709876543, null, 'd1')", "debit(999709876543, 5, '')", "debit(999709876543, 5, null)",
        "debit(999709876543, 5, repeat('x', 201))", "reserve(999709876543, 5, 'c1', '0 seconds')",
        "commit('c1', -1)"}) {
    CAPTURE(call);
    CHECK_THROWS_AS(asks.ask(call), const pqxx::sql_error&);
  }
  CHECK(books.sql("select count(*) from topup.reservation")[0][0].as<int>() == 0);
}

TEST_CASE("the balance is told without a promise") {
  books books;
  open_accounts(books);
  softswitch asks(books);
  asks.ask("reserve(999709876543, 150, 'c1')");
  CHECK(asks.ask("balance(999709876543)") == "300 100 150");
  CHECK(books.sql("select available_minor, held, currency from topup.balance(999709876543)")[0][0].as<int>() == 250);
  CHECK(books.sql("select * from topup.balance(999709999999)").empty());
}

TEST_CASE("the charging system may call its five functions and see nothing else") {
  books books;
  const auto may = books.sql(
      "select string_agg(p.proname, ' ' order by p.proname) from pg_proc p where p.pronamespace = "
      "'topup'::regnamespace "
      "and has_function_privilege('topup_charging', p.oid, 'execute')");
  CHECK(may[0][0].as<std::string>() == "balance commit debit release reserve");
  const auto tables = books.sql(
      "select count(*) from pg_class c where c.relnamespace = 'topup'::regnamespace and c.relkind in ('r', 'v', 'S') "
      "and "
      "(c.relkind = 'S' and has_sequence_privilege('topup_charging', c.oid, 'usage, select, update') or c.relkind <> "
      "'S' and "
      "has_table_privilege('topup_charging', c.oid, 'select, insert, update, delete, truncate'))");
  CHECK(tables[0][0].as<int>() == 0);
}

namespace {

constexpr int subscribers = 4, cards_each = 40, calls_each = 150;

std::int64_t subscriber(int i) {
  return 999'700'000'001 + i;
}

// Calls of every kind by one connection, some of them repeated; how many of them were answered as nothing should be.
int make_calls(const books& books, unsigned seed) {
  softswitch asks(books);
  std::mt19937 dice(seed);
  int odd = 0;
  for (int i = 0; i < calls_each; ++i) {
    const auto who = subscriber(static_cast<int>(dice() % subscribers));
    const auto amount = dice() % 200 + 1;
    const std::string name = fmt::format("'{}-{}'", seed, i);
    const std::string first = fmt::format("{}({}, {}, {})", i % 3 == 0 ? "debit" : "reserve", who, amount, name);
    const std::string answer = asks.ask(first);
    if (!answer.starts_with("done") && !answer.starts_with("not_enough")) ++odd;
    if (i % 3 == 0 || !answer.starts_with("done")) continue;
    if (dice() % 4 == 0 && !asks.ask(first).starts_with("repeated")) ++odd;
    const auto kind = dice() % 4;  // one in four stays open
    if (kind == 0) continue;
    const std::string last =
        kind == 1 ? fmt::format("release({})", name) : fmt::format("commit({}, {})", name, dice() % (amount + 1));
    if (!asks.ask(last).starts_with("done")) ++odd;
  }
  return odd;
}

}  // namespace

TEST_CASE("calls of many connections, top-ups, adjustments and what lapses leave books that prove") {
  books books;
  store::operations operations(books.url());
  const store::keyring keys(secret("0123456789abcdef0123456789abcdef"));
  operations.add_product(
      {.code = "TEN", .value = {1000, "USD"}, .validity_days = 90, .brand = "", .bonus = {50, "USD"}, .bonus_days = 7});
  std::vector<store::voucher_digest> cards;
  const store::batch batch =
      operations.generate({.product = "TEN",
                           .count = subscribers * cards_each,
                           .expires = "2099-12-31",
                           .serial_form = "1000########",
                           .pins = {}},
                          keys, [&](std::int64_t, const parser::pin& pin) { cards.push_back(keys.digest(pin)); }, {});
  operations.change_cards({.of = {.batch = batch.id}, .wanted = "active", .reason = {}});
  for (int i = 0; i < subscribers; ++i)
    operations.add_account(*parser::msisdn::from_number(static_cast<std::uint64_t>(subscriber(i))), "USD");

  std::atomic<int> decided = 0, refused = 0;
  {
    store::worker worker(
        {.url = books.url(), .instance = "test", .key_ids = keys.ids()},
        {.on_decided = [&](std::vector<store::decision> some) { decided += static_cast<int>(some.size()); },
         .on_refused = [&](auto&&...) { ++refused; },
         .on_claimed = {},
         .on_state = [](bool, std::string) {}});
    std::vector<std::future<int>> callers;
    for (unsigned seed = 1; seed <= 4; ++seed)
      callers.push_back(std::async(std::launch::async, [&, seed] { return make_calls(books, seed); }));
    std::atomic<bool> done = false;
    std::thread house([&] {
      store::operations other(books.url());
      while (!done) {
        other.adjust(
            {*parser::msisdn::from_number(static_cast<std::uint64_t>(subscriber(0))), {3, "USD"}, "while others call"});
        books.sql("update topup.reservation set until = now() where state = 'open' and reference like '1-%5'");
        books.sql("select topup.lapse_bonuses(10)");
      }
    });
    for (std::size_t i = 0; i < cards.size(); ++i) {
      const auto sender =
          *parser::msisdn::from_number(static_cast<std::uint64_t>(subscriber(static_cast<int>(i % subscribers))));
      worker.offer(redeeming(cards[i], sender, i + 1));
      while (decided + 8 < static_cast<int>(i)) std::this_thread::yield();
    }
    int odd = 0;
    for (auto& caller : callers) odd += caller.get();
    done = true;
    house.join();
    while (decided < static_cast<int>(cards.size())) std::this_thread::yield();
    CHECK(odd <= 2 * calls_each / 10);  // of caller 1, whose calls were made to lapse under its hands
    CHECK(refused == 0);
  }
  prove(operations);
  const auto off = books.sql(R"(
    select count(*) from topup.account a
    left join (select msisdn, sum(balance_minor) as balance, sum(bonus_minor) as bonus from topup.reservation where state = 'open'
               group by msisdn) r using (msisdn)
    where (a.reserved_minor, a.bonus_reserved_minor) <> (coalesce(r.balance, 0), coalesce(r.bonus, 0))
       or a.balance_minor <> coalesce((select sum(case when t.credit = a.msisdn then t.amount_minor else -t.amount_minor end)
                                       from topup.transfer t where a.msisdn in (t.credit, t.debit)), 0)
       or a.bonus_minor <> coalesce((select sum(case when t.credit = -a.msisdn then t.amount_minor else -t.amount_minor end)
                                     from topup.transfer t where -a.msisdn in (t.credit, t.debit)), 0))");
  CHECK(off[0][0].as<int>() == 0);
  CHECK(books.sql("select count(*) from topup.transfer where kind = 'topup'")[0][0].as<int>() ==
        subscribers * cards_each);
  CHECK(books.sql("select count(*) from topup.transfer where kind = 'charge'")[0][0].as<int>() > calls_each);
  CHECK(books.sql("select count(*) from topup.reservation where state = 'open'")[0][0].as<int>() > 0);
}

}  // namespace topupd::tests
