// The stream of octets, cut into PDUs by command_length (SMPP 3.4 §3.2.1).
//
// A length word below 16 or above the limit ends the stream: there is no way to find the next PDU, so nothing is
// resynchronised and the link must close (SMPP.md §2 "framing"). Sans-I/O; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace topupd::smpp {

inline constexpr std::size_t header_size = 16;
inline constexpr std::size_t frame_limit = 70'000;  // a deliver_sm with a message_payload of 65,535 octets fits

class frame_reader {
 public:
  explicit frame_reader(std::size_t limit = frame_limit) : limit_(limit) {}

  // Where the next octets from the socket may be written; then say with commit() how many were.
  std::span<char> prepare(std::size_t size);
  void commit(std::size_t size);

  // The next whole frame, valid until prepare() or next() is called again; nothing when more octets are needed or
  // broken().
  std::optional<std::string_view> next();

  // True once a length word was out of bounds; broken_header() then holds up to 16 octets of that PDU.
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  [[nodiscard]] std::string_view broken_header() const noexcept;

 private:
  std::size_t limit_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of the first octet not yet given out
  std::size_t end_ = 0;    // behind the last octet received
  bool broken_ = false;
};

}  // namespace topupd::smpp
