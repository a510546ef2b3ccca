// Keys change, cards do not: whoever scratches one free meanwhile does not notice.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "keys.hpp"
#include "store/keys.hpp"
#include "store/operations.hpp"

using namespace topupd;
using namespace topupd::store;
using namespace topupd::store::test;

namespace {

using pins = std::vector<parser::pin>;

// A batch on sale, made under the newest of these keys.
pins make(const database& db, std::int64_t count, const keyring& keys) {
  operations press(db.url());
  const auto products = press.products();
  if (std::none_of(products.begin(), products.end(), [](const product& each) { return each.code == "TEN"; }))
    press.add_product({"TEN", {1000, "USD"}, 90, ""});
  pins cards;
  const auto made = press.generate(
      {.product = "TEN", .count = count, .expires = {}, .serial_form = "1000########", .pins = {.lengths = {16}}}, keys,
      [&](std::int64_t, const parser::pin& card) { cards.push_back(card); }, {});
  press.change_cards({.of = {.batch = made.id}, .wanted = "active", .reason = {}});
  return cards;
}

// A text as a gateway with these keys makes it.
text with(const keyring& keys, const std::vector<parser::pin>& cards, std::uint64_t sender = alice) {
  text one = redeem(sender, keys.digest(cards.front()));
  one.vouchers.clear();
  for (const parser::pin& card : cards) {
    one.vouchers.push_back(keys.digest(card));
    one.prefixes.push_back(keys.prefix(card));
    for (const voucher_digest& digest : keys.older(card)) one.older.push_back(digest);
  }
  return one;
}

worker_options options_of(const database& db, const keyring& keys) {
  worker_options all = options(db);
  all.key_ids = keys.ids();
  return all;
}

outcome redeemed(const database& db, const keyring& keys, const parser::pin& card) {
  gateway one{options_of(db, keys)};
  return one.decide(with(keys, {card})).outcome;
}

void rotate(const database& db, const keyring& keys, const std::function<void(std::int64_t)>& on_progress = {}) {
  rotation rotation(db.url(), keys, "tester");
  for (const outdated_batch& batch : rotation.outdated()) rotation.rewrap(batch, on_progress);
}

// The chains of all batches by the numbers of their keys: "1 then 2; 2".
std::string chains(const database& db) {
  std::string words;
  for (const key_chain& chain : operations(db.url()).key_chains()) {
    if (!words.empty()) words += "; ";
    std::vector<std::string> numbers;
    for (const std::string& each : chain.ids)
      for (int number = 1; number < 10; ++number)
        if (id(number) == each) numbers.push_back(std::to_string(number));
    words += fmt::format("{}", fmt::join(numbers, " then "));
  }
  return words;
}

template <class Failure>
std::string reason(const std::function<void()>& attempt) {
  try {
    attempt();
  } catch (const Failure& said) {
    CHECK(std::string{said.what()}.find('\n') == std::string::npos);
    return said.what();
  }
  return "nothing was refused";
}

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

struct interruption {};

}  // namespace

TEST_CASE("cards of three keys in turn are redeemed before, between and after rotations") {
  database db;
  const keyring first = ring({1}), second = ring({2, 1}), third = ring({3, 2, 1});
  const pins a = make(db, 6, first);
  CHECK(redeemed(db, first, a[0]) == outcome::credited);
  CHECK(chains(db) == "1");

  const pins b = make(db, 6, second);
  CHECK(redeemed(db, second, a[1]) == outcome::credited);
  CHECK(redeemed(db, second, b[0]) == outcome::credited);
  CHECK(chains(db) == "1; 2");
  rotate(db, second);
  CHECK(chains(db) == "1 then 2; 2");
  CHECK(redeemed(db, second, a[2]) == outcome::credited);
  CHECK(redeemed(db, second, b[1]) == outcome::credited);

  const pins c = make(db, 6, third);
  CHECK(redeemed(db, third, a[3]) == outcome::credited);
  CHECK(redeemed(db, third, b[2]) == outcome::credited);
  CHECK(redeemed(db, third, c[0]) == outcome::credited);
  rotate(db, third);
  CHECK(chains(db) == "1 then 2 then 3; 2 then 3; 3");
  for (const pins& all : {a, b, c}) CHECK(redeemed(db, third, all[4]) == outcome::credited);
  // What was used is still told, and what nobody has is still unknown.
  for (const pins& all : {a, b, c}) CHECK(redeemed(db, third, all[0]) == outcome::repeated);
  const parser::pin nobodys =
      parser::pin::from_digits("123456789012", {.lengths = {12}, .check = parser::check_digit::none}).value();
  CHECK(redeemed(db, third, nobodys) == outcome::unknown_pin);

  rotate(db, third);  // nothing is left to do
  CHECK(chains(db) == "1 then 2 then 3; 2 then 3; 3");
  CHECK(db.count("select count(*) from topup.audit_log where action = 'key rotate' and person = 'tester'") == 3);
  for (const check& check : operations(db.url()).verify())
    CHECK_MESSAGE(check.violations == 0, check.name, check.example);
}

