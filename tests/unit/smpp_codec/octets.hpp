// How the tests of the codec write octets and read PDUs. Nothing here uses the codec.
#pragma once

#include <string>
#include <string_view>

#include "gateway/smpp/pdu.hpp"

namespace topupd::smpp::test {

// octets("00 00 00 10 'topup' 00"): hexadecimal pairs, and ASCII between quotes. Throws on anything else.
std::string octets(std::string_view written);

// command_length before `rest`, which begins with command_id.
std::string frame(std::string_view rest);

// command_id, ESME_ROK, sequence 1 and a body, as a frame.
std::string frame(std::uint32_t id, std::string_view body);

// One optional parameter.
std::string tlv(std::uint16_t tag, std::string_view value);

// The body of a submit_sm or deliver_sm, each field as it goes over the wire; the default is a good one.
struct raw_message {
  std::string service_type = octets("00");
  std::string source = octets("01 01 '999701234567' 00");
  std::string destination = octets("00 01 '12345' 00");
  std::string classes = octets("00 00 00");  // esm_class, protocol_id, priority_flag
  std::string times = octets("00 00");       // schedule_delivery_time, validity_period
  std::string flags =
      octets("00 00 00 00");  // registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
  std::string text = octets("03 'BAL'");  // sm_length, short_message
  std::string tlvs;

  [[nodiscard]] std::string deliver_sm() const { return frame(0x00000005, body()); }
  [[nodiscard]] std::string submit_sm() const { return frame(0x00000004, body()); }

 private:
  [[nodiscard]] std::string body() const {
    return service_type + source + destination + classes + times + flags + text + tlvs;
  }
};

// Where two frames differ first, in words; empty when they are the same. Does not spell out what may hold a password.
std::string difference(std::string_view actual, std::string_view expected);

// Every field of a pdu in words, to be compared and to be read in a failed test; a password by its length only.
std::string show(const pdu& value);

}  // namespace topupd::smpp::test
