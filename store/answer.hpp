// What the rows of the gateway's SQL functions say. Pure; private to the store.
#pragma once

#include <pqxx/result>
#include <span>
#include <vector>

#include "store/batch.hpp"
#include "store/message.hpp"

namespace topupd::store {

// Rows of topup.decision about replies that were claimed.
std::vector<decision> decisions_of(const pqxx::result& rows);
// Rows about these items, in their order. What the gateway knew is filled in, and each copy gets a decision of its own:
// a duplicate without a reply. Behind a text's own decision come those of its further vouchers and its notice. Empty
// when an item has no row: then this is not the function that we know.
std::vector<decision> decisions_of(const pqxx::result& rows, std::span<const item> items);

}  // namespace topupd::store
