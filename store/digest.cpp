#include "store/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cassert>
#include <stdexcept>

namespace topupd::store {
namespace {

std::array<std::uint8_t, 32> hmac(const secret& key, std::string_view data) {
  std::array<std::uint8_t, 32> out{};
  unsigned int length = out.size();
  const auto* octets = reinterpret_cast<const unsigned char*>(data.data());
  const auto* made =
      HMAC(EVP_sha256(), key.reveal().data(), static_cast<int>(key.size()), octets, data.size(), out.data(), &length);
  if (!made || length != out.size()) throw std::runtime_error("HMAC-SHA-256 is not available in this OpenSSL");
  return out;
}

// Each field with its length before it, so that no two identities run into the same octets.
void append(std::string& to, std::string_view field) {
  const auto size = static_cast<std::uint32_t>(field.size());
  for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(size >> shift & 0xFF);
  to += field;
}

constexpr std::uint8_t udhi = 0x40;  // SMPP 3.4 §5.2.12; the other bits of esm_class do not change what the text says

}  // namespace

keyring::keyring(const secret& key) : voucher_key_(key) {
  assert(key.size() == 32);
  const auto derived = hmac(key, "topupd message fingerprint");  // no PIN has letters: never the digest of one
  message_key_ = secret({reinterpret_cast<const char*>(derived.data()), derived.size()});
}

voucher_digest keyring::digest(const parser::pin& pin) const {
  return {hmac(voucher_key_, pin.reveal())};
}

fingerprint keyring::print(const message_identity& identity) const {
  std::string all;
  all.reserve(identity.octets.size() + 128);
  for (const std::string_view field : {identity.smsc, identity.source, identity.destination, identity.sar})
    append(all, field);
  all += static_cast<char>(identity.data_coding);
  all += static_cast<char>(identity.esm_class & udhi);
  append(all, identity.octets);
  const auto whole = hmac(message_key_, all);
  OPENSSL_cleanse(all.data(), all.size());  // the octets hold the PIN
  fingerprint print;
  std::copy_n(whole.begin(), print.octets.size(), print.octets.begin());
  return print;
}

}  // namespace topupd::store
