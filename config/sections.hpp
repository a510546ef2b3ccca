// What each table of the configuration holds: its keys, their limits and where the limits come from (DESIGN.md §6).
// Each function reads one section into its struct, keeps the default where nothing is given, and notes the faults.
#pragma once

#include <string>

#include "config/section.hpp"
#include "config/settings.hpp"

namespace topupd::config {

// Those that take the section by reference leave its secrets, and finish(), to the caller.
void read_service(section from, service& into);
void read_numbering(section from, parser::numbering_plan& into);
void read_pin_rules(section& from, parser::pin_rules& into);
// `languages` is the folder as written; ask_above is an amount of `currency`.
void read_reading(section from, const std::string& currency, settings& into, std::string& languages);
void read_store(section& from, store& into);
void read_smsc(section& from, smsc& into);
void read_log(section from, log& into);
void read_http(section from, http& into);

}  // namespace topupd::config
