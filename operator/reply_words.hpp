// A reply's way to the phone, as `trace` tells it in one line. Pure.
#pragma once

#include <string>

#include "store/operations.hpp"

namespace topupd::operators {

// "reply sent 2026-11-22T18:00:00Z by gw-1 at attempt 2, the SMSC calls it 7, delivered 2026-11-22T18:00:04Z"
std::string reply_of(const store::message_story& story);

}  // namespace topupd::operators
