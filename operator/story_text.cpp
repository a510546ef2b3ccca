// A story for people: what was asked, what became of it, what it did to the ledger, and what was answered.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "operator/reply_words.hpp"
#include "operator/show.hpp"
#include "operator/stories.hpp"

namespace topupd::operators {
namespace {

// "1.1.999701234567", type of number and numbering plan before the digits: the digits are what people know.
std::string address(const std::string& as_it_came) {
  return as_it_came.substr(as_it_came.rfind('.') + 1);
}

std::string what_of(const store::message_story& story) {
  std::string line = fmt::format("{} {} {} by {}: {}", story.action, story.giver ? "to" : "from", story.sender.digits(),
                                 story.smsc, story.outcome);
  if (!story.reason.empty()) line += " (" + story.reason + ")";
  return line;
}

// The PDU and how it was read.
std::string way_of(const store::message_story& story) {
  std::string line = story.giver ? fmt::format("from {}", address(story.short_code))
                                 : fmt::format("{} -> {}", address(story.source), address(story.short_code));
  if (!story.language.empty()) line += ", in " + story.language;
  if (story.seen > 1) line += fmt::format(", delivered {} times by the SMSC, decided once", story.seen);
  if (story.heard) line += ", and the SMSC has our acknowledgement";
  return line;
}

// Of several vouchers in one text, and of a notice: where the rest of the story is.
std::string together_of(const store::message_story& story) {
  if (story.cards > 0)
    return fmt::format("the first of {} vouchers in its text, {} added{}", story.cards, story.added,
                       story.total.currency.empty() ? "" : ", together " + shown(story.total));
  if (story.giver) return fmt::format("tells of {} from {}", to_string(*story.leader), story.giver->digits());
  return story.leader ? fmt::format("of the same text as {}", to_string(*story.leader)) : "";
}

std::string money_of(const store::message_story& story) {
  std::string line;
  const auto add = [&](const std::string& part) { line += (line.empty() ? "" : ", ") + part; };
  if (story.serial) add(fmt::format("voucher {}", *story.serial));
  if (!story.amount.currency.empty()) add(shown(story.amount));
  if (!story.expected.currency.empty()) add("where the sender wrote " + shown(story.expected));
  if (story.target && *story.target != story.sender)
    add((story.outcome == "undone" ? "back from " : "for ") + story.target->digits());
  if (!story.balance.currency.empty()) add("balance " + shown(story.balance));
  if (!story.bonus.currency.empty())
    add(fmt::format("bonus {}{}", shown(story.bonus), story.bonus_until ? " to " + iso(*story.bonus_until) : ""));
  if (story.valid_until) add("valid to " + iso(*story.valid_until));
  if (story.until) add((story.outcome == "locked" ? "locked until " : "until ") + iso(*story.until));
  if (story.earlier && story.outcome == "repeated") add("credited before by " + to_string(*story.earlier));
  if (story.earlier && story.outcome == "status") add("about " + to_string(*story.earlier));
  if (story.earlier && story.outcome == "undone") add("undoes " + to_string(*story.earlier));
  return line;
}

std::string ledger_of(const store::transfer_line& line) {
  std::string out = fmt::format("{} {}: {} -> {}", line.kind, shown(line.amount), line.debit, line.credit);
  if (!line.reference.empty()) out += ", call " + line.reference;
  if (line.reverses) out += ", takes back " + to_string(*line.reverses);
  if (line.reversed_by) out += ", taken back by " + to_string(*line.reversed_by);
  return out;
}

std::string act_of(const store::act& act) {
  std::string out = fmt::format("{} by {}", act.action, act.by);
  if (!act.person.empty() && act.person != act.by) out += fmt::format(" ({})", act.person);
  if (!act.reason.empty()) out += ": " + act.reason;
  if (!act.detail.empty()) out += fmt::format(" [{}]", act.detail);
  return out;
}

struct paragraph {
  store::moment at;
  std::vector<std::string> lines;  // the first is its heading
};

void add_ledger(paragraph& to, const story& all, store::receipt receipt) {
  for (const store::transfer_line& line : all.transfers)
    if (line.receipt == receipt) to.lines.push_back("ledger: " + ledger_of(line));
  for (const store::act& act : all.acts)
    if (act.receipt == receipt) to.lines.push_back("audit line " + std::to_string(act.line) + ": " + act_of(act));
}

paragraph paragraph_of(const store::message_story& message, const story& all) {
  paragraph out{message.received, {fmt::format("{}  {}", to_string(message.receipt), iso(message.received))}};
  out.lines.push_back(what_of(message));
  out.lines.push_back(way_of(message));
  for (const std::string& line : {together_of(message), money_of(message)})
    if (!line.empty()) out.lines.push_back(line);
  add_ledger(out, all, message.receipt);
  out.lines.push_back(reply_of(message));
  return out;
}

std::vector<paragraph> paragraphs_of(const story& all) {
  std::vector<paragraph> out;
  std::set<std::int64_t> told;
  for (const store::message_story& message : all.messages) {
    told.insert(message.receipt.number);
    out.push_back(paragraph_of(message, all));
  }
  for (const store::transfer_line& line : all.transfers) {
    if (!told.insert(line.receipt.number).second) continue;
    paragraph& without_text = out.emplace_back(
        paragraph{line.at, {fmt::format("{}  {}  without a text", to_string(line.receipt), iso(line.at))}});
    add_ledger(without_text, all, line.receipt);
  }
  for (const store::act& act : all.acts)
    if (!act.receipt)
      out.push_back({act.at, {fmt::format("audit line {}  {}  {}", act.line, iso(act.at), act.subject), act_of(act)}});
  std::stable_sort(out.begin(), out.end(), [&](const paragraph& one, const paragraph& other) {
    return all.newest_first ? one.at > other.at : one.at < other.at;
  });
  return out;
}

void show(const store::account& account) {
  print_fields({{"msisdn", account.msisdn.digits()},
                {"balance", shown(account.balance)},
                {"bonus", account.bonus.amount_minor == 0 ? "" : shown(account.bonus)},
                {"bonus until", iso(account.bonus_until)},
                {"reserved", account.reserved.amount_minor == 0 ? "" : shown(account.reserved)},
                {"valid until", account.valid_until ? iso(account.valid_until) : "without end"},
                {"held", account.held ? "yes: nothing is credited, transferred or charged" : ""}});
}

std::string lock_of(const store::lock& lock) {
  return fmt::format("locked until {}: {} wrong PINs within 24 hours, {}, {} texts unheard since", iso(lock.until),
                     lock.wrong_pins, lock.told ? "told so once" : "not told yet", lock.unheard);
}

}  // namespace

void show(const store::voucher& voucher) {
  const bool for_another = voucher.account && voucher.sender != voucher.account;
  print_fields({{"serial", std::to_string(voucher.serial)},
                {"state", voucher.state},
                {"value", shown(voucher.value)},
                {"product", voucher.product},
                {"batch", std::to_string(voucher.batch)},
                {"expires", voucher.expires.empty() ? "never" : voucher.expires},
                {"redeemed by", voucher.sender ? voucher.sender->digits() : ""},
                {"for", for_another ? voucher.account->digits() : ""},
                {"at", iso(voucher.ended)},
                {"receipt", voucher.receipt ? to_string(*voucher.receipt) : ""},
                {"credit", voucher.reversed_by ? "taken back by " + to_string(*voucher.reversed_by) : ""}});
}

void show(const std::vector<store::card_event>& card) {
  for (const store::card_event& each : card) {
    std::string line = fmt::format("  {}  {}", iso(each.at), each.state);
    if (!each.by.empty()) line += " by " + each.by;
    if (!each.person.empty() && each.person != each.by) line += fmt::format(" ({})", each.person);
    if (!each.reason.empty()) line += ": " + each.reason;
    if (each.audit) line += fmt::format(" [audit line {}]", *each.audit);
    print(line);
  }
}

void tell(const story& all) {
  bool first = true;
  if (all.voucher) {
    show(*all.voucher);
    print("history");
    show(all.card);
    first = false;
  }
  if (all.account) {
    show(*all.account);
    first = false;
  }
  if (all.lock) {
    print(lock_of(*all.lock));
    first = false;
  }
  for (const paragraph& each : paragraphs_of(all)) {
    if (!std::exchange(first, false)) print("");
    print(each.lines.front());
    for (std::size_t i = 1; i < each.lines.size(); ++i) print("  " + each.lines[i]);
  }
}

}  // namespace topupd::operators
