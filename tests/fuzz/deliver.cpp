// A deliver_sm as a network makes it: fields, a header, a text in some alphabet, TLVs in any order and any number, or a
// delivery receipt -> all of the way to the text. What was put in comes out.
#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>

#include "gateway/smpp/codec.hpp"
#include "gateway/smpp/delivery_receipt.hpp"
#include "gateway/user_data_header.hpp"
#include "parser/alphabet.hpp"
#include "script.hpp"

using namespace topupd::smpp;
using topupd::fuzz::promise;
using topupd::fuzz::script;
namespace gateway = topupd::gateway;
namespace parser = topupd::parser;

namespace {

constexpr std::uint16_t vendor_tlv = 0x1401;

void put16(std::string& out, std::size_t number) {
  out += static_cast<char>(number >> 8 & 0xFF);
  out += static_cast<char>(number & 0xFF);
}

// A C-octet string of at most `limit` characters: as in the script up to its first NULL.
std::string_view put_text(std::string& out, script& story, std::size_t limit) {
  const auto taken = story.octets(story.octet() % (limit + 1));
  const auto text = taken.substr(0, taken.find('\0'));
  out += text;
  out += '\0';
  return text;
}

// The first one that can be used counts: a number in its own width or less, or behind zeros.
template <class Number>
void expect(const std::optional<Number>& found, std::string_view value, bool& seen) {
  if (value.empty() || seen) return;
  while (value.size() > sizeof(Number)) {
    if (value.front() != '\0') return;
    value.remove_prefix(1);
  }
  unsigned number = 0;
  for (const char c : value) number = number << 8 | static_cast<unsigned char>(c);
  seen = true;
  promise(found == static_cast<Number>(number), "a TLV comes out as it went in");
}

struct built {
  std::string frame;
  std::string_view source, destination;
  std::uint8_t esm_class = 0, data_coding = 0;
  std::string_view text;  // of short_message
  struct tlv {
    std::uint16_t tag;
    std::string_view value;
  };
  std::size_t tlv_count = 0;
  std::array<tlv, 64> tlvs;
};

constexpr std::uint16_t tags[] = {0x001E, 0x0204, 0x020C, 0x020E, 0x020F, 0x0424, 0x0427, 0x0501, 0x1383, 0x1401};

void build(script& story, built& out) {
  std::string& octets = out.frame;
  octets.assign({0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9});
  put_text(octets, story, 5);  // service_type
  octets += static_cast<char>(story.octet());
  octets += static_cast<char>(story.octet());
  out.source = put_text(octets, story, 20);
  octets += static_cast<char>(story.octet());
  octets += static_cast<char>(story.octet());
  out.destination = put_text(octets, story, 20);
  octets += static_cast<char>(out.esm_class = story.octet());
  octets += {0, 0, 0, 0, 0, 0};
  octets += static_cast<char>(out.data_coding = story.octet());
  octets += '\0';
  out.text = story.octets(std::min<std::size_t>(story.octet(), 254));
  octets += static_cast<char>(out.text.size());
  octets += out.text;
  for (out.tlv_count = 0; !story.done() && out.tlv_count < out.tlvs.size(); ++out.tlv_count) {
    const auto which = story.octet();
    const std::uint16_t tag = which < 0xF0 ? tags[which % std::size(tags)] : story.word();
    const auto value = story.octets(story.octet());
    put16(octets, tag);
    put16(octets, value.size());
    octets += value;
    out.tlvs[out.tlv_count] = {tag, value};
  }
  octets[2] = static_cast<char>(octets.size() >> 8 & 0xFF);
  octets[3] = static_cast<char>(octets.size() & 0xFF);
}

void check_message(const short_message& read, const built& made) {
  promise(read.source.digits == made.source && read.destination.digits == made.destination, "addresses come out");
  promise(read.esm_class == made.esm_class && read.data_coding == made.data_coding, "so do the classes");
  std::string_view text = made.text;
  std::optional<std::string_view> vendor;
  bool reference = false, sar = false, total = false, part = false, op = false, session = false, state = false;
  for (std::size_t i = 0; i < made.tlv_count; ++i) {
    const auto& [tag, value] = made.tlvs[i];
    if (tag == vendor_tlv && !vendor && !value.empty()) vendor = value;
    if (tag == 0x0424 && text.empty()) text = value;
    if (tag == 0x0204) expect(read.user_message_reference, value, reference);
    if (tag == 0x020C) expect(read.sar_msg_ref_num, value, sar);
    if (tag == 0x020E) expect(read.sar_total_segments, value, total);
    if (tag == 0x020F) expect(read.sar_segment_seqnum, value, part);
    if (tag == 0x0501) expect(read.ussd_service_op, value, op);
    if (tag == 0x1383) expect(read.its_session_info, value, session);
    if (tag == 0x0427) expect(read.message_state, value, state);
  }
  promise(read.octets == text, "the text comes out, from one place or the other");
  promise(read.vendor.has_value() == vendor.has_value() && (!vendor || *read.vendor == *vendor),
          "the vendor's id, too");
}

bool is_plain(const std::string& word) {
  for (const char c : word)
    if (c < '!' || c > '~') return false;
  return true;
}

void check_receipt(const short_message& message) {
  const auto receipt = read_delivery_receipt(message);
  if (!receipt) return;
  promise((message.esm_class & 0x3C) == 0x04 || (message.esm_class & 0x3C) == 0x20, "only a receipt is one");
  promise(receipt->message_id.size() <= 64 && is_plain(receipt->message_id), "an id is short and plain");
  promise(receipt->error.size() <= 16 && is_plain(receipt->error), "so is an error");
  promise(!receipt->message_id.empty() || receipt->user_message_reference, "a receipt names its message");
  promise(name(receipt->state) != "?", "a state has a name");
  promise((message.esm_class & 0x3C) == 0x04 || !is_final(receipt->state), "an intermediate one is not final");
  using enum receipt_match;
  for (const auto match : {message_id, decimal_of_hex, hex_of_decimal, user_message_reference})
    for (const auto where : {id_in::submit_sm_resp, id_in::receipt}) {
      const auto key = receipt_key(receipt->message_id, where, match);
      promise(key.size() <= 64 && is_plain(key) && key.empty() == receipt->message_id.empty(), "a key is an id");
      promise(key.size() < 2 || key.front() != '0', "without leading zeros");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static built made;
  script story(data, size);
  const auto by_default = static_cast<parser::alphabet>(story.octet() % 3);
  build(story, made);

  const pdu value = decode(made.frame, vendor_tlv);
  const auto* message = std::get_if<short_message>(&value.body);
  promise(message != nullptr, "a well-formed deliver_sm is one");
  check_message(*message, made);
  check_receipt(*message);

  const auto data_of = gateway::user_data_of(*message);
  promise(data_of.what != gateway::user_data::kind::part ||
              (data_of.total >= 2 && data_of.total <= 255 && data_of.number >= 1 && data_of.number <= data_of.total),
          "a part is one of several");
  promise(std::string_view(message->octets).ends_with(data_of.text), "the text stands at the end");
  parser::decode(data_of.text, message->data_coding, by_default);
  return 0;
}
