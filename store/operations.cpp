#include "store/operations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "store/operations_body.hpp"
#include "store/sql_array.hpp"

namespace topupd::store {
namespace {

// As PostgreSQL writes an array.
std::string array_of(const std::vector<receipt>& receipts) {
  sql_array numbers;
  for (const receipt& each : receipts) numbers.number(each.number);
  return std::move(numbers).done();
}

}  // namespace

std::string with_receipts(std::string_view sentence) {
  std::string shown;
  while (true) {
    const std::size_t mark = sentence.find('#');
    shown += sentence.substr(0, mark);
    if (mark == std::string_view::npos) return shown;
    sentence.remove_prefix(mark + 1);
    const std::size_t digits = std::min(sentence.find_first_not_of("0123456789"), sentence.size());
    std::int64_t number = 0;
    for (const char c : sentence.substr(0, digits)) number = number * 10 + (c - '0');
    shown += to_string(receipt{number});
    sentence.remove_prefix(digits);
  }
}

message_story story_in(const pqxx::row& row) {
  const auto sender = number_in(row["sender"]);
  if (!sender)
    throw unavailable(fmt::format("message {} has no legal sender: run \"topupctl verify\"", text_in(row["receipt"])));
  return {.receipt = receipt_in(row["receipt"]).value_or(receipt{}),
          .received = time_in(row["received"]).value_or(moment{}),
          .smsc = text_in(row["smsc"]),
          .source = text_in(row["source"]),
          .short_code = text_in(row["short_code"]),
          .sender = *sender,
          .action = text_in(row["action"]),
          .outcome = text_in(row["outcome"]),
          .language = text_in(row["language"]),
          .reason = text_in(row["reason"]),
          .target = number_in(row["target"]),
          .serial = integer_in(row["serial"]),
          .amount = money_in(row["amount_minor"], row["currency"]),
          .balance = money_in(row["balance_minor"], row["balance_currency"]),
          .valid_until = time_in(row["valid_until"]),
          .until = time_in(row["until"]),
          .seen = row["seen"].as<int>(),
          .heard = row["heard"].as<bool>(),
          .reply = text_in(row["reply"]),
          .lease_owner = text_in(row["lease_owner"]),
          .attempts = row["attempts"].as<int>(),
          .sent = time_in(row["sent"]),
          .smsc_message_id = text_in(row["smsc_message_id"]),
          .reply_status = row["reply_status"].is_null() ? std::nullopt : std::optional(row["reply_status"].as<int>()),
          .earlier = receipt_in(row["earlier"]),
          .leader = receipt_in(row["leader"]),
          .giver = number_in(row["giver"]),
          .cards = row["cards"].as<int>(0),
          .added = row["added"].as<int>(0),
          .total = money_in(row["total_minor"], row["total_currency"]),
          .expected = money_in(row["expected_minor"], row["currency"]),
          .bonus = money_in(row["bonus_minor"], row["balance_currency"]),
          .bonus_until = time_in(row["bonus_until"]),
          .sent_by = text_in(row["sent_by"]),
          .delivery = text_in(row["delivery"]),
          .delivery_error = text_in(row["delivery_error"]),
          .delivery_at = time_in(row["delivery_at"]),
          .resent = time_in(row["resent_at"]),
          .deferred_until = time_in(row["deferred_until"])};
}

void operations::body::connect() {
  link = open(url, role::login, "topupctl");
  guarded([&] {
    pqxx::nontransaction session{*link};
    operates = session.exec1("select pg_has_role('topup_operator', 'member')")[0].as<bool>();
    session.exec0(operates ? "set role topup_operator" : "set role topup_auditor");
    session.exec_params1("select set_config('topup.person', $1, false)", person);
  });
}

operations::operations(const std::string& url, const std::string& time_zone, const std::string& person)
    : body_(std::make_unique<body>(url, time_zone, person)) {}
operations::~operations() = default;

// Vouchers ----------------------------------------------------------------------------------------------------------

std::optional<voucher> operations::find_voucher(std::int64_t serial) {
  const auto rows = body_->call("select * from topup.find_voucher($1)", serial);
  if (rows.empty()) return std::nullopt;
  const auto row = rows[0];
  return voucher{.serial = row[0].as<std::int64_t>(),
                 .batch = row[1].as<std::int64_t>(),
                 .product = text_in(row[2]),
                 .value = money_in(row[3], row[4]),
                 .state = text_in(row[5]),
                 .expires = text_in(row[6]),
                 .receipt = receipt_in(row[7]),
                 .sender = number_in(row[8]),
                 .account = number_in(row[9]),
                 .ended = time_in(row[10]),
                 .reversed_by = receipt_in(row[11])};
}

std::vector<card_event> operations::card_history(std::int64_t serial) {
  std::vector<card_event> out;
  for (const pqxx::row& row : body_->call("select * from topup.card_history($1)", serial))
    out.push_back({.at = time_in(row[0]).value_or(moment{}),
                   .was = text_in(row[1]),
                   .state = text_in(row[2]),
                   .by = text_in(row[3]),
                   .person = text_in(row[4]),
                   .reason = text_in(row[5]),
                   .audit = integer_in(row[6])});
  return out;
}

// Messages and the ledger -------------------------------------------------------------------------------------------

std::vector<message_story> operations::trace(receipt value) {
  return body_->stories("select * from topup.trace_receipt($1)", value.number);
}
std::vector<message_story> operations::trace(const parser::msisdn& number, int at_most) {
  return body_->stories("select * from topup.trace_number($1, $2)", stored(number), at_most);
}
std::vector<message_story> operations::trace_serial(std::int64_t serial) {
  return body_->stories("select * from topup.trace_serial($1)", serial);
}

std::vector<transfer_line> operations::transfers(const std::vector<receipt>& receipts) {
  std::vector<transfer_line> out;
  for (const pqxx::row& row : body_->call("select * from topup.transfers_of($1)", array_of(receipts)))
    out.push_back({.receipt = receipt_in(row["receipt"]).value_or(receipt{}),
                   .at = time_in(row["at"]).value_or(moment{}),
                   .kind = text_in(row["kind"]),
                   .debit = text_in(row["debit"]),
                   .credit = text_in(row["credit"]),
                   .amount = money_in(row["amount_minor"], row["currency"]),
                   .serial = integer_in(row["serial"]),
                   .reference = text_in(row["reference"]),
                   .reversed_by = receipt_in(row["reversed_by"]),
                   .reverses = receipt_in(row["reverses"])});
  return out;
}

std::vector<receipt> operations::receipts_of(const parser::msisdn& number, int at_most) {
  std::vector<receipt> out;
  for (const pqxx::row& row : body_->call("select * from topup.receipts_of($1, $2)", stored(number), at_most))
    out.push_back({row[0].as<std::int64_t>()});
  return out;
}

std::vector<act> operations::acts(const std::vector<receipt>& receipts, const std::string& subject) {
  std::vector<act> out;
  for (const pqxx::row& row : body_->call("select * from topup.acts_about($1, $2)", array_of(receipts), subject))
    out.push_back({.line = row[0].as<std::int64_t>(),
                   .at = time_in(row[1]).value_or(moment{}),
                   .by = text_in(row[2]),
                   .person = text_in(row[3]),
                   .action = text_in(row[4]),
                   .subject = with_receipts(text_in(row[5])),
                   .reason = text_in(row[6]),
                   .detail = with_receipts(text_in(row[7])),
                   .receipt = receipt_in(row[8])});
  return out;
}

// Locks -------------------------------------------------------------------------------------------------------------

std::vector<lock> operations::locks(const std::optional<parser::msisdn>& number, int at_most) {
  std::vector<lock> out;
  const std::optional<std::int64_t> one = number ? std::optional(stored(*number)) : std::nullopt;
  for (const pqxx::row& row : body_->call("select * from topup.locks($1, $2)", one, at_most))
    if (const auto sender = number_in(row[0]))
      out.push_back({.sender = *sender,
                     .until = time_in(row[1]).value_or(moment{}),
                     .rung = row[2].as<int>(),
                     .told = row[3].as<bool>(),
                     .unheard = row[4].as<std::int64_t>(),
                     .wrong_pins = row[5].as<std::int64_t>()});
  return out;
}

cleared_lock operations::clear_lock(const parser::msisdn& number, const std::string& reason) {
  const auto row = body_->call("select * from topup.clear_lock($1, $2)", stored(number), reason)[0];
  if (text_in(row[0]) == "not_locked")
    throw refused(
        fmt::format("{} is not locked, and has no wrong PINs to forget: see \"topupctl locks list\"", number.digits()));
  return {.until = time_in(row[1]), .wrong_pins = row[2].as<std::int64_t>()};
}

}  // namespace topupd::store
