#include "gateway/smpp/codec.hpp"

#include <string.h>  // explicit_bzero

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "gateway/smpp/frame.hpp"
#include "gateway/smpp/guard.hpp"

extern "C" {
#include <libsmpp34/smpp34.h>
#include <libsmpp34/smpp34_heap.h>
#include <libsmpp34/smpp34_structs.h>
}
#undef Reserved
#undef PUTLOG
#undef UUU
#undef UU2

namespace topupd::smpp {
namespace {

// Every use of the library. It keeps its log in a global, so a second thread inside is a fault of ours: better an
// assert than a corrupt PDU. What it allocates while it unpacks is a node per TLV, and the guard lets each useful one
// through once; all are taken back before the next PDU, because the library loses a node whenever it fails.
class library_use {
 public:
  library_use() {
    [[maybe_unused]] const bool already_inside = inside_.exchange(true, std::memory_order_acquire);
    assert(!already_inside);
    [[maybe_unused]] static const bool prepared = [] {
      const smpp34_memory_functions nodes{&take_node, [](void*, std::size_t) -> void* { return nullptr; },
                                          [](void*) {}};
      smpp34_set_memory_functions(&nodes);
      return true;
    }();
    nodes_taken_ = 0;
  }
  ~library_use() {
    explicit_bzero(smpp34_strerror, sizeof smpp34_strerror);  // its log of the fields, a password among them
    inside_.store(false, std::memory_order_release);
  }
  library_use(const library_use&) = delete;
  library_use& operator=(const library_use&) = delete;

