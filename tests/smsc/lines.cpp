#include "tests/smsc/lines.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace topupd::smsc {

namespace asio = boost::asio;

lines::lines(asio::io_context& io) : input_(io, ::dup(STDIN_FILENO)) {}

// Waits, then reads what is there. The descriptor stays blocking: the flag would be the whole terminal's.
asio::awaitable<std::optional<std::string>> lines::next() {
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (end != std::string::npos || (ended_ && !buffer_.empty())) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end == std::string::npos ? end : end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      co_return line;
    }
    if (ended_) co_return std::nullopt;

    boost::system::error_code error;
    co_await input_.async_wait(asio::posix::stream_descriptor::wait_read,
                               asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return std::nullopt;
    // Any other error: a file, which epoll does not take and which never blocks.
    std::array<char, 4096> octets{};
    const auto size = ::read(input_.native_handle(), octets.data(), octets.size());
    if (size > 0) {
      buffer_.append(octets.data(), static_cast<std::size_t>(size));
    } else {
      ended_ = true;
    }
  }
}

}  // namespace topupd::smsc
