// operations: accounts and what corrects them.
#include <fmt/format.h>

#include "store/operations_body.hpp"

namespace topupd::store {
namespace {

[[noreturn]] void refuse_without_account(const parser::msisdn& number) {
  throw refused(fmt::format("{} has no account: it has never been topped up; \"topupctl account add\" makes one",
                            number.digits()));
}

[[noreturn]] void refuse_without_reason() {
  throw refused("--reason is needed: write why, for who asks next year");
}

std::string shown(const parser::money& amount) {
  return parser::decimal(amount) + " " + amount.currency;
}

// An array of receipts as PostgreSQL writes it: {11,12}.
std::vector<receipt> receipts_in(const pqxx::field& field) {
  std::vector<receipt> out;
  if (field.is_null()) return out;
  auto items = field.as_array();
  for (auto next = items.get_next(); next.first != pqxx::array_parser::juncture::done; next = items.get_next()) {
    if (next.first != pqxx::array_parser::juncture::string_value) continue;
    receipt each;
    pqxx::from_string(next.second, each.number);
    out.push_back(each);
  }
  return out;
}

std::string listed(const std::vector<receipt>& receipts) {
  std::string out;
  for (const receipt& each : receipts) out += (out.empty() ? "" : ", ") + to_string(each);
  return out;
}

const char* word_for(reversal_order::which which) {
  if (which == reversal_order::which::all) return "all";
  return which == reversal_order::which::only ? "only" : "";
}

// What topup.reverse_redemption() answered instead of doing it, as a sentence.
void refuse_reversal(const reversal_order& order, const pqxx::row& row, const reversal& found) {
  const std::string word = text_in(row["word"]), asked = to_string(order.credit);
  if (word == "done") return;
  if (word == "no_reason") refuse_without_reason();
  if (word == "reversed") {
    const std::string who = text_in(row["who"]);
    throw refused(fmt::format("{} was reversed before, by {} with receipt {}", asked,
                              who.empty() ? "the sender's own UNDO" : who,
                              to_string(receipt_in(row["receipt"]).value_or(receipt{}))));
  }
  if (word == "several")
    throw refused(
        fmt::format("{} stands for the {} cards of one text: say --all for all of them, or --only for its "
                    "first card; the others are {}",
                    asked, found.others.size() + 1, listed(found.others)));
  if (word == "same_account")
    throw refused(
        fmt::format("{} was credited with it already: --to is the number it was meant for", found.from.digits()));
  if (word == "other_currency")
    throw refused(
        fmt::format("{} has an account in another currency than {}", order.to->digits(), found.amount.currency));
  if (word == "spent")
    throw refused(
        fmt::format("{} has {} left that is not reserved: {} of the credit cannot be taken back; take what "
                    "there is with \"topupctl account adjust\"",
                    found.from.digits(), shown({row["spendable_minor"].as<std::int64_t>(), found.amount.currency}),
                    shown(found.amount)));
  throw refused(
      fmt::format("the bonus of {} is spent or has lapsed: take back the credit alone with \"topupctl account "
                  "adjust {} --amount -{}\"",
                  shown(found.bonus), found.from.digits(), parser::decimal(found.amount)));
}

}  // namespace

std::optional<account> operations::find_account(const parser::msisdn& number) {
  const auto rows = body_->call("select * from topup.find_account($1)", stored(number));
  if (rows.empty()) return std::nullopt;
  const auto row = rows[0];
  return account{.msisdn = number,
                 .balance = money_in(row["balance_minor"], row["currency"]),
                 .valid_until = time_in(row["valid_until"]),
                 .created = time_in(row["created"]).value_or(moment{}),
                 .bonus = money_in(row["bonus_minor"], row["currency"]),
                 .bonus_until = time_in(row["bonus_until"]),
                 .reserved = money_in(row["reserved_minor"], row["currency"]),
                 .held = row["held"].as<bool>()};
}

std::vector<account_entry> operations::history(const parser::msisdn& number, int at_most) {
  std::vector<account_entry> out;
  for (const pqxx::row& row : body_->call("select * from topup.history($1, $2)", stored(number), at_most))
    out.push_back({.receipt = receipt_in(row["receipt"]).value_or(receipt{}),
                   .at = time_in(row["at"]).value_or(moment{}),
                   .kind = text_in(row["kind"]),
                   .amount = money_in(row["amount_minor"], row["currency"]),
                   .of_bonus = row["of_bonus"].as<bool>(),
                   .serial = integer_in(row["serial"]),
                   .other = number_in(row["other"]),
                   .reference = text_in(row["reference"]),
                   .by = text_in(row["by"]),
                   .reason = text_in(row["reason"])});
  return out;
}

void operations::add_account(const parser::msisdn& number, const std::string& currency) {
  const auto row = body_->call("select topup.add_account($1, $2)", stored(number), currency)[0];
  if (text_in(row[0]) == "exists") throw refused(fmt::format("{} has an account already", number.digits()));
}

void operations::hold_account(const parser::msisdn& number, bool held, const std::string& reason) {
  const auto row = body_->call("select topup.hold_account($1, $2, $3)", stored(number), held, reason)[0];
  const std::string word = text_in(row[0]);
  if (word == "no_reason") refuse_without_reason();
  if (word == "no_account") refuse_without_account(number);
  if (word == "already")
    throw refused(fmt::format("{} is {} already", number.digits(), held ? "held" : "not held: it is released"));
}

adjusted operations::adjust(const adjustment& order) {
  const auto row = body_->call("select * from topup.adjust_account($1, $2, $3, $4)", stored(order.msisdn),
                               order.amount.amount_minor, order.amount.currency, order.reason)[0];
  const std::string word = text_in(row["word"]);
  if (word == "no_account") refuse_without_account(order.msisdn);
  if (word == "no_reason") refuse_without_reason();
  if (word == "other_currency")
    throw refused(
        fmt::format("the account of {} is in another currency than {}", order.msisdn.digits(), order.amount.currency));
  const parser::money balance{row["balance_minor"].as<std::int64_t>(), order.amount.currency};
  if (word == "not_enough")
    throw refused(fmt::format("{} has {}, of which {} are reserved for calls: no more than the rest can be taken",
                              order.msisdn.digits(), shown(balance),
                              shown({row["reserved_minor"].as<std::int64_t>(), order.amount.currency})));
  return {.approval = integer_in(row["approval"]),
          .receipt = receipt_in(row["receipt"]).value_or(receipt{}),
          .balance = balance,
          .held = row["held"].as<bool>()};
}

reversal operations::reverse(const reversal_order& order) {
  const std::optional<std::int64_t> to = order.to ? std::optional(stored(*order.to)) : std::nullopt;
  const auto row = body_->call("select * from topup.reverse_redemption($1, $2, $3, $4, $5)", order.credit.number, to,
                               std::string(word_for(order.of)), order.reason, order.dry_run)[0];
  const auto from = number_in(row["msisdn"]);
  if (!from)
    throw refused(fmt::format("{} is no card's credit: see \"topupctl trace {}\"", to_string(order.credit),
                              to_string(order.credit)));
  reversal out{.receipt = receipt_in(row["receipt"]).value_or(receipt{}),
               .from = *from,
               .amount = money_in(row["amount_minor"], row["currency"]),
               .bonus = money_in(row["bonus_minor"], row["currency"]),
               .reversed = receipts_in(row["reversed"]),
               .others = receipts_in(row["others"]),
               .from_held = row["held"].as<bool>(false),
               .to_held = row["receiver_held"].as<bool>(false)};
  refuse_reversal(order, row, out);
  return out;
}

}  // namespace topupd::store
