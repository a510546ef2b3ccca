#include "gateway/smpp/frame.hpp"

#include <algorithm>
#include <cassert>

namespace topupd::smpp {
namespace {

// SMPP 3.4 §3.2: command_length counts itself and is the first word of the PDU, most significant octet first.
std::size_t command_length(std::string_view octets) {
  std::size_t length = 0;
  for (const char octet : octets.substr(0, 4)) length = length << 8 | static_cast<unsigned char>(octet);
  return length;
}

}  // namespace

std::span<char> frame_reader::prepare(std::size_t size) {
  if (buffer_.size() - end_ < size && begin_ > 0) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < size) buffer_.resize(end_ + size);
  return std::span(buffer_).subspan(end_, size);
}

void frame_reader::commit(std::size_t size) {
  assert(size <= buffer_.size() - end_);
  end_ += size;
}

std::optional<std::string_view> frame_reader::next() {
  const std::string_view octets = std::string_view(buffer_).substr(begin_, end_ - begin_);
  if (broken_ || octets.size() < 4) return std::nullopt;
  const std::size_t length = command_length(octets);
  if (length < header_size || length > limit_) {
    broken_ = true;
    return std::nullopt;
  }
  if (octets.size() < length) return std::nullopt;
  begin_ += length;
  return octets.substr(0, length);
}

std::string_view frame_reader::broken_header() const noexcept {
  if (!broken_) return {};
  return {buffer_.data() + begin_, std::min(end_ - begin_, header_size)};
}

}  // namespace topupd::smpp
