#include "tests/unit/smpp_session/rig.hpp"

namespace topupd::smpp::test {

namespace {

std::string command_name(command_id id) {
  switch (id) {
    case command_id::generic_nack: return "generic_nack";
    case command_id::bind_receiver: return "bind_receiver";
    case command_id::bind_transmitter: return "bind_transmitter";
    case command_id::submit_sm: return "submit_sm";
    case command_id::deliver_sm: return "deliver_sm";
    case command_id::unbind: return "unbind";
    case command_id::bind_transceiver: return "bind_transceiver";
    case command_id::enquire_link: return "enquire_link";
  }
  return "?";
}

struct body_name {
  std::string operator()(const bind& body) const { return command_name(body.kind); }
  std::string operator()(const bind_resp& body) const { return command_name(body.kind) + "_resp"; }
  std::string operator()(const short_message& body) const { return command_name(body.kind); }
  std::string operator()(const short_message_resp& body) const { return command_name(body.kind) + "_resp"; }
  std::string operator()(const unbind&) const { return "unbind"; }
  std::string operator()(const unbind_resp&) const { return "unbind_resp"; }
  std::string operator()(const enquire_link&) const { return "enquire_link"; }
  std::string operator()(const enquire_link_resp&) const { return "enquire_link_resp"; }
  std::string operator()(const generic_nack&) const { return "generic_nack"; }
  std::string operator()(const malformed&) const { return "malformed"; }
};

std::string with_status(command_status status) {
  return status == command_status::rok ? "" : " " + name(status);
}

struct effect_text {
  std::string operator()(const send& it) const {
    return "send " + std::visit(body_name{}, it.value.body) + " #" + std::to_string(it.value.sequence) +
           with_status(it.value.status);
  }
  std::string operator()(const bound& it) const { return "bound " + it.peer_system_id; }
  std::string operator()(const message& it) const {
    return "message #" + std::to_string(it.sequence) + " '" + it.value.octets + "'";
  }
  std::string operator()(const submitted& it) const {
    return "submitted t" + std::to_string(it.ticket) + with_status(it.status) +
           (it.message_id.empty() ? "" : " id " + it.message_id);
  }
  std::string operator()(const heard& it) const { return "heard t" + std::to_string(it.ticket); }
  std::string operator()(const unknown& it) const { return "unknown t" + std::to_string(it.ticket); }
  std::string operator()(const close& it) const {
    return "close " + std::string(name(it.reason)) + with_status(it.status);
  }
};

}  // namespace

std::string text_of(const effect& it) {
  return std::visit(effect_text{}, it);
}

pdu request(std::uint32_t sequence, decltype(pdu::body) body) {
  return {command_status::rok, sequence, std::move(body)};
}
pdu response(std::uint32_t sequence, decltype(pdu::body) body, command_status status) {
  return {status, sequence, std::move(body)};
}
short_message text(command_id kind, std::string octets) {
  short_message value;
  value.kind = kind;
  value.octets = std::move(octets);
  return value;
}

session_options as(role role) {
  session_options options;
  options.role = role;
  options.credentials.system_id = "topup";
  options.credentials.password = secret("let-me");
  return options;
}

rig bound_esme(session_options options) {
  rig esme(std::move(options));
  esme.told();
  esme.receive(response(1, bind_resp{command_id::bind_transceiver, "smsc"}));
  return esme;
}
rig bound_smsc(command_id kind) {
  auto theirs = as(role::esme).credentials;
  theirs.kind = kind;
  rig smsc(role::smsc);
  smsc.receive(request(1, theirs));
  return smsc;
}

pdu incoming(std::uint32_t sequence, std::string octets) {
  return request(sequence, text(command_id::deliver_sm, std::move(octets)));
}
pdu taken(std::uint32_t sequence, std::string message_id, command_status status) {
  return response(sequence, short_message_resp{command_id::submit_sm, std::move(message_id)}, status);
}

}  // namespace topupd::smpp::test
