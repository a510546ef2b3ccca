// How a call of the gateway's SQL functions is written. Pure; private to the store.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "store/batch.hpp"
#include "store/message.hpp"
#include "store/worker.hpp"

namespace topupd::store {

// The arguments of topup.redeem(), in its order: arrays as PostgreSQL writes them. Receipts ascend in both spans. now:
// when the call is made.
std::vector<std::string> redeem_arguments(const worker_options& options, std::span<const item> items,
                                          std::span<const reply_result> results, bool again,
                                          std::chrono::steady_clock::time_point now);
// Those of topup.quarantine().
std::vector<std::string> quarantine_arguments(const worker_options& options, const item& bad);

// Those of topup.keep_part().
std::vector<std::string> keep_part_arguments(const worker_options& options, const part& one);

// Those of topup.note_deliveries().
std::vector<std::string> note_arguments(std::span<const delivery> deliveries);

// Those of topup.claim().
std::vector<std::string> claim_arguments(const worker_options& options, std::size_t at_most,
                                         const std::vector<std::string>& smscs);

}  // namespace topupd::store
