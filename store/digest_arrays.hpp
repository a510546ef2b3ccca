// PostgreSQL's text form of arrays of serials and digests, as topup.add_vouchers() and topup.import_cards() take them.
// Private to the store.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <string>

#include "store/digest.hpp"

namespace topupd::store {

struct digest_arrays {
  std::string serials = "{";
  std::string digests = "{";
  std::string older = "{";  // under older keys, as many for each PIN

  void add(std::int64_t serial, const parser::pin& pin, const keyring& keys) {
    fmt::format_to(std::back_inserter(serials), "{}{}", serials.size() > 1 ? "," : "", serial);
    append(digests, keys.digest(pin));
    for (const voucher_digest& digest : keys.older(pin)) append(older, digest);
  }
  void close() {
    for (std::string* array : {&serials, &digests, &older}) *array += '}';
  }

 private:
  static void append(std::string& array, const voucher_digest& digest) {
    static constexpr char hex[] = "0123456789abcdef";
    array += array.size() > 1 ? ",\"\\\\x" : "\"\\\\x";
    for (const std::uint8_t octet : digest.octets) {
      array += hex[octet >> 4];
      array += hex[octet & 0xF];
    }
    array += '"';
  }
};

}  // namespace topupd::store