TEST_CASE("a third key may skip a rotation") {
  database db;
  const pins a = make(db, 2, ring({1})), b = make(db, 2, ring({2, 1}));
  const keyring keys = ring({3, 2, 1});
  rotate(db, keys);
  CHECK(chains(db) == "1 then 2 then 3; 2 then 3");
  CHECK(redeemed(db, keys, a[0]) == outcome::credited);
  CHECK(redeemed(db, keys, b[0]) == outcome::credited);
}

TEST_CASE("texts are decided while a batch is re-wrapped: before COMMIT as well as after it") {
  database db;
  const pins cards = make(db, 3, ring({1}));
  const keyring keys = ring({2, 1});
  gateway one{options_of(db, keys)};
  int seen = 0;
  rotate(db, keys, [&](std::int64_t) {
    ++seen;
    CHECK(one.decide(with(keys, {cards[0]})).outcome == outcome::credited);
  });
  CHECK(seen == 1);
  CHECK(one.decide(with(keys, {cards[0]})).outcome == outcome::repeated);
  CHECK(one.decide(with(keys, {cards[1]})).outcome == outcome::credited);
  CHECK(db.count("select count(*) from topup.transfer") == 2);
}

TEST_CASE("an operator who takes cards off sale does not wait for a rotation, nor it for him") {
  database db;
  const pins cards = make(db, 3, ring({1}));
  const keyring keys = ring({2, 1});
  operations desk(db.url());
  rotate(db, keys, [&](std::int64_t) {
    desk.change_cards({.of = {.batch = 1}, .wanted = "held", .reason = "a box is missing"});
  });
  CHECK(chains(db) == "1 then 2");
  CHECK(redeemed(db, keys, cards[0]) == outcome::not_active);
}

TEST_CASE("a question that was asked before a rotation is answered after it, for cards of several batches") {
  database db;
  const pins a = make(db, 2, ring({1}));
  const keyring keys = ring({2, 1});
  const pins b = make(db, 2, keys);
  const pins c = make(db, 2, ring({1}));
  gateway one{options_of(db, keys)};
  text asked = with(keys, {a[0], b[0], c[1]});
  asked.target = msisdn(bob);
  asked.ask = true;
  REQUIRE(one.decide_all({asked}).at(0).outcome == outcome::asked);
  text other = with(keys, {a[1]}, carol);
  other.target = msisdn(bob);
  other.ask = true;
  REQUIRE(one.decide(other).outcome == outcome::asked);
  rotate(db, keys);
  CHECK(one.decide(with(keys, {c[0]})).outcome == outcome::credited);
  const auto yes = one.decide_all({plain(alice, action::confirm)});
  REQUIRE(!yes.empty());
  CHECK(yes.front().several.value().added == 3);
  CHECK(one.decide(plain(carol, action::confirm)).outcome == outcome::credited);
  CHECK(db.count("select balance_minor from topup.account where msisdn = " + std::to_string(bob)) == 4000);
}

