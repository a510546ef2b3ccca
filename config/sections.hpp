// What each table of the configuration holds: its keys, their limits and where the limits come from (DESIGN.md §6).
// Each function reads one section into its struct, keeps the default where nothing is given, and notes the faults.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/section.hpp"
#include "config/settings.hpp"

namespace topupd::config {

// An amount of `currency`, as written and in minor units; what is not written has its default. `besides` ends what a
// fault says. A currency that there is not has been told already.
bool read_amount(section& from, std::string_view key, const std::string& currency, std::string& written,
                 std::int64_t& minor, std::string_view besides = "");

// Those that take the section by reference leave its secrets, and finish(), to the caller.
void read_service(section from, service& into);
void read_numbering(section from, parser::numbering_plan& into);
void read_pin_rules(section& from, parser::pin_rules& into);
// `languages` is the folder as written; ask_above is an amount of `currency`.
void read_reading(section from, const std::string& currency, settings& into, std::string& languages);
void read_transfer(section from, const std::string& currency, transfer& into);
void read_guessing(section from, guessing& into);
void read_approval(section from, const std::string& currency, approval& into);
void read_store(section& from, store& into);
void read_smsc(section& from, smsc& into);
// What of one SMSC can only be judged when all have been read.
void judge_smscs(section& from, const smsc& one, const settings& all);
void read_log(section from, log& into);
void read_http(section from, http& into);

}  // namespace topupd::config
