// Cards that operators made, redeemed by the gateway's own worker: both write the same books.
#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <map>
#include <string>
#include <vector>

#include "store/operations.hpp"
#include "store/worker.hpp"
#include "tests/operator/books.hpp"
#include "tests/operator/proof.hpp"

namespace topupd::tests {
namespace {

const auto a = *parser::msisdn::from_e164("999701234567");
const auto b = *parser::msisdn::from_e164("999709876543");

store::text text_of(std::uint64_t ticket, store::voucher_digest voucher, std::optional<parser::msisdn> target) {
  store::text text = redeeming(voucher, a, ticket);
  text.target = target;
  return text;
}

}  // namespace

TEST_CASE("what the gateway writes for an operator's cards is verified, traced and shown") {
  books books;
  store::operations operations(books.url());
  const store::keyring keys(secret("0123456789abcdef0123456789abcdef"));
  operations.add_product({"TEN", {1000, "USD"}, 90, ""});
  std::vector<store::voucher_digest> cards;
  const store::batch batch = operations.generate(
      {.product = "TEN", .count = 5, .expires = "2099-12-31", .serial_form = "1000########", .pins = {}}, keys,
      [&](std::int64_t, const parser::pin& pin) { cards.push_back(keys.digest(pin)); }, {});
  operations.change_cards({.of = {.batch = batch.id}, .wanted = "active", .reason = {}});

  std::vector<store::decision> decided;
  std::promise<void> all;
  {
    const auto keep = [&](std::vector<store::decision> some) {
      decided.insert(decided.end(), some.begin(), some.end());
      if (decided.size() == 7) all.set_value();  // with the second of the fifth's vouchers, and the notice to b
    };
    store::worker worker(
        {.url = books.url(), .instance = "test", .key_ids = keys.ids()},
        {.on_decided = keep, .on_refused = {}, .on_claimed = {}, .on_state = [](bool, std::string) {}});
    worker.offer(text_of(1, cards[0], {}));
    worker.offer(text_of(2, cards[1], {}));
    worker.offer(text_of(3, cards[2], b));
    worker.offer(text_of(4, cards[2], b));
    auto two = text_of(5, cards[3], {});
    two.vouchers.push_back(cards[4]);
    worker.offer(two);
    REQUIRE(all.get_future().wait_for(std::chrono::seconds(60)) == std::future_status::ready);
  }

  std::map<std::string, std::int64_t> examined;
  for (const store::check& check : operations.verify()) {
    CHECK_MESSAGE(check.violations == 0, check.name, ": ", check.example);
    examined[check.name] = check.examined;
  }
  CHECK(examined["balances = sum of transfers"] == 2);
  CHECK(examined["each redeemed voucher has its one credit"] == 5);
  CHECK(examined["only cards on sale were redeemed"] == 5);
  CHECK(operations.find_account(a)->balance == parser::money{4000, "USD"});
  CHECK(operations.find_account(a)->valid_until);
  CHECK(operations.history(a, 10).size() == 4);
  CHECK(operations.history(b, 10).size() == 1);
  CHECK(operations.batches()[0].redeemed == 5);
  const std::int64_t third = batch.first_serial + 2;
  const auto voucher = operations.find_voucher(third);
  REQUIRE(voucher);
  CHECK(voucher->state == "redeemed");
  CHECK(voucher->account == b);

  const auto attempts = operations.trace_serial(third);
  REQUIRE(attempts.size() == 2);
  CHECK(std::min(attempts[0].outcome, attempts[1].outcome) == "credited");
  CHECK(std::max(attempts[0].outcome, attempts[1].outcome) == "repeated");
  const auto gift = operations.trace(*voucher->receipt);
  REQUIRE(gift.size() == 3);  // with the text that repeated it, whichever came first
  const auto told = std::find_if(gift.begin(), gift.end(), [](const auto& each) { return each.outcome == "received"; });
  REQUIRE(told != gift.end());
  CHECK(told->giver == a);
  CHECK(told->sender == b);
  CHECK(operations.trace(a, 50).size() == 6);
  CHECK(operations.trace(b, 50).size() == 2);
}

}  // namespace topupd::tests
