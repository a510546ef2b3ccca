// The user data header of a short message, which stands before the text when esm_class says UDHI (3GPP TS 23.040
// §9.2.3.24). Pure.
#pragma once

#include <string_view>

namespace topupd::gateway {

struct user_data {
  // whole: the message, with or without a header that does not matter · part: one of several (IEI 00 or 08, more than
  // one) · addressed: for an application's port (IEI 04 or 05), or a header that runs past the end: not a subscriber's
  // text.
  enum class kind { whole, part, addressed } what = kind::whole;
  int part = 1;           // which one, from 1
  std::string_view text;  // behind the header; lives as long as the octets
};

// octets: of a message with UDHI. Whatever they are, the answer is one of the three kinds.
user_data split_user_data(std::string_view octets);

}  // namespace topupd::gateway
