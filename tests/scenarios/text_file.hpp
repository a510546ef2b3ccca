// Small text files that a scenario reads or changes: logs, settings, conversations.
#pragma once

#include <string>

namespace topupd::scenarios {

std::string content(const std::string& path);

// Puts `line` in the place of the only line that begins so. Throws when there is none or another one. The file stays
// the same one: it is nobody else's to read.
void change_line(const std::string& path, const std::string& beginning, const std::string& line);

}  // namespace topupd::scenarios
