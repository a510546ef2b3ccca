// Named places on the way of a text and of its reply, at which a test stops the daemon to break what it likes: kill it,
// crash PostgreSQL, cut the links, let a lease lapse.
//
// In builds with tests, TOPUPD_STOP_AT="before_call:2" in the environment makes the process stop itself (SIGSTOP) when
// it comes by that place for the second time; a name that is none ends it. In what ships come_by() does nothing.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace topupd::store {

enum class crash_point {
  bound,            // a link is bound; nothing was said on it yet
  text_taken,       // a text is read and in the store's queue
  before_call,      // a batch is about to be sent to PostgreSQL
  behind_commit,    // PostgreSQL has acknowledged its COMMIT; nobody here knows yet
  decided,          // the gateway knows
  acknowledged,     // ESME_ROK is given to the link, and has not left
  before_submit,    // a reply is rendered
  submitted,        // its submit_sm is given to the link, and has not left
  submit_answered,  // the SMSC has it
  reported,         // that waits to be written
  claimed,          // PostgreSQL has handed over replies that somebody left owed
  part_kept,        // a part of a long text is committed and not acknowledged
  delivery_noted    // so is a delivery receipt
};
inline constexpr std::array<std::string_view, 13> crash_point_names{
    "bound",     "text_taken",      "before_call", "behind_commit", "decided",   "acknowledged",  "before_submit",
    "submitted", "submit_answered", "reported",    "claimed",       "part_kept", "delivery_noted"};
static_assert(crash_point_names.size() == static_cast<std::size_t>(crash_point::delivery_noted) + 1);

// Any thread.
void come_by(crash_point here);

}  // namespace topupd::store
