// topupctl redemption reverse: a credit that went wrong, taken back or given to whom it was meant for.
#include <fmt/format.h>

#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"

namespace topupd::operators {
namespace {

struct reverse_options {
  std::string receipt, reason, to;
  bool all = false, only = false, dry_run = false;
};

boost::json::array written(const std::vector<store::receipt>& receipts) {
  boost::json::array out;
  for (const store::receipt& each : receipts) out.emplace_back(to_string(each));
  return out;
}

std::string joined(const std::vector<store::receipt>& receipts) {
  std::string out;
  for (const store::receipt& each : receipts) out += (out.empty() ? "" : ", ") + to_string(each);
  return out;
}

void tell(const store::reversal& done, const store::reversal_order& order) {
  const std::string bonus = done.bonus.amount_minor > 0 ? fmt::format(" and {} bonus", shown(done.bonus)) : "";
  print(fmt::format("{}{}{} {} from {} to {}{}", order.dry_run ? "would move " : "", shown(done.amount), bonus,
                    order.dry_run ? "back" : "moved back", done.from.digits(),
                    order.to ? order.to->digits() : "cards sold",
                    order.dry_run ? "" : "; receipt " + to_string(done.receipt)));
  print(done.reversed.size() > 1 ? fmt::format("the cards of {} stay redeemed", joined(done.reversed))
                                 : "the card stays redeemed");
  if (!done.others.empty()) print(fmt::format("of the same text, and as they were: {}", joined(done.others)));
  if (done.from_held) print(fmt::format("note: {} is held", done.from.digits()));
  if (done.to_held) print(fmt::format("note: {} is held", order.to->digits()));
}

int reverse(context& with, const reverse_options& options) {
  if (options.all && options.only) throw usage("--all and --only: choose one");
  const auto receipt = store::receipt_from(options.receipt);
  if (!receipt) throw usage(fmt::format("{}: write a receipt as in the reply, 8F3K2Q", without_pins(options.receipt)));
  using which = store::reversal_order::which;
  const store::reversal_order order{.credit = *receipt,
                                    .to = options.to.empty() ? std::nullopt : std::optional(with.number(options.to)),
                                    .of = options.all    ? which::all
                                          : options.only ? which::only
                                                         : which::named,
                                    .reason = options.reason,
                                    .dry_run = options.dry_run};
  const store::reversal done = with.store().reverse(order);
  if (!with.json) {
    tell(done, order);
    return 0;
  }
  boost::json::object answer{{"dry_run", order.dry_run}, {"from", done.from.digits()}};
  answer["to"] = or_null(order.to, [](const parser::msisdn& number) { return number.digits(); });
  put(answer, "amount", done.amount);
  put(answer, "bonus", done.bonus);
  answer["receipt"] = or_null(order.dry_run ? std::string{} : to_string(done.receipt));
  answer["reversed"] = written(done.reversed);
  answer["others"] = written(done.others);
  answer["from_held"] = done.from_held;
  answer["to_held"] = done.to_held;
  print_json(answer);
  return 0;
}

}  // namespace

void add_redemptions(CLI::App& to, context& with) {
  const char* example = "redemption reverse 8F3K2Q --reason \"wrong number\" --to 0709876543";
  CLI::App* group = add_group(to, "redemption", "What cards have credited", example);
  auto options = std::make_shared<reverse_options>();
  CLI::App* command = add_command(*group, with, "reverse", "Takes back a credit that is not spent", example,
                                  [&with, options] { return reverse(with, *options); });
  command->add_option("RECEIPT", options->receipt, "of the credit, as in the reply")->required();
  command->add_option("--reason", options->reason, "why, for who asks next year")->check(without_numbers())->required();
  command->add_option("--to", options->to, "the number that it was meant for");
  command->add_flag("--all", options->all, "all cards of its text");
  command->add_flag("--only", options->only, "this card, though its text had several");
  command->add_flag("--dry-run", options->dry_run, "tell what would be done");
}

}  // namespace topupd::operators
