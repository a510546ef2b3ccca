// A reply as the short messages that one SMSC takes it in: its alphabet, its way of writing numbers, its way of joining
// the parts of a long text. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "gateway/reply_path.hpp"
#include "gateway/smpp/pdu.hpp"
#include "parser/msisdn.hpp"
#include "store/message.hpp"

namespace topupd::gateway {

// A number as that SMSC wants it, where we write it first.
smpp::address address_of(const parser::msisdn& number, const config::smsc& at, const parser::numbering_plan& plan);

// The reply to a text leaves by its SMSC as that came, the addresses exchanged; a notice, which answers no text, and a
// reply that leaves by another SMSC go to the subscriber's number as `by` writes it. A delivery receipt is asked for
// the last part alone: a phone shows the text when it has all of them.
std::vector<smpp::short_message> short_messages(std::string_view text, const store::decision& facts,
                                                const config::smsc& by, const parser::numbering_plan& plan);

// The answer in a USSD dialogue: one USSD string (182 septets, or 80 UCS-2 characters), never split. A question goes
// on, anything else ends the dialogue (SMPP 3.4 §5.3.2.44). Nothing when it is too long.
std::optional<smpp::short_message> ussd_message(std::string_view text, const store::decision& facts,
                                                const config::smsc& at);

bool is_question(const store::decision& facts);
bool is_ussd(const std::vector<smpp::short_message>& parts);

// By what a delivery receipt will name the reply whose last part this is; empty: by nothing. message_id: the SMSC's, of
// that part.
std::string name_in_receipts(const smpp::short_message& last, std::string_view message_id, const config::smsc& by);

}  // namespace topupd::gateway
