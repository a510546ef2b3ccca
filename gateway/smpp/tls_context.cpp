#include "gateway/smpp/tls_context.hpp"

#include <openssl/pemerr.h>
#include <openssl/x509err.h>

#include <boost/asio/ssl/verify_mode.hpp>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <fstream>
#include <system_error>

namespace topupd::smpp {

namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

bool is(const error_code& error, int library, int reason) {
  const auto code = static_cast<unsigned long>(error.value());
  return ERR_GET_LIB(code) == library && ERR_GET_REASON(code) == reason;
}

std::string unreadable(const std::string& file) {
  errno = 0;
  if (std::ifstream(file).good()) return {};
  return "cannot read " + file + ": " + std::generic_category().message(errno);
}

std::string in_words(const error_code& error, const char* wanted, const std::string& file) {
  if (!error) return {};
  if (is(error, ERR_LIB_PEM, PEM_R_NO_START_LINE) || is(error, ERR_LIB_X509, X509_R_NO_CERTIFICATE_OR_CRL_FOUND) ||
      is(error, ERR_LIB_OSSL_DECODER, ERR_R_UNSUPPORTED))
    return file + " holds no " + wanted + " in PEM";
  return file + ": " + error.message();
}

std::string trust(ssl::context& context, const tls_options& options, tls_side side) {
  error_code error;
  if (options.ca_file.empty()) {
    if (side == tls_side::server) return {};  // takes any client
    context.set_verify_mode(ssl::verify_peer);
    context.set_default_verify_paths(error);
    return in_words(error, "certificate", "the system's list of authorities");
  }
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  if (auto fault = unreadable(options.ca_file); !fault.empty()) return fault;
  context.load_verify_file(options.ca_file, error);
  return in_words(error, "certificate", options.ca_file);
}

std::string show(ssl::context& context, const tls_options& options) {
  for (const auto& file : {options.certificate_file, options.key_file})
    if (auto fault = unreadable(file); !fault.empty()) return fault;
  error_code error;
  context.use_certificate_chain_file(options.certificate_file, error);
  if (error) return in_words(error, "certificate", options.certificate_file);
  bool encrypted = false;
  context.set_password_callback(  // or OpenSSL would ask at the terminal
      [&encrypted](std::size_t, ssl::context::password_purpose) {
        encrypted = true;
        return std::string();
      });
  context.use_private_key_file(options.key_file, ssl::context::pem, error);
  context.set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); });
  if (encrypted) return options.key_file + " is encrypted: it must hold a key without a passphrase";
  if (is(error, ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH) || is(error, ERR_LIB_X509, X509_R_KEY_TYPE_MISMATCH))
    return "the key in " + options.key_file + " is not that of the certificate in " + options.certificate_file;
  return in_words(error, "private key", options.key_file);
}

}  // namespace

tls_context make_tls_context(const tls_options& options, tls_side side) {
  tls_context made{ssl::context(side == tls_side::client ? ssl::context::tls_client : ssl::context::tls_server), {}};
  SSL_CTX_set_min_proto_version(made.value.native_handle(), TLS1_2_VERSION);
  made.fault = trust(made.value, options, side);
  if (!made.fault.empty()) return made;
  if (options.certificate_file.empty() != options.key_file.empty()) {
    made.fault = "certificate_file and key_file go together";
  } else if (!options.certificate_file.empty()) {
    made.fault = show(made.value, options);
  } else if (side == tls_side::server) {
    made.fault = "a TLS server needs a certificate";
  }
  return made;
}

std::string fault_of(const tls_options& options, tls_side side) {
  return make_tls_context(options, side).fault;
}

}  // namespace topupd::smpp
