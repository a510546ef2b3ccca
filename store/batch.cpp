#include "store/batch.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>

namespace topupd::store {
namespace {

bool is_plain(const text& one) {
  switch (one.action) {
    case action::redeem: return !one.ask;
    case action::help:
    case action::unclear: return true;
    case action::confirm:
    case action::cancel:
    case action::balance:
    case action::history:
    case action::status:
    case action::language:
    case action::transfer:
    case action::undo:
    case action::notice: return false;
  }
  return false;
}

constexpr std::size_t look_ahead = 16;  // batches, for copies of what is in this one

// What of one sender is in the batch already.
struct company {
  bool any = false;
  bool closed = false;  // nothing may join any more: something must be alone, or has to wait
  std::vector<voucher_digest> vouchers;
};

bool may_join(const company& there, const text& one) {
  if (!there.any) return true;
  if (there.closed || !is_plain(one)) return false;
  return std::none_of(one.vouchers.begin(), one.vouchers.end(), [&](const voucher_digest& voucher) {
    return std::find(there.vouchers.begin(), there.vouchers.end(), voucher) != there.vouchers.end();
  });
}

void join(company& there, const text& one) {
  there.any = true;
  there.closed = !is_plain(one);
  there.vouchers.insert(there.vouchers.end(), one.vouchers.begin(), one.vouchers.end());
}

}  // namespace

places more_places(const text& of) {
  if (of.action == action::confirm) return {.vouchers = most_vouchers - 1, .notice = true};
  if (of.action == action::undo) return {.vouchers = 0, .notice = true};
  if (of.action != action::redeem || of.vouchers.empty()) return {};
  return {.vouchers = of.vouchers.size() - 1, .notice = of.target && *of.target != of.sender && !of.ask};
}

std::vector<item> take_batch(std::deque<text>& queue, std::size_t at_most) {
  std::vector<item> batch;
  std::map<fingerprint, std::size_t> where;
  std::unordered_map<std::uint64_t, company> senders;
  // Looks behind those that must wait, to the end if need be: a flood from one sender holds up that sender only. And
  // some way behind a full batch: what an SMSC delivers again while we are slow must not make us slower.
  auto kept = queue.begin(), next = queue.begin();
  const auto keep = [&] {
    if (kept != next) *kept = std::move(*next);
    ++kept;
  };
  const auto enough = queue.begin() + static_cast<std::ptrdiff_t>(std::min(queue.size(), look_ahead * at_most));
  for (; next != queue.end() && (batch.size() < at_most || next < enough); ++next) {
    if (const auto same = where.find(next->print); same != where.end()) {
      batch[same->second].copies.push_back(std::move(*next));
      continue;
    }
    if (batch.size() == at_most) {
      keep();
      continue;
    }
    company& there = senders[next->sender.number()];
    if (!may_join(there, *next)) {
      there.closed = true;
      keep();
      continue;
    }
    join(there, *next);
    where.emplace(next->print, batch.size());
    batch.push_back({.text = std::move(*next)});
  }
  queue.erase(kept, next);
  return batch;
}

}  // namespace topupd::store
