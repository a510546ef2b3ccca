// A reading -> what the store is asked. Pure.
#pragma once

#include <string>

#include "config/settings.hpp"
#include "parser/reading.hpp"
#include "store/digest.hpp"
#include "store/message.hpp"

namespace topupd::gateway {

// What of the settings a request is turned into a question by.
struct offered {
  std::string currency;    // the service's, in which people write amounts
  bool transfers = false;  // TRANSFER
  bool undo = false;       // UNDO

  static offered by(const config::settings& settings);
};

// Why a text is not understood, as it is told: nobody is told to send UNDO where that would be refused.
parser::unclear_reason told(parser::unclear_reason reason, const offered& by);

// Fills in what the request says: action, vouchers, target, reason … PINs end here: what goes on are their digests.
// False: nothing is asked and nobody is answered.
bool ask(const parser::request& request, const store::keyring& keys, const offered& by, store::text& text);

}  // namespace topupd::gateway
