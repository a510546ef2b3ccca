#include "store/digest.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cassert>
#include <iterator>
#include <memory>
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

// NIST SP 800-38D §5.2.1.1 and §5.2.1.2
constexpr int nonce_size = 12;
constexpr int tag_size = 16;
using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* octets_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* octets_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

constexpr std::uint8_t udhi = 0x40;  // SMPP 3.4 §5.2.12; the other bits of esm_class do not change what the text says

std::string_view octets_in(const voucher_digest& digest) {
  return {reinterpret_cast<const char*>(digest.octets.data()), digest.octets.size()};
}

// A key for another use, which follows from a PIN key. No PIN has letters: it is never the digest of one.
secret derived(const secret& key, std::string_view use) {
  const auto made = hmac(key, use);
  return secret({reinterpret_cast<const char*>(made.data()), made.size()});
}

}  // namespace

// What is remembered for minutes goes under the newest key: a change of keys breaks no more than what was on its way.
keyring::keyring(const secret& newest, const std::vector<secret>& older)
    : voucher_keys_{newest},
      message_key_(derived(newest, "topupd message fingerprint")),
      part_key_(derived(newest, "topupd message part")),
      prefix_key_(derived(newest, "topupd PIN prefix")) {
  voucher_keys_.insert(voucher_keys_.end(), older.begin(), older.end());
  for (const secret& key : voucher_keys_) {
    assert(key.size() == 32);
    const auto whole = hmac(key, "topupd key id");
    std::string id;
    for (std::size_t i = 0; i < 8; ++i) fmt::format_to(std::back_inserter(id), "{:02x}", whole[i]);
    ids_.push_back(std::move(id));
  }
}

voucher_digest keyring::digest(const parser::pin& pin) const {
  return {hmac(voucher_keys_.front(), pin.reveal())};
}

std::vector<voucher_digest> keyring::older(const parser::pin& pin) const {
  std::vector<voucher_digest> all;
  for (std::size_t made = 1; made < voucher_keys_.size(); ++made) {
    all.push_back({hmac(voucher_keys_[made], pin.reveal())});
    for (std::size_t later = made; later-- > 0;) all.push_back({hmac(voucher_keys_[later], octets_in(all.back()))});
  }
  return all;
}

std::int32_t keyring::prefix(const parser::pin& pin) const {
  const auto whole = hmac(prefix_key_, pin.reveal().substr(0, 6));
  return static_cast<std::int32_t>((whole[0] & 0x7FU) << 24U | static_cast<std::uint32_t>(whole[1]) << 16U |
                                   static_cast<std::uint32_t>(whole[2]) << 8U | whole[3]);
}

bool keyring::knows(std::span<const std::string> chain) const {
  if (chain.empty()) return false;
  auto at = std::find(ids_.rbegin(), ids_.rend(), chain.front());
  return static_cast<std::size_t>(ids_.rend() - at) >= chain.size() && std::equal(chain.begin(), chain.end(), at);
}

voucher_digest keyring::rewrap(const voucher_digest& digest, std::span<const std::string> chain) const {
  voucher_digest wrapped = digest;
  const auto last = std::find(ids_.begin(), ids_.end(), chain.back());
  for (auto later = last - ids_.begin(); later-- > 0;)
    wrapped = {hmac(voucher_keys_[static_cast<std::size_t>(later)], octets_in(wrapped))};
  return wrapped;
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

// nonce ‖ what is sealed ‖ tag. Nonces are random: 2^32 parts under one key are far from a collision that matters.
std::string keyring::seal(std::string_view octets, std::string_view about) const {
  std::string sealed(nonce_size + octets.size() + tag_size, '\0');
  auto* out = octets_of(sealed);
  const cipher_context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int length = 0;
  const bool done =
      RAND_bytes(out, nonce_size) == 1 &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, octets_of(part_key_.reveal()), out) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &length, octets_of(about), static_cast<int>(about.size())) == 1 &&
      EVP_EncryptUpdate(context.get(), out + nonce_size, &length, octets_of(octets), static_cast<int>(octets.size())) ==
          1 &&
      EVP_EncryptFinal_ex(context.get(), out + nonce_size + length, &length) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size, out + nonce_size + octets.size()) == 1;
  if (!done) throw std::runtime_error("AES-256-GCM is not available in this OpenSSL");
  return sealed;
}

std::optional<secret> keyring::open(std::string_view sealed, std::string_view about) const {
  if (sealed.size() < nonce_size + tag_size) return std::nullopt;
  const auto size = sealed.size() - nonce_size - tag_size;
  std::string tag(sealed.substr(nonce_size + size));
  std::string octets(size, '\0');
  const cipher_context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int length = 0;
  const bool done =
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, octets_of(part_key_.reveal()), octets_of(sealed)) ==
          1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &length, octets_of(about), static_cast<int>(about.size())) == 1 &&
      EVP_DecryptUpdate(context.get(), octets_of(octets), &length, octets_of(sealed) + nonce_size,
                        static_cast<int>(size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), octets_of(octets) + length, &length) == 1;
  secret opened(octets);
  OPENSSL_cleanse(octets.data(), octets.size());  // they may hold a PIN
  if (!done) return std::nullopt;
  return opened;
}

}  // namespace topupd::store
