// An attack by many senders, each with many guesses: nobody hits, nearly nobody is looked up, and no table fills.
// TOPUP_ATTACK=1000000 tries as many, 100 a sender; else 50,000.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <random>

#include "database.hpp"
#include "store/digest.hpp"

using namespace topupd;
using namespace topupd::store;
using namespace topupd::store::test;

namespace {

constexpr std::uint64_t first_sender = 999'800'000'000;
constexpr int guesses_each = 100;
constexpr int live_cards = 20'000;

class pins {
 public:
  pins() { MESSAGE("seed " << seed_); }
  text guess(std::uint64_t sender) {
    std::string digits;
    for (int i = 0; i < 15; ++i) digits += static_cast<char>('0' + digit_(random_));
    digits += parser::compute_check_digit(digits, rules_.check);
    const auto pin = parser::pin::from_digits(digits, rules_).value();
    text one = redeem(sender, keys_.digest(pin));
    one.prefixes = {keys_.prefix(pin)};
    return one;
  }

 private:
  std::uint64_t seed_ = std::random_device{}();
  std::mt19937_64 random_{seed_};
  std::uniform_int_distribution<int> digit_{0, 9};
  parser::pin_rules rules_{.lengths = {16}, .check = parser::check_digit::damm};
  keyring keys_{secret(std::string(32, '\x5A'))};
};

}  // namespace

TEST_CASE(
    "an attack: no hit, 99 % refused before any look-up once the caps hold, and tables that grow with senders only") {
  const char* wish = std::getenv("TOPUP_ATTACK");
  const int guesses = wish ? std::atoi(wish) : 50'000;
  const int senders = guesses / guesses_each;
  database db;
  pins pins;
  const auto card = db.print(live_cards + 1);
  db.sql(fmt::format("alter table topup.voucher disable trigger all; delete from topup.voucher where serial < {}",
                     card + live_cards));
  std::string rows;
  for (int i = 0; i < live_cards; ++i) {
    std::string digest;
    const text card_text = pins.guess(alice);
    for (const auto octet : card_text.vouchers[0].octets) digest += fmt::format("{:02x}", octet);
    rows += fmt::format("{}({}, '\\x{}', 1)", i == 0 ? "" : ",", card + i, digest);
  }
  db.sql("insert into topup.voucher (serial, digest, batch) values " + rows);

  auto at = options(db);
  at.answers_per_hour = 10;
  gateway one{at};
  const auto begun = std::chrono::steady_clock::now();
  std::int64_t looked_up_early = 0;
  int early = 0, answered = 0, credited = 0;
  std::vector<text> call;
  for (int i = 0; i < guesses; ++i) {
    call.push_back(pins.guess(first_sender + static_cast<std::uint64_t>(i % senders)));
    if (call.size() < 250 && i + 1 < guesses) continue;
    for (const decision& each : one.decide_all(std::exchange(call, {}))) {
      answered += each.reply_owed ? 1 : 0;
      credited += each.outcome == outcome::credited ? 1 : 0;
    }
    if (looked_up_early == 0 && db.count("select level from topup.guess_level") > 0) {
      looked_up_early = db.count("select sum(wrong) from topup.guess_hour");
      early = i + 1;
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  const auto looked_up = db.count("select sum(wrong) from topup.guess_hour");
  const auto messages = db.count("select count(*) from topup.message");
  MESSAGE(
      guesses
      << " guesses of " << senders << " senders in " << took.count() << " s: " << looked_up << " looked up, "
      << looked_up_early << " before the cap held; " << answered << " answered; " << messages << " messages, "
      << db.count(
             "select (sum(pg_total_relation_size(c.oid)) / 1024 / 1024)::int from pg_class c join pg_namespace n on "
             "n.oid = c.relnamespace where n.nspname = 'topup' and relkind = 'r' and relname in ('message', "
             "'wrong_pin', 'sender_lock', 'answered', 'guess_hour')")
      << " MiB of tables that guesses write");
  CHECK(credited == 0);
  CHECK(early > 0);
  CHECK(early < guesses / 10);
  CHECK(static_cast<double>(looked_up - looked_up_early) <= 0.01 * (guesses - early));
  CHECK(messages <= 17 * senders);
  CHECK(db.count("select count(*) from topup.wrong_pin") <= looked_up);
  CHECK(db.count("select count(*) from topup.sender_lock") <= senders);
  CHECK(db.count("select sum(unheard) from topup.sender_lock") >= guesses - messages);
  // A customer with a good card notices nothing.
  CHECK(one.decide(redeem(alice, voucher(card + live_cards))).outcome == outcome::credited);
}
