// From an SMSC's settings to its links.
#include "gateway/link_options.hpp"

#include <doctest/doctest.h>

using namespace topupd;
using namespace std::chrono_literals;
using config::bind_mode;
using enum smpp::command_id;

namespace {

config::smsc centre(bind_mode how, int binds) {
  config::smsc made;
  made.name = "main";
  made.bind = how;
  made.binds = binds;
  return made;
}

}  // namespace

TEST_CASE("as many links as binds, and twice as many for pairs, each with a name for the log") {
  struct row {
    bind_mode how;
    int binds;
    std::vector<std::pair<std::string, smpp::command_id>> links;
  };
  const row rows[] = {
      {bind_mode::transceiver, 1, {{"main", bind_transceiver}}},
      {bind_mode::transceiver, 2, {{"main/1", bind_transceiver}, {"main/2", bind_transceiver}}},
      {bind_mode::pair, 1, {{"main/tx", bind_transmitter}, {"main/rx", bind_receiver}}},
      {bind_mode::pair,
       2,
       {{"main/1/tx", bind_transmitter},
        {"main/1/rx", bind_receiver},
        {"main/2/tx", bind_transmitter},
        {"main/2/rx", bind_receiver}}},
  };
  for (const auto& each : rows) {
    std::vector<std::pair<std::string, smpp::command_id>> links;
    for (const auto& one : gateway::link_options(centre(each.how, each.binds)))
      links.emplace_back(one.name, one.session.credentials.kind);
    CHECK(links == each.links);
  }
}

TEST_CASE("every setting of a link reaches it") {
  auto smsc = centre(bind_mode::transceiver, 1);
  smsc.host = "smsc.example";
  smsc.port = 3550;
  smsc.system_id = "topup";
  smsc.password = secret("geheim");
  smsc.system_type = "VMA";
  smsc.interface_version = 0x33;
  smsc.range_ton = 2;
  smsc.range_npi = 8;
  smsc.address_range = "^123";
  smsc.window = 11;
  smsc.inbox = 22;
  smsc.throughput = 33;
  smsc.message_id_tlv = 0x1401;
  smsc.connect_timeout = 1s;
  smsc.bind_timeout = 2s;
  smsc.enquire_link_after = 3s;
  smsc.enquire_link_timeout = 4s;
  smsc.response_timeout = 5s;
  smsc.unbind_timeout = 800ms;
  smsc.pdu_max = 4096;
  smsc.reconnect_min = 6s;
  smsc.reconnect_max = 7s;
  const auto made = gateway::link_options(smsc).at(0);
  const auto& bind = made.session.credentials;
  CHECK(made.host == "smsc.example");
  CHECK(made.port == 3550);
  CHECK(bind.system_id == "topup");
  CHECK((bind.password.reveal() == "geheim"));  // in brackets: it is not printed
  CHECK(bind.system_type == "VMA");
  CHECK(bind.interface_version == 0x33);
  CHECK(bind.range == smpp::address{2, 8, "^123"});
  CHECK(made.session.window == 11);
  CHECK(made.session.inbox == 22);
  CHECK(made.session.rate == 33);
  CHECK(made.vendor_tlv == 0x1401);
  CHECK(made.connect_timeout == 1s);
  CHECK(made.session.bind_timeout == 2s);
  CHECK(made.session.enquire_link_after == 3s);
  CHECK(made.session.enquire_link_timeout == 4s);
  CHECK(made.session.response_timeout == 5s);
  CHECK(made.session.unbind_timeout == 800ms);
  CHECK(made.pdu_max == 4096);
  CHECK(made.backoff_base == 6s);
  CHECK(made.backoff_cap == 7s);
  CHECK_FALSE(made.tls);
}

TEST_CASE("TLS is used when it is asked for, with all that was given for it") {
  auto smsc = centre(bind_mode::pair, 1);
  smsc.tls = {.enabled = true,
              .server_name = "smsc.example",
              .ca_file = "ca.pem",
              .certificate_file = "us.pem",
              .key_file = "us.key"};
  for (const auto& made : gateway::link_options(smsc)) {
    REQUIRE(made.tls);
    CHECK(made.tls->server_name == "smsc.example");
    CHECK(made.tls->ca_file == "ca.pem");
    CHECK(made.tls->certificate_file == "us.pem");
    CHECK(made.tls->key_file == "us.key");
  }
}

TEST_CASE("why its files cannot be used together is known before anything is connected") {
  config::tls files;
  CHECK(gateway::tls_fault(files).empty());
  files.ca_file = TOPUPD_EXAMPLE;
  CHECK(gateway::tls_fault(files) == files.ca_file + " holds no certificate in PEM");
}
