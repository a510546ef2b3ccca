// The configuration: one TOML file, read once into values. Every fault is found and said at once, with its line and
// remedy. Nothing here is global; each part of the daemon gets its own struct. SIGHUP reads it again: see reloadable
// parts below.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "parser/alphabet.hpp"
#include "parser/reading.hpp"
#include "parser/secret.hpp"

namespace topupd::config {

struct service {
  std::vector<std::string> short_codes;
  std::string name;
  std::string care_number;
  std::string currency = "USD";
  std::string time_zone = "UTC";
  std::string language = "en";
  int answers_per_hour = 10;                 // to one sender, credits apart; 0: no limit
  std::chrono::milliseconds undo_within{0};  // after a credit to another number; 0: UNDO is not offered
};

// TRANSFER by text: decimals as written, and in minor units of the service's currency.
struct transfer {
  bool enabled = false;
  std::string per_transfer = "20", per_day = "50", per_month = "200", remaining = "1";
  std::int64_t per_transfer_minor = 0, per_day_minor = 0, per_month_minor = 0;
  std::int64_t remaining_minor = 0;  // must stay on the sender's account
};

// What PINs may be guessed at (DESIGN.md §7): distinct PINs that nobody has.
struct guessing {
  std::int64_t wrong_pins_per_day = 20'000;  // over all senders; at it, only customers are still looked up
  int alarm_factor = 5;                      // so many times the usual rate: alarm, and one wrong PIN locks
};

// Above these a second operator must agree; "0": never. `topupctl migrate` hands them to the database, which holds to
// them.
struct approval {
  std::string activate_above = "0";  // a batch's value
  std::string adjust_above = "0";    // an adjustment
  std::int64_t activate_above_minor = 0, adjust_above_minor = 0;
};

struct store {
  std::string url = "postgresql:///topup";  // may hold a password: printed nowhere
  std::size_t batch_max = 256;
  std::size_t queue_max = 4096;
  std::size_t replies_max = 8192;          // of one SMSC, waiting for room on its links
  std::chrono::milliseconds lease{7'000};  // of an owed reply: taken over within 10 s
};

// What an SMSC wants otherwise than another one. Defaults are those of a strict SMPP 3.4 SMSC; `profile` changes them
// to what a kind of SMSC is known for, and every key says more than the profile (config/profiles.hpp).
enum class bind_mode { transceiver, pair };         // pair: a transmitter and a receiver, two links
enum class number_format { e164, plus, national };  // 999701234567, +999701234567, 0701234567
enum class receipt_policy { none, failure, all };   // registered_delivery, SMPP 3.4 §5.2.17
enum class receipt_match {                          // how a delivery receipt names the message it is about
  message_id,                                       // by the id of submit_sm_resp, as it stands
  decimal_of_hex,                                   // submit_sm_resp has it in hexadecimal, the receipt in decimal
  hex_of_decimal,                                   // and the other way round
  user_message_reference,                           // by the number that we gave it: ids mean nothing at this SMSC
};
enum class concatenation { udh, sar, payload };  // of a long reply: 3GPP TS 23.040, sar_* TLVs, message_payload
enum class ussd_session {                        // what names a USSD dialogue
  none,                                          // no USSD: such messages are texts
  its_session_info,                              // SMPP 3.4 §5.3.2.43
  user_message_reference,
  source,  // nothing: one dialogue per number
};

struct tls {
  bool enabled = false;
  std::string server_name;       // in the certificate; empty: host
  std::string ca_file;           // PEM; empty: the system's
  std::string certificate_file;  // ours, for an SMSC that asks for one; PEM
  std::string key_file;          // its key
};

struct smsc {
  std::string name;
  std::string group;               // SMSCs that stand in for each other; empty: none does
  std::string profile = "smpp34";  // smpp34, generic, kannel, osmocom
  std::string host = "127.0.0.1";
  std::uint16_t port = 2775;
  config::tls tls;
  std::string system_id;
  secret password;
  std::string system_type;
  std::uint8_t interface_version = 0x34;
  std::uint8_t range_ton = 0, range_npi = 0;
  std::string address_range;
  bind_mode bind = bind_mode::transceiver;
  int binds = 1;  // parallel links, or pairs
  std::size_t window = 64;
  std::size_t inbox = 1024;      // messages of the SMSC not yet answered, per bind
  std::size_t pdu_max = 70'000;  // octets of the largest PDU that is taken
  std::uint32_t throughput = 0;  // submit_sm a second and bind, each part counted; 0: no limit

