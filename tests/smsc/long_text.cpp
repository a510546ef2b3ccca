#include "tests/smsc/long_text.hpp"

#include <string>

#include "parser/alphabet.hpp"

namespace topupd::smsc {

namespace {

constexpr std::uint8_t udhi = 0x40;  // SMPP 3.4 §5.2.12

std::string octets(std::initializer_list<std::size_t> values) {
  std::string result;
  for (const std::size_t each : values) result += static_cast<char>(each);
  return result;
}

void join(smpp::short_message& part, joined_by how, std::size_t reference, std::size_t total, std::size_t number) {
  switch (how) {
    case joined_by::header:
      part.esm_class = udhi;
      part.octets = octets({5, 0x00, 3, reference & 0xFF, total, number}) + part.octets;
      break;
    case joined_by::wide_header:
      part.esm_class = udhi;
      part.octets = octets({6, 0x08, 4, reference >> 8, reference & 0xFF, total, number}) + part.octets;
      break;
    case joined_by::sar:
      part.sar_msg_ref_num = static_cast<std::uint16_t>(reference);
      part.sar_total_segments = static_cast<std::uint8_t>(total);
      part.sar_segment_seqnum = static_cast<std::uint8_t>(number);
      break;
    case joined_by::nothing: break;
  }
}

}  // namespace

std::vector<smpp::short_message> short_messages(std::string_view utf8, std::uint16_t reference, joined_by how) {
  const auto text = parser::encode(utf8, parser::alphabet::gsm7);
  smpp::short_message model;
  model.data_coding = text.data_coding;
  if (text.segments() == 1 || how == joined_by::nothing) {
    model.octets = text.octets;
    return {model};
  }
  std::vector<smpp::short_message> parts(text.segments(), model);
  for (std::size_t each = 0; each < parts.size(); ++each) {
    parts[each].octets = text.segment(each);
    join(parts[each], how, reference, parts.size(), each + 1);
  }
  return parts;
}

}  // namespace topupd::smsc
