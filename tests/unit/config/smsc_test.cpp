#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <tuple>

#include "tests/unit/config/rig.hpp"

using namespace topupd;
using namespace topupd::config;

namespace {

smsc one_with(const rig& here, const std::string& lines) {
  const auto [settings, problems] = here.load(good + lines);
  for (const auto& each : problems) FAIL(to_string(each));
  REQUIRE(settings);
  return settings->smscs.front();
}

}  // namespace

TEST_CASE("without a word about it an SMSC is a strict one of SMPP 3.4") {
  const rig here;
  const auto it = one_with(here, "");
  CHECK(it.profile == "smpp34");
  CHECK(it.bind == bind_mode::transceiver);
  CHECK(it.interface_version == 0x34);
  CHECK(it.throughput == 0);
  CHECK(it.receipts == receipt_policy::none);
  CHECK(it.ussd == ussd_session::none);
  CHECK(it.group.empty());
  CHECK_FALSE(it.tls.enabled);
}

TEST_CASE("a profile sets what a kind of SMSC wants, and a key says more, wherever it stands") {
  const rig here;
  const auto it = one_with(here, "window = 3\nprofile = \"osmocom\"\n");
  CHECK(it.receipt_match == receipt_match::user_message_reference);
  CHECK(it.window == 3);
  CHECK(one_with(here, "profile = \"osmocom\"").window == 5);
  CHECK(one_with(here, "profile = \"osmocom\"").temporary_status == 0x14);
  CHECK(one_with(here, "profile = \"osmocom\"").interface_version == 0x34);
  CHECK(one_with(here, "profile = \"kannel\"").window == 100);
  CHECK(one_with(here, "profile = \"generic\"").window == 10);
}

