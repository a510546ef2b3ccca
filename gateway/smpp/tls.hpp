// TLS of a link, 1.2 or later: what either side shows and whom it trusts.
//
// The client, an ESME, verifies the certificate (RFC 5280) and the host name in it (RFC 6125), always. Files are read
// anew for each connection, so that renewed certificates are taken without a restart.
#pragma once

#include <string>

namespace topupd::smpp {

enum class tls_side { client, server };

struct tls_options {
  std::string server_name;  // client: expected in the certificate; also sent as SNI when it is a name
  std::string ca_file;      // PEM. client: empty takes the system's; server: not empty demands a client certificate
  std::string certificate_file;  // ours, its chain behind it; empty: none, which only a client can do without
  std::string key_file;
};

// Whether these files can be used together: "" or what is wrong, in words, with the file.
std::string fault_of(const tls_options& options, tls_side side = tls_side::client);

}  // namespace topupd::smpp
