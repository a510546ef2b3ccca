// One frame <-> one pdu. The only door to libsmpp34, which stands behind a guard (SMPP.md §1).
//
// libsmpp34 logs into a global buffer, so all calls come from ONE thread: the gateway's. Never throws for what a peer
// sent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/smpp/pdu.hpp"

namespace topupd::smpp {

// frame: one whole frame of frame_reader (16 octets or more, command_length already equal to its size).
// Whatever the octets are, the answer is a pdu: one that cannot be used has the body `malformed`. Status and sequence
// are kept verbatim, also those that the library refuses. vendor_tlv: the tag kept in short_message::vendor; 0: none.
pdu decode(std::string_view frame, std::uint16_t vendor_tlv = 0);

// Appends the octets of the PDU to `out`. Texts that are too long for their field are a programming fault (assert), but
// for short_message::octets: above 254 octets, or when as_payload says so, they go out as message_payload (§5.3.2.32).
void encode(const pdu& value, std::string& out);

}  // namespace topupd::smpp
