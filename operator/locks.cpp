// topupctl locks list, locks clear: senders who have tried too many wrong PINs.
#include <fmt/format.h>

#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"

namespace topupd::operators {
namespace {

int list(context& with, int at_most) {
  boost::json::array all;
  std::vector<std::vector<std::string>> rows{{"SENDER", "UNTIL", "WRONG PINS", "RUNG", "TOLD", "UNHEARD"}};
  for (const store::lock& each : with.store().locks({}, at_most)) {
    rows.push_back({each.sender.digits(), iso(each.until), std::to_string(each.wrong_pins),
                    each.rung == 0 ? "stranger" : std::to_string(each.rung), each.told ? "yes" : "no",
                    std::to_string(each.unheard)});
    all.push_back(boost::json::object{{"sender", each.sender.digits()},
                                      {"until", iso(each.until)},
                                      {"wrong_pins", each.wrong_pins},
                                      {"rung", each.rung},
                                      {"told", each.told},
                                      {"unheard", each.unheard}});
  }
  if (with.json) {
    print_json(all);
  } else if (all.empty()) {
    print("nobody is locked");
  } else {
    print_table(rows, {2, 3, 5});
  }
  return 0;
}

int clear(context& with, const std::string& written, const std::string& reason) {
  const parser::msisdn number = with.number(written);
  const store::cleared_lock cleared = with.store().clear_lock(number, reason);
  if (with.json) {
    print_json(boost::json::object{{"sender", number.digits()},
                                   {"was_locked_until", or_null(iso(cleared.until))},
                                   {"wrong_pins_forgotten", cleared.wrong_pins}});
  } else {
    print(fmt::format("{}: {}, {} wrong PINs are forgotten", number.digits(),
                      cleared.until ? "no longer locked until " + iso(*cleared.until) : "was not locked",
                      cleared.wrong_pins));
  }
  return 0;
}

}  // namespace

void add_locks(CLI::App& to, context& with) {
  CLI::App* group = add_group(to, "locks", "Senders who have tried too many wrong PINs", "locks list");
  auto at_most = std::make_shared<int>(1000);
  add_command(*group, with, "list", "Who is locked now and until when; of strangers, since all together guess too much",
              "locks list --json", [&with, at_most] { return list(with, *at_most); })
      ->add_option("--at-most", *at_most, "senders, the longest lock first")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));

  auto number = std::make_shared<std::string>();
  auto reason = std::make_shared<std::string>();
  CLI::App* cleared = add_command(*group, with, "clear", "Lets a sender try again, with a fresh allowance",
                                  "locks clear 0701234567 --reason \"mistyped a damaged card, called us\"",
                                  [&with, number, reason] { return clear(with, *number, *reason); });
  cleared->add_option("MSISDN", *number, "as a subscriber writes it, or with + and country code")->required();
  cleared->add_option("--reason", *reason, "for the audit log")->check(without_numbers())->required();
}

}  // namespace topupd::operators
