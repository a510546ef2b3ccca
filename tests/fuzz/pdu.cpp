// Whatever a frame holds, it decodes to a pdu; what is encoded from that decodes to the same, and to the same octets.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "gateway/smpp/codec.hpp"
#include "gateway/smpp/frame.hpp"

using namespace topupd::smpp;

namespace {

void require(bool kept) {
  if (!kept) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < header_size || size > frame_limit) return 0;
  // In an allocation of just its size, so that a read past its end is seen; with the length that frame_reader checked.
  std::vector<char> frame(size);
  std::memcpy(frame.data(), data, size);
  for (std::size_t i = 0; i < 4; ++i) frame[i] = static_cast<char>(size >> (24 - 8 * i) & 0xFF);

  const pdu value = decode({frame.data(), frame.size()});
  require(std::memcmp(data + 12, "\0\0\0\0", 4) == 0 || value.sequence != 0);
  if (const auto* bad = std::get_if<malformed>(&value.body)) {
    require(bad->reason != command_status::rok);
    require(bad->reason != command_status::rsyserr);  // the library refused what the guard let through
    return 0;
  }
  std::string once;
  encode(value, once);
  const pdu again = decode(once);
  require(again.status == value.status && again.sequence == value.sequence);
  require(again.body.index() == value.body.index());
  if (const auto* message = std::get_if<short_message>(&value.body)) {
    require(std::get<short_message>(again.body).octets == message->octets);
  }
  std::string twice;
  encode(again, twice);
  require(once == twice);
  return 0;
}
