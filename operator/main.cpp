// topupctl: what operators do and see. Exit status: 0 done, 1 refused with the reason, 2 the command line is not
// understood.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "operator/commands.hpp"
#include "store/worker.hpp"

namespace topupd::operators {
namespace {

int fail(std::string_view reason, int status) {
  fmt::print(stderr, "topupctl: {}\n", reason);
  return status;
}

int run(int argc, char** argv) {
  context with;
  const char* from_environment = std::getenv("TOPUPD_CONFIG");
  with.config_file = from_environment && *from_environment ? from_environment : "/etc/topupd/topupd.toml";

  CLI::App app{"Operates topupd, the SMS top-up gateway."};
  app.name("topupctl");
  app.footer(
      "Example:\n  topupctl --config /etc/topupd/topupd.toml batch list --json\n\nExit status: 0 done, 1 refused, 2 "
      "usage.");
  app.add_option("--config", with.config_file, "the daemon's configuration; also $TOPUPD_CONFIG")
      ->type_name("FILE")
      ->capture_default_str();
  app.require_subcommand(1);
  app.fallthrough();
  for (const auto add : {add_migrate, add_products, add_batches, add_vouchers, add_approvals, add_accounts,
                         add_redemptions, add_verify, add_trace, add_reports, add_locks, add_keys, add_try, add_doctor})
    add(app, with);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& problem) {
    return fail(without_pins(problem.what()) + "; see topupctl --help", 2);
  }

  const int status = with.run();
  if (std::fflush(stdout) != 0) return fail("cannot write the answer: is the disk full?", 1);
  return status;
}

}  // namespace
}  // namespace topupd::operators

int main(int argc, char** argv) {
  using namespace topupd;
  try {
    return operators::run(argc, argv);
  } catch (const operators::usage& problem) {
    return operators::fail(problem.what(), 2);
  } catch (const operators::misconfigured& problem) {
    fmt::print(stderr, "{}\n", problem.what());  // each line names its file
    return 1;
  } catch (const std::exception& problem) {  // refused, unavailable, in_doubt: each is one line with its remedy
    return operators::fail(problem.what(), 1);
  }
}
