// Every PDU in both directions. The octets are written by hand from the tables of SMPP 3.4, never by our packer.
#include <doctest/doctest.h>

#include <vector>

#include "gateway/smpp/codec.hpp"
#include "octets.hpp"

using namespace topupd::smpp;
using topupd::secret;
using topupd::smpp::test::difference;
using topupd::smpp::test::octets;
using topupd::smpp::test::show;

namespace {

struct golden {
  const char* name;
  std::string wire;
  pdu value;
};

template <typename T>
pdu make(std::uint32_t sequence, T body, command_status status = command_status::rok) {
  return {.status = status, .sequence = sequence, .body = std::move(body)};
}

short_message message(command_id kind) {
  short_message value;
  value.kind = kind;
  return value;
}

std::vector<golden> binds() {
  bind transmitter;
  transmitter.kind = command_id::bind_transmitter;
  transmitter.system_id = "SMPP3TEST";
  transmitter.password = secret("secret08");
  transmitter.system_type = "SUBMIT1";
  transmitter.interface_version = 0;
  transmitter.range = {.ton = 1, .npi = 1, .digits = ""};

  bind transceiver;
  transceiver.kind = command_id::bind_transceiver;
  transceiver.system_id = "topup";
  transceiver.password = secret("secret");

  bind receiver;
  receiver.kind = command_id::bind_receiver;
  receiver.system_id = "fifteen_letters";
  receiver.password = secret("eight888");
  receiver.system_type = "twelve_12345";
  receiver.range = {.ton = 2, .npi = 8, .digits = std::string(40, '7')};

  return {
      {"bind_transmitter, the sample of the specification",
       octets("00 00 00 2F"     // command_length 47
              "00 00 00 02"     // command_id bind_transmitter
              "00 00 00 00"     // command_status
              "00 00 00 01"     // sequence_number 1
              "'SMPP3TEST' 00"  // system_id
              "'secret08' 00"   // password
              "'SUBMIT1' 00"    // system_type
              "00"              // interface_version
              "01"              // addr_ton international
              "01"              // addr_npi ISDN
              "00"),            // address_range empty
       make(1, transmitter)},
      {"bind_transceiver with empty texts",
       octets("00 00 00 22"  // command_length 34
              "00 00 00 09"  // command_id bind_transceiver
              "00 00 00 00"  // command_status
              "7F FF FF FF"  // sequence_number, the largest
              "'topup' 00"   // system_id
              "'secret' 00"  // password
              "00"           // system_type empty
              "34"           // interface_version 3.4
              "00"           // addr_ton unknown
              "00"           // addr_npi unknown
              "00"),         // address_range empty
       make(0x7FFFFFFF, transceiver)},
      {"bind_receiver with every text at its longest",
       octets("00 00 00 62"                                      // command_length 98
              "00 00 00 01"                                      // command_id bind_receiver
              "00 00 00 00"                                      // command_status
              "00 00 00 02"                                      // sequence_number 2
              "'fifteen_letters' 00"                             // system_id, 16
              "'eight888' 00"                                    // password, 9
              "'twelve_12345' 00"                                // system_type, 13
              "34"                                               // interface_version 3.4
              "02"                                               // addr_ton national
              "08"                                               // addr_npi national
              "'7777777777777777777777777777777777777777' 00"),  // address_range, 41
       make(2, receiver)},
      {"bind_transmitter_resp",
       octets("00 00 00 15"  // command_length 21
              "80 00 00 02"  // command_id bind_transmitter_resp
              "00 00 00 00"  // command_status ESME_ROK
              "00 00 00 01"  // sequence_number of the request
              "'SMSC' 00"),  // system_id
       make(1, bind_resp{.kind = command_id::bind_transmitter, .system_id = "SMSC"})},
      {"bind_receiver_resp",
       octets("00 00 00 20"             // command_length 32
              "80 00 00 01"             // command_id bind_receiver_resp
              "00 00 00 00"             // command_status ESME_ROK
              "00 00 00 02"             // sequence_number of the request
              "'fifteen_letters' 00"),  // system_id, 16
       make(2, bind_resp{.kind = command_id::bind_receiver, .system_id = "fifteen_letters"})},
      {"bind_transceiver_resp that refuses",
       octets("00 00 00 11"  // command_length 17
              "80 00 00 09"  // command_id bind_transceiver_resp
              "00 00 00 0E"  // command_status ESME_RINVPASWD
              "00 00 00 03"  // sequence_number of the request
              "00"),         // system_id empty
       make(3, bind_resp{.kind = command_id::bind_transceiver, .system_id = ""}, command_status::rinvpaswd)},
  };
}

std::vector<golden> messages() {
  short_message submit = message(command_id::submit_sm);
  submit.source = {.ton = 0, .npi = 1, .digits = "12345"};
  submit.destination = {.ton = 1, .npi = 1, .digits = "999701234567"};
  submit.registered_delivery = 1;
  submit.octets = "HELLO";
  submit.user_message_reference = 7;

  short_message part = message(command_id::deliver_sm);
  part.service_type = "CMT";
  part.source = {.ton = 1, .npi = 1, .digits = "999701234567"};
  part.destination = {.ton = 0, .npi = 1, .digits = "12345"};
  part.data_coding = 8;
  part.octets = octets("04 1F 04 10");
  part.sar_msg_ref_num = 0x1234;
  part.sar_total_segments = 2;
  part.sar_segment_seqnum = 1;

  short_message receipt = message(command_id::deliver_sm);
  receipt.source = part.source;
  receipt.destination = part.destination;
  receipt.esm_class = 0x04;
  receipt.octets = "id:4F1A";
  receipt.message_state = 2;
  receipt.receipted_message_id = "4F1A";

  short_message ussd = message(command_id::deliver_sm);
  ussd.service_type = "USSD";
  ussd.source = part.source;
  ussd.octets = "*123#";
  ussd.ussd_service_op = 1;
  ussd.its_session_info = 0x1203;

  short_message with_udh = message(command_id::submit_sm);
  with_udh.source = {.ton = 5, .npi = 0, .digits = "Example"};
  with_udh.destination = submit.destination;
  with_udh.esm_class = 0x40;
  with_udh.protocol_id = 0x41;
  with_udh.priority = 3;
  with_udh.octets = octets("05 00 03 2A 02 01 'AB'");

  short_message reply = message(command_id::submit_sm);
  reply.service_type = "USSD";
  reply.destination = submit.destination;
  reply.octets = "1 Yes";
  reply.user_message_reference = 0xFFFF;
  reply.sar_msg_ref_num = 0x0102;
  reply.sar_total_segments = 3;
  reply.sar_segment_seqnum = 2;
  reply.ussd_service_op = 2;
  reply.its_session_info = 0x1201;

  short_message empty = message(command_id::submit_sm);

  return {
      {"submit_sm",
       octets("00 00 00 3D"              // command_length 61
              "00 00 00 04"              // command_id submit_sm
              "00 00 00 00"              // command_status
              "00 00 00 05"              // sequence_number 5
              "00"                       // service_type empty
              "00 01 '12345' 00"         // source: TON unknown, NPI ISDN
              "01 01 '999701234567' 00"  // destination: TON international, NPI ISDN
              "00 00 00"                 // esm_class, protocol_id, priority_flag
              "00 00"                    // schedule_delivery_time, validity_period: none
              "01"                       // registered_delivery: receipt wanted
              "00 00 00"                 // replace_if_present_flag, data_coding, sm_default_msg_id
              "05 'HELLO'"               // sm_length, short_message
              "02 04 00 02 00 07"),      // user_message_reference 7
       make(5, submit)},
      {"deliver_sm, a part in UCS-2",
       octets("00 00 00 49"              // command_length 73
              "00 00 00 05"              // command_id deliver_sm
              "00 00 00 00"              // command_status
              "00 00 00 06"              // sequence_number 6
              "'CMT' 00"                 // service_type cellular messaging
              "01 01 '999701234567' 00"  // source
              "00 01 '12345' 00"         // destination
              "00 00 00"                 // esm_class, protocol_id, priority_flag
              "00 00"                    // schedule_delivery_time, validity_period: NULL
              "00 00 08 00"        // registered_delivery, replace_if_present_flag, data_coding UCS-2, default_msg_id
              "04 04 1F 04 10"     // sm_length, short_message
              "02 0C 00 02 12 34"  // sar_msg_ref_num 0x1234
              "02 0E 00 01 02"     // sar_total_segments 2
              "02 0F 00 01 01"),   // sar_segment_seqnum 1
       make(6, part)},
      {"deliver_sm, a delivery receipt",
       octets("00 00 00 47"              // command_length 71
              "00 00 00 05"              // command_id deliver_sm
              "00 00 00 00"              // command_status
              "00 00 00 07"              // sequence_number 7
              "00"                       // service_type empty
              "01 01 '999701234567' 00"  // source
              "00 01 '12345' 00"         // destination
              "04 00 00"                 // esm_class delivery receipt, protocol_id, priority_flag
              "00 00"                    // schedule_delivery_time, validity_period: NULL
              "00 00 00 00"              // registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
              "07 'id:4F1A'"             // sm_length, short_message
              "04 27 00 01 02"           // message_state DELIVERED
              "00 1E 00 05 '4F1A' 00"),  // receipted_message_id
       make(7, receipt)},
      {"deliver_sm, USSD with an empty destination",
       octets("00 00 00 41"              // command_length 65
              "00 00 00 05"              // command_id deliver_sm
              "00 00 00 00"              // command_status
              "00 00 00 08"              // sequence_number 8
              "'USSD' 00"                // service_type
              "01 01 '999701234567' 00"  // source
              "00 00 00"                 // destination empty
              "00 00 00"                 // esm_class, protocol_id, priority_flag
              "00 00"                    // schedule_delivery_time, validity_period: NULL
              "00 00 00 00"              // registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
              "05 '*123#'"               // sm_length, short_message
              "05 01 00 01 01"           // ussd_service_op PSSR indication
              "13 83 00 02 12 03"),      // its_session_info
       make(8, ussd)},
      {"submit_sm from an alphanumeric sender, with a UDH",
       octets("00 00 00 3C"              // command_length 60
              "00 00 00 04"              // command_id submit_sm
              "00 00 00 00"              // command_status
              "00 00 00 09"              // sequence_number 9
              "00"                       // service_type empty
              "05 00 'Example' 00"       // source: TON alphanumeric
              "01 01 '999701234567' 00"  // destination
              "40 41 03"                 // esm_class UDHI, protocol_id, priority_flag
              "00 00"                    // schedule_delivery_time, validity_period: none
              "00 00 00 00"              // registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
              "08 05 00 03 2A 02 01 'AB'"),  // sm_length, short_message
       make(9, with_udh)},
      {"submit_sm with every TLV that we send",
       octets("00 00 00 57"              // command_length 87
              "00 00 00 04"              // command_id submit_sm
              "00 00 00 00"              // command_status
              "00 00 00 0B"              // sequence_number 11
              "'USSD' 00"                // service_type
              "00 00 00"                 // source empty
              "01 01 '999701234567' 00"  // destination
              "00 00 00"                 // esm_class, protocol_id, priority_flag
              "00 00"                    // schedule_delivery_time, validity_period: none
              "00 00 00 00"              // registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
              "05 '1 Yes'"               // sm_length, short_message
              "02 04 00 02 FF FF"        // user_message_reference
              "02 0C 00 02 01 02"        // sar_msg_ref_num
              "02 0E 00 01 03"           // sar_total_segments
              "02 0F 00 01 02"           // sar_segment_seqnum
              "05 01 00 01 02"           // ussd_service_op USSR request
              "13 83 00 02 12 01"),      // its_session_info
       make(11, reply)},
      {"submit_sm with nothing in it",
       octets("00 00 00 21"           // command_length 33
              "00 00 00 04"           // command_id submit_sm
              "00 00 00 00"           // command_status
              "00 00 00 0A"           // sequence_number 10
              "00 00 00 00 00 00 00"  // service_type, source, destination
              "00 00 00 00 00"        // esm_class, protocol_id, priority_flag, the two times
              "00 00 00 00"           // registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
              "00"),                  // sm_length
       make(10, empty)},
  };
}

std::vector<golden> answers() {
  return {
      {"submit_sm_resp",
       octets("00 00 00 15"  // command_length 21
              "80 00 00 04"  // command_id submit_sm_resp
              "00 00 00 00"  // command_status ESME_ROK
              "00 00 00 05"  // sequence_number of the request
              "'4F1A' 00"),  // message_id
       make(5, short_message_resp{.kind = command_id::submit_sm, .message_id = "4F1A"})},
      {"submit_sm_resp taken without a message_id",
       octets("00 00 00 11 80 00 00 04 00 00 00 00 00 00 00 05"
              "00"),  // message_id empty
       make(5, short_message_resp{.kind = command_id::submit_sm, .message_id = ""})},
      {"submit_sm_resp that refuses has no body (§4.4.2)", octets("00 00 00 10 80 00 00 04 00 00 00 58 00 00 00 05"),
       make(5, short_message_resp{.kind = command_id::submit_sm, .message_id = ""}, command_status::rthrottled)},
      {"submit_sm_resp with a status of the vendor's and a message_id",
       octets("00 00 00 13 80 00 00 04 00 00 04 10 00 00 00 05"
              "'id' 00"),
       make(5, short_message_resp{.kind = command_id::submit_sm, .message_id = "id"},
            static_cast<command_status>(0x410))},
      {"deliver_sm_resp has one octet of message_id (§4.6.2)",
       octets("00 00 00 11"  // command_length 17
              "80 00 00 05"  // command_id deliver_sm_resp
              "00 00 00 00"  // command_status ESME_ROK
              "00 00 00 06"  // sequence_number of the request
              "00"),         // message_id NULL
       make(6, short_message_resp{.kind = command_id::deliver_sm, .message_id = ""})},
      {"deliver_sm_resp that asks for another try", octets("00 00 00 11 80 00 00 05 00 00 00 64 00 00 00 06 00"),
       make(6, short_message_resp{.kind = command_id::deliver_sm, .message_id = ""}, command_status::rx_t_appn)},
      {"unbind", octets("00 00 00 10 00 00 00 06 00 00 00 00 00 00 00 0B"), make(11, unbind{})},
      {"unbind_resp", octets("00 00 00 10 80 00 00 06 00 00 00 00 00 00 00 0B"), make(11, unbind_resp{})},
      {"enquire_link", octets("00 00 00 10 00 00 00 15 00 00 00 00 00 00 00 0C"), make(12, enquire_link{})},
      {"enquire_link_resp", octets("00 00 00 10 80 00 00 15 00 00 00 00 00 00 00 0C"), make(12, enquire_link_resp{})},
      {"generic_nack", octets("00 00 00 10 80 00 00 00 00 00 00 03 00 00 00 0D"),
       make(13, generic_nack{}, command_status::rinvcmdid)},
      {"generic_nack with sequence 0, when the request's could not be read (§4.3.1)",
       octets("00 00 00 10 80 00 00 00 00 00 00 02 00 00 00 00"), make(0, generic_nack{}, command_status::rinvcmdlen)},
  };
}

void check_both_ways(const std::vector<golden>& rows) {
  for (const golden& row : rows) {
    CAPTURE(row.name);
    std::string wire = "before";
    encode(row.value, wire);
    CHECK_EQ(difference(wire, "before" + row.wire), "");
    CHECK_EQ(show(decode(row.wire)), show(row.value));
  }
}

}  // namespace

TEST_CASE("binds and their responses are the octets of the specification") {
  check_both_ways(binds());
}
TEST_CASE("messages are the octets of the specification") {
  check_both_ways(messages());
}
TEST_CASE("responses and the PDUs without a body are the octets of the specification") {
  check_both_ways(answers());
}

TEST_CASE("a password comes and goes as it is") {
  const pdu value = decode(binds().front().wire);
  CHECK(std::get<bind>(value.body).password == secret("secret08"));
}
