// What OpenSSL needs to know for one connection, made of the files as they are now.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "gateway/smpp/tls.hpp"

namespace topupd::smpp {

struct tls_context {
  boost::asio::ssl::context value;
  std::string fault;  // in words, with the file; "" when the context can be used
};

tls_context make_tls_context(const tls_options& options, tls_side side);

}  // namespace topupd::smpp
