// Which texts go together into one call, without a database.
#include <doctest/doctest.h>

#include <string>

#include "database.hpp"
#include "store/batch.hpp"

using namespace topupd::store;
using namespace topupd::store::test;

namespace {

// Takes batches until the queue is empty; each as the tickets in it, copies after a '+'.
std::string batches(std::deque<text> queue, std::size_t at_most = 100) {
  std::uint64_t number = 0;
  for (text& one : queue) one.ticket = ++number;
  std::string all;
  while (!queue.empty()) {
    for (const item& one : take_batch(queue, at_most)) {
      all += std::to_string(one.text.ticket);
      for (const text& copy : one.copies) all += "+" + std::to_string(copy.ticket);
      all += ' ';
    }
    all += "| ";
  }
  return all;
}

}  // namespace

TEST_CASE("what may share a call, and what waits for the next one") {
  const text twice = redeem(alice, voucher(1));
  text both = redeem(alice, voucher(1));
  both.vouchers.push_back(voucher(2));
  struct row {
    const char* why;
    std::deque<text> queue;
    const char* expected;
  };
  const std::vector<row> rows{
      {"different senders",
       {redeem(alice, voucher(1)), plain(bob, action::balance), plain(carol, action::confirm)},
       "1 2 3 | "},
      {"one sender's different cards", {redeem(alice, voucher(1)), redeem(alice, voucher(2))}, "1 2 | "},
      {"one card from different senders", {redeem(alice, voucher(1)), redeem(bob, voucher(1))}, "1 2 | "},
      {"one sender's same card among others",
       {both, redeem(alice, voucher(2)), redeem(alice, voucher(3))},
       "1 | 2 3 | "},
      {"one sender's same card", {redeem(alice, voucher(1)), redeem(alice, voucher(1))}, "1 | 2 | "},
      {"identical ones go as one", {twice, plain(bob, action::help), twice, twice}, "1+3+4 2 | "},
      {"a language and what is answered in it",
       {plain(alice, action::language), redeem(alice, voucher(1))},
       "1 | 2 | "},
      {"the history after the top-up", {redeem(alice, voucher(1)), plain(alice, action::history)}, "1 | 2 | "},
      {"the card's state after the top-up", {redeem(alice, voucher(1)), plain(alice, action::status)}, "1 | 2 | "},
      {"the balance after the top-up", {redeem(alice, voucher(1)), plain(alice, action::balance)}, "1 | 2 | "},
      {"the top-up after the balance", {plain(alice, action::balance), redeem(alice, voucher(1))}, "1 | 2 | "},
      {"a question and its YES", {ask_for(alice, voucher(1), bob), plain(alice, action::confirm)}, "1 | 2 | "},
      {"order is kept behind one that waits",
       {redeem(alice, voucher(1)), plain(alice, action::balance), redeem(alice, voucher(2)), redeem(bob, voucher(3))},
       "1 4 | 2 | 3 | "},
      {"an identical one of one that waits waits too", {plain(alice, action::balance), twice, twice}, "1 | 2+3 | "},
  };
  for (const row& row : rows) {
    CAPTURE(row.why);
    CHECK(batches(row.queue) == row.expected);
  }
}

TEST_CASE("a batch has at most so many texts, and a flood from one sender does not hold up the others") {
  CHECK(batches({redeem(alice, voucher(1)), redeem(bob, voucher(2)), redeem(carol, voucher(3))}, 2) == "1 2 | 3 | ");
  // Behind a full batch, too: what was delivered again while we were slow takes no place of its own.
  const text again = redeem(alice, voucher(1));
  CHECK(batches({again, redeem(bob, voucher(2)), redeem(carol, voucher(3)), again, plain(bob, action::help), again},
                2) == "1+4+6 2 | 3 5 | ");
  std::deque<text> queue;
  for (int i = 0; i < 1000; ++i) queue.push_back(plain(alice, action::balance));
  queue.push_back(redeem(bob, voucher(1)));
  const std::uint64_t second = queue[1].ticket;
  CHECK(take_batch(queue, 16).size() == 2);
  CHECK(queue.size() == 999);
  CHECK(queue.front().ticket == second);
}

TEST_CASE(
    "the places that a text takes in a call: its vouchers, what its YES may spend, and a notice to the receiver") {
  struct row {
    const char* why;
    text of;
    std::size_t vouchers;
    bool notice;
  };
  text five = redeem_for(alice, voucher(1), bob), three_asked = ask_for(alice, voucher(1), bob);
  for (int i = 2; i <= 5; ++i) five.vouchers.push_back(voucher(i));
  for (int i = 2; i <= 3; ++i) three_asked.vouchers.push_back(voucher(i));
  for (const row& row :
       {row{"for oneself", redeem(alice, voucher(1)), 0, false},
        row{"for oneself by number", redeem_for(alice, voucher(1), alice), 0, false},
        row{"for another", redeem_for(alice, voucher(1), bob), 0, true}, row{"five for another", five, 4, true},
        row{"a question", three_asked, 2, false}, row{"YES", plain(alice, action::confirm), 4, true},
        row{"NO", plain(alice, action::cancel), 0, false}, row{"the rest", plain(alice, action::balance), 0, false}}) {
    CAPTURE(row.why);
    CHECK(more_places(row.of).vouchers == row.vouchers);
    CHECK(more_places(row.of).notice == row.notice);
  }
}
