// Who may speak when: SMPP 3.4 §2.2 and §2.3.
#include <doctest/doctest.h>

#include "tests/unit/smpp_session/rig.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

TEST_CASE("an ESME begins with its bind and is bound by the answer") {
  rig esme(role::esme);
  CHECK(esme.told() == "send bind_transceiver #1");
  CHECK_FALSE(esme.link.is_bound());
  CHECK(esme.link.room(esme.now) == 0);
  CHECK(esme.receive(response(1, bind_resp{command_id::bind_transceiver, "smsc"})) == "bound smsc");
  CHECK(esme.link.is_bound());
  CHECK(esme.link.room(esme.now) == 64);
}

TEST_CASE("the bind says what the settings say: kind, version, type and range") {
  auto options = as(role::esme);
  options.credentials.kind = command_id::bind_receiver;
  options.credentials.system_type = "topup";
  options.credentials.interface_version = 0x50;
  options.credentials.range = {1, 1, "^12345"};
  rig esme(options);
  const auto first = esme.link.poll();
  REQUIRE(first);
  const auto said = std::get<bind>(std::get<send>(*first).value.body);
  CHECK(said.kind == command_id::bind_receiver);
  CHECK(said.system_type == "topup");
  CHECK(said.interface_version == 0x50);
  CHECK(said.range == address{1, 1, "^12345"});
}

TEST_CASE("any kind of bind response answers a bind when it has its sequence, because OsmoMSC mixes them up") {
  constexpr command_id kinds[] = {command_id::bind_receiver, command_id::bind_transmitter,
                                  command_id::bind_transceiver};
  for (const auto asked : kinds) {
    for (const auto answered : kinds) {
      auto options = as(role::esme);
      options.credentials.kind = asked;
      rig esme(options);
      esme.told();
      CHECK(esme.receive(response(1, bind_resp{answered, "osmo"})) == "bound osmo");
      CHECK(esme.link.can_submit() == (asked != command_id::bind_receiver));  // it is what we asked for
    }
  }
}

