#include "tests/smsc/spoiler.hpp"

#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <random>
#include <string>
#include <string_view>

namespace topupd::smsc {

namespace asio = boost::asio;
using namespace std::string_view_literals;

namespace {

// SMPP 3.4 §4.1.6: bind_transceiver_resp, ESME_ROK, sequence 1 (our gateway's first), system_id "x".
constexpr std::string_view bind_answer = "\0\0\0\x12\x80\0\0\x09\0\0\0\0\0\0\0\1x\0"sv;

std::string noise(unsigned seed, std::size_t size) {
  std::mt19937 random(seed);
  std::string octets(size, '\0');
  for (char& each : octets) each = static_cast<char>(random());
  return octets;
}

// A deliver_sm header (§4.6.1) whose length is true and whose body is noise.
std::string noisy_deliver_sm(unsigned seed) {
  return std::string("\0\0\0\x64\0\0\0\x05\0\0\0\0\0\0\0\7"sv) + noise(seed, 0x64 - 16);
}

std::string garbage(unsigned kind) {
  switch (kind % 8) {
    case 0: return noise(kind, 4096);                                            // not SMPP at all
    case 1: return "HTTP/1.1 400 Bad Request\r\n\r\n";                           // the wrong port
    case 2: return std::string("\0\0\0\x03\x80\0\0\x09"sv);                      // command_length below its header
    case 3: return std::string("\xFF\xFF\xFF\xFF\0\0\0\x05\0\0\0\0\0\0\0\1"sv);  // four gigabytes to come
    case 4: return std::string(bind_answer) + noise(kind, 2000);                 // bound, then noise
    case 5: {                                                                    // bound, then bodies of noise
      std::string octets(bind_answer);
      for (unsigned each = 0; each < 50; ++each) octets += noisy_deliver_sm(kind + each);
      return octets;
    }
    case 6: return std::string(bind_answer.substr(0, 11));  // half an answer, then the end
    default: {                                              // bound twice, then answers nobody asked for
      std::string octets(bind_answer);
      octets += bind_answer;
      octets += "\0\0\0\x11\x80\0\0\x04\0\0\0\0\0\0\1\0\0"sv;
      octets += "\0\0\0\x10\x80\0\0\0\0\0\0\x03\0\0\0\0"sv;
      return octets;
    }
  }
}

}  // namespace

asio::awaitable<void> spoil(asio::ip::tcp::socket socket, unsigned kind) {
  boost::system::error_code error;
  std::array<char, 1024> bind{};
  co_await socket.async_read_some(asio::buffer(bind), asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  const std::string octets = garbage(kind);
  co_await asio::async_write(socket, asio::buffer(octets), asio::redirect_error(asio::use_awaitable, error));
  // Closing with unread octets would reset the link before the garbage was read.
  if (!error) socket.shutdown(asio::ip::tcp::socket::shutdown_send, error);
  while (!error) co_await socket.async_read_some(asio::buffer(bind), asio::redirect_error(asio::use_awaitable, error));
}

}  // namespace topupd::smsc
