#include "gateway/smpp/guard.hpp"

#include <algorithm>
#include <cassert>
#include <optional>
#include <span>

#include "gateway/smpp/frame.hpp"

namespace topupd::smpp {
namespace {

enum class form {
  text,          // a C-octet string
  dropped_text,  // one that we have no use for: empty for the library
  octet,
  dropped_octet,
  ton,
  npi,
  version,
};
struct field {
  form is;
  std::size_t width = 1;                                // of a C-octet string, its NULL included
  command_status refusal = command_status::rinvcmdlen;  // when it does not end within its width
};

// SMPP 3.4 §4.1.1, §4.1.3 and §4.1.5: the three binds have one body.
constexpr field bind_fields[] = {
    {form::text, 16, command_status::rinvsysid},  // system_id
    {form::text, 9, command_status::rinvpaswd},   // password
    {form::text, 13},                             // system_type
    {form::version},                              // interface_version
    {form::ton},                                  // addr_ton
    {form::npi},                                  // addr_npi
    {form::text, 41},                             // address_range
};

// SMPP 3.4 §4.4.1 (submit_sm) and §4.6.1 (deliver_sm), up to sm_length. Both times are one NULL in a deliver_sm by the
// book, and filled in by SMSCs that copy the submit_sm.
constexpr field message_fields[] = {
    {form::text, 6},                               // service_type
    {form::ton},                                   // source_addr_ton
    {form::npi},                                   // source_addr_npi
    {form::text, 21, command_status::rinvsrcadr},  // source_addr
    {form::ton},                                   // dest_addr_ton
    {form::npi},                                   // dest_addr_npi
    {form::text, 21, command_status::rinvdstadr},  // destination_addr
    {form::octet},                                 // esm_class
    {form::octet},                                 // protocol_id
    {form::octet},                                 // priority_flag
    {form::dropped_text, 17},                      // schedule_delivery_time
    {form::dropped_text, 17},                      // validity_period
    {form::octet},                                 // registered_delivery
    {form::dropped_octet},                         // replace_if_present_flag
    {form::octet},                                 // data_coding
    {form::dropped_octet},                         // sm_default_msg_id
};

struct tlv {
  std::uint16_t tag;
  std::size_t width;  // of a number; 0: a C-octet string of at most 65 octets
};
constexpr std::array<tlv, useful_tlvs> tlvs = {{
    {tag::user_message_reference, 2},
    {tag::sar_msg_ref_num, 2},
    {tag::sar_total_segments, 1},
    {tag::sar_segment_seqnum, 1},
    {tag::ussd_service_op, 1},
    {tag::its_session_info, 2},
    {tag::message_state, 1},
    {tag::receipted_message_id, 0},
}};

std::uint8_t octet_at(std::string_view octets, std::size_t place) {
  return static_cast<std::uint8_t>(octets[place]);
}

std::uint16_t word16_at(std::string_view octets, std::size_t place) {
  return static_cast<std::uint16_t>(octet_at(octets, place) << 8 | octet_at(octets, place + 1));
}

std::uint32_t word32_at(std::string_view octets, std::size_t place) {
  return static_cast<std::uint32_t>(word16_at(octets, place)) << 16 | word16_at(octets, place + 2);
}

void put(canonical_pdu& out, std::uint8_t octet) {
  assert(out.size < out.octets.size());
  out.octets[out.size++] = octet;
}

void put16(canonical_pdu& out, std::uint16_t word) {
  put(out, static_cast<std::uint8_t>(word >> 8));
  put(out, static_cast<std::uint8_t>(word & 0xFF));
}

void put32(canonical_pdu& out, std::uint32_t word) {
  put16(out, static_cast<std::uint16_t>(word >> 16));
  put16(out, static_cast<std::uint16_t>(word & 0xFFFF));
}

void put_text(canonical_pdu& out, std::string_view text) {
  assert(text.size() < out.octets.size() - out.size);
  std::ranges::copy(text, out.octets.begin() + static_cast<std::ptrdiff_t>(out.size));
  out.size += text.size();
  put(out, 0);
}

// Takes the fields off `rest`; the status to refuse with where they cannot be read.
std::optional<command_status> copy_fields(std::span<const field> fields, std::string_view& rest, canonical_pdu& out) {
  for (const field& f : fields) {
    if (rest.empty()) return command_status::rinvmsglen;
    if (f.is == form::text || f.is == form::dropped_text) {
      const std::size_t end = rest.substr(0, f.width).find('\0');
      if (end == std::string_view::npos) return f.refusal;
      put_text(out, f.is == form::text ? rest.substr(0, end) : std::string_view{});
      rest.remove_prefix(end + 1);
      continue;
    }
    const std::uint8_t value = octet_at(rest, 0);
    rest.remove_prefix(1);
    switch (f.is) {
      case form::ton: put(out, named_ton(value)); break;
      case form::npi: put(out, named_npi(value)); break;
      case form::dropped_octet: put(out, 0); break;
      case form::version:
        out.interface_version = value;
        put(out, interface_version_34);
        break;
      default: put(out, value);
    }
  }
  return std::nullopt;
}

// The one text of a response. Absent, longer than its field, or followed by TLVs: nothing to refuse a response for.
void copy_response_text(std::string_view rest, std::size_t limit, canonical_pdu& out) {
  const std::string_view text = rest.substr(0, rest.find('\0'));
  put_text(out, text.size() <= limit ? text : std::string_view{});
}

// A number in its own width: some SMSCs send one octet as two or four. Nothing when it does not fit.
std::optional<std::uint16_t> resized(std::string_view value, std::size_t width) {
  if (value.empty()) return std::nullopt;
  while (value.size() > width) {
    if (value.front() != '\0') return std::nullopt;
    value.remove_prefix(1);
  }
  return value.size() == 1 ? octet_at(value, 0) : word16_at(value, 0);
}

bool copy_tlv(const tlv& known, std::string_view value, canonical_pdu& out) {
  if (known.width == 0) {
    const std::string_view text = value.substr(0, value.find('\0'));
    if (text.size() > message_id_limit) return false;
    put16(out, known.tag);
    put16(out, static_cast<std::uint16_t>(text.size() + 1));
    put_text(out, text);
    return true;
  }
  const std::optional<std::uint16_t> number = resized(value, known.width);
  if (!number) return false;
  put16(out, known.tag);
  put16(out, static_cast<std::uint16_t>(known.width));
  if (known.width == 2) put16(out, *number);
  if (known.width == 1) put(out, static_cast<std::uint8_t>(*number));
  return true;
}

// Walks the optional parameters. One that runs past the end ends the walk and the message stays good, unless it is the
// message_payload and there is no other text: half a PIN is never used.
std::optional<command_status> copy_tlvs(std::string_view rest, std::uint16_t vendor_tlv, canonical_pdu& out) {
  std::array<bool, useful_tlvs> seen{};
  while (rest.size() >= 4) {
    const std::uint16_t name = word16_at(rest, 0);
    const std::size_t length = word16_at(rest, 2);
    rest.remove_prefix(4);
    if (length > rest.size()) {
      if (name == tag::message_payload && out.text.empty()) return command_status::rinvmsglen;
      break;
    }
    const std::string_view value = rest.substr(0, length);
    rest.remove_prefix(length);
    // An empty one is passed over: whatever it names, it would be the same for all messages.
    const bool kept = name == vendor_tlv && vendor_tlv != 0 && !value.empty() && !out.vendor;
    if (kept) out.vendor = value;
    if (name == tag::message_payload && out.text.empty()) {
      out.text = value;
      continue;
    }
    const auto* known = std::ranges::find(tlvs, name, &tlv::tag);
    const auto place = static_cast<std::size_t>(known - tlvs.begin());
    if (known != tlvs.end() && !seen[place] && copy_tlv(*known, value, out)) {
      seen[place] = true;
    } else if (!kept) {
      ++out.unused_tlvs;
    }
  }
  if (!rest.empty()) ++out.unused_tlvs;
  return std::nullopt;
}

std::optional<command_status> copy_message(std::string_view rest, std::uint16_t vendor_tlv, canonical_pdu& out) {
  if (const auto refusal = copy_fields(message_fields, rest, out)) return refusal;
  if (rest.empty()) return command_status::rinvmsglen;
  const std::size_t sm_length = octet_at(rest, 0);
  rest.remove_prefix(1);
  if (sm_length > short_message_limit || sm_length > rest.size()) return command_status::rinvmsglen;
  out.text = rest.substr(0, sm_length);
  put(out, 0);
  return copy_tlvs(rest.substr(sm_length), vendor_tlv, out);
}

std::optional<command_status> copy_body(std::uint32_t id, std::string_view body, std::uint16_t vendor_tlv,
                                        canonical_pdu& out) {
  switch (id) {
    case request_id(command_id::bind_receiver):
    case request_id(command_id::bind_transmitter):
    case request_id(command_id::bind_transceiver): return copy_fields(bind_fields, body, out);
    case request_id(command_id::submit_sm):
    case request_id(command_id::deliver_sm): return copy_message(body, vendor_tlv, out);
    case response_id(command_id::bind_receiver):
    case response_id(command_id::bind_transmitter):
    case response_id(command_id::bind_transceiver): copy_response_text(body, 15, out); return std::nullopt;
    case response_id(command_id::submit_sm): copy_response_text(body, message_id_limit, out); return std::nullopt;
    case response_id(command_id::deliver_sm): put_text(out, {}); return std::nullopt;  // message_id is unused, §4.6.2
    case request_id(command_id::unbind):
    case response_id(command_id::unbind):
    case request_id(command_id::enquire_link):
    case response_id(command_id::enquire_link):
    case request_id(command_id::generic_nack): return std::nullopt;
    default: return command_status::rinvcmdid;
  }
}

}  // namespace

header read_header(std::string_view frame) {
  assert(frame.size() >= header_size);
  return {.length = word32_at(frame, 0),
          .id = word32_at(frame, 4),
          .status = static_cast<command_status>(word32_at(frame, 8)),
          .sequence = word32_at(frame, 12)};
}

std::uint8_t named_ton(std::uint8_t ton) {
  return ton <= 6 ? ton : std::uint8_t{0};
}

std::uint8_t named_npi(std::uint8_t npi) {
  constexpr std::uint8_t named[] = {0, 1, 3, 4, 6, 8, 9, 10, 14, 18};
  return std::ranges::find(named, npi) != std::end(named) ? npi : std::uint8_t{0};
}

boost::system::result<canonical_pdu, command_status> guard(std::string_view frame, std::uint16_t vendor_tlv) {
  if (frame.size() < header_size) return command_status::rinvcmdlen;
  const header head = read_header(frame);
  if (head.length != frame.size()) return command_status::rinvcmdlen;

  canonical_pdu out;
  put32(out, 0);  // command_length, known at the end
  put32(out, head.id);
  put32(out, static_cast<std::uint32_t>(command_status::rok));
  put32(out, 1);  // sequence_number
  if (const auto refusal = copy_body(head.id, frame.substr(header_size), vendor_tlv, out)) return *refusal;
  out.octets[3] = static_cast<std::uint8_t>(out.size);  // 255 at most
  return out;
}

}  // namespace topupd::smpp