TEST_CASE("an interrupted rotation leaves each batch done or untouched, and goes on when it is run again") {
  database db;
  const pins a = make(db, 2, ring({1})), b = make(db, 2, ring({1}));
  const keyring keys = ring({2, 1});
  const std::string before =
      db.word("select md5(string_agg(digest::text, ',' order by serial)) from topup.voucher where batch = 2");
  int batches = 0;
  CHECK_THROWS_AS(rotate(db, keys,
                         [&](std::int64_t) {
                           if (++batches == 2) throw interruption{};
                         }),
                  interruption);
  CHECK(chains(db) == "1 then 2; 1");
  CHECK(before ==
        db.word("select md5(string_agg(digest::text, ',' order by serial)) from topup.voucher where batch = 2"));
  for (const pins& all : {a, b}) CHECK(redeemed(db, keys, all[0]) == outcome::credited);

  rotation again(db.url(), keys, "tester");
  const auto left = again.outdated();
  REQUIRE(left.size() == 1);
  CHECK(left[0].batch == 2);
  CHECK(left[0].cards == 2);
  CHECK(left[0].chain == ids({1}));
  again.rewrap(left[0], {});
  again.rewrap(left[0], {});  // as when two rotate at once: the second finds it done
  CHECK(chains(db) == "1 then 2");
  for (const pins& all : {a, b}) CHECK(redeemed(db, keys, all[1]) == outcome::credited);
}

