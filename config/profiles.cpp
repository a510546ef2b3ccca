#include "config/profiles.hpp"

namespace topupd::config {
namespace {

// An SMSC or aggregator that nobody can tell much about. What it may do oddly is read leniently in every profile:
// receipts, unknown statuses, vendor TLVs. What is left is not to press it.
void be_generic(smsc& it) {
  it.window = 10;  // the least of what contracts allow (10 to 64); throttling answers find its rate
}

// Kannel as the SMSC: its opensmppbox, as its source says (gw/opensmppbox.c; not run). Its default alphabet is
// unpacked GSM 03.38, its ids are UUIDs that receipts repeat in a TLV and in the text, parts with a UDH of 8 bits are
// put together: all that is the default. It knows us by system_type, unless it is told use-systemid-as-smsboxid.
// A text that is answered with any other status than ESME_ROK is given up there ("TODO: ack_failed_tmp"), so while the
// store is away the subscriber has to text again: no status can help.
void be_kannel(smsc& it) {
  it.window = 100;  // it looks for PDUs once a second when it was idle: so many replies a second leave
}

// OsmoMSC (SMPP.md §3, and its source: smpp_openbsc.c).
void be_osmocom(smsc& it) {
  it.interface_version = 0x34;                   // a bind with another one gets no answer at all
  it.window = 5;                                 // deliver_sm and answers share a queue of 10, then it drops
  it.default_alphabet = parser::alphabet::gsm7;  // under data_coding 0 and 1
  it.concatenation = concatenation::udh;         // it reads neither sar_* nor more than one SMS of payload
  it.receipt_match = receipt_match::user_message_reference;  // every submit_sm_resp has the same id
  it.number_npi = 1;                                         // subscribers are looked up under ISDN only
  // It delivers nothing again. ESME_RMSGQFUL becomes "congestion" at the phone (3GPP TS 24.011 §8.2.5.4, cause 42),
  // which says to try again; ESME_RX_T_APPN would be "network out of order".
  it.temporary_status = 0x14;
  it.ussd = ussd_session::none;  // it has none over SMPP
}

}  // namespace

const std::vector<std::string>& profile_names() {
  static const std::vector<std::string> names{"smpp34", "generic", "kannel", "osmocom"};
  return names;
}

void apply_profile(std::string_view name, smsc& into) {
  into.profile = name;
  if (name == "generic") be_generic(into);
  if (name == "kannel") be_kannel(into);
  if (name == "osmocom") be_osmocom(into);
}

}  // namespace topupd::config
