// topupctl account adjust: money given or taken with a reason; a large amount needs two operators.
#include <fmt/format.h>

#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"

namespace topupd::operators {
namespace {

struct adjust_options {
  std::string number, amount, reason;
};

parser::money signed_amount(std::string_view written, const std::string& currency) {
  const bool negative = written.starts_with('-');
  auto amount = parser::money_from(negative || written.starts_with('+') ? written.substr(1) : written, currency);
  if (!amount || amount->amount_minor == 0 || amount->amount_minor > most_minor)
    throw usage(fmt::format("--amount {}: write what to add, or with - what to take, as in -5.00 ({})",
                            without_pins(written), currency));
  if (negative) amount->amount_minor = -amount->amount_minor;
  return *amount;
}

int adjust(context& with, const adjust_options& options) {
  const parser::msisdn number = with.number(options.number);
  const auto account = with.store().find_account(number);
  // Of whoever has no account, the store says so.
  const std::string currency = account ? account->balance.currency : with.settings().service.currency;
  const parser::money amount = signed_amount(options.amount, currency);
  const store::adjusted done = with.store().adjust({number, amount, options.reason});
  if (with.json) {
    boost::json::object answer{{"msisdn", number.digits()}, {"done", !done.approval}};
    put(answer, "amount", amount);
    put(answer, "balance", done.balance);
    answer["receipt"] = or_null(done.approval ? std::string{} : to_string(done.receipt));
    answer["approval"] = or_null(done.approval, [](std::int64_t id) { return id; });
    answer["held"] = done.held;
    print_json(answer);
    return 0;
  }
  if (done.approval)
    print(fmt::format("nothing is done yet: {} for {} needs a second operator: topupctl approval grant {}",
                      shown(amount), number.digits(), *done.approval));
  else
    print(fmt::format("{}: {}, balance {} now; receipt {}", number.digits(), shown(amount), shown(done.balance),
                      to_string(done.receipt)));
  if (done.held) print(fmt::format("note: {} is held", number.digits()));
  return 0;
}

}  // namespace

void add_adjust(CLI::App& account_group, context& with) {
  auto options = std::make_shared<adjust_options>();
  CLI::App* command =
      add_command(account_group, with, "adjust", "Adds to a balance, or takes from it what is not reserved",
                  "account adjust 0701234567 --amount -5.00 --reason \"credited twice by the shop\"",
                  [&with, options] { return adjust(with, *options); });
  command->add_option("MSISDN", options->number, "as a subscriber writes it, or with + and country code")->required();
  command->add_option("--amount", options->amount, "in the account's currency; with - to take")->required();
  command->add_option("--reason", options->reason, "why, for who asks next year")->check(without_numbers())->required();
}

}  // namespace topupd::operators
