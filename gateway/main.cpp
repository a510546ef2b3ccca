// topupd --config FILE [--check]
#include <sys/prctl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "gateway/daemon.hpp"
#include "gateway/link_options.hpp"
#include "gateway/reply.hpp"

namespace {

// README.md "Exit status".
constexpr int exit_configuration = 1;
constexpr int exit_usage = 2;
constexpr int exit_store = 3;
constexpr int exit_listen = 4;

// A core file or a debugger of the same user would show PINs (DESIGN.md §2.7).
void keep_memory_private() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace topupd;
  std::string path = "/etc/topupd/topupd.toml";
  bool check = false;
  CLI::App app{
      "The SMS top-up gateway: takes texts from an SMSC by SMPP, credits accounts in PostgreSQL, answers by text.\n"
      "Example: topupd --config /etc/topupd/topupd.toml --check\n"};
  app.add_option("--config", path, "the configuration (see topupd.toml's comments)")->capture_default_str();
  app.add_flag("--check", check, "only judge the configuration: every fault with its line, status 0 or 1");
  app.set_version_flag("--version", TOPUPD_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? EXIT_SUCCESS : exit_usage;
  }

  keep_memory_private();
  const auto [settings, problems] =
      config::load(path, {.phrases = gateway::phrase_arguments(), .tls_fault = gateway::tls_fault});
  for (const auto& each : problems) std::cerr << "topupd: " << to_string(each) << "\n";
  if (!settings) return exit_configuration;
  if (check) {
    std::cout << path << ": ok\n";
    return EXIT_SUCCESS;
  }

  try {
    gateway::daemon(*settings, path).run();
    return EXIT_SUCCESS;
  } catch (const store::unavailable& away) {
    std::cerr << "topupd: store: " << away.what() << "\n";
    return exit_store;
  } catch (const boost::system::system_error& refused) {
    std::cerr << "topupd: http.listen: " << settings->http.listen << ": " << refused.code().message()
              << "; choose another address in [http] listen, or end the process that has it\n";
    return exit_listen;
  }
}
