// Garbage instead of SMPP: what a broken or hostile peer may put on the wire. For "garbage never ends the process".
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace topupd::smsc {

// Serves one link with garbage of the given kind (any number; the kinds repeat) and closes it. Never throws.
boost::asio::awaitable<void> spoil(boost::asio::ip::tcp::socket socket, unsigned kind);

}  // namespace topupd::smsc
