// PDUs by the tables of SMPP 3.4 §4, a field after the other, so that one of them can be written wrong. Nothing here
// uses the codec.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/smpp/pdu.hpp"

namespace topupd::smpp::test {

struct field {
  const char* name;
  std::string good;                                      // as it stands in a good PDU
  std::size_t width = 1;                                 // of a C-octet string, its NULL included; 1: an octet
  command_status too_long = command_status::rinvcmdlen;  // what a longer one is answered with
  [[nodiscard]] bool is_text() const { return width > 1; }
};

// Those of each request, up to its TLVs. sm_length and short_message are one field behind the others: message_text().
const std::vector<field>& bind_fields();     // §4.1.1, the three binds
const std::vector<field>& message_fields();  // §4.4.1 submit_sm and §4.6.1 deliver_sm
std::string message_text(const std::string& text);
std::string joined(const std::vector<field>& fields);

// The ids of SMPP 3.4 §5.1.2.1 without the response bit: whether there are fields behind the header, and which.
bool is_bind(std::uint32_t id);
bool is_message(std::uint32_t id);
std::string good_body(std::uint32_t id, const std::string& text);  // of a request or a response

// What a field holds, and ESME_ROK when that is as it may be.
struct variant {
  std::string name;
  std::string octets;
  command_status refusal = command_status::rok;
  bool to_the_end = false;  // nothing can follow it in the PDU
};
std::vector<variant> variants_of(const field& of);
std::vector<variant> variants_of_text(const std::string& text);  // sm_length and short_message
std::vector<variant> variants_of_tlvs();                         // behind a message with a text

// With the status of a body cut off behind `size` octets: the field's own where it had begun, else that of the length.
command_status refusal_of_cut(const std::vector<field>& fields, std::size_t size);

}  // namespace topupd::smpp::test
