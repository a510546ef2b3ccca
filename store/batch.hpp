// Which texts go together into one call of topup.redeem(). Pure; private to the store.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "store/message.hpp"

namespace topupd::store {

// A text with the receipts that it keeps however often the call is repeated, and identical ones that came with it.
struct item {
  store::text text;
  store::receipt receipt{};               // 0: none yet
  std::vector<store::receipt> more = {};  // of its other places in the call, ascending
  std::vector<store::text> copies = {};
};

// How many places a text takes in the call behind its own: further vouchers, whatever its YES may spend, a notice.
struct places {
  std::size_t vouchers = 0;
  bool notice = false;
  [[nodiscard]] std::size_t all() const { return vouchers + (notice ? 1U : 0U); }
};
places more_places(const text& of);

// Takes at most `at_most` different texts out of the queue, oldest first, and the copies of them that are near. The
// function decides all texts of a call as if they had come at once; so of one sender only plain redemptions of
// different vouchers go together, and what depends on an earlier text of the same sender (BAL, YES, NO, a question)
// waits for the next call, and its later ones with it.
std::vector<item> take_batch(std::deque<text>& queue, std::size_t at_most);

}  // namespace topupd::store
