// topupctl migrate: the schema, and what the configuration says that the database holds everybody to.
#include <fmt/format.h>

#include "operator/commands.hpp"
#include "operator/show.hpp"
#include "store/migrations.hpp"

namespace topupd::operators {
namespace {

int migrate(context& with) {
  const config::settings& settings = with.settings();
  const std::vector<std::string> applied = store::migrate(settings.store.url);
  const bool policy = store::set_policy(settings.store.url, policy_of(settings), context::person());
  if (with.json) {
    print_json(boost::json::object{{"applied", boost::json::array(applied.begin(), applied.end())},
                                   {"schema_version", store::schema_version()},
                                   {"policy_changed", policy}});
    return 0;
  }
  for (const std::string& name : applied) print("applied " + name);
  print(fmt::format("the schema is at version {}{}", store::schema_version(), applied.empty() ? " already" : ""));
  if (policy) print("the database holds to what the configuration says of currency, time zone and approval");
  return 0;
}

}  // namespace

store::policy policy_of(const config::settings& settings) {
  return {.currency = settings.service.currency,
          .time_zone = settings.service.time_zone,
          .activate_above_minor = settings.approval.activate_above_minor,
          .adjust_above_minor = settings.approval.adjust_above_minor};
}

void add_migrate(CLI::App& to, context& with) {
  add_command(to, with, "migrate",
              "Bring the database's schema to this program's version, and its policy to the configuration's", "migrate",
              [&with] { return migrate(with); });
}

}  // namespace topupd::operators