  parser::alphabet default_alphabet = parser::alphabet::gsm7;
  config::concatenation concatenation = config::concatenation::udh;
  std::uint32_t temporary_status = 0x64;
  std::vector<std::uint32_t> throttling_statuses = {0x58, 0x14};  // of submit_sm_resp: pause, halve the rate, try again
  std::vector<std::uint32_t> permanent_statuses = {};  // besides those of SMPP 3.4 that are so by their meaning

  // Where a number is written first by us: a notice, and a reply that leaves by another SMSC of the group.
  std::uint8_t number_ton = 1, number_npi = 1;
  config::number_format number_format = config::number_format::e164;
  int source_ton = -1, source_npi = -1;  // of our short code as the source of a reply; -1: as the text was sent to it
  std::string service_type;              // of submit_sm (§5.2.11)

  receipt_policy receipts = receipt_policy::none;
  config::receipt_match receipt_match = config::receipt_match::message_id;
  std::uint16_t message_id_tlv = 0;  // vendor TLV of deliver_sm that names the text, kept over redeliveries; 0: none
  ussd_session ussd = ussd_session::none;
  std::chrono::milliseconds ussd_timeout{60'000};  // of silence in a dialogue

  std::chrono::milliseconds answer_within{1'400};  // a deliver_sm: then the temporary status
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds bind_timeout{10'000};
  std::chrono::milliseconds enquire_link_after{30'000};
  std::chrono::milliseconds enquire_link_timeout{10'000};
  std::chrono::milliseconds response_timeout{30'000};
  std::chrono::milliseconds unbind_timeout{3'000};  // what is in flight, and again its answer
  std::chrono::milliseconds reconnect_min{1'000};
  std::chrono::milliseconds reconnect_max{60'000};
};

struct log {
  std::string level = "info";   // trace, debug, info, warning, error
  std::string format = "text";  // text, json
};

struct http {
  std::string listen;  // "127.0.0.1:9095"; empty: no server
};

// One language file: keywords for the reader, reply texts for the subscriber (phrase key -> ICU MessageFormat pattern).
// A file without reply texts only adds words; its texts are answered in the service's language.
struct language {
  parser::language words;
  std::map<std::string, std::string> texts;
  std::string file;
};

struct settings {
  config::service service;
  parser::rules reading;        // [numbering], [pin] and [reading] together, and the keywords of the languages
  std::string ask_above = "0";  // decimal, in the service's currency
  std::int64_t ask_above_minor = 0;
  std::chrono::milliseconds parts_within{600'000};  // the parts of a long text; later its sender is told
  secret pin_key;                                   // 32 octets, from the file or the systemd credential
  std::vector<secret> older_pin_keys;               // of cards made before, newest first; two at most
  config::transfer transfer;
  config::guessing guessing;
  config::approval approval;
  config::store store;
  std::vector<config::smsc> smscs;
  config::log log;
  config::http http;
  std::vector<language> languages;
};

// One fault, made to be read in a terminal: "topupd.toml:14: pin.lengths: 9 is too short; a PIN has 12 to 20 digits".
struct problem {
  std::string file;
  int line = 0;  // 0: the file as a whole, or a key that is missing
  std::string key;
  std::string text;  // what is wrong, and what to do
};
std::string to_string(const problem& value);

struct loaded {
  std::optional<config::settings> settings;  // only when there is no problem
  std::vector<problem> problems;
};

// What the reply texts may use: phrase key -> names of its arguments. Given by the gateway, which renders them.
using phrase_arguments = std::map<std::string, std::vector<std::string>>;

struct load_options {
  bool secrets = true;            // false: key and passwords are not read (`topupctl try`)
  phrase_arguments phrases = {};  // empty: the reply texts are not judged
  // Why the files of an SMSC's TLS cannot be used together, naming the file; "" when they can. Given by whoever has
  // TLS.
  std::function<std::string(const tls&)> tls_fault = {};
};
// Reads the file, its secrets and the language files. Never throws.
loaded load(const std::string& path, const load_options& options);

}  // namespace topupd::config
