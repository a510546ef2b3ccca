// topupctl approval list, grant, refuse: what one operator asked for and another one must agree to.
#include <fmt/format.h>

#include <limits>
#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"

namespace topupd::operators {
namespace {

std::string who(const std::string& user, const std::string& person) {
  return person.empty() || person == user ? user : fmt::format("{} ({})", user, person);
}

boost::json::object fields_of(const store::approval& approval) {
  boost::json::object out{{"approval", approval.id}, {"action", approval.action}, {"subject", approval.subject}};
  put(out, "amount", approval.amount);
  out["reason"] = approval.reason;
  out["asked"] = iso(approval.asked);
  out["asked_by"] = approval.asked_by;
  out["asked_person"] = approval.asked_person;
  out["decision"] = or_null(approval.decision);
  out["decided"] = or_null(iso(approval.decided));
  out["decided_by"] = or_null(approval.decided_by);
  out["decided_person"] = or_null(approval.decided_person);
  out["decided_reason"] = or_null(approval.decided_reason);
  return out;
}

int list(context& with, bool all) {
  boost::json::array answer;
  std::vector<std::vector<std::string>> rows{
      {"APPROVAL", "WHAT", "OF", "AMOUNT", "ASKED", "BY", "REASON", "DECISION", "BY"}};
  for (const store::approval& each : with.store().approvals()) {
    if (!all && !each.decision.empty()) continue;
    answer.push_back(fields_of(each));
    rows.push_back({std::to_string(each.id), each.action, each.subject,
                    grouped(parser::decimal(each.amount)) + " " + each.amount.currency, iso(each.asked),
                    who(each.asked_by, each.asked_person), each.reason, each.decision.empty() ? "waits" : each.decision,
                    who(each.decided_by, each.decided_person)});
  }
  if (with.json)
    print_json(answer);
  else if (rows.size() == 1)
    print(all ? "nothing ever needed a second operator" : "nothing waits for a second operator");
  else
    print_table(rows, {0, 3});
  return 0;
}

int tell(context& with, const store::approval& decided, const std::string& decision) {
  if (with.json) {
    boost::json::object out{{"approval", decided.id}, {"action", decided.action}, {"subject", decided.subject}};
    put(out, "amount", decided.amount);
    out["decision"] = decision;
    out["detail"] = or_null(decided.detail);
    print_json(out);
    return 0;
  }
  print(fmt::format("approval {} {}: {} of {}, {} {}{}{}", decided.id, decision, decided.action, decided.subject,
                    grouped(parser::decimal(decided.amount)), decided.amount.currency,
                    decided.detail.empty() ? "" : ": ", decided.detail));
  return 0;
}

CLI::Option* add_id(CLI::App& to, std::int64_t& id) {
  return to.add_option("ID", id, "its number, as \"approval list\" shows it")
      ->required()
      ->check(CLI::Range(1, std::numeric_limits<int>::max()));
}

}  // namespace

void add_approvals(CLI::App& to, context& with) {
  CLI::App* group = add_group(to, "approval", "What needs a second operator", "approval list");
  auto all = std::make_shared<bool>(false);
  add_command(*group, with, "list", "List what waits for a second operator", "approval list --all", [&with, all] {
    return list(with, *all);
  })->add_flag("--all", *all, "also what was granted or refused");

  auto granted = std::make_shared<std::int64_t>(0);
  add_id(*add_command(*group, with, "grant", "Agree, and have it done; whoever asked for it cannot", "approval grant 7",
                      [&with, granted] { return tell(with, with.store().grant_approval(*granted), "granted"); }),
         *granted);

  auto refused = std::make_shared<std::int64_t>(0);
  auto reason = std::make_shared<std::string>();
  CLI::App* refusing = add_command(
      *group, with, "refuse", "Refuse it, or take back what you asked for",
      "approval refuse 7 --reason \"these cards are not printed yet\"",
      [&with, refused, reason] { return tell(with, with.store().refuse_approval(*refused, *reason), "refused"); });
  add_id(*refusing, *refused);
  refusing->add_option("--reason", *reason, "why, for who asks next year")
      ->check(without_numbers())
      ->type_name("TEXT")
      ->required();
}

}  // namespace topupd::operators
