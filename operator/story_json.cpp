// A story for programs: every field of what the store knows, under the names of its columns.
#include <boost/json/array.hpp>

#include "operator/show.hpp"
#include "operator/stories.hpp"

namespace topupd::operators {
namespace {

std::string name(store::receipt receipt) {
  return to_string(receipt);
}
std::string digits(const parser::msisdn& number) {
  return number.digits();
}
std::string serial_name(std::int64_t serial) {
  return std::to_string(serial);
}
boost::json::value time_or_null(const std::optional<store::moment>& at) {
  return or_null(iso(at));
}

// Beside an amount whose currency stands in "currency": with one of its own.
void put_beside(boost::json::object& into, const std::string& name, const parser::money& amount) {
  if (amount.currency.empty()) return;
  into[name] = parser::decimal(amount);
  into[name + "_minor"] = amount.amount_minor;
  into[name + "_currency"] = amount.currency;
}

boost::json::object fields_of(const store::message_story& story) {
  boost::json::object out{{"receipt", name(story.receipt)},
                          {"received", iso(story.received)},
                          {"smsc", story.smsc},
                          {"source", story.source},
                          {"short_code", story.short_code},
                          {"sender", story.sender.digits()},
                          {"action", story.action},
                          {"language", or_null(story.language)},
                          {"outcome", story.outcome},
                          {"reason", or_null(story.reason)},
                          {"target", or_null(story.target, digits)},
                          {"serial", or_null(story.serial, serial_name)}};
  if (!story.amount.currency.empty()) put(out, "amount", story.amount);
  put_beside(out, "balance", story.balance);
  put_beside(out, "bonus", story.bonus);
  put_beside(out, "expected", story.expected);
  out["valid_until"] = time_or_null(story.valid_until);
  out["until"] = time_or_null(story.until);
  out["earlier"] = or_null(story.earlier, name);
  out["leader"] = or_null(story.leader, name);
  out["giver"] = or_null(story.giver, digits);
  if (story.cards > 0) {
    out["cards"] = story.cards;
    out["added"] = story.added;
    put_beside(out, "total", story.total);
  }
  out["seen"] = story.seen;
  out["heard"] = story.heard;
  out["reply"] = story.reply;
  out["lease_owner"] = or_null(story.lease_owner);
  out["attempts"] = story.attempts;
  out["sent"] = time_or_null(story.sent);
  out["smsc_message_id"] = or_null(story.smsc_message_id);
  out["reply_status"] = or_null(story.reply_status, [](int status) { return status; });
  out["sent_by"] = or_null(story.sent_by);
  out["delivery"] = or_null(story.delivery);
  out["delivery_error"] = or_null(story.delivery_error);
  out["delivery_at"] = time_or_null(story.delivery_at);
  out["resent"] = time_or_null(story.resent);
  out["deferred_until"] = time_or_null(story.deferred_until);
  return out;
}

boost::json::object fields_of(const store::transfer_line& line) {
  boost::json::object out{{"receipt", name(line.receipt)},
                          {"at", iso(line.at)},
                          {"kind", line.kind},
                          {"debit", line.debit},
                          {"credit", line.credit}};
  put(out, "amount", line.amount);
  out["serial"] = or_null(line.serial, serial_name);
  out["reference"] = or_null(line.reference);
  out["reversed_by"] = or_null(line.reversed_by, name);
  out["reverses"] = or_null(line.reverses, name);
  return out;
}

boost::json::object fields_of(const store::act& act) {
  return {{"line", act.line},
          {"at", iso(act.at)},
          {"by", act.by},
          {"person", or_null(act.person)},
          {"action", act.action},
          {"subject", act.subject},
          {"reason", or_null(act.reason)},
          {"detail", or_null(act.detail)},
          {"receipt", or_null(act.receipt, name)}};
}

template <class Item>
boost::json::array array_of(const std::vector<Item>& items) {
  boost::json::array all;
  for (const Item& each : items) all.push_back(fields_of(each));
  return all;
}

}  // namespace

boost::json::object fields_of(const store::voucher& voucher) {
  boost::json::object out{{"serial", std::to_string(voucher.serial)}, {"state", voucher.state}};
  put(out, "value", voucher.value);
  out["product"] = voucher.product;
  out["batch"] = voucher.batch;
  out["expires"] = or_null(voucher.expires);
  out["redeemed_by"] = or_null(voucher.sender, digits);
  out["account"] = or_null(voucher.account, digits);
  out["receipt"] = or_null(voucher.receipt, name);
  out["ended"] = time_or_null(voucher.ended);
  out["reversed_by"] = or_null(voucher.reversed_by, name);
  return out;
}

boost::json::array fields_of(const std::vector<store::card_event>& card) {
  boost::json::array all;
  for (const store::card_event& each : card)
    all.push_back(boost::json::object{{"at", iso(each.at)},
                                      {"was", or_null(each.was)},
                                      {"state", each.state},
                                      {"by", or_null(each.by)},
                                      {"person", or_null(each.person)},
                                      {"reason", or_null(each.reason)},
                                      {"audit", or_null(each.audit, [](std::int64_t line) { return line; })}});
  return all;
}

boost::json::object fields_of(const story& all) {
  boost::json::object answer{
      {"messages", array_of(all.messages)}, {"transfers", array_of(all.transfers)}, {"acts", array_of(all.acts)}};
  if (all.voucher) {
    boost::json::object card = fields_of(*all.voucher);
    card["history"] = fields_of(all.card);
    answer["voucher"] = std::move(card);
  }
  if (all.account) {
    boost::json::object account{{"msisdn", all.account->msisdn.digits()}};
    put(account, "balance", all.account->balance);
    put(account, "bonus", all.account->bonus);
    put(account, "reserved", all.account->reserved);
    account["bonus_until"] = time_or_null(all.account->bonus_until);
    account["valid_until"] = time_or_null(all.account->valid_until);
    account["held"] = all.account->held;
    answer["account"] = std::move(account);
  }
  if (all.lock)
    answer["lock"] = {{"until", iso(all.lock->until)},
                      {"rung", all.lock->rung},
                      {"told", all.lock->told},
                      {"unheard", all.lock->unheard},
                      {"wrong_pins", all.lock->wrong_pins}};
  return answer;
}

}  // namespace topupd::operators
