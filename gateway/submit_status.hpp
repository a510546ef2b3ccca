// What the status of a submit_sm_resp says about a reply (SMPP 3.4 §5.1.3). Pure.
//
// SMSCs send statuses that the book does not have (0x400-0x4FF), and use the ones it has in their own way: what is not
// known for certain is tried again, with a limit, and settings have the last word.
#pragma once

#include "config/settings.hpp"
#include "gateway/smpp/pdu.hpp"

namespace topupd::gateway {

enum class submit_verdict {
  sent,
  throttled,  // the link is too fast: it slows down, the reply waits in front
  not_here,   // the link's trouble, perhaps: bound anew unless it took something lately; the reply goes later
  temporary,  // of this reply, or unknown: later again, with a limit
  permanent,  // the same octets will never be taken: dead, and an alarm
};
submit_verdict judge(smpp::command_status status, const config::smsc& by);

}  // namespace topupd::gateway
