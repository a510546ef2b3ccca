// "/away 5": what whoever sits at the simulator may make it do wrong.
#pragma once

#include <string>
#include <string_view>

#include "tests/smsc/simulator.hpp"

namespace topupd::smsc {

extern const std::string_view command_help;

// line: without the slash. Does it and says what was done, or what is wrong with the line.
std::string obey(std::string_view line, simulator& centre);

}  // namespace topupd::smsc
