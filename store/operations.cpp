#include "store/operations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "store/operations_body.hpp"

namespace topupd::store {
namespace {

// The examples of topup.verify() name receipts as #number; operators and subscribers know them as to_string() writes
// them.
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

batch batch_in(const pqxx::row& row) {
  return {.id = row[0].as<std::int64_t>(),
          .product = text_in(row[1]),
          .state = text_in(row[2]),
          .count = row[3].as<std::int64_t>(),
          .first_serial = row[4].as<std::int64_t>(),
          .last_serial = row[5].as<std::int64_t>(),
          .expires = text_in(row[6]),
          .redeemed = row[7].as<std::int64_t>(),
          .created = time_in(row[8]).value_or(moment{})};
}

}  // namespace

message_story story_in(const pqxx::row& row) {
  const auto sender = number_in(row[3]);
  if (!sender)
    throw unavailable(fmt::format("message {} has no legal sender: run \"topupctl verify\"", text_in(row[0])));
  return {.receipt = receipt_in(row[0]).value_or(receipt{}),
          .received = time_in(row[1]).value_or(moment{}),
          .smsc = text_in(row[2]),
          .sender = *sender,
          .action = text_in(row[4]),
          .outcome = text_in(row[5]),
          .reason = text_in(row[6]),
          .target = number_in(row[7]),
          .serial = integer_in(row[8]),
          .amount = money_in(row[9], row[10]),
          .balance = money_in(row[11], row[12]),
          .seen = row[13].as<int>(),
          .reply = text_in(row[14]),
          .attempts = row[15].as<int>(),
          .sent = time_in(row[16]),
          .smsc_message_id = text_in(row[17]),
          .earlier = receipt_in(row[18]),
          .leader = receipt_in(row[19]),
          .giver = number_in(row[20]),
          .cards = row[21].as<int>(0),
          .added = row[22].as<int>(0),
          .total = money_in(row[23], row[24])};
}

void operations::body::connect() {
  link = open(url, role::login, "topupctl");
  guarded([&] {
    pqxx::nontransaction session{*link};
    const bool operates = session.exec1("select pg_has_role('topup_operator', 'member')")[0].as<bool>();
    session.exec0(operates ? "set role topup_operator" : "set role topup_auditor");
  });
}

operations::operations(const std::string& url, const std::string& time_zone)
    : body_(std::make_unique<body>(url, time_zone)) {}
operations::~operations() = default;

// Products and batches ----------------------------------------------------------------------------------------------

void operations::add_product(const product& value) {
  const auto row = body_->call("select topup.add_product($1, $2, $3, $4, $5)", value.code, value.value.amount_minor,
                               value.value.currency, value.validity_days, value.brand)[0];
  if (text_in(row[0]) == "exists")
    throw refused(fmt::format("product {} exists already, and products never change: choose another code", value.code));
}

std::vector<product> operations::products() {
  std::vector<product> out;
  for (const pqxx::row& row : body_->call("select * from topup.products()"))
    out.push_back({text_in(row[0]), money_in(row[1], row[2]), row[3].as<int>(), text_in(row[4])});
  return out;
}

batch operations::set_batch_state(std::int64_t id, const std::string& state) {
  const auto row = body_->call("select * from topup.set_batch_state($1, $2)", id, state)[0];
  const std::string word = text_in(row[0]);
  const std::string was = text_in(row[1]);
  if (word == "no_batch") throw refused(fmt::format("there is no batch {}: see \"topupctl batch list\"", id));
  if (word == "not_allowed" && was == state) throw refused(fmt::format("batch {} is {} already", id, was));
  if (word == "not_allowed" && was == "void") throw refused(fmt::format("batch {} is void, and void is for good", id));
  if (word == "not_allowed")
    throw refused(fmt::format("batch {} is {}: it cannot become {}; activate or void it", id, was, state));
  for (batch& each : batches())
    if (each.id == id) return std::move(each);
  throw unavailable(fmt::format("batch {} vanished while it was changed: run \"topupctl verify\"", id));
}

std::vector<batch> operations::batches() {
  std::vector<batch> out;
  for (const pqxx::row& row : body_->call("select * from topup.batches()")) out.push_back(batch_in(row));
  return out;
}

// Vouchers, accounts and messages -----------------------------------------------------------------------------------

std::optional<voucher> operations::find_voucher(std::int64_t serial) {
  const auto rows = body_->call("select * from topup.find_voucher($1, $2)", serial, body_->time_zone);
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
                 .ended = time_in(row[10])};
}

std::optional<account> operations::find_account(const parser::msisdn& number) {
  const auto rows = body_->call("select * from topup.find_account($1)", stored(number));
  if (rows.empty()) return std::nullopt;
  const auto row = rows[0];
  return account{.msisdn = number,
                 .balance = money_in(row[0], row[1]),
                 .valid_until = time_in(row[2]),
                 .created = time_in(row[3]).value_or(moment{})};
}

std::vector<account_entry> operations::history(const parser::msisdn& number, int at_most) {
  std::vector<account_entry> out;
  for (const pqxx::row& row : body_->call("select * from topup.history($1, $2)", stored(number), at_most))
    out.push_back({.receipt = receipt_in(row[0]).value_or(receipt{}),
                   .at = time_in(row[1]).value_or(moment{}),
                   .kind = text_in(row[2]),
                   .amount = money_in(row[3], row[4]),
                   .serial = integer_in(row[5]),
                   .sender = number_in(row[6])});
  return out;
}

std::vector<message_story> operations::trace(receipt value) {
  return body_->stories("select * from topup.trace_receipt($1)", value.number);
}
std::vector<message_story> operations::trace(const parser::msisdn& number, int at_most) {
  return body_->stories("select * from topup.trace_number($1, $2)", stored(number), at_most);
}
std::vector<message_story> operations::trace_serial(std::int64_t serial) {
  return body_->stories("select * from topup.trace_serial($1)", serial);
}

// Proofs ------------------------------------------------------------------------------------------------------------

std::vector<check> operations::verify() {
  std::vector<check> out;
  for (const pqxx::row& row : body_->call("select * from topup.verify()"))
    out.push_back({.name = text_in(row[0]),
                   .examined = row[1].as<std::int64_t>(),
                   .violations = row[2].as<std::int64_t>(),
                   .example = with_receipts(text_in(row[3]))});
  return out;
}

health operations::examine() {
  const auto before = std::chrono::system_clock::now();
  const auto row = body_->call("select * from topup.health()")[0];
  const auto between = before + (std::chrono::system_clock::now() - before) / 2;
  const std::chrono::duration<double> here = between.time_since_epoch();
  return {.server_version = text_in(row[0]),
          .schema_version = row[1].as<int>(),
          .fsync = row[2].as<bool>(),
          .full_page_writes = row[3].as<bool>(),
          .synchronous_commit = row[4].as<bool>(),
          .clock_difference =
              std::chrono::round<std::chrono::seconds>(std::chrono::duration<double>(row[5].as<double>()) - here),
          .owed_replies = row[6].as<std::int64_t>(),
          .user = text_in(row[7])};
}

}  // namespace topupd::store
