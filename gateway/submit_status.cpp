#include "gateway/submit_status.hpp"

#include <algorithm>

namespace topupd::gateway {
namespace {

using enum submit_verdict;

struct row {
  std::uint32_t status;
  submit_verdict means;
};
// Of those that speak of a submit_sm; the others (query, cancel, replace, distribution lists) make no sense in its
// answer, and are unknown ones.
constexpr row table[] = {
    {0x00, sent},       // ESME_ROK
    {0x01, permanent},  // ESME_RINVMSGLEN: the text is too long for this SMSC
    {0x02, permanent},  // ESME_RINVCMDLEN
    {0x03, not_here},   // ESME_RINVCMDID: this bind may not submit, say those that mean ESME_RINVBNDSTS
    {0x04, not_here},   // ESME_RINVBNDSTS: the SMSC has forgotten our bind, or takes it for a receiver
    {0x05, not_here},   // ESME_RALYBND
    {0x06, permanent},  // ESME_RINVPRTFLG
    {0x07, permanent},  // ESME_RINVREGDLVFLG: `receipts` asks for what this SMSC has not
    {0x08, temporary},  // ESME_RSYSERR: what SMSCs say when they do not know what to say
    {0x0A, permanent},  // ESME_RINVSRCADR: the short code is not ours here
    {0x0B, permanent},  // ESME_RINVDSTADR
    {0x0D, not_here},   // ESME_RBINDFAIL
    {0x0E, not_here},   // ESME_RINVPASWD
    {0x0F, not_here},   // ESME_RINVSYSID
    {0x14, temporary},  // ESME_RMSGQFUL, where settings do not have it among the throttling ones: this phone's queue
    {0x15, permanent},  // ESME_RINVSERTYP: `service_type`
    {0x43, permanent},  // ESME_RINVESMCLASS: no UDHI, try another `concatenation`
    {0x45, temporary},  // ESME_RSUBMITFAIL
    {0x48, permanent},  // ESME_RINVSRCTON
    {0x49, permanent},  // ESME_RINVSRCNPI
    {0x50, permanent},  // ESME_RINVDSTTON
    {0x51, permanent},  // ESME_RINVDSTNPI
    {0x53, not_here},   // ESME_RINVSYSTYP
    {0x58, temporary},  // ESME_RTHROTTLED, as 0x14
    {0x61, permanent},  // ESME_RINVSCHED
    {0x62, permanent},  // ESME_RINVEXPIRY
    {0x63, permanent},  // ESME_RINVDFTMSGID
    {0x64, temporary},  // ESME_RX_T_APPN
    {0x65, permanent},  // ESME_RX_P_APPN
    {0x66, permanent},  // ESME_RX_R_APPN
    {0xC0, permanent},  // ESME_RINVOPTPARSTREAM
    {0xC1, permanent},  // ESME_ROPTPARNOTALLWD: no sar_*, message_payload or ussd_service_op at this SMSC
    {0xC2, permanent},  // ESME_RINVPARLEN
    {0xC3, permanent},  // ESME_RMISSINGOPTPARAM
    {0xC4, permanent},  // ESME_RINVOPTPARAMVAL
    {0xFE, temporary},  // ESME_RDELIVERYFAILURE
    {0xFF, temporary},  // ESME_RUNKNOWNERR
};

}  // namespace

submit_verdict judge(smpp::command_status status, const config::smsc& by) {
  const auto number = static_cast<std::uint32_t>(status);
  const auto is_among = [number](const auto& all) { return std::ranges::find(all, number) != all.end(); };
  if (status == smpp::command_status::rok) return sent;
  if (is_among(by.permanent_statuses)) return permanent;
  if (is_among(by.throttling_statuses)) return throttled;
  const auto* const found = std::ranges::find(table, number, &row::status);
  return found == std::end(table) ? temporary : found->means;
}

}  // namespace topupd::gateway