TEST_CASE("a batch of several statements is re-wrapped whole") {
  database db;
  constexpr std::int64_t count = 20'003;
  const pins cards = make(db, count, ring({1}));
  const keyring keys = ring({2, 1});
  std::vector<std::int64_t> steps;
  rotate(db, keys, [&](std::int64_t done) { steps.push_back(done); });
  CHECK(steps == std::vector<std::int64_t>{10'000, 20'000, 20'003});
  for (const std::size_t i : {std::size_t{0}, std::size_t{9'999}, std::size_t{10'000}, std::size_t{20'002}})
    CHECK(redeemed(db, keys, cards[i]) == outcome::credited);
  CHECK(db.count("select count(*) from topup.voucher") == count);
}

TEST_CASE("no card comes under a key that a gateway lacks") {
  database db;
  const pins cards = make(db, 2, ring({1}));
  const keyring keys = ring({2, 1});
  const auto attempt = [&] { return reason<refused>([&] { rotate(db, keys); }); };
  {
    gateway old{options_of(db, ring({1}))};
    rotation rotation(db.url(), keys, "tester");
    CHECK(has(reason<refused>([&] { rotation.refuse_other_gateways(); }),
              "1 connection is of a topupd whose pin.key_file is not " + id(2)));
    CHECK(operations(db.url()).gateways_without(keys) == 1);
    CHECK(has(attempt(), "Restart each topupd with the same keys"));
    CHECK(chains(db) == "1");
    CHECK(old.decide(with(ring({1}), {cards[0]})).outcome == outcome::credited);
  }
  while (operations(db.url()).gateways_without(keys) > 0) {  // the server notices when it gets to it
  }
  // One that connects in the middle.
  {
    std::unique_ptr<gateway> late;
    CHECK(has(reason<refused>([&] {
                rotate(db, keys, [&](std::int64_t) { late = std::make_unique<gateway>(options_of(db, ring({1}))); });
              }),
              "Restart each topupd"));
    CHECK(chains(db) == "1");
  }
  while (operations(db.url()).gateways_without(keys) > 0) {
  }
  CHECK(attempt() == "nothing was refused");
  CHECK(chains(db) == "1 then 2");
  CHECK(redeemed(db, keys, cards[1]) == outcome::credited);
}

TEST_CASE("a daemon with a wrong key does not start, and says which one is missing") {
  database db;
  make(db, 1, ring({1}));
  make(db, 1, ring({2, 1}));
  rotate(db, ring({2, 1}));
  make(db, 1, ring({3, 2, 1}));
  CHECK(chains(db) == "1 then 2; 2; 3");
  struct row {
    std::vector<int> configured;
    std::string said;
  };
  for (const row& row : {
           row{{3, 2, 1}, "nothing was refused"},
           row{{4},
               "pin.key_file is not the key of these cards: those of batch 1 were made under PIN key " + id(1) +
                   ", and it has " + id(4)},
           row{{1}, "those of batch 1 were made under PIN key " + id(2)},
           row{{3, 2},
               "the cards of batch 1 were made under PIN key " + id(1) +
                   ", which is not configured: name its file in pin.older_key_files"},
           row{{2, 1}, "the cards of batch 3 were made under PIN key " + id(3)},
           row{{3, 1, 2}, "under the PIN keys " + id(1) + ", " + id(2) + ", in this order"},
           row{{2, 3, 1}, "must name them the last one first"},
           row{{4, 3, 2}, "and 3 keys are, as many as there can be: put it back"},
       }) {
    const keyring keys = ring(row.configured);
    const std::string said = reason<unavailable>([&] { worker{options_of(db, keys), {}}; });
    CHECK(has(said, row.said));
    operations desk(db.url());
    CHECK((desk.why_cards_are_lost(keys) == said) == (said != "nothing was refused"));
    if (said != "nothing was refused")
      CHECK(reason<refused>([&] { rotation(db.url(), keys, "tester").outdated(); }) == said);
  }
}

TEST_CASE("a key is needed until its cards are over, and while they may be asked about") {
  struct row {
    const char* what;
    const char* happened;
    bool needed;
    std::int64_t open;
  };
  const auto happens = [](const char* was, const char* state) {
    return fmt::format(
        "insert into topup.card_change (batch, first_serial, last_serial, was, state) "
        "select id, first_serial, last_serial, '{}', '{}' from topup.batch",
        was, state);
  };
  const auto all_redeemed = [](const char* ago) {
    return fmt::format("insert into topup.redemption select serial, serial, now() - interval '{}' from topup.voucher",
                       ago);
  };
  const auto ended = [](const char* ago) {
    return fmt::format("update topup.batch set expires = current_date - 1, ends = now() - interval '{}'", ago);
  };
  const std::string held = happens("active", "held"), gone = happens("active", "void"),
                    stolen = happens("active", "stolen"), damaged = happens("active", "damaged"),
                    redeemed_lately = all_redeemed("29 days"), redeemed_long_ago = all_redeemed("31 days"),
                    ended_lately = ended("29 days"), ended_long_ago = ended("31 days"),
                    one_left = redeemed_long_ago + " where serial <> (select max(serial) from topup.voucher)";
  for (const row& row : {
           row{"on sale", "select", true, 3},
           row{"held", held.c_str(), true, 3},
           row{"stolen, and perhaps found again", stolen.c_str(), true, 3},
           row{"void", gone.c_str(), false, 0},
           row{"damaged", damaged.c_str(), false, 0},
           row{"redeemed lately", redeemed_lately.c_str(), true, 0},
           row{"redeemed long ago", redeemed_long_ago.c_str(), false, 0},
           row{"one card is left", one_left.c_str(), true, 1},
           row{"expired lately", ended_lately.c_str(), true, 0},
           row{"expired long ago", ended_long_ago.c_str(), false, 0},
       }) {
    CAPTURE(row.what);
    database db;
    make(db, 3, ring({1}));
    db.sql(row.happened);
    const auto chain = operations(db.url()).key_chains().at(0);
    CHECK(chain.needed == row.needed);
    CHECK(chain.open == row.open);
    CHECK(chain.cards == 3);
    const std::string said = reason<unavailable>([&] { gateway{options_of(db, ring({2}))}; });
    CHECK((said == "nothing was refused") == !row.needed);
    CHECK(db.count("select count(*) from topup.spent_batch") == (row.needed ? 0 : 1));
    CHECK(reason<unavailable>([&] { gateway{options_of(db, ring({2}))}; }) == said);
  }
}

TEST_CASE("batches without a key on record are let pass while no batch has one") {
  database db;
  db.print(1);
  CHECK(reason<unavailable>([&] { gateway{options_of(db, ring({1}))}; }) == "nothing was refused");
  make(db, 1, ring({1}));
  CHECK(has(reason<unavailable>([&] { gateway{options_of(db, ring({1}))}; }),
            "batch 1 were made under is not on record"));
}
