// What tests of money need of the store: a bonus to begin with, that the books prove, and why something was refused.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "store/operations.hpp"
#include "tests/operator/books.hpp"

namespace topupd::tests {

// Each top-up of the books had a bonus of 1.00 besides, for a week.
inline void grant_bonus(books& books) {
  books.sql(R"(
    update topup.product set bonus_minor = 100, bonus_days = 7;
    insert into topup.transfer (receipt, line, at, kind, debit, credit, amount_minor, currency)
      select receipt, 2, at, 'bonus', 3, -credit, 100, currency from topup.transfer where kind = 'topup';
    update topup.account a set bonus_until = date_trunc('hour', now()) + interval '7 days',
                               bonus_minor = (select sum(t.amount_minor) from topup.transfer t where t.credit = -a.msisdn))");
}

inline void prove(store::operations& operations) {
  for (const store::check& check : operations.verify())
    CHECK_MESSAGE(check.violations == 0, check.name, ": ", check.example);
}

// The reason; empty when it was not refused.
template <class Act>
std::string refusal(Act&& act) {
  try {
    act();
  } catch (const store::refused& problem) {
    return problem.what();
  }
  return {};
}

}  // namespace topupd::tests
