// Whether a host takes TCP connections on a port, for `doctor`. Blocks for at most `within` for each of its addresses.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace topupd::operators {

std::string why_unreachable(const std::string& host, std::uint16_t port,
                            std::chrono::milliseconds within);  // empty: it is reached

}  // namespace topupd::operators
