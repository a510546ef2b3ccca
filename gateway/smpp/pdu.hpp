// The PDUs of SMPP 3.4 that a top-up needs, as values. Octets become a pdu in codec.hpp and nowhere else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "parser/secret.hpp"

namespace topupd::smpp {

// SMPP 3.4 §5.1.2.1. Responses have the high bit set.
enum class command_id : std::uint32_t {
  generic_nack = 0x80000000,
  bind_receiver = 0x00000001,
  bind_transmitter = 0x00000002,
  submit_sm = 0x00000004,
  deliver_sm = 0x00000005,
  unbind = 0x00000006,
  bind_transceiver = 0x00000009,
  enquire_link = 0x00000015,
};
inline constexpr std::uint32_t response_bit = 0x80000000;

// SMPP 3.4 §5.1.3. An open enumeration: SMSCs send vendor codes (0x400-0x4FF) and they are kept as they came.
enum class command_status : std::uint32_t {
  rok = 0x00,
  rinvmsglen = 0x01,
  rinvcmdlen = 0x02,
  rinvcmdid = 0x03,
  rinvbndsts = 0x04,
  ralybnd = 0x05,
  rsyserr = 0x08,
  rinvsrcadr = 0x0A,
  rinvdstadr = 0x0B,
  rbindfail = 0x0D,
  rinvpaswd = 0x0E,
  rinvsysid = 0x0F,
  rmsgqful = 0x14,
  rsubmitfail = 0x45,
  rthrottled = 0x58,
  rx_t_appn = 0x64,
  rx_p_appn = 0x65,
  rx_r_appn = 0x66,
  runknownerr = 0xFF,
};
// "ESME_RTHROTTLED", or "0x00000410" for one that SMPP 3.4 does not name.
std::string name(command_status status);

// An address with its type of number and numbering plan (§5.2.5, §5.2.6). At most 20 characters.
struct address {
  std::uint8_t ton = 0;
  std::uint8_t npi = 0;
  std::string digits;
  friend bool operator==(const address&, const address&) = default;
};

struct bind {  // bind_receiver, bind_transmitter or bind_transceiver, by `kind`
  command_id kind = command_id::bind_transceiver;
  std::string system_id;    // at most 15 characters
  secret password;          // at most 8 characters
  std::string system_type;  // at most 12 characters
  std::uint8_t interface_version = 0x34;
  address range;  // address_range of at most 40 characters
};
struct bind_resp {
  command_id kind = command_id::bind_transceiver;  // of the request
  std::string system_id;
};

// submit_sm and deliver_sm have the same body (§4.4.1, §4.6.1); `kind` tells which it is.
struct short_message {
  command_id kind = command_id::deliver_sm;
  std::string service_type;
  address source;
  address destination;
  std::uint8_t esm_class = 0;
  std::uint8_t protocol_id = 0;
  std::uint8_t priority = 0;
  std::uint8_t registered_delivery = 0;
  std::uint8_t data_coding = 0;
  std::string octets;  // short_message, or message_payload when that is what came; a UDH included

  // The TLVs that matter to a top-up (§5.3.2), each as its value.
  std::optional<std::uint16_t> user_message_reference;
  std::optional<std::uint16_t> sar_msg_ref_num;
  std::optional<std::uint8_t> sar_total_segments;
  std::optional<std::uint8_t> sar_segment_seqnum;
  std::optional<std::uint8_t> ussd_service_op;
  std::optional<std::uint16_t> its_session_info;
  std::optional<std::uint8_t> message_state;        // of a delivery receipt
  std::optional<std::string> receipted_message_id;  // of a delivery receipt
  std::optional<std::string> vendor;                // the vendor TLV that decode() was asked to keep, as it came
  bool as_payload = false;                          // to be sent: octets go in message_payload (§5.3.2.32)

  [[nodiscard]] bool has_udh() const { return (esm_class & 0x40) != 0; }  // §5.2.12, UDHI
  [[nodiscard]] bool is_text() const { return (esm_class & 0x3C) == 0; }  // message type 0000: not a receipt or ack
  [[nodiscard]] bool is_delivery_receipt() const { return (esm_class & 0x3C) == 0x04; }
};
struct short_message_resp {
  command_id kind = command_id::deliver_sm;  // of the request
  std::string message_id;                    // submit_sm_resp: the SMSC's; may be empty. deliver_sm_resp: always empty
};

struct unbind {};
struct unbind_resp {};
struct enquire_link {};
struct enquire_link_resp {};
struct generic_nack {};

// A frame with a good header whose rest cannot be used: `reason` is the status it must be answered with
// (ESME_RINVMSGLEN, ESME_RINVSRCADR, ESME_RINVCMDID …). `id` as it came, known or not.
struct malformed {
  std::uint32_t id = 0;
  command_status reason = command_status::rinvcmdid;
};

struct pdu {
  command_status status = command_status::rok;
  std::uint32_t sequence = 0;  // verbatim as it came
  std::variant<bind, bind_resp, short_message, short_message_resp, unbind, unbind_resp, enquire_link, enquire_link_resp,
               generic_nack, malformed>
      body;
};

}  // namespace topupd::smpp
