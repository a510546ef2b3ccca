// topupctl doctor: everything that the daemon needs, looked at one by one, with the remedy for what is missing.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "operator/commands.hpp"
#include "operator/reach.hpp"
#include "operator/show.hpp"
#include "store/migrations.hpp"
#include "store/worker.hpp"

namespace topupd::operators {
namespace {

// The business facts' clock is the database's: a card that expires at midnight must not expire at noon.
constexpr std::chrono::seconds clock_tolerance{5};
constexpr std::chrono::milliseconds connect_timeout{2'000};

struct finding {
  std::string what;
  bool ok;
  std::string detail;  // what was found; with the remedy when it is not ok
  bool warns = false;  // topupd runs, but not as it should
};
using findings = std::vector<finding>;

// Settings without secrets when only the secrets are at fault, so that the rest can be looked at as well.
const config::settings* examine_configuration(context& with, findings& out) {
  try {
    const config::settings& settings = with.settings_with_secrets();
    out.push_back({"configuration", true, with.config_file});
    out.push_back({"PIN key", true, "not readable by everyone"});
    return &settings;
  } catch (const misconfigured& problem) {
    const std::string lines = problem.what();
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = std::min(lines.find('\n', at), lines.size());
      out.push_back({"configuration", false, lines.substr(at, end - at)});
      at = end + 1;
    }
  }
  try {
    return &with.settings();
  } catch (const misconfigured&) {
    return nullptr;
  }
}

// Whoever names several servers means to survive the loss of one: acknowledged credits do only when COMMIT has waited
// for another one to have them.
finding standbys_of(const store::health& health) {
  const bool waits = health.commit_waits_for != "local" && health.commit_waits_for != "off";
  if (health.hosts == 1 && health.standbys.empty()) return {"failover", true, "one server, and no standby"};
  if (health.standbys.empty())
    return {
        "failover", true,
        fmt::format("store.url names {} hosts, but COMMIT waits for no standby: acknowledged credits are lost when the "
                    "primary is; set synchronous_standby_names (Patroni: synchronous_mode and its _strict)",
                    health.hosts),
        true};
  if (!waits)
    return {
        "failover", true,
        fmt::format("synchronous_commit is {}: COMMIT does not wait for {}, and acknowledged credits are lost with the "
                    "primary; set it to on",
                    health.commit_waits_for, health.standbys),
        true};
  return {"failover", true, fmt::format("COMMIT waits for a standby of {}", health.standbys)};
}

std::string what_differs(const store::policy& configured, const store::policy& held) {
  std::string out;
  const auto compare = [&](std::string_view what, const auto& ours, const auto& theirs) {
    if (ours != theirs)
      out += fmt::format("{}{} is {} in the configuration and {} in the database", out.empty() ? "" : ", ", what, ours,
                         theirs);
  };
  compare("service.currency", configured.currency, held.currency);
  compare("service.time_zone", configured.time_zone, held.time_zone);
  compare("approval.activate_above in minor units", configured.activate_above_minor, held.activate_above_minor);
  compare("approval.adjust_above in minor units", configured.adjust_above_minor, held.adjust_above_minor);
  return out;
}

// False: the schema is not ours, and nothing more can be asked.
bool examine_database(context& with, const config::settings& settings, findings& out) {
  try {
    const store::health health = with.store().examine();
    out.push_back({"database", true, fmt::format("PostgreSQL {}, as {}", health.server_version, health.user)});
    const int ours = store::schema_version();
    out.push_back(
        {"schema", health.schema_version == ours,
         health.schema_version == ours ? fmt::format("version {}", ours)
         : health.schema_version < ours
             ? fmt::format("version {}, this program's is {}: run \"topupctl migrate\"", health.schema_version, ours)
             : fmt::format("version {}, this program knows only {}: install the newer program", health.schema_version,
                           ours)});
    const bool durable = health.fsync && health.full_page_writes && health.synchronous_commit;
    out.push_back({"durability", durable,
                   durable ? "fsync, full_page_writes and synchronous_commit are on"
                           : fmt::format("{}{}{}: switch it on in postgresql.conf, the daemon refuses to run without",
                                         health.fsync ? "" : "fsync is off ",
                                         health.full_page_writes ? "" : "full_page_writes is off ",
                                         health.synchronous_commit ? "" : "synchronous_commit is off")});
    out.push_back(standbys_of(health));
    const bool together = std::chrono::abs(health.clock_difference) <= clock_tolerance;
    out.push_back(
        {"clock", together,
         together
             ? "this machine's and the database's agree"
             : fmt::format("the database's is {} s {} this machine's: synchronise both (chrony, systemd-timesyncd)",
                           std::chrono::abs(health.clock_difference).count(),
                           health.clock_difference.count() > 0 ? "ahead of" : "behind")});
    out.push_back({"replies owed", true, std::to_string(health.owed_replies)});
    if (health.schema_version != ours) return false;
    const std::string differs = what_differs(policy_of(settings), with.store().policy());
    out.push_back({"policy", differs.empty(),
                   differs.empty()
                       ? "the database holds to what the configuration says"
                       : differs + ": run \"topupctl migrate\" to hand the configuration's to the database"});
    return true;
  } catch (const store::unavailable& problem) {
    out.push_back({"database", false, problem.what()});
    return false;
  }
}

// The cards' keys, by their ids; and whether the daemons that are connected have the same newest one.
void examine_keys(context& with, const config::settings& settings, findings& out) {
  if (settings.pin_key.empty()) return;  // its fault is told
  const store::keyring keys(settings.pin_key, settings.older_pin_keys);
  try {
    const std::string lost = with.store().why_cards_are_lost(keys);
    out.push_back(
        {"keys of the cards", lost.empty(),
         lost.empty() ? fmt::format("all are configured; new cards are made under {}", keys.ids().front()) : lost});
    const std::int64_t others = with.store().gateways_without(keys);
    out.push_back({"keys of the gateways", others == 0,
                   others == 0 ? "every topupd that is connected has the same newest key"
                               : fmt::format("{} connections of a topupd with another newest key: restart it with "
                                             "this configuration",
                                             others)});
  } catch (const store::unavailable& problem) {
    out.push_back({"keys of the cards", false, problem.what()});
  }
}

void examine_smscs(const config::settings& settings, findings& out) {
  for (const config::smsc& smsc : settings.smscs) {
    const std::string place = fmt::format("{}:{}", smsc.host, smsc.port);
    const std::string why = why_unreachable(smsc.host, smsc.port, connect_timeout);
    out.push_back({"SMSC " + smsc.name, why.empty(),
                   why.empty() ? place + " takes connections"
                               : fmt::format("{}: {}; check host and port, the route and the firewall", place, why)});
  }
}

int doctor(context& with) {
  findings all;
  if (const config::settings* settings = examine_configuration(with, all)) {
    if (examine_database(with, *settings, all)) examine_keys(with, *settings, all);
    examine_smscs(*settings, all);
  }
  std::size_t failed = 0;
  boost::json::array checks;
  for (const finding& each : all) {
    failed += each.ok ? 0 : 1;
    checks.push_back(
        boost::json::object{{"name", each.what}, {"ok", each.ok}, {"warns", each.warns}, {"detail", each.detail}});
    const char* verdict = !each.ok ? "FAIL" : each.warns ? "warn" : "ok";
    if (!with.json) print(fmt::format("{:<4}  {}: {}", verdict, each.what, each.detail));
  }
  if (with.json) print_json(boost::json::object{{"ok", failed == 0}, {"checks", std::move(checks)}});
  if (failed > 0)
    throw store::refused(fmt::format("{} of {} checks failed; each line says what to do", failed, all.size()));
  return 0;
}

}  // namespace

void add_doctor(CLI::App& to, context& with) {
  add_command(to, with, "doctor", "Look at everything the daemon needs; exit status 1 when something is missing",
              "doctor", [&with] { return doctor(with); });
}

}  // namespace topupd::operators
