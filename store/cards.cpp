// operations: products, batches and what becomes of cards.
#include <fmt/format.h>

#include <algorithm>

#include "store/operations_body.hpp"

namespace topupd::store {
namespace {

// Rows of topup.batches(), one for each state, make one batch.
void add_state(batch& to, const std::string& state, std::int64_t cards) {
  to.states[state] = cards;
  if (state == "redeemed") {
    to.redeemed = cards;
    if (to.state.empty()) to.state = state;
  } else {
    to.state = to.state.empty() || to.state == "redeemed" ? state : "mixed";
  }
}

// The answers of topup.apply_to_cards() that are one line alone.
void refuse_order(const std::string& word, const card_change& change, const pqxx::field& number) {
  if (word == "no_batch")
    throw refused(fmt::format("there is no batch {}: see \"topupctl batch list\"", *change.of.batch));
  if (word == "no_card")
    throw refused(fmt::format("no card has the serial {}; the serial is the number beside the scratch panel",
                              number.as<std::int64_t>()));
  if (word == "no_reason") throw refused("--reason is needed: write why, for who asks next year");
  if (word == "several_currencies")
    throw refused("these cards need a second operator and are of several currencies: activate them batch by batch");
}

card_fate::kind kind_of(const std::string& word) {
  if (word == "changed") return card_fate::kind::changed;
  if (word == "already") return card_fate::kind::already;
  if (word == "redeemed") return card_fate::kind::redeemed;
  return card_fate::kind::waiting;
}

// "these cards are void, and void is for good"
std::string why_not(const std::string& was, const std::string& wanted) {
  if (was == "void") return "void is for good";
  if (was == "expired" && wanted == "active") return "their last day of use is over";
  if (was == "stolen" && wanted == "active") return "hold them first, look at them, then activate";
  if (was == "stolen" && wanted == "held") return "what was found again is held by its serials, with \"voucher hold\"";
  if (was == "generated" && wanted == "held") return "they are not on sale yet, so there is nothing to hold";
  return fmt::format("what is {} does not become {}", was, wanted);
}

approval approval_in(const pqxx::row& row) {
  return {.id = row[0].as<std::int64_t>(),
          .action = text_in(row[1]),
          .subject = text_in(row[2]),
          .amount = money_in(row[3], row[4]),
          .reason = text_in(row[5]),
          .asked = time_in(row[6]).value_or(moment{}),
          .asked_by = text_in(row[7]),
          .asked_person = text_in(row[8]),
          .decision = text_in(row[9]),
          .decided = time_in(row[10]),
          .decided_by = text_in(row[11]),
          .decided_person = text_in(row[12]),
          .decided_reason = text_in(row[13]),
          .detail = {}};
}

// The answer of topup.grant_approval() and topup.refuse_approval().
approval decided(std::int64_t id, const pqxx::row& row) {
  const std::string word = text_in(row[0]), detail = text_in(row[5]);
  if (word == "no_approval") throw refused(fmt::format("there is no approval {}: see \"topupctl approval list\"", id));
  if (word == "decided") throw refused(fmt::format("approval {} was {} already", id, detail));
  if (word == "same_operator")
    throw refused(fmt::format(
        "{} asked for approval {}: somebody else must grant it, with a database login of their own", detail, id));
  if (word == "impossible") throw refused(fmt::format("approval {} cannot be granted: {}", id, detail));
  approval out;
  out.id = id;
  out.action = text_in(row[1]);
  out.subject = text_in(row[2]);
  out.amount = money_in(row[3], row[4]);
  out.detail = detail;
  return out;
}

}  // namespace

std::string to_string(const cards& which) {
  if (which.batch) return fmt::format("batch {}", *which.batch);
  return which.first == which.last ? fmt::format("serial {}", which.first)
                                   : fmt::format("serials {} to {}", which.first, which.last);
}

// Products and batches ----------------------------------------------------------------------------------------------

void operations::add_product(const product& value) {
  const auto row = body_->call("select topup.add_product($1, $2, $3, $4, $5, $6, $7, $8)", value.code,
                               value.value.amount_minor, value.value.currency, value.validity_days,
                               value.bonus.amount_minor, value.bonus_days, value.brand, value.text)[0];
  if (text_in(row[0]) == "exists")
    throw refused(fmt::format("product {} exists already, and products never change: choose another code", value.code));
}

std::vector<product> operations::products() {
  std::vector<product> out;
  for (const pqxx::row& row : body_->call("select * from topup.products()"))
    out.push_back({.code = text_in(row[0]),
                   .value = money_in(row[1], row[2]),
                   .validity_days = row[3].as<int>(),
                   .brand = text_in(row[6]),
                   .bonus = money_in(row[4], row[2]),
                   .bonus_days = row[5].as<int>(),
                   .text = text_in(row[7])});
  return out;
}

std::vector<batch> operations::batches() {
  std::vector<batch> out;
  for (const pqxx::row& row : body_->call("select * from topup.batches()")) {
    const auto id = row[0].as<std::int64_t>();
    if (out.empty() || out.back().id != id)
      out.push_back({.id = id,
                     .product = text_in(row[1]),
                     .state = {},
                     .count = row[2].as<std::int64_t>(),
                     .first_serial = row[3].as<std::int64_t>(),
                     .last_serial = row[4].as<std::int64_t>(),
                     .expires = text_in(row[5]),
                     .created = time_in(row[7]).value_or(moment{}),
                     .imported = row[6].as<bool>()});
    add_state(out.back(), text_in(row[8]), row[9].as<std::int64_t>());
  }
  return out;
}

// What becomes of cards ---------------------------------------------------------------------------------------------

card_changes operations::change_cards(const card_change& change) {
  card_changes out;
  std::string refusals;
  const std::optional<std::int64_t> first = change.of.batch ? std::nullopt : std::optional(change.of.first);
  const std::optional<std::int64_t> last = change.of.batch ? std::nullopt : std::optional(change.of.last);
  for (const pqxx::row& row : body_->call("select * from topup.change_cards($1, $2, $3, $4, $5, $6)", change.of.batch,
                                          first, last, change.wanted, change.reason, change.dry_run)) {
    const std::string word = text_in(row[0]);
    refuse_order(word, change, row[5]);
    const auto count = row[2].as<std::int64_t>();
    const std::string was = text_in(row[1]);
    if (word == "refused") {
      refusals += fmt::format("{}{} card{} {} {}: {}", refusals.empty() ? "" : "; ", count, count == 1 ? "" : "s",
                              count == 1 ? "is" : "are", was, why_not(was, change.wanted));
      continue;
    }
    out.fates.push_back({kind_of(word), was, count, money_in(row[3], row[4])});
    if (const auto number = integer_in(row[5])) out.approval = number;
  }
  if (!refusals.empty()) throw refused(fmt::format("{}: {}; nothing was changed", to_string(change.of), refusals));
  return out;
}

// Two pairs of eyes -------------------------------------------------------------------------------------------------

std::vector<approval> operations::approvals() {
  std::vector<approval> out;
  for (const pqxx::row& row : body_->call("select * from topup.approvals()")) out.push_back(approval_in(row));
  return out;
}

approval operations::grant_approval(std::int64_t id) {
  return decided(id, body_->call("select * from topup.grant_approval($1)", id)[0]);
}
approval operations::refuse_approval(std::int64_t id, const std::string& reason) {
  return decided(id, body_->call("select * from topup.refuse_approval($1, $2)", id, reason)[0]);
}

policy operations::policy() {
  const auto row = body_->call("select * from topup.find_policy()")[0];
  return {.currency = text_in(row[0]),
          .time_zone = text_in(row[1]),
          .activate_above_minor = row[2].as<std::int64_t>(),
          .adjust_above_minor = row[3].as<std::int64_t>()};
}

}  // namespace topupd::store
