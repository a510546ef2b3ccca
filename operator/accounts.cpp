// topupctl account show, account history
#include <fmt/format.h>

#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"

namespace topupd::operators {
namespace {

store::account find(context& with, const std::string& written) {
  const parser::msisdn number = with.number(written);
  auto account = with.store().find_account(number);
  if (!account)
    throw store::refused(
        fmt::format("{} has no account: it has never been topped up; see also \"topupctl trace\"", number.digits()));
  return *account;
}

int show(context& with, const std::string& written) {
  const store::account account = find(with, written);
  if (with.json) {
    boost::json::object answer{{"msisdn", account.msisdn.digits()}};
    put(answer, "balance", account.balance);
    answer["valid_until"] = or_null(iso(account.valid_until));
    answer["created"] = iso(account.created);
    print_json(answer);
    return 0;
  }
  print_fields({{"msisdn", account.msisdn.digits()},
                {"balance", shown(account.balance)},
                {"valid until", account.valid_until ? iso(account.valid_until) : "without end"},
                {"created", iso(account.created)}});
  return 0;
}

int history(context& with, const std::string& written, int at_most) {
  const store::account account = find(with, written);
  boost::json::array all;
  std::vector<std::vector<std::string>> rows{{"AT", "RECEIPT", "KIND", "AMOUNT", "SERIAL", "BY"}};
  for (const store::account_entry& each : with.store().history(account.msisdn, at_most)) {
    const bool by_another = each.sender && *each.sender != account.msisdn;
    rows.push_back({iso(each.at), to_string(each.receipt), each.kind, shown(each.amount),
                    each.serial ? std::to_string(*each.serial) : "", by_another ? each.sender->digits() : "self"});
    boost::json::object one{{"receipt", to_string(each.receipt)}, {"at", iso(each.at)}, {"kind", each.kind}};
    put(one, "amount", each.amount);
    one["serial"] = or_null(each.serial, [](std::int64_t serial) { return std::to_string(serial); });
    one["sender"] = or_null(each.sender, [](const parser::msisdn& number) { return number.digits(); });
    all.push_back(std::move(one));
  }
  if (with.json)
    print_json(all);
  else
    print_table(rows, {3});
  return 0;
}

}  // namespace

void add_accounts(CLI::App& to, context& with) {
  CLI::App* group = add_group(to, "account", "A subscriber's credit", "account show 0701234567");
  auto number = std::make_shared<std::string>();
  auto at_most = std::make_shared<int>(100);
  add_command(*group, with, "show", "The balance and until when it is valid", "account show 0701234567",
              [&with, number] { return show(with, *number); })
      ->add_option("MSISDN", *number, "as a subscriber writes it, or with + and country code")
      ->required();
  CLI::App* past =
      add_command(*group, with, "history", "What was credited, newest first", "account history +999701234567",
                  [&with, number, at_most] { return history(with, *number, *at_most); });
  past->add_option("MSISDN", *number, "as a subscriber writes it, or with + and country code")->required();
  past->add_option("--at-most", *at_most, "entries")->capture_default_str()->check(CLI::Range(1, 1'000'000));
}

}  // namespace topupd::operators
