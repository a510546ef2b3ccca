#include "tests/simulation/database.hpp"

#include <algorithm>
#include <utility>

namespace topupd::simulation {
namespace {

using store::outcome;

constexpr auto window = std::chrono::minutes(15);  // within which the same text is a redelivery
const std::string currency = "USD";

// A fingerprint of its own, which follows from two: what a text has that is no redelivery though it looks like one.
store::fingerprint following(store::fingerprint print, std::int64_t receipt) {
  for (std::size_t i = 0; i < 8; ++i)
    print.octets[i] = static_cast<std::uint8_t>(print.octets[i] * 31 + (receipt >> (8 * i)) + 1);
  return print;
}

database::message::reply_state state_after(store::delivery_state value) {
  return value == store::delivery_state::delivered ? database::message::reply_state::delivered
                                                   : database::message::reply_state::undelivered;
}

}  // namespace

std::vector<store::decision> database::redeem(const std::string& instance, const std::vector<numbered_text>& texts,
                                              const std::vector<store::reply_result>& marks, bool again) {
  for (const auto& each : marks) mark(instance, each);
  std::vector<store::decision> decided;
  for (const auto& asked : texts) {
    if (const auto ours = rows_.find(asked.receipt.number); again && ours != rows_.end()) {
      decided.push_back(again_known(instance, ours->second, asked));
      continue;
    }
    auto print = asked.text.print;
    auto* known = known_as(print);
    std::optional<store::receipt> passed;
    while (known != nullptr && known->heard && known->sent_at < asked.text.came) {
      passed = known->facts.receipt;
      print = following(print, passed->number);
      known = known_as(print);
    }
    if (known == nullptr && passed && asked.text.newer_than != passed) {
      store::decision doubt;
      doubt.ticket = asked.text.ticket;
      doubt.doubtful = std::make_shared<store::text>(asked.text);
      doubt.doubtful->newer_than = passed;
      decided.push_back(std::move(doubt));
      continue;
    }
    decided.push_back(known ? again_known(instance, *known, asked) : decide(instance, asked, print));
  }
  return decided;
}

database::message* database::known_as(const store::fingerprint& print) {
  const auto found = by_print_.find(print);
  if (found == by_print_.end()) return nullptr;
  auto& of = rows_.at(found->second);
  return of.received + window > world_.now() ? &of : nullptr;
}

// Decided before: whoever asks takes over the reply when its lease has lapsed, or was his by the call that is repeated.
store::decision database::again_known(const std::string& instance, message& known, const numbered_text& asked) {
  const bool ours = known.facts.receipt == asked.receipt;
  const bool owed = known.reply == message::reply_state::owed;
  const bool takes = owed && (known.lease_until <= world_.now() || (ours && known.lease_owner == instance));
  if (takes) {
    known.lease_owner = instance;
    known.lease_until = world_.now() + lease;
    ++known.facts.lease;
  }
  auto facts = known.facts;
  facts.ticket = asked.text.ticket;
  facts.duplicate = !ours;
  facts.reply_owed = takes;
  return facts;
}

void database::credit(store::decision& to, account& of, card& with, std::int64_t receipt) {
  with.redeemed_by = receipt;
  of.balance_minor += with.value_minor;
  ++of.credits;
  to.outcome = outcome::credited;
  to.amount = {with.value_minor, currency};
  to.serial = 100'000'000'000;
}

store::decision database::decide(const std::string& instance, const numbered_text& asked,
                                 const store::fingerprint& print) {
  const auto& text = asked.text;
  auto& of = accounts_[text.sender.digits()];
  store::decision facts;
  facts.receipt = asked.receipt;
  facts.action = text.action;
  facts.smsc = text.smsc;
  facts.source = text.source;
  facts.short_code = text.short_code;
  facts.language = text.language;
  facts.sender = text.sender;
  facts.outcome = outcome::help;
  std::optional<store::voucher_digest> with;
  if (text.action == store::action::balance) facts.outcome = outcome::balance;
  if (text.action == store::action::redeem) {
    const auto found = cards_.find(text.vouchers.front());
    if (found == cards_.end()) {
      facts.outcome = outcome::unknown_pin;
    } else if (!found->second.redeemed_by) {
      with = found->first;
      credit(facts, of, found->second, asked.receipt.number);
    } else if (const auto& earlier = rows_.at(*found->second.redeemed_by).facts; earlier.sender == text.sender) {
      facts.outcome = outcome::repeated;
      facts.earlier = earlier.receipt;
      facts.earlier_at = std::chrono::sys_seconds(seconds(1'790'000'000));
      facts.amount = earlier.amount;
    } else {
      facts.outcome = outcome::used;
    }
  }
  facts.balance = {of.balance_minor, currency};
  facts.valid_until = std::chrono::sys_seconds(seconds(1'800'000'000));
  facts.decided_at = std::chrono::sys_seconds(seconds(1'790'000'000));
  facts.reply_owed = true;
  rows_.emplace(asked.receipt.number, message{.facts = facts,
                                              .print = print,
                                              .received = world_.now(),
                                              .lease_until = world_.now() + lease,
                                              .lease_owner = instance,
                                              .card = with});
  by_print_[print] = asked.receipt.number;
  facts.ticket = text.ticket;
  return facts;
}

void database::mark(const std::string& instance, const store::reply_result& value) {
  const auto found = rows_.find(value.receipt.number);
  if (found == rows_.end()) return;
  auto& row = found->second;
  if (value.what == store::reply_result::kind::heard) {
    row.heard = true;
    if (row.sent_at != time_point::max()) row.sent_at = value.at;
    return;
  }
  if (row.reply != message::reply_state::owed) return;
  const bool ours = row.lease_owner == instance && row.facts.lease == value.lease;
  using kind = store::reply_result::kind;
  if (ours || value.what == kind::sent) row.heard |= value.heard;
  switch (value.what) {
    case kind::sent: {
      row.sent_at = value.at;
      row.reply = message::reply_state::sent;
      if (!value.awaited) break;
      const auto key = std::pair(value.smsc.empty() ? row.facts.smsc : value.smsc, value.smsc_message_id);
      awaited_[key] = value.receipt.number;
      if (const auto early = early_.find(key); early != early_.end()) row.reply = state_after(early->second);
      break;
    }
    case kind::refused:
      if (ours) row.reply = message::reply_state::dead;
      break;
    case kind::deferred:
      if (!ours) break;
      row.lease_until = world_.now() + value.retry_in;
      row.lease_owner.clear();
      ++row.facts.attempts;
      break;
    case kind::release:
      if (ours) row.lease_until = world_.now();
      break;
    case kind::heard: break;
    case kind::renew:
      if (ours) row.lease_until = world_.now() + lease;
      break;
  }
}

std::vector<store::decision> database::claim(const std::string& instance, std::size_t at_most,
                                             const std::vector<std::string>& smscs) {
  std::vector<store::decision> claimed;
  for (auto& [number, row] : rows_) {
    if (claimed.size() == at_most) break;
    if (row.reply != message::reply_state::owed || row.lease_until > world_.now()) continue;
    if (std::ranges::find(smscs, row.facts.smsc) == smscs.end()) continue;
    row.lease_owner = instance;
    row.lease_until = world_.now() + lease;
    ++row.facts.lease;
    auto facts = row.facts;
    facts.reply_owed = true;
    claimed.push_back(facts);
  }
  return claimed;
}

void database::note(const store::delivery& value) {
  const auto key = std::pair(value.smsc, value.smsc_message_id);
  const auto found = awaited_.find(key);
  if (found == awaited_.end() || !found->second) {
    early_[key] = value.state;
    return;
  }
  auto& row = rows_.at(*found->second);
  if (row.reply == message::reply_state::sent) row.reply = state_after(value.state);
}

}  // namespace topupd::simulation
