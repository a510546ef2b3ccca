// topupctl account show, history, add, hold, release
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
    put(answer, "bonus", account.bonus);
    answer["bonus_until"] = or_null(iso(account.bonus_until));
    put(answer, "reserved", account.reserved);
    answer["valid_until"] = or_null(iso(account.valid_until));
    answer["held"] = account.held;
    answer["created"] = iso(account.created);
    print_json(answer);
    return 0;
  }
  const bool bonus = account.bonus.amount_minor > 0;
  print_fields({{"msisdn", account.msisdn.digits()},
                {"balance", shown(account.balance)},
                {"valid until", account.valid_until ? iso(account.valid_until) : "without end"},
                {"bonus", bonus ? shown(account.bonus) : ""},
                {"bonus until", !bonus                ? ""
                                : account.bonus_until ? iso(account.bonus_until)
                                                      : "without end"},
                {"reserved", account.reserved.amount_minor > 0 ? shown(account.reserved) + " for calls under way" : ""},
                {"held", account.held ? "yes: neither credited nor charged" : ""},
                {"created", iso(account.created)}});
  return 0;
}

// What an entry was for: "card 100000000001", "call mscl-4711", "wrong number (alice)".
std::string purpose(const store::account_entry& entry) {
  std::string out;
  const auto add = [&](const std::string& part) {
    if (!part.empty()) out += (out.empty() ? "" : ", ") + part;
  };
  if (entry.serial) add(fmt::format("card {}", *entry.serial));
  if (entry.other)
    add(fmt::format("{} {}",
                    entry.kind == "topup"           ? "sent by"
                    : entry.amount.amount_minor > 0 ? "from"
                                                    : "to",
                    entry.other->digits()));
  if (!entry.reference.empty()) add("call " + entry.reference);
  if (!entry.by.empty()) add(fmt::format("{} ({})", entry.reason, entry.by));
  return out;
}

int history(context& with, const std::string& written, int at_most) {
  const store::account account = find(with, written);
  boost::json::array all;
  std::vector<std::vector<std::string>> rows{{"AT", "RECEIPT", "KIND", "AMOUNT", "OF", "FOR"}};
  for (const store::account_entry& each : with.store().history(account.msisdn, at_most)) {
    const char* of = each.of_bonus ? "bonus" : "balance";
    rows.push_back({iso(each.at), to_string(each.receipt), each.kind, shown(each.amount), of, purpose(each)});
    boost::json::object one{
        {"receipt", to_string(each.receipt)}, {"at", iso(each.at)}, {"kind", each.kind}, {"of", of}};
    put(one, "amount", each.amount);
    one["serial"] = or_null(each.serial, [](std::int64_t serial) { return std::to_string(serial); });
    one["other"] = or_null(each.other, [](const parser::msisdn& number) { return number.digits(); });
    one["reference"] = or_null(each.reference);
    one["by"] = or_null(each.by);
    one["reason"] = or_null(each.reason);
    all.push_back(std::move(one));
  }
  if (with.json)
    print_json(all);
  else
    print_table(rows, {3});
  return 0;
}

int add(context& with, const std::string& written, std::string currency) {
  const parser::msisdn number = with.number(written);
  if (currency.empty()) currency = with.settings().service.currency;
  if (!parser::minor_digits(currency))
    throw usage(fmt::format("--currency {}: no such ISO 4217 code, as in USD", currency));
  with.store().add_account(number, currency);
  if (with.json)
    print_json(boost::json::object{{"msisdn", number.digits()}, {"currency", currency}});
  else
    print(fmt::format("{} has an account in {} now, without credit", number.digits(), currency));
  return 0;
}

int hold(context& with, const std::string& written, bool held, const std::string& reason) {
  const parser::msisdn number = with.number(written);
  with.store().hold_account(number, held, reason);
  if (with.json)
    print_json(boost::json::object{{"msisdn", number.digits()}, {"held", held}});
  else
    print(number.digits() +
          (held
               ? " is held: nothing is credited, transferred or charged until \"account release\"; a call under way is "
                 "still paid"
               : " is released: it may be credited and charged again"));
  return 0;
}

}  // namespace

void add_accounts(CLI::App& to, context& with) {
  CLI::App* group = add_group(to, "account", "A subscriber's credit", "account show 0701234567");
  auto number = std::make_shared<std::string>();
  auto at_most = std::make_shared<int>(100);
  auto text = std::make_shared<std::string>();
  const auto command = [&](const char* name, const char* does, const char* example, std::function<int()> run) {
    CLI::App* made = add_command(*group, with, name, does, example, std::move(run));
    made->add_option("MSISDN", *number, "as a subscriber writes it, or with + and country code")->required();
    return made;
  };
  command("show", "Balance, bonus, what is reserved, and until when", "account show 0701234567",
          [&with, number] { return show(with, *number); });
  command("history", "Everything that moved it, newest first", "account history +999701234567",
          [&with, number, at_most] { return history(with, *number, *at_most); })
      ->add_option("--at-most", *at_most, "receipts")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  command("add", "An account before its first credit", "account add 0701234567", [&with, number, text] {
    return add(with, *number, *text);
  })->add_option("--currency", *text, "ISO 4217; else the service's");
  for (const bool held : {true, false})
    command(
        held ? "hold" : "release", held ? "Nothing is credited, transferred or charged" : "Ends a hold",
        held ? "account hold 0701234567 --reason \"stolen phone\"" : "account release 0701234567 --reason \"found\"",
        [&with, number, text, held] { return hold(with, *number, held, *text); })
        ->add_option("--reason", *text, "why, for who asks next year")
        ->check(without_numbers())
        ->required();
  add_adjust(*group, with);
}

}  // namespace topupd::operators
