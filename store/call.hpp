// How a call of the gateway's SQL functions is written, and what its rows say. Pure; private to the store.
#pragma once

#include <pqxx/result>
#include <span>
#include <string>
#include <vector>

#include "store/batch.hpp"
#include "store/message.hpp"
#include "store/worker.hpp"

namespace topupd::store {

// The arguments of topup.redeem(), in its order: arrays as PostgreSQL writes them. Receipts ascend in both spans.
std::vector<std::string> redeem_arguments(const worker_options& options, std::span<const item> items,
                                          std::span<const reply_result> results, bool again);
// Those of topup.quarantine().
std::vector<std::string> quarantine_arguments(const worker_options& options, const item& bad);

// Those of topup.claim().
std::vector<std::string> claim_arguments(const worker_options& options, std::size_t at_most);

// Rows of topup.decision about replies that were claimed.
std::vector<decision> decisions_of(const pqxx::result& rows);
// Rows about these items, in their order. What the gateway knew is filled in, and each copy gets a decision of its own:
// a duplicate without a reply. Empty when an item has no row: then this is not the function that we know.
std::vector<decision> decisions_of(const pqxx::result& rows, std::span<const item> items);

}  // namespace topupd::store
