#include "operator/checksum.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace topupd::operators {
namespace {

// These fail only where OpenSSL has no SHA-256 or no memory: the world, not the operator.
void must(int done) {
  if (done != 1) throw std::runtime_error("OpenSSL cannot compute SHA-256 here");
}

}  // namespace

struct checksum::state {
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> digest{EVP_MD_CTX_new(), EVP_MD_CTX_free};  // wipes itself
};

checksum::checksum() : state_(std::make_unique<state>()) {
  must(EVP_DigestInit_ex(state_->digest.get(), EVP_sha256(), nullptr));
}
checksum::~checksum() = default;

void checksum::add(std::string_view octets) {
  must(EVP_DigestUpdate(state_->digest.get(), octets.data(), octets.size()));
}

std::string checksum::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> octets{};
  unsigned int length = 0;
  must(EVP_DigestFinal_ex(state_->digest.get(), octets.data(), &length));
  std::string text;
  for (unsigned int i = 0; i < length; ++i) text += fmt::format("{:02x}", octets[i]);
  return text;
}

}  // namespace topupd::operators
