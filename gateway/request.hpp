// What came -> what the store is asked, or told. Pure.
#pragma once

#include <optional>
#include <string>

#include "config/settings.hpp"
#include "gateway/smpp/delivery_receipt.hpp"
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

// Whose text it is. Nothing for short codes and names: those are machines, and machines are not answered (DESIGN.md
// §7).
std::optional<parser::msisdn> sender_of(const smpp::address& source, const parser::numbering_plan& plan);

// Fills in what the request says: action, vouchers, target, reason … PINs end here: what goes on are their digests.
// False: nothing is asked and nobody is answered.
bool ask(const parser::request& request, const store::keyring& keys, const offered& by, store::text& text);

// subscriber: the digits that the receipt comes from. Nothing when it is not the last word about a message of ours, or
// names none.
std::optional<store::delivery> delivery_of(const smpp::delivery_receipt& receipt, std::string_view subscriber,
                                           const config::smsc& at);

}  // namespace topupd::gateway
