// Looks for PINs as whoever steals the disk would: in ASCII, UCS-2, hexadecimal and Base64, in every file.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace topupd::scenarios {

// How a PIN may stand in a file: its digits as ASCII and as UCS-2 of either octet order, each of these also in
// hexadecimal of either case and in Base64 at each of the three places in a group. At least 8 octets each.
std::vector<std::string> disguises_of(const std::string& digits);

// Of these files and folders, whatever is in them: "PATH: at OCTET", one for each file with one of `needles`, all of 8
// octets at least. What vanishes meanwhile is passed over. `octets`, when given: how much was read.
std::vector<std::string> files_with(std::span<const std::string> needles, const std::vector<std::string>& places,
                                    std::size_t* octets = nullptr);

}  // namespace topupd::scenarios
