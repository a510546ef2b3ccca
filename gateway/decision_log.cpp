#include "gateway/decision_log.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace topupd::gateway {

void log_decision(event_log& log, const store::decision& value, std::chrono::duration<double, std::milli> took) {
  const auto amount_of = [](const parser::money& of_what) {
    return of_what.currency.empty() ? std::string() : decimal(of_what) + of_what.currency;
  };
  const auto number_of = [](const std::optional<parser::msisdn>& number, const char* otherwise) {
    return number ? number->digits() : std::string(otherwise);
  };
  const auto event = fmt::format("topup {}", value.duplicate ? std::string_view("duplicate") : name(value.outcome));
  const auto receipt = to_string(value.receipt);
  const auto leader = value.leader ? to_string(*value.leader) : receipt;
  const bool is_notice = value.outcome == store::outcome::received || value.outcome == store::outcome::taken_back;
  const auto from = number_of(is_notice ? value.giver : value.sender, "-");
  const auto serial = value.serial ? std::to_string(*value.serial) : "-";
  const auto smsc = value.smsc;
  const auto batch = std::to_string(value.batch);
  const auto took_text = fmt::format("{:.1f}ms", took.count());
  std::vector<event_log::field> fields;
  fields.reserve(14);
  fields.emplace_back("receipt", receipt);
  if (value.leader) fields.emplace_back("with", leader);
  fields.emplace_back("from", from);
  const auto target = number_of(is_notice ? value.sender : value.target, "self");
  const auto amount = amount_of(value.amount);
  const auto bonus = value.bonus.amount_minor > 0 ? amount_of(value.bonus) : std::string();
  const auto undid = value.earlier ? to_string(*value.earlier) : std::string("-");
  const bool asked = value.outcome == store::outcome::asked;
  const auto balance = asked ? "-" : amount_of(value.balance);
  const auto reason = value.reason.empty() ? std::string_view("-") : std::string_view(value.reason);
  switch (value.outcome) {
    case store::outcome::credited:
    case store::outcome::repeated:
    case store::outcome::asked:
    case store::outcome::received:
      fields.insert(fields.end(), {{"target", target}, {"serial", serial}, {"amount", amount}, {"balance", balance}});
      if (asked && !value.reason.empty()) fields.emplace_back("reason", reason);
      if (!bonus.empty()) fields.emplace_back("bonus", bonus);
      break;
    case store::outcome::transferred:
    case store::outcome::undone:
    case store::outcome::taken_back:
      fields.insert(fields.end(), {{"target", target}, {"amount", amount}, {"balance", balance}});
      if (value.outcome == store::outcome::undone) fields.emplace_back("undid", undid);
      break;
    case store::outcome::not_transferred:
      fields.insert(fields.end(), {{"reason", reason}, {"target", target}, {"amount", amount}, {"balance", balance}});
      break;
    default: fields.insert(fields.end(), {{"action", name(value.action)}, {"reason", reason}, {"serial", serial}});
  }
  const bool silent = !value.duplicate && !value.leader && !value.reply_owed;  // locked, or too many answers
  if (silent) fields.emplace_back("reply", "none");
  fields.insert(fields.end(), {{"language", value.language}, {"batch", batch}, {"took", took_text}, {"smsc", smsc}});
  log.info(event, fields);
}

}  // namespace topupd::gateway
