// Messages from the peer: handed out once, answered when the caller says so, refused when there is no place for them.
#include <doctest/doctest.h>

#include "tests/unit/smpp_session/rig.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

TEST_CASE("a message is answered only when it is acknowledged, with its own sequence") {
  auto esme = bound_esme();
  CHECK(esme.receive(incoming(70, "first")) == "message #70 'first'");
  CHECK(esme.receive(incoming(71, "second")) == "message #71 'second'");
  esme.link.acknowledge(71, command_status::rok);
  CHECK(esme.told() == "send deliver_sm_resp #71");
  esme.link.acknowledge(70, command_status::rx_t_appn);
  CHECK(esme.told() == "send deliver_sm_resp #70 ESME_RX_T_APPN");
}

TEST_CASE("an acknowledgement is sent once, and never for a message that did not come on this link") {
  auto esme = bound_esme();
  esme.receive(incoming(70));
  esme.link.acknowledge(70, command_status::rok);
  esme.link.acknowledge(70, command_status::rok);
  esme.link.acknowledge(99, command_status::rok);
  CHECK(esme.told() == "send deliver_sm_resp #70");
}

TEST_CASE("a peer that repeats a sequence gets an answer for each") {
  auto esme = bound_esme();
  CHECK(esme.receive(incoming(7, "a")) == "message #7 'a'");
  CHECK(esme.receive(incoming(7, "b")) == "message #7 'b'");
  esme.link.acknowledge(7, command_status::rok);
  CHECK(esme.told() == "send deliver_sm_resp #7");
  esme.link.acknowledge(7, command_status::rok);
  CHECK(esme.told() == "send deliver_sm_resp #7");
}

TEST_CASE("a deliver_sm_resp carries no message id, a submit_sm_resp does") {
  auto esme = bound_esme();
  esme.receive(incoming(7));
  esme.link.acknowledge(7, command_status::rok, "ignored");
  const auto to_smsc = esme.link.poll();
  REQUIRE(to_smsc);
  CHECK(std::get<short_message_resp>(std::get<send>(*to_smsc).value.body).message_id.empty());

  auto smsc = bound_smsc();
  smsc.receive(request(2, text(command_id::submit_sm, "x")));
  smsc.link.acknowledge(2, command_status::rok, "m-1");
  const auto to_esme = smsc.link.poll();
  REQUIRE(to_esme);
  CHECK(std::get<short_message_resp>(std::get<send>(*to_esme).value.body).message_id == "m-1");
}

TEST_CASE("a full inbox is said in SMPP and counted, and has room again after an acknowledgement") {
  auto options = as(role::esme);
  options.inbox = 2;
  auto esme = bound_esme(options);
  CHECK(esme.receive(incoming(1)) == "message #1 'hi'");
  CHECK(esme.receive(incoming(2)) == "message #2 'hi'");
  CHECK(esme.receive(incoming(3)) == "send deliver_sm_resp #3 ESME_RMSGQFUL");
  CHECK(esme.link.counters().refused_full == 1);
  esme.link.acknowledge(1, command_status::rok);
  CHECK(esme.told() == "send deliver_sm_resp #1");
  CHECK(esme.receive(incoming(4)) == "message #4 'hi'");
}

TEST_CASE("while messages are refused they are answered at once, and those already taken are still acknowledged") {
  auto esme = bound_esme();
  esme.receive(incoming(1));
  esme.link.refuse_messages(command_status::rx_t_appn);
  CHECK(esme.receive(incoming(2)) == "send deliver_sm_resp #2 ESME_RX_T_APPN");
  CHECK(esme.link.room(esme.now) == 64);  // replies still go out
  esme.link.acknowledge(1, command_status::rok);
  CHECK(esme.told() == "send deliver_sm_resp #1");
  esme.link.refuse_messages(std::nullopt);
  CHECK(esme.receive(incoming(3)) == "message #3 'hi'");
}

TEST_CASE("a command that is not for our role is nacked and the link lives") {
  auto esme = bound_esme();
  CHECK(esme.receive(request(4, text(command_id::submit_sm, "x"))) == "send generic_nack #4 ESME_RINVCMDID");
  CHECK(esme.receive(request(5, bind{})) == "send generic_nack #5 ESME_RINVCMDID");
  CHECK(esme.link.is_bound());
  auto smsc = bound_smsc();
  CHECK(smsc.receive(request(4, text(command_id::deliver_sm, "x"))) == "send generic_nack #4 ESME_RINVCMDID");
  CHECK(smsc.link.is_bound());
}

TEST_CASE("a dead PDU is answered in its own kind, and the link lives") {
  struct row {
    const char* why;
    std::uint32_t id;
    command_status reason;
    const char* told;
  };
  const row rows[] = {
      {"bad deliver_sm", 0x05, command_status::rinvmsglen, "send deliver_sm_resp #9 ESME_RINVMSGLEN"},
      {"bad submit_sm", 0x04, command_status::rinvsrcadr, "send submit_sm_resp #9 ESME_RINVSRCADR"},
      {"bad bind_receiver", 0x01, command_status::rsyserr, "send bind_receiver_resp #9 ESME_RSYSERR"},
      {"bad bind_transmitter", 0x02, command_status::rsyserr, "send bind_transmitter_resp #9 ESME_RSYSERR"},
      {"bad bind_transceiver", 0x09, command_status::rsyserr, "send bind_transceiver_resp #9 ESME_RSYSERR"},
      {"bad unbind", 0x06, command_status::rinvcmdlen, "send unbind_resp #9 ESME_RINVCMDLEN"},
      {"bad enquire_link", 0x15, command_status::rinvcmdlen, "send enquire_link_resp #9 ESME_RINVCMDLEN"},
      {"query_sm, which we do not speak", 0x03, command_status::rinvcmdid, "send generic_nack #9 ESME_RINVCMDID"},
      {"data_sm, likewise", 0x103, command_status::rinvcmdid, "send generic_nack #9 ESME_RINVCMDID"},
      {"no command of any version", 0x00ABCDEF, command_status::rinvcmdid, "send generic_nack #9 ESME_RINVCMDID"},
      {"alert_notification has no response", 0x102, command_status::rinvcmdid, ""},
      {"outbind has none either", 0x0B, command_status::rinvcmdid, ""},
      {"a response is never answered", 0x80000103, command_status::rinvcmdid, ""},
      {"a nack is never answered", 0x80000000, command_status::rinvcmdlen, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    auto esme = bound_esme();
    CHECK(esme.receive(request(9, malformed{row.id, row.reason})) == row.told);
    CHECK(esme.link.counters().malformed == 1);
    CHECK(esme.receive(incoming(10)) == "message #10 'hi'");
  }
}

TEST_CASE("a broken frame is nacked with sequence 0 and ends the link, because the next PDU cannot be found") {
  auto esme = bound_esme();
  CHECK(esme.submit(3));
  esme.told();
  esme.link.receive_broken_frame(esme.now);
  CHECK(esme.told() == "send generic_nack #0 ESME_RINVCMDLEN; unknown t3; close broken_frame");
}
