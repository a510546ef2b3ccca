#include "gateway/user_data_header.hpp"

#include <cstddef>

namespace topupd::gateway {
namespace {

int octet(std::string_view of, std::size_t at) {
  return static_cast<unsigned char>(of[at]);
}

}  // namespace

user_data split_user_data(std::string_view octets) {
  using kind = user_data::kind;
  user_data found;
  if (octets.empty() || octets.size() < 1 + static_cast<std::size_t>(octet(octets, 0))) return {kind::addressed, 1, {}};
  const auto length = static_cast<std::size_t>(octet(octets, 0));
  found.text = octets.substr(1 + length);
  auto header = octets.substr(1, length);
  while (header.size() >= 2) {
    const int element = octet(header, 0);
    const auto size = static_cast<std::size_t>(octet(header, 1));
    if (header.size() < 2 + size) return {kind::addressed, 1, {}};
    const auto data = header.substr(2, size);
    if (element == 0x04 || element == 0x05) found.what = kind::addressed;
    // Reference of one octet or two, then how many parts there are and which one this is.
    const std::size_t reference = element == 0x00 ? 1 : element == 0x08 ? 2 : 0;
    if (reference != 0 && size == reference + 2 && octet(data, reference) > 1 && found.what == kind::whole) {
      found.what = kind::part;
      found.part = octet(data, reference + 1);
    }
    header.remove_prefix(2 + size);
  }
  return found;
}

}  // namespace topupd::gateway
