// [[smsc]]: one SMSC, its links, and what it wants otherwise than another one.
#include <algorithm>
#include <array>
#include <utility>

#include "config/profiles.hpp"
#include "config/sections.hpp"
#include "config/units.hpp"

namespace topupd::config {
namespace {

using namespace std::chrono_literals;

bool is_name(std::string_view text) {
  constexpr auto* allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !text.empty() && text.size() <= 32 && text.find_first_not_of(allowed) == std::string_view::npos;
}

// A C-octet string of a bind: at most so many characters, as SMPP 3.4 §5.2 gives them, less the closing NULL.
bool read_octets(section& from, std::string_view key, std::string& into, std::size_t most, std::string_view source) {
  if (!from.read(key, into)) return false;
  if (into.size() > most)
    from.fault(key,
               "is longer than the " + std::to_string(most) + " characters that " + std::string(source) + " allows");
  if (has_control_characters(into)) from.fault(key, "must be printable characters");
  return true;
}

// A word of the file -> the enumerator at its place.
template <typename Enumeration, std::size_t Count>
void choose(section& from, std::string_view key, Enumeration& into, const std::array<const char*, Count>& words) {
  std::string word;
  if (!from.choose(key, word, {words.begin(), words.end()})) return;
  const auto at = std::find(words.begin(), words.end(), word) - words.begin();
  into = static_cast<Enumeration>(at);
}

void read_bind(section& from, smsc& into) {
  choose(from, "bind", into.bind, std::array{"transceiver", "pair"});
  from.read("binds", into.binds, 1, 16);
  from.read("interface_version", into.interface_version, 0x33, 0x50);  // SMPP 3.4 §5.2.4; 0x50 is SMPP 5.0
  from.read("range_ton", into.range_ton, 0, 6);
  from.read("range_npi", into.range_npi, 0, 18);
  read_octets(from, "address_range", into.address_range, 40, "SMPP 3.4 §5.2.7");
  from.read("throughput", into.throughput, 0, 100'000);
  choose(from, "concatenation", into.concatenation, std::array{"udh", "sar", "payload"});
}

// Of submit_sm_resp, vendor ones too (SMPP 3.4 §5.1.3). None is ESME_ROK, and none means two things.
void read_statuses(section& from, smsc& into) {
  constexpr std::int64_t most = 0xFFFFFFFF;
  auto& throttling = into.throttling_statuses;
  auto& permanent = into.permanent_statuses;
  const bool throttling_is_written = from.read("throttling_statuses", throttling, 1, most);
  from.read("permanent_statuses", permanent, 1, most);
  for (std::size_t i = 0; i < permanent.size(); ++i) {
    if (std::find(throttling.begin(), throttling.end(), permanent[i]) == throttling.end()) continue;
    from.fault("permanent_statuses", i,
               throttling_is_written ? "stands in throttling_statuses as well; keep it in one of them"
                                     : "is one of throttling_statuses unless these are written, too; write them "
                                       "without it");
  }
}

void read_addresses(section& from, smsc& into) {
  from.read("source_ton", into.source_ton, -1, 6);
  from.read("source_npi", into.source_npi, -1, 18);
  from.read("number_ton", into.number_ton, 0, 6);   // SMPP 3.4 §5.2.5
  from.read("number_npi", into.number_npi, 0, 18);  // §5.2.6
  choose(from, "number_format", into.number_format, std::array{"e164", "plus", "national"});
  read_octets(from, "service_type", into.service_type, 5, "SMPP 3.4 §5.2.11");
}

void read_receipts(section& from, smsc& into) {
  choose(from, "receipts", into.receipts, std::array{"none", "failure", "all"});
  choose(from, "receipt_match", into.receipt_match,
         std::array{"message_id", "decimal_of_hex", "hex_of_decimal", "user_message_reference"});
  from.read("message_id_tlv", into.message_id_tlv, 0, 0xFFFF);
}

void read_ussd(section& from, smsc& into) {
  choose(from, "ussd", into.ussd, std::array{"none", "its_session_info", "user_message_reference", "source"});
  from.read("ussd_timeout", into.ussd_timeout, 5s, 10min);
}

void read_tls(section from, tls& into) {
  const bool is_said = from.read("enabled", into.enabled);
  from.read("server_name", into.server_name);
  const auto read_path = [&](std::string_view key, std::string& to) {
    if (from.read(key, to) && to.empty()) from.fault(key, "is empty; leave it out, or name the file");
  };
  read_path("ca_file", into.ca_file);
  read_path("certificate_file", into.certificate_file);
  read_path("key_file", into.key_file);
  if (into.certificate_file.empty() != into.key_file.empty())
    from.fault(into.key_file.empty() ? "certificate_file" : "key_file",
               "needs the other one: a certificate has its key, as certificate_file and key_file");
  // Whoever writes any of it means to be protected, and would not notice that nothing is.
  const bool is_meant = into.server_name + into.ca_file + into.certificate_file + into.key_file != "";
  if (is_meant && !is_said && !from.given("enabled"))
    from.fault("enabled", "is missing; write enabled = true, or false for a connection in clear");
  from.finish();
}

}  // namespace

void read_smsc(section& from, smsc& into) {
  std::string profile;
  if (from.choose("profile", profile, profile_names())) apply_profile(profile, into);
  from.require("name", R"(write how logs and credentials call this SMSC, as name = "main")");
  if (from.read("name", into.name) && !is_name(into.name))
    from.fault("name", "must be 1 to 32 letters, digits, - or _");
  if (from.read("group", into.group) && !into.group.empty() && !is_name(into.group))
    from.fault("group", "must be 1 to 32 letters, digits, - or _");
  if (from.read("host", into.host) && (into.host.empty() || into.host.find_first_of(" \t/@[]") != std::string::npos ||
                                       std::count(into.host.begin(), into.host.end(), ':') == 1))
    from.fault("host", "is no host name or address; the port has a key of its own");
  from.read("port", into.port, 1, 65535);
  from.require("system_id", "write the name that the SMSC's operator gave you");
  if (read_octets(from, "system_id", into.system_id, 15, "SMPP 3.4 §5.2.1") && into.system_id.empty())
    from.fault("system_id", "is empty; write the name that the SMSC's operator gave you");
  read_octets(from, "system_type", into.system_type, 12, "SMPP 3.4 §5.2.3");
  read_bind(from, into);
  from.read("window", into.window, 1, 1000);
  from.read("inbox", into.inbox, 1, 100'000);
  from.read("pdu_max", into.pdu_max, 512, 70'000);  // a deliver_sm as SMPP 3.4 §4.6 has it, with and without a payload
  std::string alphabet;
  if (from.choose("default_alphabet", alphabet, {"gsm7", "ascii", "latin1"}))
    into.default_alphabet = parser::alphabet_from(alphabet).value();
  // 0 is ESME_ROK: it would tell the SMSC to forget a text that nobody has taken (DESIGN.md §2.5).
  from.read("temporary_status", into.temporary_status, 1, 0xFFFFFFFF);
  read_statuses(from, into);
  read_addresses(from, into);
  read_receipts(from, into);
  read_ussd(from, into);
  read_tls(from.table("tls"), into.tls);
  from.read("answer_within", into.answer_within, 50ms, 1499ms);  // DESIGN.md §2.5: always under 1.5 s
  from.read("connect_timeout", into.connect_timeout, 100ms, 5min);
  from.read("bind_timeout", into.bind_timeout, 100ms, 5min);
  from.read("enquire_link_after", into.enquire_link_after, 100ms, 1h);
  from.read("enquire_link_timeout", into.enquire_link_timeout, 100ms, 5min);
  from.read("response_timeout", into.response_timeout, 100ms, 10min);
  from.read("unbind_timeout", into.unbind_timeout, 100ms, 3s);  // DESIGN.md §6: a drain is over within 10 s
  from.read("reconnect_min", into.reconnect_min, 50ms, 5min);
  from.read("reconnect_max", into.reconnect_max, 50ms, 1h);
  if (into.reconnect_max < into.reconnect_min)
    from.fault("reconnect_max", "is less than reconnect_min (" + to_text(into.reconnect_min) + ")");
}

void judge_smscs(section& from, const smsc& one, const settings& all) {
  if (one.ussd != ussd_session::none && all.reading.service_codes.empty())
    from.fault("ussd", "needs the codes that people dial: write them as reading.service_codes");
  const auto stands_in = [&](const smsc& other) { return other.name != one.name && other.group == one.group; };
  if (!one.group.empty() && std::none_of(all.smscs.begin(), all.smscs.end(), stands_in))
    from.fault("group",
               "\"" + one.group + "\" has no other SMSC, so nobody stands in; name it at another [[smsc]] too");
}

}  // namespace topupd::config
