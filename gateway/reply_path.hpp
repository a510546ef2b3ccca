// Where a reply goes, as the store keeps it beside the message: the sender's address, and of a USSD dialogue what makes
// the reply part of it. Pure.
//
//   "1.1.999701234567"            ton.npi.digits
//   "1.1.999701234567;ussd=4660;to=0.1.123"  and the dialogue, with what was dialled
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/smpp/pdu.hpp"

namespace topupd::gateway {

struct reply_path {
  smpp::address to;
  std::optional<std::uint16_t> ussd;  // its_session_info or user_message_reference; 0 where the SMSC gives none
  smpp::address dialled = {};         // what the dialogue's messages are sent to; empty where the SMSC leaves it so
};
std::string to_string(const reply_path& value);
std::string to_string(const smpp::address& value);
reply_path reply_path_from(std::string_view text);  // never fails: what is odd is empty

}  // namespace topupd::gateway
