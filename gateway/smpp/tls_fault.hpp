// Why a TLS connection did not come about, in words for one log line. What a peer's certificate says is cut to what can
// be printed.
#pragma once

#include <openssl/ssl.h>

#include <boost/system/error_code.hpp>
#include <string>

namespace topupd::smpp {

// Of the certificate at which the verification failed: expired, unknown authority …
std::string chain_fault(X509_STORE_CTX* judged, const std::string& ca_file);
// Of a certificate that is good, but another host's.
std::string host_fault(const X509* certificate, const std::string& expected);

struct tls_circumstances {
  bool shaking_hands = false;
  bool certificate_asked = false;  // the peer wanted to see ours
  bool certificate_shown = false;
};
// Of an error of Asio's or OpenSSL's that was not ours to find.
std::string tls_fault(const boost::system::error_code& error, const tls_circumstances& at);

}  // namespace topupd::smpp