TEST_CASE("every key of the example that stands in a comment says what is so without it") {
  std::ifstream file(TOPUPD_CONFIG "/topupd.toml");
  std::string example, line;
  int keys = 0;
  const std::regex commented(R"(# ([a-z_]+) = ("[^"]*"|[^ ]+|\[.*\])( +#.*)?)");
  bool of_smsc = false;
  while (std::getline(file, line)) {
    if (line.starts_with("[")) of_smsc = line.starts_with("[[smsc]]") || line.starts_with("[smsc.");
    std::smatch found;
    const bool is_a_file = line.find("_file = ") != std::string::npos;  // those have no default
    if (of_smsc && !is_a_file && std::regex_match(line, found, commented)) {
      line = line.substr(2);
      ++keys;
    }
    example += line + '\n';
  }
  CHECK(keys == 40);
  const rig here;
  const auto written = here.load(example, {.secrets = false});
  for (const auto& each : written.problems) FAIL(to_string(each));
  const auto plain = load(TOPUPD_CONFIG "/topupd.toml", {.secrets = false});
  const auto& one = written.settings->smscs.at(0);
  const auto& other = plain.settings->smscs.at(0);
  const auto values = [](const smsc& it) {
    return std::tie(it.group, it.profile, it.system_type, it.interface_version, it.range_ton, it.range_npi,
                    it.address_range, it.bind, it.binds, it.window, it.inbox, it.throughput, it.default_alphabet,
                    it.concatenation, it.temporary_status, it.throttling_statuses, it.permanent_statuses, it.source_ton,
                    it.source_npi, it.pdu_max, it.number_ton, it.number_npi, it.number_format, it.service_type,
                    it.receipts, it.receipt_match, it.message_id_tlv, it.ussd, it.ussd_timeout);
  };
  const auto times = [](const smsc& it) {
    return std::tie(it.answer_within, it.connect_timeout, it.bind_timeout, it.enquire_link_after,
                    it.enquire_link_timeout, it.response_timeout, it.unbind_timeout, it.reconnect_min, it.reconnect_max,
                    it.tls.enabled, it.tls.server_name);
  };
  CHECK(values(one) == values(other));
  CHECK(times(one) == times(other));
  CHECK(values(other) == values(smsc{}));
  CHECK(times(other) == times(smsc{}));
}

TEST_CASE("every word of an SMSC is taken for what it means") {
  const rig here;
  const auto it = one_with(here, R"(bind = "pair"
binds = 2
interface_version = 0x50
address_range = "^12345$"
range_ton = 1
range_npi = 1
throughput = 100
concatenation = "sar"
number_format = "national"
number_ton = 2
number_npi = 8
service_type = "CMT"
throttling_statuses = [0x58]
permanent_statuses = [0x401, 0xFFFFFFFF]
receipts = "failure"
receipt_match = "hex_of_decimal"
message_id_tlv = 0x1400
)");
  CHECK(it.bind == bind_mode::pair);
  CHECK(it.binds == 2);
  CHECK(it.interface_version == 0x50);
  CHECK(it.address_range == "^12345$");
  CHECK(it.range_ton == 1);
  CHECK(it.range_npi == 1);
  CHECK(it.throughput == 100);
  CHECK(it.concatenation == concatenation::sar);
  CHECK(it.number_format == number_format::national);
  CHECK(it.number_ton == 2);
  CHECK(it.number_npi == 8);
  CHECK(it.service_type == "CMT");
  CHECK(it.throttling_statuses == std::vector<std::uint32_t>{0x58});
  CHECK(it.permanent_statuses == std::vector<std::uint32_t>{0x401, 0xFFFFFFFF});
  CHECK(it.receipts == receipt_policy::failure);
  CHECK(it.receipt_match == receipt_match::hex_of_decimal);
  CHECK(it.message_id_tlv == 0x1400);
  const auto dialled = here.load(good + "ussd = \"its_session_info\"\n[reading]\nservice_codes = [\"123\"]\n");
  REQUIRE(dialled.settings);
  CHECK(dialled.settings->smscs.front().ussd == ussd_session::its_session_info);
}

TEST_CASE("the files of TLS are found beside the configuration") {
  const rig here;
  here.write("ca.pem", "x");
  here.write("us.pem", "x");
  here.write("us.key", "x");
  const auto it = one_with(here, R"(
[smsc.tls]
enabled = true
server_name = "smsc.example"
ca_file = "ca.pem"
certificate_file = "us.pem"
key_file = "us.key"
)");
  CHECK(it.tls.enabled);
  CHECK(it.tls.server_name == "smsc.example");
  CHECK(it.tls.ca_file == here.path("ca.pem"));
  CHECK(it.tls.certificate_file == here.path("us.pem"));
  CHECK(it.tls.key_file == here.path("us.key"));
}

TEST_CASE("files of TLS that cannot be used together are a fault at the one that is told of") {
  const rig here;
  for (const auto* file : {"ca.pem", "us.pem", "us.key"}) here.write(file, "x");
  const std::string lines =
      "[smsc.tls]\nenabled = true\nca_file = \"ca.pem\"\ncertificate_file = \"us.pem\"\nkey_file = \"us.key\"\n";
  load_options judge;
  judge.tls_fault = [](const tls& it) {
    return "the key in " + it.key_file + " is not that of " + it.certificate_file;
  };
  CHECK(here.faults(good + lines, judge) ==
        std::vector<std::string>{
            "topupd.toml:" + std::to_string(std::ranges::count(good, '\n') + 5) +
            ": smsc.tls.key_file: the key in us.key is not that of us.pem; put the right file there"});
  judge.tls_fault = [](const tls&) { return ""; };
  CHECK(here.faults(good + lines, judge).empty());
  judge.tls_fault = [](const tls&) { return "nobody asks"; };
  CHECK(here.faults(good + "[smsc.tls]\nenabled = false\nca_file = \"ca.pem\"\n", judge).empty());
  judge.secrets = false;
  CHECK(here.faults(good + lines, judge).empty());
}

TEST_CASE("the key of our certificate may come from systemd, which goes first") {
  const rig here;
  here.write("us.pem", "x");
  here.write("credentials/smsc_main_key", "x", 0400);
  setenv("CREDENTIALS_DIRECTORY", here.path("credentials").c_str(), 1);
  const auto it =
      one_with(here, "[smsc.tls]\nenabled = true\ncertificate_file = \"us.pem\"\nkey_file = \"/nobody/may.key\"\n");
  CHECK(it.tls.key_file == here.path("credentials/smsc_main_key"));
}

TEST_CASE("what an SMSC cannot be is said with its line and remedy") {
  const struct {
    std::string lines, fault;
  } table[] = {
      {"profile = \"osmo\"", "smsc.profile: \"osmo\" is not known"},
      {"bind = \"receiver\"", "smsc.bind: \"receiver\" is not known"},
      {"throughput = -1", "smsc.throughput: -1 is not"},
      {"permanent_statuses = [0x58]", "smsc.permanent_statuses: is one of throttling_statuses unless these are"},
      {"throttling_statuses = [0x401]\npermanent_statuses = [0x401]",
       "smsc.permanent_statuses: stands in throttling_statuses as well"},
      {"throttling_statuses = [0x100000000]", "smsc.throttling_statuses: 4294967296 is not"},
      {"pdu_max = 100", "smsc.pdu_max: 100 is not from 512 to 70000"},
      {"source_ton = 7", "smsc.source_ton: 7 is not from -1 to 6"},
      {"source_npi = 19", "smsc.source_npi: 19 is not from -1 to 18"},
      {"unbind_timeout = \"4s\"", "smsc.unbind_timeout: 4s is not from 100ms to 3s"},
      {"ussd_timeout = \"1s\"", "smsc.ussd_timeout: 1s is not from 5s to 10m"},
      {"number_npi = 19", "smsc.number_npi: 19 is not from 0 to 18"},
      {"message_id_tlv = 65536", "smsc.message_id_tlv: 65536 is not"},
      {"permanent_statuses = [0]", "smsc.permanent_statuses: 0 is not"},
      {"group = \"a b\"", "smsc.group: must be"},
      {"group = \"coast\"", "smsc.group: \"coast\" has no other SMSC, so nobody stands in"},
      {"service_type = \"CMTCMT\"", "smsc.service_type: is longer than the 5 characters"},
      {"ussd = \"source\"\n[reading]\nservice_codes = []", "smsc.ussd: needs the codes that people dial"},
      {"[smsc.tls]\ncertificate_file = \"us.pem\"", "smsc.tls.certificate_file: needs the other one"},
      {"[smsc.tls]\nca_file = \"nowhere.pem\"", "smsc.tls.ca_file: nowhere.pem cannot be read"},
      {"[smsc.tls]\nca_file = \".\"", "smsc.tls.ca_file: . cannot be read"},
      {"[smsc.tls]\nserver_name = \"smsc.example\"",
       "smsc.tls.enabled: is missing; write enabled = true, or false for a connection in clear"},
      {"[smsc.tls]\nverify = false", "smsc.tls.verify: is unknown"},
  };
  const rig here;
  for (const auto& row : table) {
    CAPTURE(row.lines);
    std::string all;
    for (const auto& each : here.faults(good + row.lines + "\n")) all += each + "\n";
    CHECK_MESSAGE(all.find(row.fault) != std::string::npos, all);
  }
  here.write("us.pem", "x");
  here.write("open.key", "x", 0644);
  const auto open =
      here.faults(good + "[smsc.tls]\nenabled = true\ncertificate_file = \"us.pem\"\nkey_file = \"open.key\"\n");
  REQUIRE(open.size() == 1);
  CHECK(open[0].find("smsc.tls.key_file: open.key may be read by every user; chmod 600 open.key") != std::string::npos);
}

TEST_CASE("SMSCs of one group stand in for each other") {
  const rig here;
  const auto [settings, problems] = here.load(good + R"(group = "coast"
[[smsc]]
name = "second"
group = "coast"
system_id = "topup"
password = "hushhush"
)");
  for (const auto& each : problems) FAIL(to_string(each));
  REQUIRE(settings);
  CHECK(settings->smscs[1].group == "coast");
}
