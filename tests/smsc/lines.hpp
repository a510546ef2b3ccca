// Lines of standard input, for coroutines: a terminal, a pipe and a file alike. The io_context's one thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <string>

namespace topupd::smsc {

class lines {
 public:
  explicit lines(boost::asio::io_context& io);
  boost::asio::awaitable<std::optional<std::string>> next();  // nothing: the end

 private:
  boost::asio::posix::stream_descriptor input_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace topupd::smsc
