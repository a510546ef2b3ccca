#include "gateway/smpp/tls_fault.hpp"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <ctime>
#include <memory>
#include <string_view>
#include <vector>

namespace topupd::smpp {

namespace {

constexpr std::size_t names_said = 4;
constexpr std::size_t longest_name = 64;

std::string printable(std::string_view text) {
  std::string cut(text.substr(0, longest_name));
  std::ranges::replace_if(
      cut, [](char c) { return c < ' ' || c > '~' || c == '"'; }, '?');
  return cut;
}

std::string octets_of(const ASN1_STRING* text) {
  const auto* begin = ASN1_STRING_get0_data(text);
  return {begin, begin + ASN1_STRING_length(text)};
}

std::string day_of(const ASN1_TIME* time) {
  std::tm parts{};
  std::array<char, 16> day{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "?";
  return {day.data(), std::strftime(day.data(), day.size(), "%Y-%m-%d", &parts)};
}

// The common name, else the organisation.
std::string name_in(const X509_NAME* name) {
  for (const int part : {NID_commonName, NID_organizationName}) {
    if (const int at = X509_NAME_get_index_by_NID(name, part, -1); at >= 0)
      return printable(octets_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))));
  }
  return "?";
}

std::string address_of(const ASN1_STRING* octets) {
  namespace ip = boost::asio::ip;
  const auto raw = octets_of(octets);
  ip::address_v4::bytes_type four;
  ip::address_v6::bytes_type sixteen;
  if (raw.size() == four.size()) {
    std::copy(raw.begin(), raw.end(), four.begin());
    return ip::address_v4(four).to_string();
  }
  if (raw.size() != sixteen.size()) return "?";
  std::copy(raw.begin(), raw.end(), sixteen.begin());
  return ip::address_v6(sixteen).to_string();
}

// Of the host or hosts that it is for: subjectAltName, and only where that has none the common name (RFC 6125 §6.4.4).
std::vector<std::string> hosts_of(const X509* certificate) {
  std::vector<std::string> hosts;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) hosts.push_back(printable(octets_of(name->d.dNSName)));
    if (name->type == GEN_IPADD) hosts.push_back(address_of(name->d.iPAddress));
  }
  if (hosts.empty()) hosts.push_back(name_in(X509_get_subject_name(certificate)));
  return hosts;
}

std::string certificate_wanted(const tls_circumstances& at) {
  return at.certificate_shown ? "the peer refuses our certificate"
                              : "the peer demands a client certificate, and none is configured";
}

std::string reason_of(const boost::system::error_code& error, const tls_circumstances& at) {
  std::string said = error.message();
  switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH: return "the peer does not speak TLS (" + said + ")";
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL: return "the peer knows no TLS of version 1.2 or later (" + said + ")";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return certificate_wanted(at);
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      if (at.certificate_asked && !at.certificate_shown) return certificate_wanted(at);
      return "nothing that both sides take (" + said + ")";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA: return "the peer does not know who issued our certificate";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED: return "our certificate has expired, says the peer";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_NO_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED: return certificate_wanted(at) + " (" + said + ")";
    default: return said;
  }
}

}  // namespace

std::string chain_fault(X509_STORE_CTX* judged, const std::string& ca_file) {
  const auto* certificate = X509_STORE_CTX_get_current_cert(judged);
  const int error = X509_STORE_CTX_get_error(judged);
  if (certificate == nullptr) return X509_verify_cert_error_string(error);
  const std::string whose =
      X509_STORE_CTX_get_error_depth(judged) == 0
          ? "the certificate"
          : "the certificate of " + name_in(X509_get_subject_name(certificate)) + ", which issued it,";
  const std::string authorities = ca_file.empty() ? "the system's list of authorities" : ca_file;
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return whose + " has expired (" + day_of(X509_get0_notAfter(certificate)) + ")";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return whose + " is not valid before " + day_of(X509_get0_notBefore(certificate));
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return "the certificate is self-signed and not in " + authorities;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "the certificate was issued by " + name_in(X509_get_issuer_name(certificate)) + ", which is not in " +
             authorities;
    default: return whose + ": " + X509_verify_cert_error_string(error);
  }
}

std::string host_fault(const X509* certificate, const std::string& expected) {
  const auto hosts = hosts_of(certificate);
  std::string names;
  for (std::size_t i = 0; i < std::min(hosts.size(), names_said); ++i) names += (i == 0 ? "" : ", ") + hosts[i];
  if (hosts.size() > names_said) names += " and others";
  return "the certificate is for " + names + ", not for " + expected;
}

std::string tls_fault(const boost::system::error_code& error, const tls_circumstances& at) {
  namespace asio = boost::asio;
  if (error.category() == asio::error::get_ssl_category()) return "TLS: " + reason_of(error, at);
  const bool cut = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
  if (at.shaking_hands)
    return "TLS: " + (cut ? "the peer closed the connection during the handshake" : error.message());
  return cut ? "connection closed by the peer" : error.message();
}

}  // namespace topupd::smpp
