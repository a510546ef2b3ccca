// However a stream is cut into reads, the frames that come out are those that its length words say.
#include "gateway/smpp/frame.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

using namespace topupd::smpp;

namespace {

void require(bool kept) {
  if (!kept) std::abort();
}

struct outcome {
  std::vector<std::string> frames;
  bool broken = false;
};

// By the book: SMPP 3.4 §3.2, on the whole stream at once.
outcome expected(std::string_view stream) {
  outcome out;
  while (stream.size() >= 4) {
    std::uint32_t length = 0;
    for (const char octet : stream.substr(0, 4)) length = length << 8 | static_cast<unsigned char>(octet);
    out.broken = length < header_size || length > frame_limit;
    if (out.broken || length > stream.size()) break;
    out.frames.emplace_back(stream.substr(0, length));
    stream.remove_prefix(length);
  }
  return out;
}

}  // namespace

// The first octet says how many octets each read brings, the rest is the stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] + std::size_t{1};
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);

  frame_reader reader;
  outcome seen;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    const std::string_view read = stream.substr(at, piece);
    std::ranges::copy(read, reader.prepare(piece).begin());
    reader.commit(read.size());
    while (const auto frame = reader.next()) seen.frames.emplace_back(*frame);
    if (!seen.broken && reader.broken()) require(reader.broken_header().size() >= 4);
    seen.broken = reader.broken();
  }
  const outcome book = expected(stream);
  require(seen.frames == book.frames);
  require(seen.broken == book.broken);
  return 0;
}
