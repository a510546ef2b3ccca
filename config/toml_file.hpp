// A TOML file, read whole, or the one fault that keeps it from being read.
#pragma once

#include <toml++/toml.h>
#include <optional>
#include <string>

#include "config/section.hpp"

namespace topupd::config {

// Nothing, and a fault with the line of the first syntax error, when it is no TOML. The octets read are wiped.
std::optional<toml::table> parse_toml_file(const std::string& path, faults& to);

}  // namespace topupd::config
