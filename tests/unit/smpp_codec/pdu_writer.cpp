#include "pdu_writer.hpp"

#include <iterator>

#include "octets.hpp"

namespace topupd::smpp::test {
namespace {

std::string c_string(const std::string& text) {
  return text + '\0';
}

std::string word16(std::size_t number) {
  return {static_cast<char>(number >> 8 & 0xFF), static_cast<char>(number & 0xFF)};
}

constexpr command_status rok = command_status::rok;
constexpr command_status rinvmsglen = command_status::rinvmsglen;

}  // namespace

const std::vector<field>& bind_fields() {
  static const std::vector<field> fields = {
      {"system_id", c_string("SMSC"), 16, command_status::rinvsysid},
      {"password", c_string("secret"), 9, command_status::rinvpaswd},
      {"system_type", c_string("type"), 13},
      {"interface_version", octets("34")},
      {"addr_ton", octets("01")},
      {"addr_npi", octets("01")},
      {"address_range", c_string("99970"), 41},
  };
  return fields;
}

const std::vector<field>& message_fields() {
  static const std::vector<field> fields = {
      {"service_type", c_string("CMT"), 6},
      {"source_addr_ton", octets("01")},
      {"source_addr_npi", octets("01")},
      {"source_addr", c_string("999701234567"), 21, command_status::rinvsrcadr},
      {"dest_addr_ton", octets("00")},
      {"dest_addr_npi", octets("01")},
      {"destination_addr", c_string("12345"), 21, command_status::rinvdstadr},
      {"esm_class", octets("00")},
      {"protocol_id", octets("00")},
      {"priority_flag", octets("00")},
      {"schedule_delivery_time", c_string(""), 17},
      {"validity_period", c_string(""), 17},
      {"registered_delivery", octets("00")},
      {"replace_if_present_flag", octets("00")},
      {"data_coding", octets("00")},
      {"sm_default_msg_id", octets("00")},
  };
  return fields;
}

std::string message_text(const std::string& text) {
  return static_cast<char>(text.size()) + text;
}

std::string joined(const std::vector<field>& fields) {
  std::string out;
  for (const field& each : fields) out += each.good;
  return out;
}

bool is_bind(std::uint32_t id) {
  return id == 0x1 || id == 0x2 || id == 0x9;
}
bool is_message(std::uint32_t id) {
  return id == 0x4 || id == 0x5;
}

std::string good_body(std::uint32_t id, const std::string& text) {
  if (is_bind(id)) return joined(bind_fields());
  if (is_message(id)) return joined(message_fields()) + message_text(text);
  if (is_bind(id & ~response_bit)) return c_string("SMSC");
  if (id == 0x80000004) return c_string("4F1A");
  if (id == 0x80000005) return c_string("");
  return {};
}

std::vector<variant> variants_of(const field& of) {
  std::vector<variant> out;
  if (!of.is_text()) {
    for (const int octet : {0x00, 0x01, 0x02, 0x04, 0x06, 0x07, 0x08, 0x0F, 0x10, 0x12, 0x20, 0x3C, 0x40, 0x7F, 0x80,
                            0xC0, 0xF0, 0xFE, 0xFF})
      out.push_back({std::to_string(octet), std::string(1, static_cast<char>(octet))});
    return out;
  }
  const std::size_t longest = of.width - 1;
  out.push_back({"empty", c_string("")});
  out.push_back({"of 1", c_string("7")});
  out.push_back({"longest but one", c_string(std::string(longest - 1, '7'))});
  out.push_back({"longest", c_string(std::string(longest, '7'))});
  out.push_back({"longest, of 0xFF", c_string(std::string(longest, '\xFF'))});
  out.push_back({"longest, of controls", c_string(std::string(longest, '\x01'))});
  out.push_back({"one too long", c_string(std::string(longest + 1, '7')), of.too_long});
  out.push_back({"two too long", c_string(std::string(longest + 2, '7')), of.too_long});
  out.push_back({"of 255", c_string(std::string(255, '7')), of.too_long});
  out.push_back({"of 60,000", c_string(std::string(60'000, '7')), of.too_long});
  out.push_back({"without its NULL, as long as it may be", std::string(of.width, '7'), of.too_long, true});
  out.push_back({"without its NULL, short", "7", of.too_long, true});
  out.push_back({"missing", "", rinvmsglen, true});
  return out;
}

std::vector<variant> variants_of_text(const std::string& text) {
  const auto says = [](std::size_t length, std::size_t is) { return static_cast<char>(length) + std::string(is, '.'); };
  return {
      {"none", says(0, 0)},
      {"of 1", says(1, 1)},
      {"of 160", says(160, 160)},
      {"of 253", says(253, 253)},
      {"of 254", says(254, 254)},
      {"of 255", says(255, 255), rinvmsglen},
      {"of 255 and a TLV", says(255, 255) + tlv(0x0204, octets("00 07")), rinvmsglen},
      {"one octet short", says(text.size() + 1, 0) + text, rinvmsglen, true},
      {"sm_length alone", says(1, 0), rinvmsglen, true},
      {"sm_length 254 and nothing", says(254, 0), rinvmsglen, true},
      {"sm_length 255 and nothing", says(255, 0), rinvmsglen, true},
      {"missing", "", rinvmsglen, true},
      {"in message_payload", says(0, 0) + tlv(0x0424, text)},
      {"in message_payload, empty", says(0, 0) + tlv(0x0424, "")},
      {"in message_payload of 65,535", says(0, 0) + tlv(0x0424, std::string(65'535, '.'))},
      {"in message_payload, one octet short", says(0, 0) + octets("04 24") + word16(text.size() + 1) + text,
       rinvmsglen},
      {"in message_payload of 65,535, and nothing", says(0, 0) + octets("04 24 FF FF"), rinvmsglen},
      {"in message_payload behind a broken TLV", says(0, 0) + octets("02 04 FF FF") + tlv(0x0424, text)},
      {"in both", message_text(text) + tlv(0x0424, "............")},
      {"in both, the payload short", message_text(text) + octets("04 24 00 09 '.'")},
  };
}

// The tags of SMPP 3.4 §5.3.2, the ends of the vendors' range (§5.3.1), and some that nobody has defined.
std::vector<variant> variants_of_tlvs() {
  constexpr std::uint16_t tags[] = {
      0x0005, 0x0006, 0x0007, 0x0008, 0x000D, 0x000E, 0x000F, 0x0010, 0x0017, 0x0019, 0x001D, 0x001E, 0x0030,
      0x0201, 0x0202, 0x0203, 0x0204, 0x0205, 0x020A, 0x020B, 0x020C, 0x020D, 0x020E, 0x020F, 0x0210, 0x0302,
      0x0303, 0x0304, 0x0381, 0x0420, 0x0421, 0x0422, 0x0423, 0x0424, 0x0425, 0x0426, 0x0427, 0x0501, 0x1201,
      0x1203, 0x1204, 0x130C, 0x1380, 0x1383, 0x1400, 0x1401, 0x3FFF, 0x0000, 0x0001, 0x4000, 0xFFFF};
  std::vector<variant> out;
  for (const std::uint16_t tag : tags) {
    const std::string id = "TLV " + std::to_string(tag);
    for (const std::size_t size : {0U, 1U, 2U, 3U, 4U, 64U, 65U, 66U, 1024U, 1025U})
      out.push_back({id + " of " + std::to_string(size), tlv(tag, std::string(size, '\x01'))});
    out.push_back({id + " twice", tlv(tag, "\x01") + tlv(tag, "\x02")});
    out.push_back({id + " past the end", word16(tag) + word16(3) + ".."});
    out.push_back({id + " of 65,535, and nothing", word16(tag) + word16(0xFFFF)});
    out.push_back({id + " without its length", word16(tag)});
  }
  for (const std::size_t count : {16U, 28U, 29U, 64U, 5'000U}) {
    std::string many;
    for (std::size_t i = 0; i < count; ++i) many += tlv(0x1401, "");
    out.push_back({std::to_string(count) + " TLVs of a vendor's", many});
  }
  for (std::size_t size = 1; size < 4; ++size)
    out.push_back({std::to_string(size) + " octets behind the end", std::string(size, '\xFF')});
  for (variant& each : out) each.refusal = rok;  // the message is not lost for any of them
  return out;
}

command_status refusal_of_cut(const std::vector<field>& fields, std::size_t size) {
  for (const field& each : fields) {
    if (size == 0) return rinvmsglen;
    if (size < each.good.size()) return each.too_long;
    size -= each.good.size();
  }
  return rinvmsglen;
}

}  // namespace topupd::smpp::test
