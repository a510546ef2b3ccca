// Texts that come again, and the replies that are owed.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <thread>

#include "database.hpp"

using namespace topupd::store;
using namespace topupd::store::test;
using kind = reply_result::kind;

TEST_CASE("a redelivered text gets the first decision again, is counted, and moves nothing") {
  database db;
  const auto card = db.print(1);
  gateway one{db}, two{db, "two"};
  const text text = redeem(alice, voucher(card));
  const decision first = one.decide(text);

  const decision again = one.decide(text);
  CHECK(again.duplicate);
  CHECK(again.receipt == first.receipt);
  CHECK(again.outcome == outcome::credited);
  CHECK(again.balance == first.balance);
  CHECK(again.decided_at == first.decided_at);
  CHECK(again.ticket == text.ticket);
  CHECK_FALSE(again.reply_owed);  // it is in this instance's hands already, or sent a moment ago
  CHECK(db.count("select seen from topup.message") == 2);
  CHECK(db.count("select count(*) from topup.transfer") == 1);

  SUBCASE("another gateway leaves the reply to whoever has the lease") {
    CHECK_FALSE(two.decide(text).reply_owed);
    CHECK(db.word("select lease_owner from topup.message") == "one");
  }
  SUBCASE("and takes it over when that has lapsed") {
    db.pass("11 seconds");
    CHECK(two.decide(text).reply_owed);
    CHECK(db.word("select lease_owner from topup.message") == "two");
    CHECK_FALSE(one.decide(text).reply_owed);
  }
  SUBCASE("a reply that was sent is not owed") {
    one.report({{.receipt = first.receipt, .what = kind::sent, .smsc_message_id = "x", .status = 0}});
    const decision late = one.decide(text);
    CHECK(late.duplicate);
    CHECK_FALSE(late.reply_owed);
  }
  SUBCASE("also across a bucket's boundary") {
    db.sql("update topup.message set bucket = bucket - 1, received_at = received_at - interval '1 minute'");
    CHECK(one.decide(text).duplicate);
    CHECK(db.count("select count(*) from topup.message") == 1);
  }
  SUBCASE("after 15 minutes it is another text") {
    db.pass("15 minutes");
    const decision other = one.decide(text);
    CHECK_FALSE(other.duplicate);
    CHECK(other.outcome == outcome::repeated);
    CHECK(other.earlier == first.receipt);
  }
}

TEST_CASE("duplicates and new texts in one call are each answered for themselves") {
  database db;
  const auto card = db.print(3);
  gateway one{db};
  const text a = redeem(alice, voucher(card)), b = redeem(bob, voucher(card + 1)), c = redeem(carol, voucher(card + 2));
  const auto first = one.decide_all({a, c});
  const auto all = one.decide_all({c, b, a});
  CHECK(all[0].receipt == first[1].receipt);
  CHECK(all[0].duplicate);
  CHECK_FALSE(all[1].duplicate);
  CHECK(all[1].outcome == outcome::credited);
  CHECK(all[2].receipt == first[0].receipt);
  CHECK(all[2].ticket == a.ticket);
}

TEST_CASE("a call repeated after an unknown COMMIT finds its own decisions, and writes them again") {
  database db;
  const auto card = db.print(1);
  gateway one{db};
  const auto first =
      one.decide_all({redeem(alice, voucher(card)), plain(bob, action::help), redeem(carol, nobodys(1))});
  for (const char* later : {"0 seconds", "1 hour"}) {  // a long outage outlives the window of fingerprints
    db.pass(later);
    const auto before = db.word("select string_agg(ctid::text, ' ' order by receipt) from topup.message");
    const auto again = one.repeat();
    REQUIRE(again.size() == first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
      CHECK(again[i].receipt == first[i].receipt);
      CHECK(again[i].outcome == first[i].outcome);
      CHECK_FALSE(again[i].duplicate);
      CHECK(again[i].reply_owed);
    }
    // Only a transaction that wrote waits for the standby (DESIGN.md §2.2).
    CHECK(db.word("select string_agg(ctid::text, ' ' order by receipt) from topup.message") != before);
  }
  CHECK(db.count("select max(seen) from topup.message") == 1);
  CHECK(db.count("select count(*) from topup.transfer") == 1);
}

