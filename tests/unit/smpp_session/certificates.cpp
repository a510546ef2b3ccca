#include "tests/unit/smpp_session/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <stdexcept>

namespace topupd::smpp::test {

namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* it) const {
    static_cast<void>(Free(it));
  }
};
using certificate = std::unique_ptr<X509, freed_by<X509_free>>;
using key = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using extension = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using open_file = std::unique_ptr<std::FILE, freed_by<std::fclose>>;

void must(bool done) {
  if (!done) throw std::runtime_error("no certificate");
}

void extend(X509* to, int what, const std::string& value) {
  const extension made(X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str()));
  must(made != nullptr && X509_add_ext(to, made.get(), -1) == 1);
}

certificate begin(const wanted_certificate& wanted, EVP_PKEY* its_key) {
  static long serial = 0;
  certificate made(X509_new());
  must(X509_set_version(made.get(), 2) == 1);  // v3
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), 86400L * wanted.first_day);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 86400L * wanted.last_day);
  X509_set_pubkey(made.get(), its_key);
  X509_NAME_add_entry_by_NID(X509_get_subject_name(made.get()), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wanted.name.c_str()), -1, -1, 0);
  return made;
}

}  // namespace

struct authority::made {
  key its_key{EVP_EC_gen("P-256")};
  certificate its_certificate;
};

authority::authority(const std::string& name) : own_(std::make_unique<made>()) {
  auto pattern = (std::filesystem::temp_directory_path() / "topupd-tls-XXXXXX").string();
  must(mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  own_->its_certificate = begin({name, "", -365, 365}, own_->its_key.get());
  auto* const its = own_->its_certificate.get();
  extend(its, NID_basic_constraints, "critical,CA:TRUE");
  X509_set_issuer_name(its, X509_get_subject_name(its));
  must(X509_sign(its, own_->its_key.get(), EVP_sha256()) > 0);
  const open_file out(std::fopen(path("authority.pem").c_str(), "w"));
  must(out != nullptr && PEM_write_X509(out.get(), its) == 1);
}

authority::~authority() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

certificate_files authority::issue(const wanted_certificate& wanted) const {
  const key its_key(EVP_EC_gen("P-256"));
  const auto its = begin(wanted, its_key.get());
  if (!wanted.alternatives.empty()) extend(its.get(), NID_subject_alt_name, wanted.alternatives);
  X509_set_issuer_name(its.get(), X509_get_subject_name(own_->its_certificate.get()));
  must(X509_sign(its.get(), own_->its_key.get(), EVP_sha256()) > 0);
  const auto files = wanted.name.substr(0, wanted.name.find('\n'));
  certificate_files names{path(files + ".pem"), path(files + ".key")};
  const open_file out(std::fopen(names.certificate.c_str(), "w"));
  const open_file secret(std::fopen(names.key.c_str(), "w"));
  must(out != nullptr && PEM_write_X509(out.get(), its.get()) == 1);
  must(secret != nullptr &&
       PEM_write_PrivateKey(secret.get(), its_key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return names;
}

std::string authority::file() const {
  return path("authority.pem");
}

std::string day_from_today(int days) {
  const std::time_t then = std::time(nullptr) + 86400L * days;
  std::tm parts{};
  gmtime_r(&then, &parts);
  std::array<char, 16> day{};
  return {day.data(), std::strftime(day.data(), day.size(), "%Y-%m-%d", &parts)};
}

}  // namespace topupd::smpp::test
