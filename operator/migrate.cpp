// topupctl migrate
#include <fmt/format.h>

#include "operator/commands.hpp"
#include "operator/show.hpp"
#include "store/migrations.hpp"

namespace topupd::operators {
namespace {

int migrate(context& with) {
  const std::vector<std::string> applied = store::migrate(with.settings().store.url);
  if (with.json) {
    print_json(boost::json::object{{"applied", boost::json::array(applied.begin(), applied.end())},
                                   {"schema_version", store::schema_version()}});
    return 0;
  }
  for (const std::string& name : applied) print("applied " + name);
  print(fmt::format("the schema is at version {}{}", store::schema_version(), applied.empty() ? " already" : ""));
  return 0;
}

}  // namespace

void add_migrate(CLI::App& to, context& with) {
  add_command(to, with, "migrate", "Bring the database's schema to this program's version", "migrate",
              [&with] { return migrate(with); });
}

}  // namespace topupd::operators