TEST_CASE("what the SMSC said to a reply") {
  struct row {
    reply_result result;
    std::string state;
    std::string then;  // when `sent` is reported afterwards
  };
  const std::vector<row> rows{
      {{.receipt = {}, .what = kind::sent, .smsc_message_id = "id \"7\\", .status = 0},
       "sent id \"7\\ ",
       "sent id \"7\\ "},
      {{.receipt = {}, .what = kind::refused, .smsc_message_id = {}, .status = 11}, "dead 11", "dead 11"},
      {{.receipt = {}, .what = kind::refused, .smsc_message_id = {}, .status = 0xFFFFFFFF}, "dead -1", "dead -1"},
      {{.receipt = {}, .what = kind::release, .smsc_message_id = {}, .status = 0}, "owed", "sent late"},
  };
  for (const row& row : rows) {
    database db;
    gateway one{db};
    reply_result result = row.result;
    result.receipt = one.decide(plain(alice, action::help)).receipt;
    one.report({result});
    const auto state = [&] {
      return db.word(
          "select concat_ws(' ', reply, smsc_message_id, reply_status) || case when smsc_message_id like 'id%' "
          "then ' ' else '' end from topup.message");
    };
    CHECK(state() == row.state);
    CHECK(db.count("select count(*) from topup.message where (sent_at is not null) = (reply = 'sent')") == 1);
    one.report({{.receipt = result.receipt, .what = kind::sent, .smsc_message_id = "late", .status = 0}});
    CHECK(state() == row.then);
  }
}

namespace {

auto ago(std::chrono::seconds time) {
  return std::chrono::steady_clock::now() - time;
}
text come(text one, std::chrono::seconds time) {
  one.came = ago(time);
  return one;
}
// What becomes of one whose link answers.
decision settle(gateway& at, const text& one) {
  const decision said = at.decide(one);
  return said.doubtful ? at.decide(*said.doubtful) : said;
}
reply_result heard(const decision& reply, std::chrono::seconds time) {
  return {.receipt = reply.receipt, .heard = true, .at = ago(time)};
}

// Alice has asked for her balance; her text may come again, to either of two gateways.
struct asked {
  database db;
  gateway one{db}, two{db, "two"};
  text ask = plain(alice, action::balance);
  decision first = one.decide(ask);
};

}  // namespace

TEST_CASE("an identical text is a redelivery until the SMSC surely has our acknowledgement, then a new text") {
  using std::chrono::seconds;
  database db;
  gateway one{db};
  const auto card = db.print(1);
  const text ask = come(plain(alice, action::balance), seconds{0});
  const decision zero = one.decide(ask);
  CHECK(zero.balance.amount_minor == 0);
  CHECK(one.decide(ask).duplicate);
  one.report({{.receipt = zero.receipt, .what = kind::sent}});
  CHECK(one.decide(ask).duplicate);  // the reply went by another link: the SMSC may deliver the text once more

  const text pin = redeem(alice, voucher(card));
  const decision credited = one.decide(pin);
  one.report({heard(credited, seconds{20})});
  CHECK(one.decide(pin).duplicate);  // nobody knows when it came
  const decision again = settle(one, come(pin, seconds{10}));
  CHECK_FALSE(again.duplicate);
  CHECK(again.outcome == outcome::repeated);
  CHECK(again.earlier == credited.receipt);
  const decision second = one.decide(come(pin, seconds{10}));
  CHECK(second.duplicate);
  CHECK(second.receipt == again.receipt);
  one.report({heard(again, seconds{5})});
  CHECK_FALSE(settle(one, come(pin, seconds{0})).duplicate);
  CHECK(db.count("select count(*) from topup.transfer") == 1);
}

TEST_CASE_FIXTURE(asked, "that our acknowledgement was heard is remembered when another gateway sends the reply") {
  using std::chrono::seconds;
  one.report({{.receipt = first.receipt, .what = kind::deferred, .heard = true, .status = 8}});
  CHECK(two.decide(come(ask, seconds{4})).duplicate);  // and takes the reply over
  two.report({{.receipt = first.receipt, .at = ago(seconds{2})}});
  CHECK(two.decide(come(ask, seconds{3})).duplicate);
  CHECK_FALSE(settle(two, come(ask, seconds{1})).duplicate);
}

TEST_CASE_FIXTURE(
    asked, "that our acknowledgement was heard may be said alone, later than all else, and by whoever heard it") {
  using std::chrono::seconds;
  one.report({{.receipt = first.receipt, .smsc_message_id = "af", .at = ago(seconds{9})}});
  CHECK(one.decide(come(ask, seconds{8})).duplicate);
  two.report({{.receipt = first.receipt, .what = kind::heard, .heard = true, .at = ago(seconds{6})}});
  CHECK(db.word("select concat_ws(' ', reply, smsc_message_id, attempts) from topup.message") == "sent af 1");
  CHECK(one.decide(come(ask, seconds{7})).duplicate);
  CHECK_FALSE(settle(one, come(ask, seconds{5})).duplicate);
}

