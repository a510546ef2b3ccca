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
      {"one sender's same card", {redeem(alice, voucher(1)), redeem(alice, voucher(1))}, "1 | 2 | "},
      {"identical ones go as one", {twice, plain(bob, action::help), twice, twice}, "1+3+4 2 | "},
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
  std::deque<text> queue;
  for (int i = 0; i < 1000; ++i) queue.push_back(plain(alice, action::balance));
  queue.push_back(redeem(bob, voucher(1)));
  const std::uint64_t second = queue[1].ticket;
  CHECK(take_batch(queue, 16).size() == 2);
  CHECK(queue.size() == 999);
  CHECK(queue.front().ticket == second);
}