TEST_CASE("what an ESME that waits for its bind response makes of other PDUs") {
  struct row {
    const char* why;
    pdu comes;
    const char* told;
  };
  const row rows[] = {
      {"refused", response(1, bind_resp{}, command_status::rinvpaswd), "close bind_refused ESME_RINVPASWD"},
      {"a stale bind is still there", response(1, bind_resp{}, command_status::ralybnd),
       "close bind_refused ESME_RALYBND"},
      {"nacked, whatever the sequence", response(77, generic_nack{}, command_status::rinvcmdid),
       "close bind_refused ESME_RINVCMDID"},
      {"a nack is a refusal even with status 0", response(1, generic_nack{}), "close bind_refused ESME_RUNKNOWNERR"},
      {"the response to another bind", response(9, bind_resp{}), "close protocol_error"},
      {"a message before its time", incoming(5), "send deliver_sm_resp #5 ESME_RINVBNDSTS"},
      {"a probe is answered at any time", request(6, enquire_link{}), "send enquire_link_resp #6"},
      {"the peer changes its mind", request(7, unbind{}), "send unbind_resp #7; close peer_unbound"},
      {"a bind is not for us", request(8, bind{}), "send generic_nack #8 ESME_RINVCMDID"},
      {"a response to nothing", taken(3), ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    rig esme(role::esme);
    esme.told();
    CHECK(esme.receive(row.comes) == row.told);
  }
}

TEST_CASE("a bind that nobody answers is given up") {
  rig esme(role::esme);
  esme.told();
  CHECK(esme.link.deadline() == esme.now + 10s);
  CHECK(esme.pass(9999ms) == "");
  CHECK(esme.pass(1ms) == "close bind_timeout");
}

TEST_CASE("an SMSC gives up on a peer that never binds") {
  rig smsc(role::smsc);
  CHECK(smsc.told() == "");
  CHECK(smsc.pass(10s) == "close bind_timeout");
}

TEST_CASE("an SMSC judges the credentials and closes when they are wrong") {
  struct row {
    const char* why;
    command_id kind;
    const char* system_id;
    const char* password;
    const char* told;
  };
  const row rows[] = {
      {"right", command_id::bind_transceiver, "topup", "let-me", "send bind_transceiver_resp #1; bound topup"},
      {"receiver", command_id::bind_receiver, "topup", "let-me", "send bind_receiver_resp #1; bound topup"},
      {"transmitter", command_id::bind_transmitter, "topup", "let-me", "send bind_transmitter_resp #1; bound topup"},
      {"unknown name", command_id::bind_transceiver, "other", "let-me",
       "send bind_transceiver_resp #1 ESME_RINVSYSID; close bind_refused ESME_RINVSYSID"},
      {"wrong password", command_id::bind_receiver, "topup", "guess",
       "send bind_receiver_resp #1 ESME_RINVPASWD; close bind_refused ESME_RINVPASWD"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    bind theirs;
    theirs.kind = row.kind;
    theirs.system_id = row.system_id;
    theirs.password = topupd::secret(row.password);
    rig smsc(role::smsc);
    CHECK(smsc.receive(request(1, theirs)) == row.told);
  }
}

TEST_CASE("an SMSC without a list takes anybody") {
  auto options = as(role::smsc);
  options.credentials = {};
  rig smsc(options);
  bind theirs;
  theirs.system_id = "whoever";
  CHECK(smsc.receive(request(4, theirs)) == "send bind_transceiver_resp #4; bound whoever");
}

TEST_CASE("a second bind on a bound link is refused and the link lives") {
  auto smsc = bound_smsc();
  CHECK(smsc.receive(request(2, as(role::esme).credentials)) == "send bind_transceiver_resp #2 ESME_RALYBND");
  CHECK(smsc.link.is_bound());
}

TEST_CASE("a bind response nobody asked for ends the link") {
  CHECK(bound_esme().receive(response(1, bind_resp{})) == "close protocol_error");
  CHECK(bound_smsc().receive(response(1, bind_resp{})) == "close protocol_error");
}

TEST_CASE("messages go only the way the bind allows") {
  const auto submit_sm = request(2, text(command_id::submit_sm, "x"));
  auto of_a_receiver = bound_smsc(command_id::bind_receiver);
  CHECK(of_a_receiver.receive(submit_sm) == "send submit_sm_resp #2 ESME_RINVBNDSTS");
  CHECK(of_a_receiver.submit(1));

  auto of_a_transmitter = bound_smsc(command_id::bind_transmitter);
  CHECK(of_a_transmitter.receive(submit_sm) == "message #2 'x'");
  CHECK_FALSE(of_a_transmitter.submit(1));

  auto options = as(role::esme);
  options.credentials.kind = command_id::bind_receiver;
  auto receiver = bound_esme(options);
  CHECK_FALSE(receiver.submit(1));
  CHECK(receiver.receive(incoming(5)) == "message #5 'hi'");

  options.credentials.kind = command_id::bind_transmitter;
  auto transmitter = bound_esme(options);
  CHECK(transmitter.submit(1));
  CHECK(transmitter.told() == "send submit_sm #2");
  CHECK(transmitter.receive(incoming(5)) == "send deliver_sm_resp #5 ESME_RINVBNDSTS");
}

TEST_CASE("nothing comes after a close") {
  auto esme = bound_esme();
  CHECK(esme.submit(1));
  esme.receive(incoming(5));
  CHECK(esme.receive(request(9, unbind{})) == "send unbind_resp #9; unknown t1; close peer_unbound");
  esme.link.acknowledge(5, command_status::rok);
  esme.link.unbind(esme.now);
  esme.link.disconnected();
  esme.link.receive_broken_frame(esme.now);
  CHECK_FALSE(esme.submit(2));
  CHECK(esme.receive(incoming(6)) == "");
  CHECK(esme.pass(1h) == "");
  CHECK(esme.link.deadline() == time_point::max());
  CHECK_FALSE(esme.link.is_bound());
}

TEST_CASE("a bind that the peer does not know any more is the end of the link, and says why") {
  auto esme = bound_esme();
  CHECK(esme.submit(1));
  CHECK(esme.submit(2));
  esme.told();
  CHECK(esme.receive(taken(2, "", command_status::rinvbndsts)) == "submitted t1 ESME_RINVBNDSTS");
  esme.link.give_up(command_status::rinvbndsts);
  CHECK(esme.told() == "unknown t2; close not_bound ESME_RINVBNDSTS");
  esme.link.give_up(command_status::rinvbndsts);
  CHECK(esme.receive(taken(3)) == "");
}
