// Where passwords and the PIN key come from: a file of their own, or a systemd credential (systemd.exec(5),
// LoadCredential=). A credential goes first: under the unit only systemd may read the file that the configuration
// names, and the operator who runs topupctl as root has the file and no credential, so one configuration serves both.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "parser/secret.hpp"

namespace topupd::config {

// Octets of a secret's file without the line end, or what is wrong with it in words that do not repeat its content.
// A file that every user may read is refused.
std::variant<secret, std::string> read_secret_file(const std::string& path);

// The path of a credential that systemd handed to this process; nothing when it handed none of this name.
std::optional<std::string> credential_path(std::string_view name);

// True when every user of the machine may read the file.
bool is_world_readable(const std::string& path);

// 64 hexadecimal digits -> 32 octets. Nothing when it is something else, or one digit all along (a placeholder).
std::optional<secret> key_from_hex(const secret& hex);

// Whether a libpq URL or connection string holds a password (PostgreSQL 15 manual, 34.1.1).
bool holds_password(std::string_view url);

}  // namespace topupd::config