 private:
  static void* take_node(std::size_t size) {
    assert(size == sizeof(tlv_t) && nodes_taken_ < nodes_.size());  // the library does not look whether it got one
    return &nodes_[nodes_taken_++];
  }
  static inline std::atomic<bool> inside_ = false;
  static inline std::array<tlv_t, useful_tlvs> nodes_;
  static inline std::size_t nodes_taken_ = 0;
};

// Three binds have one body, so have their responses, and five PDUs are a header alone: one struct of the library each.
using any_bind_t = bind_transceiver_t;
using any_bind_resp_t = bind_transceiver_resp_t;
using header_only_t = unbind_t;
static_assert(sizeof(any_bind_t) == sizeof(bind_receiver_t) && sizeof(any_bind_t) == sizeof(bind_transmitter_t));
static_assert(sizeof(any_bind_resp_t) == sizeof(bind_receiver_resp_t) &&
              sizeof(any_bind_resp_t) == sizeof(bind_transmitter_resp_t));
static_assert(sizeof(header_only_t) == sizeof(generic_nack_t) && sizeof(header_only_t) == sizeof(unbind_resp_t) &&
              sizeof(header_only_t) == sizeof(enquire_link_t) && sizeof(header_only_t) == sizeof(enquire_link_resp_t));

// ---- octets -> pdu

using body = decltype(pdu::body);

template <typename T>
bool unpack(std::uint32_t id, const canonical_pdu& octets, T& t) {
  return smpp34_unpack(id, &t, octets.octets.data(), static_cast<int>(octets.size)) == 0;
}

template <std::size_t width>
std::string_view text_of(const std::uint8_t (&field)[width]) {
  const auto* const end = std::find(std::begin(field), std::end(field), std::uint8_t{0});
  return {reinterpret_cast<const char*>(field), static_cast<std::size_t>(end - field)};
}

// After the guard the library has nothing to refuse. Should it do so nevertheless, the peer is told of our fault.
malformed refused_by_library(std::uint32_t id) {
  return {.id = id, .reason = command_status::rsyserr};
}

body read_bind(std::uint32_t id, const canonical_pdu& octets) {
  any_bind_t t{};
  if (!unpack(id, octets, t)) return refused_by_library(id);
  bind value;
  value.kind = static_cast<command_id>(id);
  value.system_id = text_of(t.system_id);
  value.password = secret(text_of(t.password));
  value.system_type = text_of(t.system_type);
  value.interface_version = octets.interface_version;
  value.range = {.ton = t.addr_ton, .npi = t.addr_npi, .digits = std::string(text_of(t.address_range))};
  return value;
}

body read_bind_resp(std::uint32_t id, const canonical_pdu& octets) {
  any_bind_resp_t t{};
  if (!unpack(id, octets, t)) return refused_by_library(id);
  return bind_resp{.kind = static_cast<command_id>(id & ~response_bit), .system_id = std::string(text_of(t.system_id))};
}

void read_tlv(const tlv_t& tlv, short_message& value) {
  switch (tlv.tag) {
    case tag::user_message_reference: value.user_message_reference = tlv.value.val16; break;
    case tag::sar_msg_ref_num: value.sar_msg_ref_num = tlv.value.val16; break;
    case tag::sar_total_segments: value.sar_total_segments = tlv.value.val08; break;
    case tag::sar_segment_seqnum: value.sar_segment_seqnum = tlv.value.val08; break;
    case tag::its_session_info: value.its_session_info = tlv.value.val16; break;
    // Octet strings to the library, in one body or in both.
    case tag::ussd_service_op: value.ussd_service_op = tlv.value.octet[0]; break;
    case tag::message_state: value.message_state = tlv.value.octet[0]; break;
    case tag::receipted_message_id: value.receipted_message_id = text_of(tlv.value.octet); break;
    default: break;
  }
}

template <typename T>
body read_message(std::uint32_t id, const canonical_pdu& octets) {
  T t{};
  if (!unpack(id, octets, t)) return refused_by_library(id);
  short_message value;
  value.kind = static_cast<command_id>(id);
  value.service_type = text_of(t.service_type);
  value.source = {.ton = t.source_addr_ton, .npi = t.source_addr_npi, .digits = std::string(text_of(t.source_addr))};
  value.destination = {
      .ton = t.dest_addr_ton, .npi = t.dest_addr_npi, .digits = std::string(text_of(t.destination_addr))};
  value.esm_class = t.esm_class;
  value.protocol_id = t.protocol_id;
  value.priority = t.priority_flag;
  value.registered_delivery = t.registered_delivery;
  value.data_coding = t.data_coding;
  value.octets = octets.text;
  value.vendor = octets.vendor;
  for (const tlv_t* tlv = t.tlv; tlv != nullptr; tlv = tlv->next) read_tlv(*tlv, value);
  return value;
}

body read_submit_sm_resp(std::uint32_t id, const canonical_pdu& octets) {
  submit_sm_resp_t t{};
  if (!unpack(id, octets, t)) return refused_by_library(id);
  return short_message_resp{.kind = command_id::submit_sm, .message_id = std::string(text_of(t.message_id))};
}

template <typename T>
body read_plain(std::uint32_t id, const canonical_pdu& octets, const body& value) {
  T t{};
  if (!unpack(id, octets, t)) return refused_by_library(id);
  return value;
}

body read_body(std::uint32_t id, const canonical_pdu& octets) {
  switch (id) {
    case BIND_RECEIVER:
    case BIND_TRANSMITTER:
    case BIND_TRANSCEIVER: return read_bind(id, octets);
    case BIND_RECEIVER_RESP:
    case BIND_TRANSMITTER_RESP:
    case BIND_TRANSCEIVER_RESP: return read_bind_resp(id, octets);
    case SUBMIT_SM: return read_message<submit_sm_t>(id, octets);
    case DELIVER_SM: return read_message<deliver_sm_t>(id, octets);
    case SUBMIT_SM_RESP: return read_submit_sm_resp(id, octets);
    case DELIVER_SM_RESP: return read_plain<deliver_sm_resp_t>(id, octets, short_message_resp{});
    case UNBIND: return read_plain<header_only_t>(id, octets, unbind{});
    case UNBIND_RESP: return read_plain<header_only_t>(id, octets, unbind_resp{});
    case ENQUIRE_LINK: return read_plain<header_only_t>(id, octets, enquire_link{});
    case ENQUIRE_LINK_RESP: return read_plain<header_only_t>(id, octets, enquire_link_resp{});
    case GENERIC_NACK: return read_plain<header_only_t>(id, octets, generic_nack{});
    default: return refused_by_library(id);
  }
}

// ---- pdu -> octets

// At most a bind or a message without its text: 98 and 185 octets. The library wants one octet more than it needs.
constexpr std::size_t packed_limit = 256;

void patch32(std::string& out, std::size_t place, std::uint32_t word) {
  for (std::size_t i = 0; i < 4; ++i) out[place + i] = static_cast<char>(word >> (24 - 8 * i) & 0xFF);
}

template <std::size_t width>
void put(std::uint8_t (&field)[width], std::string_view text) {
  assert(text.size() < width && text.find('\0') == std::string_view::npos);  // the library would cut it and say nothing
  std::ranges::copy(text, field);
}

// `t` has its body filled in. The header is given values that the library takes; encode() writes the true ones over
// them.
template <typename T>
void pack(std::uint32_t id, T& t, std::string& out) {
  t.command_id = id;
  t.sequence_number = 1;
  const std::size_t begin = out.size();
  out.resize(begin + packed_limit);
  int size = 0;
  [[maybe_unused]] const int failed =
      smpp34_pack(id, reinterpret_cast<std::uint8_t*>(out.data() + begin), packed_limit, &size, &t);
  assert(failed == 0);
  out.resize(begin + static_cast<std::size_t>(size));
}

void pack_header(std::uint32_t id, std::string& out) {
  header_only_t t{};
  pack(id, t, out);
}

bool is_bind(command_id id) {
  return id == command_id::bind_receiver || id == command_id::bind_transmitter || id == command_id::bind_transceiver;
}

void pack_body(const bind& value, command_status, std::string& out) {
  assert(is_bind(value.kind));
  any_bind_t t{};
  put(t.system_id, value.system_id);
  put(t.password, value.password.reveal());
  put(t.system_type, value.system_type);
  t.interface_version = interface_version_34;
  t.addr_ton = named_ton(value.range.ton);
  t.addr_npi = named_npi(value.range.npi);
  put(t.address_range, value.range.digits);
  const std::size_t version = out.size() + header_size + value.system_id.size() + value.password.size() +
                              value.system_type.size() + 3;  // behind three NULLs
  pack(request_id(value.kind), t, out);
  out[version] = static_cast<char>(value.interface_version);
  explicit_bzero(&t, sizeof t);
}

void pack_body(const bind_resp& value, command_status, std::string& out) {
  assert(is_bind(value.kind));
  any_bind_resp_t t{};
  put(t.system_id, value.system_id);
  pack(response_id(value.kind), t, out);
}

// The optional parameters of a message in the order in which they were added.
class tlv_chain {
 public:
  tlv_chain() = default;
  tlv_chain(const tlv_chain&) = delete;
  tlv_chain& operator=(const tlv_chain&) = delete;

