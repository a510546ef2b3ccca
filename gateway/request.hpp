// A reading -> what the store is asked. Pure.
#pragma once

#include <string>

#include "parser/reading.hpp"
#include "store/digest.hpp"
#include "store/message.hpp"

namespace topupd::gateway {

// Fills in what the request says: action, vouchers, target, reason … PINs end here: what goes on are their digests.
// currency: the service's, in which people write amounts. False: nothing is asked and nobody is answered.
bool ask(const parser::request& request, const store::keyring& keys, const std::string& currency, store::text& text);

}  // namespace topupd::gateway
