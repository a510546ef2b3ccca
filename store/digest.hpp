// Keyed digests: how a PIN and a message are known to the database without being in it (DESIGN.md §2.2, §2.7).
// HMAC-SHA-256 (RFC 2104) and AES-256-GCM (NIST SP 800-38D), by OpenSSL. A keyring is const after construction and may
// be used from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

class keyring {
 public:
  // key: 32 octets. Precondition (configuration has checked it).
  explicit keyring(const secret& key);
  [[nodiscard]] voucher_digest digest(const parser::pin& pin) const;
  [[nodiscard]] fingerprint print(const message_identity& identity) const;  // under a key derived from the same one

  // Octets that must wait in the database, readable by whoever has the key alone. `about`: what they belong to; they
  // open with the same one only. open(): nothing when they are not what seal() made.
  [[nodiscard]] std::string seal(std::string_view octets, std::string_view about) const;
  [[nodiscard]] std::optional<secret> open(std::string_view sealed, std::string_view about) const;

 private:
  secret voucher_key_;
  secret message_key_;
  secret part_key_;
};

}  // namespace topupd::store
