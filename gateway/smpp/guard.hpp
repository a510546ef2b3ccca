// The guard before libsmpp34: a peer's octets become a small canonical PDU that the library always takes.
//
// The library logs each field into a global of 2,048 octets and writes past its end when a PDU has fields enough, and
// it refuses much that real SMSCs send: vendor statuses, sequence 0, TON 7, a validity period (SMPP.md §1). So network
// octets never reach it as they came. What it cannot carry, or need not see, stands beside the canonical PDU. Pure. The
// views of a result point into the frame.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/smpp/pdu.hpp"

namespace topupd::smpp {

constexpr std::uint32_t request_id(command_id id) {
  return static_cast<std::uint32_t>(id);
}
constexpr std::uint32_t response_id(command_id id) {
  return request_id(id) | response_bit;
}

// The optional parameters that pdu.hpp carries (SMPP 3.4 §5.3.2).
namespace tag {
inline constexpr std::uint16_t receipted_message_id = 0x001E;
inline constexpr std::uint16_t user_message_reference = 0x0204;
inline constexpr std::uint16_t sar_msg_ref_num = 0x020C;
inline constexpr std::uint16_t sar_total_segments = 0x020E;
inline constexpr std::uint16_t sar_segment_seqnum = 0x020F;
inline constexpr std::uint16_t message_payload = 0x0424;
inline constexpr std::uint16_t message_state = 0x0427;
inline constexpr std::uint16_t ussd_service_op = 0x0501;
inline constexpr std::uint16_t its_session_info = 0x1383;
}  // namespace tag

inline constexpr std::size_t useful_tlvs = 8;               // the tags above, but for message_payload
inline constexpr std::size_t message_id_limit = 64;         // §5.2.23, §5.3.2.12: 65 octets with the NULL
inline constexpr std::size_t short_message_limit = 254;     // §5.2.22
inline constexpr std::uint8_t interface_version_34 = 0x34;  // §5.2.4

// SMPP 3.4 §3.2, as it came.
struct header {
  std::uint32_t length = 0;
  std::uint32_t id = 0;
  command_status status = command_status::rok;
  std::uint32_t sequence = 0;
};
header read_header(std::string_view frame);  // of 16 octets or more

// TON (§5.2.5) and NPI (§5.2.6) values that SMPP 3.4 does not name become 0, unknown: the library refuses them.
std::uint8_t named_ton(std::uint8_t ton);
std::uint8_t named_npi(std::uint8_t npi);

struct canonical_pdu {
  // Status ESME_ROK, sequence 1, every C-string within its field, no text, each useful TLV at most once and in its
  // width.
  std::array<std::uint8_t, 255> octets;
  std::size_t size = 0;

  std::string_view text;                   // short_message, or message_payload when that one is empty
  std::optional<std::string_view> vendor;  // the TLV asked for
  std::uint8_t interface_version = 0;      // of a bind; the library takes 0x34 only
  std::size_t unused_tlvs = 0;             // other vendor TLVs, repeated ones and broken ones: left out
};

// The canonical PDU, or the status with which the frame must be refused. A response is never refused for its body: what
// cannot be read there is empty. vendor_tlv: the tag kept beside, where it holds anything; 0: none.
boost::system::result<canonical_pdu, command_status> guard(std::string_view frame, std::uint16_t vendor_tlv = 0);

}  // namespace topupd::smpp
