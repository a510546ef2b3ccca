// A session whose clock is in the test's hand, and its effects as one line to compare with.
//
//   rig link(role::esme);  link.told()  ->  "send bind_transceiver #1"
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "gateway/smpp/session.hpp"

namespace topupd::smpp::test {

using namespace std::chrono_literals;

// "send deliver_sm_resp #7 ESME_RMSGQFUL", "bound smsc", "unknown t3", "close link_dead". ESME_ROK is not said.
std::string text_of(const effect& it);

pdu request(std::uint32_t sequence, decltype(pdu::body) body);
pdu response(std::uint32_t sequence, decltype(pdu::body) body, command_status status = command_status::rok);
short_message text(command_id kind, std::string octets);

// What the peer of an ESME sends in most tests: a deliver_sm, a submit_sm_resp.
pdu incoming(std::uint32_t sequence, std::string octets = "hi");
pdu taken(std::uint32_t sequence, std::string message_id = {}, command_status status = command_status::rok);

// Both ends have the same credentials.
session_options as(role role);

struct rig {
  explicit rig(session_options options) : link(std::move(options), now) {}
  explicit rig(role role) : rig(as(role)) {}

  // Everything the session wants done since the last call, as "effect; effect".
  std::string told() {
    std::string line;
    while (const auto next = link.poll()) {
      if (!line.empty()) line += "; ";
      line += text_of(*next);
    }
    return line;
  }
  std::string receive(const pdu& value) {
    link.receive(value, now);
    return told();
  }
  std::string pass(duration time) {
    now += time;
    link.tick(now);
    return told();
  }
  bool submit(ticket name, std::string octets = "hello") {
    return link.submit(name, text(command_id::submit_sm, std::move(octets)), now);
  }

  time_point now{1h};
  session link;
};

// Bound, and everything up to there already told. The bind was #1.
rig bound_esme(session_options options = as(role::esme));
rig bound_smsc(command_id kind = command_id::bind_transceiver);

}  // namespace topupd::smpp::test
