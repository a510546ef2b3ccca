#include "octets.hpp"

#include <algorithm>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace topupd::smpp::test {
namespace {

std::string big_endian(std::size_t word, int size) {
  std::string out;
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) out += static_cast<char>(word >> shift & 0xFF);
  return out;
}

std::string hex(std::string_view octets) {
  std::ostringstream out;
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    out << "0123456789ABCDEF"[octet >> 4] << "0123456789ABCDEF"[octet & 15] << ' ';
  }
  return out.str();
}

std::ostream& operator<<(std::ostream& out, const address& value) {
  return out << int{value.ton} << '/' << int{value.npi} << '/' << value.digits;
}

std::string id(command_id kind) {
  return "id=" + hex(big_endian(static_cast<std::uint32_t>(kind), 4));
}

template <typename T>
void optional(std::ostream& out, const char* name, const std::optional<T>& value) {
  if (value) out << ' ' << name << '=' << *value;
}
void optional(std::ostream& out, const char* name, const std::optional<std::uint8_t>& value) {
  if (value) out << ' ' << name << '=' << int{*value};
}

struct shower {
  std::ostream& out;
  void operator()(const bind& b) const {
    out << "bind " << id(b.kind) << "system_id=" << b.system_id << " password of " << b.password.size()
        << " system_type=" << b.system_type << " version=" << int{b.interface_version} << " range=" << b.range;
  }
  void operator()(const bind_resp& b) const { out << "bind_resp " << id(b.kind) << "system_id=" << b.system_id; }
  void operator()(const short_message& m) const {
    out << "message " << id(m.kind) << "service_type=" << m.service_type << " source=" << m.source
        << " destination=" << m.destination << " esm_class=" << int{m.esm_class}
        << " protocol_id=" << int{m.protocol_id} << " priority=" << int{m.priority}
        << " registered_delivery=" << int{m.registered_delivery} << " data_coding=" << int{m.data_coding}
        << " octets=" << hex(m.octets);
    optional(out, "user_message_reference", m.user_message_reference);
    optional(out, "sar_msg_ref_num", m.sar_msg_ref_num);
    optional(out, "sar_total_segments", m.sar_total_segments);
    optional(out, "sar_segment_seqnum", m.sar_segment_seqnum);
    optional(out, "ussd_service_op", m.ussd_service_op);
    optional(out, "its_session_info", m.its_session_info);
    optional(out, "message_state", m.message_state);
    optional(out, "receipted_message_id", m.receipted_message_id);
    if (m.vendor) out << " vendor=" << hex(*m.vendor);
  }
  void operator()(const short_message_resp& r) const {
    out << "message_resp " << id(r.kind) << "message_id=" << r.message_id;
  }
  void operator()(const unbind&) const { out << "unbind"; }
  void operator()(const unbind_resp&) const { out << "unbind_resp"; }
  void operator()(const enquire_link&) const { out << "enquire_link"; }
  void operator()(const enquire_link_resp&) const { out << "enquire_link_resp"; }
  void operator()(const generic_nack&) const { out << "generic_nack"; }
  void operator()(const malformed& m) const {
    out << "malformed id=" << hex(big_endian(m.id, 4)) << "reason=" << name(m.reason);
  }
};

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  throw std::invalid_argument("not a hexadecimal digit in a test");
}

}  // namespace

std::string octets(std::string_view written) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < written.size(); ++i) {
    const char c = written[i];
    if (c == '\'') {
      quoted = !quoted;
    } else if (quoted) {
      out += c;
    } else if (c != ' ') {
      out += static_cast<char>(digit(c) << 4 | digit(written.at(++i)));
    }
  }
  if (quoted) throw std::invalid_argument("a quote is open in a test");
  return out;
}

std::string frame(std::string_view rest) {
  return big_endian(rest.size() + 4, 4).append(rest);
}

std::string frame(std::uint32_t id, std::string_view body) {
  return frame(big_endian(id, 4) + octets("00 00 00 00 00 00 00 01").append(body));
}

std::string tlv(std::uint16_t tag, std::string_view value) {
  return (big_endian(tag, 2) + big_endian(value.size(), 2)).append(value);
}

std::string difference(std::string_view actual, std::string_view expected) {
  if (actual == expected) return {};
  const auto place = std::ranges::mismatch(actual, expected).in1 - actual.begin();
  const auto at = static_cast<std::size_t>(place);
  return "at " + std::to_string(at) + ": " + hex(actual.substr(at, 1)) + "and not " + hex(expected.substr(at, 1)) +
         "(sizes " + std::to_string(actual.size()) + " and " + std::to_string(expected.size()) + ")";
}

std::string show(const pdu& value) {
  std::ostringstream out;
  out << name(value.status) << " sequence=" << value.sequence << ' ';
  std::visit(shower{out}, value.body);
  return out.str();
}

}  // namespace topupd::smpp::test
