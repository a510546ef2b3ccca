// PIN keys, and digests that come under newer ones without any PIN.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "keys.hpp"

using namespace topupd;
using namespace topupd::store;
using namespace topupd::store::test;

namespace {

parser::pin pin(const char* digits) {
  return parser::pin::from_digits(digits, {.lengths = {12, 16}, .check = parser::check_digit::none}).value();
}

}  // namespace

TEST_CASE("a key's name follows from it alone, does not give it away, and no two keys have the same") {
  const keyring all = ring({3, 2, 1});
  CHECK(all.ids() == std::vector{id(3), id(2), id(1)});
  std::set<std::string> names;
  for (int number = 1; number <= 200; ++number) names.insert(id(number));
  CHECK(names.size() == 200);
  for (const std::string& name : names) {
    CHECK(name.size() == 16);
    CHECK(name.find_first_not_of("0123456789abcdef") == std::string::npos);
  }
  // HMAC-SHA-256 of "topupd key id" under the key, as any other tool computes it:
  //   printf 'topupd key id' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0101…
  CHECK(id(1) == "b5961ab4920208ff");
}

TEST_CASE("a digest re-wrapped is one of those that are looked for, whatever key the card was made under") {
  const keyring all = ring({3, 2, 1});
  const parser::pin card = pin("4821739055162749");
  // older() has them by the key they were made under, each with all that it becomes.
  const auto older = all.older(card);
  REQUIRE(older.size() == 5);
  struct row {
    std::vector<int> made_with;  // a configuration, the newest first
    std::vector<int> chain;      // of its digest
    voucher_digest wrapped;
  };
  const voucher_digest newest = all.digest(card);
  for (const row& row : {row{{3, 2, 1}, {3}, newest}, row{{2, 1}, {2}, older[1]}, row{{1}, {1}, older[4]}}) {
    const keyring then = ring(row.made_with);
    CHECK(all.rewrap(then.digest(card), ids(row.chain)) == row.wrapped);
  }
  // In two steps as in one.
  const voucher_digest made = ring({1}).digest(card);
  const voucher_digest once = ring({2, 1}).rewrap(made, ids({1}));
  CHECK(once == older[3]);
  CHECK(all.rewrap(once, ids({1, 2})) == older[4]);
  CHECK(ring({2, 1}).older(card) == std::vector{made, once});
  // No two of them are alike, and one key alone has no others.
  std::set<voucher_digest> different(older.begin(), older.end());
  different.insert(newest);
  CHECK(different.size() == 6);
  CHECK(ring({3}).older(card).empty());
}

TEST_CASE("a chain is known when its keys follow one another among the configured ones") {
  struct row {
    std::vector<int> configured, chain;
    bool known;
  };
  for (const row& row : {
           row{{3, 2, 1}, {1}, true},
           row{{3, 2, 1}, {2}, true},
           row{{3, 2, 1}, {3}, true},
           row{{3, 2, 1}, {1, 2}, true},
           row{{3, 2, 1}, {2, 3}, true},
           row{{3, 2, 1}, {1, 2, 3}, true},
           row{{3, 2, 1}, {1, 3}, false},  // the card would be looked for under 2 between them
           row{{3, 2, 1}, {2, 1}, false},
           row{{3, 2, 1}, {3, 3}, false},
           row{{3, 2, 1}, {4}, false},
           row{{3, 2, 1}, {3, 4}, false},
           row{{3, 2, 1}, {1, 2, 3, 4}, false},
           row{{3, 2, 1}, {}, false},
           row{{1}, {1}, true},
           row{{1}, {1, 2}, false},
           row{{2, 1}, {1, 2}, true},
           row{{1, 2}, {1, 2}, false},
       }) {
    const auto chain = ids(row.chain);
    CAPTURE(row.configured.size());
    CAPTURE(row.chain.size());
    CHECK(ring(row.configured).knows(chain) == row.known);
    // The database judges the same when a gateway connects.
    static database db;
    pqxx::connection session{db.url()};
    pqxx::nontransaction query{session};
    CHECK(query.exec_params1("select topup.finds($1, $2)", array(row.configured), array(row.chain))[0].as<bool>() ==
          row.known);
  }
}

TEST_CASE("PINs that begin alike have the same prefix under one key, and another one under another") {
  const keyring one = ring({2, 1});
  const auto prefix = [](const keyring& keys, const char* digits) { return keys.prefix(pin(digits)); };
  CHECK(prefix(one, "4821739055162749") == prefix(one, "482173000000"));
  CHECK(prefix(one, "4821739055162749") != prefix(one, "4821749055162749"));
  CHECK(prefix(one, "4821739055162749") == prefix(ring({2}), "4821739055162749"));
  CHECK(prefix(one, "4821739055162749") != prefix(ring({1}), "4821739055162749"));
}