  void add(std::uint16_t tag, const std::optional<std::uint8_t>& value) {
    if (value) link(tag, 1).value.val08 = *value;
  }
  void add(std::uint16_t tag, const std::optional<std::uint16_t>& value) {
    if (value) link(tag, 2).value.val16 = *value;
  }
  void add(std::uint16_t tag, const std::optional<std::string>& value) {
    if (!value) return;
    assert(value->size() <= message_id_limit && value->find('\0') == std::string::npos);
    tlv_t& node = link(tag, static_cast<std::uint16_t>(value->size() + 1));
    std::memcpy(node.value.octet, value->c_str(), value->size() + 1);
  }
  [[nodiscard]] tlv_t* head() { return head_; }

 private:
  tlv_t& link(std::uint16_t tag, std::uint16_t length) {
    tlv_t& node = nodes_.at(size_++);
    node.tag = tag;
    node.length = length;
    node.next = nullptr;
    *end_ = &node;
    end_ = &node.next;
    return node;
  }
  std::array<tlv_t, useful_tlvs> nodes_;  // a kilobyte each: only what is linked is ever written
  std::size_t size_ = 0;
  tlv_t* head_ = nullptr;
  tlv_t** end_ = &head_;
};

// The text goes round the library: that one refuses 254 octets, holds 1,024 of a message_payload, and keeps a log.
void put_octets(const short_message& value, std::size_t begin, std::string& out) {
  const std::size_t size = value.octets.size();
  if (size <= short_message_limit && !value.as_payload) {
    // Behind five texts with their NULLs (the two times are empty), four TON and NPI, and eight octets up to sm_length.
    const std::size_t place = begin + header_size + value.service_type.size() + value.source.digits.size() +
                              value.destination.digits.size() + 5 + 4 + 8;
    out[place - 1] = static_cast<char>(size);
    out.insert(place, value.octets);
  } else {
    assert(size <= 0xFFFF);
    for (const std::size_t word : {std::size_t{tag::message_payload}, size}) {
      out += static_cast<char>(word >> 8);
      out += static_cast<char>(word & 0xFF);
    }
    out += value.octets;
  }
  patch32(out, begin, static_cast<std::uint32_t>(out.size() - begin));
}

template <typename T>
void pack_message(const short_message& value, std::string& out) {
  T t{};
  put(t.service_type, value.service_type);
  t.source_addr_ton = named_ton(value.source.ton);
  t.source_addr_npi = named_npi(value.source.npi);
  put(t.source_addr, value.source.digits);
  t.dest_addr_ton = named_ton(value.destination.ton);
  t.dest_addr_npi = named_npi(value.destination.npi);
  put(t.destination_addr, value.destination.digits);
  t.esm_class = value.esm_class;
  t.protocol_id = value.protocol_id;
  t.priority_flag = value.priority;
  t.registered_delivery = value.registered_delivery;
  t.data_coding = value.data_coding;
  tlv_chain tlvs;
  tlvs.add(tag::user_message_reference, value.user_message_reference);
  tlvs.add(tag::sar_msg_ref_num, value.sar_msg_ref_num);
  tlvs.add(tag::sar_total_segments, value.sar_total_segments);
  tlvs.add(tag::sar_segment_seqnum, value.sar_segment_seqnum);
  tlvs.add(tag::ussd_service_op, value.ussd_service_op);
  tlvs.add(tag::its_session_info, value.its_session_info);
  tlvs.add(tag::message_state, value.message_state);
  tlvs.add(tag::receipted_message_id, value.receipted_message_id);
  t.tlv = tlvs.head();
  const std::size_t begin = out.size();
  pack(request_id(value.kind), t, out);
  put_octets(value, begin, out);
}

void pack_body(const short_message& value, command_status, std::string& out) {
  assert(value.kind == command_id::submit_sm || value.kind == command_id::deliver_sm);
  if (value.kind == command_id::submit_sm) return pack_message<submit_sm_t>(value, out);
  pack_message<deliver_sm_t>(value, out);
}

void pack_body(const short_message_resp& value, command_status status, std::string& out) {
  if (value.kind == command_id::deliver_sm) {
    // §4.6.2: message_id is one NULL; OsmoMSC throws away a deliver_sm_resp without it (SMPP.md §3).
    deliver_sm_resp_t t{};
    return pack(DELIVER_SM_RESP, t, out);
  }
  assert(value.kind == command_id::submit_sm);
  submit_sm_resp_t t{};
  put(t.message_id, value.message_id);
  // §4.4.2: a refusal has no body, which is what the library makes of a status that is not ESME_ROK.
  if (status != command_status::rok && value.message_id.empty()) t.command_status = ESME_RSYSERR;
  pack(SUBMIT_SM_RESP, t, out);
}

void pack_body(const unbind&, command_status, std::string& out) {
  pack_header(UNBIND, out);
}
void pack_body(const unbind_resp&, command_status, std::string& out) {
  pack_header(UNBIND_RESP, out);
}
void pack_body(const enquire_link&, command_status, std::string& out) {
  pack_header(ENQUIRE_LINK, out);
}
void pack_body(const enquire_link_resp&, command_status, std::string& out) {
  pack_header(ENQUIRE_LINK_RESP, out);
}
void pack_body(const generic_nack&, command_status, std::string& out) {
  pack_header(GENERIC_NACK, out);
}
void pack_body(const malformed&, command_status, std::string&) {
  assert(false);
}  // is received, never sent

}  // namespace

pdu decode(std::string_view frame, std::uint16_t vendor_tlv) {
  pdu result;
  if (frame.size() < header_size) {
    result.body = malformed{.id = 0, .reason = command_status::rinvcmdlen};
    return result;
  }
  const header head = read_header(frame);
  result.status = head.status;
  result.sequence = head.sequence;
  const auto octets = guard(frame, vendor_tlv);
  if (octets) {
    const library_use alone;
    result.body = read_body(head.id, *octets);
  } else {
    result.body = malformed{.id = head.id, .reason = octets.error()};
  }
  return result;
}

void encode(const pdu& value, std::string& out) {
  const library_use alone;
  const std::size_t begin = out.size();
  std::visit([&](const auto& content) { pack_body(content, value.status, out); }, value.body);
  // As they are: the library refuses vendor statuses and sequence 0.
  patch32(out, begin + 8, static_cast<std::uint32_t>(value.status));
  patch32(out, begin + 12, value.sequence);
}

}  // namespace topupd::smpp
