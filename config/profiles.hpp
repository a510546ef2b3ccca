// What kinds of SMSC are known to want otherwise than a strict SMPP 3.4 one: a profile sets what struct smsc begins
// with, and a key of the file says more, wherever it stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

namespace topupd::config {

// "smpp34", "generic", "kannel", "osmocom".
const std::vector<std::string>& profile_names();
// `into` has the defaults of struct smsc, which are those of smpp34. Precondition: one of the names.
void apply_profile(std::string_view name, smsc& into);

}  // namespace topupd::config
