// The user data header of a short message, which stands before the text when esm_class says UDHI (3GPP TS 23.040
// §9.2.3.24). Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "gateway/smpp/pdu.hpp"

namespace topupd::gateway {

struct user_data {
  // whole: the message, with or without a header that does not matter · part: one of several (IEI 00 or 08, more than
  // one) · addressed: for an application's port (IEI 04 or 05), or a header that runs past the end: not a subscriber's
  // text.
  enum class kind { whole, part, addressed } what = kind::whole;
  int number = 1;               // of a part: which one, from 1 to `total`
  int total = 1;                // 2 to 255
  int reference = 0;            // what the parts of one message have in common
  bool long_reference = false;  // of 16 bits (IEI 08): another message than the one with the same number in 8
  std::string_view text = {};   // behind the header; lives as long as the octets
};

// By its header, or by its sar_* values (SMPP 3.4 §5.3.2.22 to 24).
user_data user_data_of(const smpp::short_message& value);
// octets: of a message with UDHI. Whatever they are, the answer is one of the three kinds.
user_data split_user_data(std::string_view octets);

// The header of part `number` of `total`, with a reference of 8 bits: 05 00 03 …
std::string concatenation_header(unsigned reference, std::size_t total, std::size_t number);

}  // namespace topupd::gateway
