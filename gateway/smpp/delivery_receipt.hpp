// A delivery receipt: what the SMSC says has become of a message of ours (SMPP 3.4 §2.11, Appendix B). Pure.
//
// SMSCs agree on little: the id stands in a TLV or in the text, hexadecimal here and decimal there, with zeros before
// it or without; fields are missing, in another order, spelt otherwise. All of that is read. What is not understood is
// no receipt, and nothing is guessed from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/smpp/pdu.hpp"

namespace topupd::smpp {

// SMPP 3.4 §5.2.28.
enum class message_state : std::uint8_t {
  enroute = 1,
  delivered = 2,
  expired = 3,
  deleted = 4,
  undeliverable = 5,
  accepted = 6,
  unknown = 7,
  rejected = 8,
};
std::string_view name(message_state state);  // "DELIVERED"
// Nothing follows: the message is delivered, or never will be. Not so of ENROUTE and ACCEPTED.
bool is_final(message_state state);

struct delivery_receipt {
  std::string message_id;  // as it stands, at most 64 characters; may be empty when there is a reference
  std::optional<std::uint16_t> user_message_reference;
  message_state state = message_state::unknown;
  std::string error;  // "err:", at most 16 printable characters; may be empty
};

// Of a message whose esm_class says delivery receipt, or intermediate notification (§5.2.12): that one is ENROUTE
// whatever it says. TLVs before the text. Nothing for any other message, without a state, and with neither id nor
// reference.
std::optional<delivery_receipt> read_delivery_receipt(const short_message& value);

// How a receipt names the message that it is about.
enum class receipt_match {
  message_id,              // by the id of submit_sm_resp, as it stands
  decimal_of_hex,          // submit_sm_resp has it in hexadecimal, the receipt in decimal
  hex_of_decimal,          // and the other way round
  user_message_reference,  // by the number that we gave it: ids mean nothing at this SMSC
};
enum class id_in { submit_sm_resp, receipt };

// What both have in common, to be compared and kept: without leading zeros, in lower case, and hexadecimal where one of
// them is. At most 64 characters; empty for an empty id, which names nothing.
std::string receipt_key(std::string_view message_id, id_in where, receipt_match match);
// For receipt_match::user_message_reference: 16 bits alone come round too soon. subscriber: the digits of our
// destination, which is the source of the receipt. "999701234567/7"
std::string receipt_key(std::string_view subscriber, std::uint16_t reference);

}  // namespace topupd::smpp