TEST_CASE_FIXTURE(asked, "what may have been long on its way is not decided before its link has shown that it lives") {
  using std::chrono::seconds;
  one.report({heard(first, seconds{20})});
  text late = ask;
  late.came = ago(seconds{10});
  const decision doubt = two.decide(late);
  REQUIRE(doubt.doubtful);
  CHECK(doubt.ticket == late.ticket);
  CHECK(doubt.doubtful->print == late.print);
  CHECK(two.repeat().at(0).doubtful);
  CHECK(db.count("select seen from topup.message") == 1);

  CHECK(doubt.doubtful->newer_than == first.receipt);

  const decision then = two.decide(*doubt.doubtful);
  CHECK_FALSE(then.doubtful);
  CHECK_FALSE(then.duplicate);
  CHECK(one.decide(late).receipt == then.receipt);  // delivered twice
  two.report({heard(then, seconds{15})});
  const auto beside = one.decide_all({plain(bob, action::balance), late, plain(carol, action::help)});
  REQUIRE(beside.size() == 3);
  CHECK_FALSE(beside[0].doubtful);
  CHECK(beside[1].doubtful);
  CHECK_FALSE(beside[2].doubtful);
}

TEST_CASE("while the reply is owed an identical text is a redelivery, whatever stands beside it in its call") {
  using std::chrono::seconds;
  database db;
  gateway one{db};
  const text asks = plain(alice, action::balance), other = plain(bob, action::balance);
  const decision deferred = one.decide(asks);
  one.report({{.receipt = deferred.receipt, .what = kind::deferred, .heard = true, .status = 8}});
  one.report({heard(one.decide(other), seconds{5})});
  const auto both = one.decide_all({come(asks, seconds{0}), come(other, seconds{0})});
  REQUIRE(both.size() == 2);
  CHECK(both[0].duplicate);
  CHECK(both[0].receipt == deferred.receipt);
  CHECK(both[1].doubtful);
}

TEST_CASE_FIXTURE(
    asked, "what came before our acknowledgement was heard, and is decided after it, is a redelivery all the same") {
  using std::chrono::seconds;
  one.report({heard(first, seconds{20})});
  const decision late = two.decide(come(ask, seconds{21}));  // on another bind, to another gateway
  CHECK(late.duplicate);
  CHECK(late.receipt == first.receipt);
  const decision other = settle(one, come(ask, seconds{19}));
  CHECK_FALSE(other.duplicate);
  one.report({heard(other, seconds{10})});
  CHECK(two.decide(come(ask, seconds{11})).receipt == other.receipt);
  CHECK(two.decide(come(ask, seconds{30})).receipt == first.receipt);
  CHECK(db.count("select count(*) from topup.message") == 2);
}

TEST_CASE_FIXTURE(asked, "a call that outlives its gateway decides nothing, though its link had answered") {
  one.report({heard(first, std::chrono::seconds{20})});
  const decision doubt = one.decide(come(ask, std::chrono::seconds{10}));
  REQUIRE(doubt.doubtful);
  // Meanwhile the SMSC delivers the text again, to another one.
  const decision other = settle(two, come(ask, std::chrono::seconds{9}));
  two.report({heard(other, std::chrono::seconds{8})});
  text late = *doubt.doubtful;
  late.came = ago(std::chrono::seconds{0});  // as it seems when it comes
  CHECK(one.decide(late).doubtful);
  CHECK(db.count("select count(*) from topup.message") == 2);
}

