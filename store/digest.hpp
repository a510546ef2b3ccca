// Keyed digests: how a PIN and a message are known to the database without being in it (DESIGN.md §2.2, §2.7).
// HMAC-SHA-256 (RFC 2104) and AES-256-GCM (NIST SP 800-38D), by OpenSSL. A keyring is const after construction and may
// be used from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parser/pin.hpp"
#include "parser/secret.hpp"

namespace topupd::store {

struct voucher_digest {
  std::array<std::uint8_t, 32> octets{};
  friend auto operator<=>(const voucher_digest&, const voucher_digest&) = default;
};
struct fingerprint {
  std::array<std::uint8_t, 16> octets{};
  friend auto operator<=>(const fingerprint&, const fingerprint&) = default;
};

// What makes two deliver_sm the same text: never the sequence number, the bind or the time of arrival.
struct message_identity {
  std::string_view smsc;
  std::string_view source;
  std::string_view destination;
  std::uint8_t data_coding = 0;
  std::uint8_t esm_class = 0;  // UDHI says how the octets are read
  std::string_view sar;        // the sar_* values, empty when there are none
  std::string_view octets;     // a UDH included
};

// The PIN keys. Cards are made under the newest. Cards of an older key may be re-wrapped, without any PIN: their digest
// is then HMAC(newer key, digest), and both keys are needed to find them.
class keyring {
 public:
  // 32 octets each; older: newest first, two at most. Precondition (configuration has checked it).
  explicit keyring(const secret& newest, const std::vector<secret>& older = {});
  [[nodiscard]] voucher_digest digest(const parser::pin& pin) const;  // of a card made under the newest key
  // What else the digest of this PIN may be: of cards made under an older key, and re-wrapped under none, some or all
  // of the later ones. As many for each PIN; none with one key.
  [[nodiscard]] std::vector<voucher_digest> older(const parser::pin& pin) const;
  // Tells PINs that begin alike, by a keyed print of their first six digits: who counts up is seen (DESIGN.md §2.8).
  [[nodiscard]] std::int32_t prefix(const parser::pin& pin) const;

  // The names of the keys, the newest first: 16 hexadecimal digits that follow from the key, and do not give it away.
  // What stands at a batch proves that a configured key is the right one.
  [[nodiscard]] const std::vector<std::string>& ids() const { return ids_; }
  // Whether cards under this chain of keys, the first applied first, can be found. Chains have no gaps.
  [[nodiscard]] bool knows(std::span<const std::string> chain) const;
  // A digest under `chain`, and under the later keys. Precondition: knows(chain).
  [[nodiscard]] voucher_digest rewrap(const voucher_digest& digest, std::span<const std::string> chain) const;

  [[nodiscard]] fingerprint print(const message_identity& identity) const;  // under a key derived from the same one

  // Octets that must wait in the database, readable by whoever has the key alone. `about`: what they belong to; they
  // open with the same one only. open(): nothing when they are not what seal() made.
  [[nodiscard]] std::string seal(std::string_view octets, std::string_view about) const;
  [[nodiscard]] std::optional<secret> open(std::string_view sealed, std::string_view about) const;

 private:
  std::vector<secret> voucher_keys_;
  std::vector<std::string> ids_;
  secret message_key_;
  secret part_key_;
  secret prefix_key_;
};

}  // namespace topupd::store
