// The commands of topupctl (DESIGN.md §6), a file for each group. Each function adds its commands to the command line;
// the one that the operator chose becomes context::run. CLI11 stays in this folder.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "operator/context.hpp"

namespace topupd::operators {

void add_migrate(CLI::App& to, context& with);
void add_products(CLI::App& to, context& with);
void add_batches(CLI::App& to, context& with);
void add_sheets(CLI::App& batch_group, context& with);  // by add_batches: batch cards
void add_vouchers(CLI::App& to, context& with);
void add_accounts(CLI::App& to, context& with);
void add_adjust(CLI::App& account_group, context& with);  // by add_accounts: account adjust
void add_redemptions(CLI::App& to, context& with);
void add_verify(CLI::App& to, context& with);
void add_reports(CLI::App& to, context& with);
void add_locks(CLI::App& to, context& with);
void add_keys(CLI::App& to, context& with);
void add_trace(CLI::App& to, context& with);
void add_try(CLI::App& to, context& with);
void add_doctor(CLI::App& to, context& with);
void add_approvals(CLI::App& to, context& with);
void add_import(CLI::App& batch_group, context& with);          // by add_batches: batch import
void add_batch_changes(CLI::App& batch_group, context& with);   // by add_batches: batch activate, hold, void …
void add_card_changes(CLI::App& voucher_group, context& with);  // by add_vouchers: the same for serials

// The part of the configuration that `migrate` hands to the database, and `doctor` compares.
store::policy policy_of(const config::settings& settings);

// A command with --json, its example in --help, and what it does.
inline CLI::App* add_command(CLI::App& to, context& with, const std::string& name, const std::string& does,
                             const std::string& example, std::function<int()> run) {
  CLI::App* command = to.add_subcommand(name, does);
  command->footer("Example:\n  topupctl " + example);
  command->add_flag("--json", with.json, "answer in JSON");
  command->callback([&with, run = std::move(run)] { with.run = run; });
  return command;
}

// For words that are kept for good: a number of twelve digits or more may be a PIN (DESIGN.md §2.7).
inline CLI::Validator without_numbers() {
  return CLI::Validator(
      [](std::string& words) {
        return without_pins(words) == words
                   ? std::string{}
                   : std::string{
                         "leave out numbers of 12 digits and more: one may be a PIN, and this is kept for good"};
      },
      "");
}

// A word that only groups commands: "batch".
inline CLI::App* add_group(CLI::App& to, const std::string& name, const std::string& about,
                           const std::string& example) {
  CLI::App* group = to.add_subcommand(name, about);
  group->footer("Example:\n  topupctl " + example);
  group->require_subcommand(1);
  return group;
}

}  // namespace topupd::operators
