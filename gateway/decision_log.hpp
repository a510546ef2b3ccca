// The log line of a decision: one for each message, when it is done (DESIGN.md §6 "A log line").
#pragma once

#include <chrono>

#include "gateway/event_log.hpp"
#include "store/message.hpp"

namespace topupd::gateway {

// took: from deliver_sm to its answer; zero for what no text waits for: other cards of one, notices.
void log_decision(event_log& log, const store::decision& value, std::chrono::duration<double, std::milli> took);

}  // namespace topupd::gateway
