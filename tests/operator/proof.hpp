// What tests of money need of the store: a bonus to begin with, that the books prove, and why something was refused.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "store/message.hpp"
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

// A text that redeems this card, each with a number of its own.
inline store::text redeeming(const store::voucher_digest& card, const parser::msisdn& sender, std::uint64_t number) {
  store::text text{.ticket = number,
                   .print = {},
                   .smsc = "main",
                   .source = "1.1." + sender.digits(),
                   .short_code = "0.0.12345",
                   .sender = sender,
                   .action = store::action::redeem,
                   .vouchers = {card},
                   .target = {},
                   .reason = {},
                   .language = "en"};
  for (std::size_t i = 0; i < 8; ++i) text.print.octets[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return text;
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
