// A phone's text as the short messages that carry it: one, or the parts of a long one. Pure.
//
// Tests that want them in another order, twice or not at all take them from here and deliver them one by one.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "gateway/smpp/pdu.hpp"

namespace topupd::smsc {

// What says that parts belong together.
enum class joined_by {
  header,       // as phones do: a user data header with a reference of 8 bits (3GPP TS 23.040 §9.2.3.24.1)
  wide_header,  // … of 16 bits (§9.2.3.24.8)
  sar,          // the SMSC's own: sar_msg_ref_num and its kin (SMPP 3.4 §5.3.2.22 to 24)
  nothing       // the SMSC has put them together: one deliver_sm, with message_payload when it is long
};

// data_coding 0 (unpacked GSM 03.38) or 8 (UCS-2), whichever the text needs; addresses are left empty.
// reference: of which the header has room for the low 8 or 16 bits. A text that fits one message is one, however
// joined.
std::vector<smpp::short_message> short_messages(std::string_view utf8, std::uint16_t reference,
                                                joined_by how = joined_by::header);

}  // namespace topupd::smsc
