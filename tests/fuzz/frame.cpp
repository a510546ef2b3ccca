// However a stream is cut into reads, the frames that come out are those that its length words say.
#include "gateway/smpp/frame.hpp"

#include <algorithm>

#include "script.hpp"

using namespace topupd::smpp;
using topupd::fuzz::promise;

namespace {

// By the book: SMPP 3.4 §3.2, on the whole stream at once.
class book {
 public:
  explicit book(std::string_view stream) : rest_(stream) {}

  // The next whole frame of the first `received` octets; an empty one when there is none.
  std::string_view next(std::size_t received) {
    const std::string_view there = rest_.substr(0, received - taken_);
    if (broken || there.size() < 4) return {};
    std::uint32_t length = 0;
    for (const char octet : there.substr(0, 4)) length = length << 8 | static_cast<unsigned char>(octet);
    broken = length < header_size || length > frame_limit;
    if (broken || length > there.size()) return {};
    rest_.remove_prefix(length);
    taken_ += length;
    return there.substr(0, length);
  }
  bool broken = false;

 private:
  std::string_view rest_;
  std::size_t taken_ = 0;
};

}  // namespace

// The first octet says how many octets each read brings, the rest is the stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] + std::size_t{1};
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);

  frame_reader reader;
  book expected(stream);
  std::size_t received = 0;
  while (received < stream.size()) {
    const std::string_view read = stream.substr(received, piece);
    std::ranges::copy(read, reader.prepare(piece).begin());
    reader.commit(read.size());
    received += read.size();
    while (const auto frame = reader.next()) promise(*frame == expected.next(received), "a frame is the book's");
    promise(expected.next(received).empty(), "no frame is kept back");
    promise(reader.broken() == expected.broken, "a stream breaks where its length is out of bounds");
    if (reader.broken()) {
      promise(reader.broken_header().size() >= 4, "what broke it is shown");
      return 0;
    }
  }
  return 0;
}
