// topupctl verify: the proof that the books are right (DESIGN.md §2.10).
#include <fmt/format.h>

#include "operator/commands.hpp"
#include "operator/show.hpp"

namespace topupd::operators {
namespace {

int verify(context& with) {
  const std::vector<store::check> checks = with.store().verify();
  std::int64_t broken = 0;
  boost::json::array all;
  std::vector<std::vector<std::string>> rows;
  for (const store::check& each : checks) {
    broken += each.violations > 0 ? 1 : 0;
    rows.push_back({each.violations > 0 ? "FAIL" : "ok", each.name,
                    each.violations > 0 ? fmt::format("{} of {}", each.violations, each.examined)
                                        : std::to_string(each.examined)});
    all.push_back(boost::json::object{{"name", each.name},
                                      {"ok", each.violations == 0},
                                      {"examined", each.examined},
                                      {"violations", each.violations},
                                      {"example", or_null(each.example)}});
  }
  if (with.json) {
    print_json(boost::json::object{{"ok", broken == 0}, {"checks", std::move(all)}});
  } else {
    print_table(rows, {2});
    for (const store::check& each : checks)
      if (each.violations > 0) print(fmt::format("\n{}: for example\n  {}", each.name, each.example));
  }
  if (broken > 0)
    throw store::refused(fmt::format(
        "{} of {} checks found violations: touch nothing, and look with \"topupctl trace\"", broken, checks.size()));
  return 0;
}

}  // namespace

void add_verify(CLI::App& to, context& with) {
  add_command(to, with, "verify", "Prove that the books are right; exit status 1 when they are not", "verify",
              [&with] { return verify(with); });
}

}  // namespace topupd::operators
