// Whatever a frame holds, it decodes to a pdu; what is encoded from that decodes to the same, and to the same octets.
#include <cstring>
#include <memory>
#include <string>

#include "gateway/smpp/codec.hpp"
#include "gateway/smpp/frame.hpp"
#include "script.hpp"

using namespace topupd::smpp;
using topupd::fuzz::promise;

// The frame, but for its first octets: those become its length, which frame_reader has checked, but for the first one,
// which says whether a vendor TLV is kept.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < header_size || size > frame_limit) return 0;
  const std::uint16_t vendor_tlv = (data[0] & 1) != 0 ? 0x1401 : 0;
  // In an allocation of just its size, so that a read past its end is seen.
  const auto frame = std::make_unique_for_overwrite<char[]>(size);
  std::memcpy(frame.get(), data, size);
  for (std::size_t i = 0; i < 4; ++i) frame[i] = static_cast<char>(size >> (24 - 8 * i) & 0xFF);

  const pdu value = decode({frame.get(), size}, vendor_tlv);
  promise(std::memcmp(data + 12, "\0\0\0\0", 4) == 0 || value.sequence != 0, "the sequence is kept");
  if (const auto* bad = std::get_if<malformed>(&value.body)) {
    promise(bad->reason != command_status::rok, "what is malformed is refused");
    promise(bad->reason != command_status::rsyserr, "the library takes what the guard lets through");
    return 0;
  }
  static std::string once, twice;
  once.clear();
  twice.clear();
  encode(value, once);
  const pdu again = decode(once);
  promise(again.status == value.status && again.sequence == value.sequence, "the header goes there and back");
  promise(again.body.index() == value.body.index(), "a PDU stays what it is");
  if (const auto* message = std::get_if<short_message>(&value.body)) {
    promise(std::get<short_message>(again.body).octets == message->octets, "so does its text");
    promise(!message->vendor || vendor_tlv != 0, "a vendor TLV is kept when asked for");
  }
  encode(again, twice);
  promise(once == twice, "the same PDU is the same octets");
  return 0;
}