TEST_CASE_FIXTURE(asked, "how long a call waits for its turn makes no text of before it a redelivery") {
  pqxx::connection other{db.url()};
  pqxx::work turn{other};
  turn.exec("select pg_advisory_xact_lock(-1)");
  const auto proof = ago(std::chrono::seconds{0});
  auto call =
      std::async(std::launch::async, [&] { one.report({{.receipt = first.receipt, .heard = true, .at = proof}}); });
  while (db.count("select count(*) from pg_locks where locktype = 'advisory' and not granted") == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  std::this_thread::sleep_for(std::chrono::milliseconds{100});
  const text again = come(ask, std::chrono::seconds{0});
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  turn.commit();
  call.get();
  CHECK(two.decide(again).doubtful);
}

TEST_CASE_FIXTURE(asked, "of texts that came together and are all doubtful, each is told so") {
  one.report({heard(first, std::chrono::seconds{20})});
  item both{.text = ask, .receipt = {one.link().take_receipts().value}};
  both.text.came = ago(std::chrono::seconds{10});
  both.copies = {both.text};
  both.copies[0].ticket += 1;
  const auto said = one.link().redeem({&both, 1}, {}, false).value;
  REQUIRE(said.size() == 2);
  for (const auto& each : said) {
    REQUIRE(each.doubtful);
    CHECK(each.doubtful->ticket == each.ticket);
  }
  CHECK(said[0].ticket != said[1].ticket);
}

TEST_CASE("a reply in flight keeps its lease as long as it is renewed, by its owner only") {
  database db;
  gateway one{db}, two{db, "two"};
  const decision slow = one.decide(plain(alice, action::help));
  const auto renew = [&](gateway& by) {
    by.report({{.receipt = slow.receipt, .what = kind::renew, .smsc_message_id = {}, .status = 0}});
  };
  db.pass("9 seconds");
  renew(one);
  db.pass("9 seconds");
  CHECK(two.claim(10).empty());
  renew(two);
  db.pass("2 seconds");
  CHECK(two.claim(10).size() == 1);
}

TEST_CASE("only replies of the SMSCs that a gateway asks for are claimed by it") {
  database db;
  gateway one{db}, two{db, "two"};
  const text asked = plain(alice, action::help);
  one.decide(asked);
  db.pass("11 seconds");
  CHECK(two.claim(10, {"another"}).empty());
  CHECK(two.claim(10, {"another", asked.smsc}).size() == 1);
}

TEST_CASE("a lapsed reply is claimed by one gateway, oldest first, with everything its text needs") {
  database db;
  const auto card = db.print(1, {.value = 500, .validity_days = 3});
  gateway one{db}, two{db, "two"};
  const decision old = one.decide(redeem_for(alice, voucher(card), bob));
  CHECK(two.claim(10).empty());
  db.pass("5 seconds");
  const decision newer = one.decide(plain(carol, action::help));
  const decision sent = one.decide(plain(carol, action::help));
  one.report({{.receipt = sent.receipt, .what = kind::sent, .smsc_message_id = "x", .status = 0}});
  db.pass("11 seconds");
  auto first = two.claim(2);  // with the notice to the receiver
  REQUIRE(first.size() == 2);
  if (first[0].action == action::notice) std::swap(first[0], first[1]);
  CHECK(first[1].leader == old.receipt);
  CHECK(first[0].receipt == old.receipt);
  CHECK(first[0].ticket == 0);
  CHECK(first[0].reply_owed);
  CHECK(first[0].outcome == outcome::credited);
  CHECK(first[0].sender == msisdn(alice));
  CHECK(first[0].target == msisdn(bob));
  CHECK(first[0].source == old.source);
  CHECK(first[0].short_code == old.short_code);
  CHECK(first[0].language == "en");
  CHECK(first[0].amount == old.amount);
  CHECK(first[0].balance == old.balance);
  CHECK(first[0].valid_until == old.valid_until);
  CHECK(first[0].serial == old.serial);
  CHECK(first[0].decided_at + std::chrono::seconds{16} == old.decided_at);
  const auto second = two.claim(10);
  REQUIRE(second.size() == 1);
  CHECK(second[0].receipt == newer.receipt);
  CHECK(two.claim(10).empty());
  CHECK(db.count("select attempts from topup.message where receipt = " + std::to_string(old.receipt.number)) == 1);

  SUBCASE("given back, it is free at once, for its owner only to give") {
    one.report({{.receipt = old.receipt, .what = kind::release, .lease = first[0].lease}});
    CHECK(one.claim(10).empty());
    two.report({{.receipt = old.receipt, .what = kind::release, .lease = first[0].lease}});
    CHECK(one.claim(10).size() == 1);
  }
  SUBCASE("what another transaction holds is left to it, without waiting") {
    db.pass("11 seconds");
    pqxx::connection other{db.url()};
    pqxx::work holding{other};
    holding.exec(fmt::format("select from topup.message where receipt = {} for update", old.receipt.number));
    const auto rest = one.claim(10);
    REQUIRE(rest.size() == 2);
    CHECK(std::none_of(rest.begin(), rest.end(), [&](const decision& each) { return each.receipt == old.receipt; }));
  }
}
