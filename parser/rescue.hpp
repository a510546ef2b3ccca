// Octets whose data_coding lies: gateways label UCS-2 and UTF-8 as the default alphabet (FIELD.md: node-smpp #68,
// Jasmin #1257). Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace topupd::parser {

// The text in UTF-8 when the octets say by themselves that they are UCS-2 big-endian or UTF-8. `eight_bits`: octets
// from 0x80 on are legal in the alphabet that was said, so they prove nothing.
std::optional<std::string> rescue(std::string_view octets, bool eight_bits);

// UCS-2 big-endian, surrogate pairs included, little-endian after its byte order mark; never fails: U+FFFD.
std::string from_ucs2(std::string_view octets);

}  // namespace topupd::parser
