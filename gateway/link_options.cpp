#include "gateway/link_options.hpp"

#include <fmt/format.h>

namespace topupd::gateway {
namespace {

smpp::tls_options tls_options_of(const config::tls& from) {
  return {.server_name = from.server_name,
          .ca_file = from.ca_file,
          .certificate_file = from.certificate_file,
          .key_file = from.key_file};
}

smpp::supervisor_options options_of(const config::smsc& from, smpp::command_id kind, std::string name) {
  smpp::supervisor_options to;
  to.name = std::move(name);
  to.host = from.host;
  to.port = from.port;
  to.connect_timeout = from.connect_timeout;
  to.backoff_base = from.reconnect_min;
  to.backoff_cap = from.reconnect_max;
  to.vendor_tlv = from.message_id_tlv;
  to.pdu_max = from.pdu_max;
  to.session.credentials = {.kind = kind,
                            .system_id = from.system_id,
                            .password = from.password,
                            .system_type = from.system_type,
                            .interface_version = from.interface_version,
                            .range = {.ton = from.range_ton, .npi = from.range_npi, .digits = from.address_range}};
  to.session.window = from.window;
  to.session.inbox = from.inbox;
  to.session.rate = from.throughput;
  to.session.bind_timeout = from.bind_timeout;
  to.session.enquire_link_after = from.enquire_link_after;
  to.session.enquire_link_timeout = from.enquire_link_timeout;
  to.session.response_timeout = from.response_timeout;
  to.session.unbind_timeout = from.unbind_timeout;
  if (from.tls.enabled) to.tls = tls_options_of(from.tls);
  return to;
}

}  // namespace

std::vector<smpp::supervisor_options> link_options(const config::smsc& of) {
  using enum smpp::command_id;
  std::vector<smpp::supervisor_options> all;
  for (int number = 1; number <= of.binds; ++number) {
    const auto name = of.binds == 1 ? of.name : fmt::format("{}/{}", of.name, number);
    switch (of.bind) {
      case config::bind_mode::transceiver: all.push_back(options_of(of, bind_transceiver, name)); break;
      case config::bind_mode::pair:
        all.push_back(options_of(of, bind_transmitter, name + "/tx"));
        all.push_back(options_of(of, bind_receiver, name + "/rx"));
        break;
    }
  }
  return all;
}

std::size_t windows_of(const std::vector<config::smsc>& all) {
  std::size_t sum = 0;
  for (const auto& each : all) sum += static_cast<std::size_t>(each.binds) * each.window;
  return sum;
}

std::string tls_fault(const config::tls& of) {
  return smpp::fault_of(tls_options_of(of));
}

}  // namespace topupd::gateway
