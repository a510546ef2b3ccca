#include "gateway/user_data_header.hpp"

#include <cstddef>

namespace topupd::gateway {
namespace {

int octet(std::string_view of, std::size_t at) {
  return static_cast<unsigned char>(of[at]);
}

}  // namespace

user_data user_data_of(const smpp::short_message& value) {
  if (value.has_udh()) return split_user_data(value.octets);
  const int total = value.sar_total_segments.value_or(1);
  const int number = value.sar_segment_seqnum.value_or(1);
  if (total <= 1 || !value.sar_msg_ref_num) return {.text = value.octets};
  if (number < 1 || number > total) return {.what = user_data::kind::addressed};
  return {.what = user_data::kind::part,
          .number = number,
          .total = total,
          .reference = *value.sar_msg_ref_num,
          .long_reference = true,
          .text = value.octets};
}

user_data split_user_data(std::string_view octets) {
  using kind = user_data::kind;
  user_data found;
  if (octets.empty() || octets.size() < 1 + static_cast<std::size_t>(octet(octets, 0)))
    return {.what = kind::addressed};
  const auto length = static_cast<std::size_t>(octet(octets, 0));
  found.text = octets.substr(1 + length);
  auto header = octets.substr(1, length);
  while (header.size() >= 2) {
    const int element = octet(header, 0);
    const auto size = static_cast<std::size_t>(octet(header, 1));
    if (header.size() < 2 + size) return {.what = kind::addressed};
    const auto data = header.substr(2, size);
    if (element == 0x04 || element == 0x05) found.what = kind::addressed;
    // Reference of one octet or two, then how many parts there are and which one this is.
    const std::size_t width = element == 0x00 ? 1 : element == 0x08 ? 2 : 0;
    if (width != 0 && size == width + 2 && octet(data, width) > 1 && found.what == kind::whole) {
      found.what = kind::part;
      found.reference = width == 1 ? octet(data, 0) : octet(data, 0) << 8 | octet(data, 1);
      found.long_reference = width == 2;
      found.total = octet(data, width);
      found.number = octet(data, width + 1);
    }
    header.remove_prefix(2 + size);
  }
  // The third of two parts: §9.2.3.24.1 lets the element be ignored, and half a PIN be read as a whole one. Not by us.
  if (found.what == kind::part && (found.number < 1 || found.number > found.total)) found.what = kind::addressed;
  return found;
}

std::string concatenation_header(unsigned reference, std::size_t total, std::size_t number) {
  return {5, 0, 3, static_cast<char>(reference & 0xFF), static_cast<char>(total), static_cast<char>(number)};
}

}  // namespace topupd::gateway
