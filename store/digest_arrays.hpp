// Cards as topup.add_vouchers() and topup.import_cards() take them. Private to the store.
#pragma once

#include <string>
#include <utility>

#include "store/digest.hpp"
#include "store/sql_array.hpp"

namespace topupd::store {

struct digest_arrays {
  sql_array serials;
  sql_array digests;
  sql_array older;  // under older keys, as many for each PIN

  void add(std::int64_t serial, const parser::pin& pin, const keyring& keys) {
    serials.number(serial);
    digests.octets(keys.digest(pin).octets);
    for (const voucher_digest& digest : keys.older(pin)) older.octets(digest.octets);
  }
};

}  // namespace topupd::store
