// The simulator as OsmoMSC (SMPP.md §3): each quirk, seen by a gateway that writes its octets itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gateway/smpp/codec.hpp"
#include "gateway/smpp/delivery_receipt.hpp"
#include "gateway/smpp/frame.hpp"
#include "gateway/smpp/guard.hpp"
#include "tests/smsc/simulator.hpp"

namespace asio = boost::asio;
using namespace topupd;
using namespace std::chrono_literals;
using smpp::command_id;
using smpp::command_status;

namespace {

constexpr std::uint32_t alert_notification = 0x102;

std::string octets_of(std::uint32_t sequence, decltype(smpp::pdu::body) body, command_status status = {}) {
  std::string octets;
  smpp::encode({status, sequence, std::move(body)}, octets);
  return octets;
}

std::uint32_t id_of(const std::string& pdu) {
  return smpp::read_header(pdu).id;
}

const smpp::short_message& text_in(const smpp::pdu& value) {
  return std::get<smpp::short_message>(value.body);
}

smpp::short_message to_phone(std::string words, std::uint8_t data_coding = 0) {
  smpp::short_message value;
  value.kind = command_id::submit_sm;
  value.source = {0, 1, "12345"};
  value.destination = {3, 1, "999701234567"};
  value.data_coding = data_coding;
  value.octets = std::move(words);
  return value;
}

struct field {
  asio::io_context io{1};
  std::vector<smsc::reply> replies;
  std::vector<std::string> odd;
  std::vector<std::string> answers;  // "1 ESME_ROK"
  smsc::simulator centre;
  asio::ip::tcp::socket socket{io};
  smpp::frame_reader frames;
  std::uint32_t last_sequence = 0;

  explicit field(std::chrono::milliseconds response_timeout = 100ms)
      : centre(io, {.retry_delay = 5ms, .response_timeout = response_timeout, .profile = smsc::profile::osmocom},
               listeners()) {
    socket.connect({asio::ip::address_v4::loopback(), centre.port()});
    socket.set_option(asio::ip::tcp::no_delay(true));
    socket.non_blocking(true);
  }
  ~field() {
    socket.close();
    centre.stop(false);
    for (int turn = 0; turn < 500 && !centre.stopped(); ++turn) io.run_one_for(10ms);
  }

  smsc::events listeners() {
    smsc::events events;
    events.on_reply = [this](const smsc::reply& value) { replies.push_back(value); };
    events.on_odd = [this](const std::string& what) { odd.push_back(what); };
    events.on_answered = [this](const smsc::text& text, std::optional<command_status> status, bool again) {
      answers.push_back(std::to_string(text.id) + ' ' + (status ? name(*status) : "none") + (again ? " again" : ""));
    };
    return events;
  }

  void pass(std::chrono::milliseconds time) { io.run_for(time); }

  template <class Condition>
  bool until(Condition condition) {
    for (int turn = 0; turn < 2000 && !condition(); ++turn) io.run_one_for(10ms);
    return condition();
  }

  void send(const std::string& octets) { asio::write(socket, asio::buffer(octets)); }
  std::uint32_t send(decltype(smpp::pdu::body) body) {
    send(octets_of(++last_sequence, std::move(body)));
    return last_sequence;
  }

  // The next PDU as it came; nothing when none comes in time, or the link is closed.
  std::optional<std::string> next(std::chrono::milliseconds within = 2s) {
    const auto end = std::chrono::steady_clock::now() + within;
    for (;;) {
      if (const auto frame = frames.next()) return std::string(*frame);
      boost::system::error_code error;
      const auto space = frames.prepare(4096);
      frames.commit(socket.read_some(asio::buffer(space.data(), space.size()), error));
      if (error && error != asio::error::would_block) return std::nullopt;
      if (error && std::chrono::steady_clock::now() > end) return std::nullopt;
      if (error) io.run_one_for(5ms);
    }
  }
  // The next one that is no alert_notification.
  smpp::pdu next_pdu() {
    auto octets = next();
    while (octets && id_of(*octets) == alert_notification) octets = next();
    REQUIRE(octets);
    return smpp::decode(*octets);
  }
  bool is_closed() {
    next();
    boost::system::error_code error;
    char octet = 0;
    socket.read_some(asio::buffer(&octet, 1), error);
    return error && error != asio::error::would_block;
  }

  // The answer, as it came.
  std::string bind(command_id kind = command_id::bind_transceiver, std::uint8_t version = 0x34) {
    smpp::bind value;
    value.kind = kind;
    value.system_id = "topup";
    value.password = secret("secret");
    value.interface_version = version;
    send(value);
    return next(200ms).value_or("");
  }
};

}  // namespace

TEST_CASE("OsmoMSC: a bind with an interface_version other than 0x34 gets no answer, and the link goes on") {
  field here;
  CHECK(here.bind(command_id::bind_transceiver, 0x50).empty());
  CHECK(here.odd.size() == 1);
  CHECK(id_of(here.bind()) == smpp::response_id(command_id::bind_transceiver));
}

TEST_CASE("OsmoMSC: bind_receiver is answered with bind_transmitter_resp, the others as they should be") {
  for (const auto& [kind, answer] : {std::pair{command_id::bind_receiver, command_id::bind_transmitter},
                                     {command_id::bind_transmitter, command_id::bind_transmitter},
                                     {command_id::bind_transceiver, command_id::bind_transceiver}}) {
    field here;
    CHECK(id_of(here.bind(kind)) == smpp::response_id(answer));
    CHECK(here.centre.binds() == 1);
  }
}

TEST_CASE("OsmoMSC: an unanswered deliver_sm is given up after 5 s") {
  field here(smsc::options{}.response_timeout);
  here.bind();
  const auto begin = std::chrono::steady_clock::now();
  here.centre.deliver("999701234567", "BAL");
  REQUIRE(here.until([&] { return here.centre.unanswered() == 0; }));
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= 5s);
  CHECK(took < 7s);
  CHECK(here.answers == std::vector<std::string>{"1 none"});
}

TEST_CASE("OsmoMSC: a text is delivered once, however it is answered; an answer without message_id is none") {
  struct row {
    const char* about;
    command_status status;
    std::size_t size;  // of the answer
    const char* counted;
  };
  const row rows[] = {
      {"taken", command_status::rok, 17, "1 ESME_ROK"},
      {"refused for now", command_status::rmsgqful, 17, "1 ESME_RMSGQFUL"},
      {"without its one NULL", command_status::rok, 16, "1 none"},
      {"not answered", command_status::rok, 0, "1 none"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.about);
    field here;
    here.bind();
    here.centre.deliver("999701234567", "BAL");
    const auto came = here.next_pdu();
    auto answer = octets_of(came.sequence, smpp::short_message_resp{command_id::deliver_sm, {}}, row.status);
    REQUIRE(answer.size() == 17);
    answer.resize(row.size);
    if (row.size > 0) answer[3] = static_cast<char>(row.size);
    here.send(answer);
    REQUIRE(here.until([&] { return here.centre.unanswered() == 0; }));
    here.pass(50ms);
    CHECK(here.answers == std::vector<std::string>{row.counted});
    CHECK(here.centre.counters().sent == 1);
    CHECK(here.centre.counters().lost == (row.size == 17 ? 0 : 1));
    CHECK(here.odd.size() == (row.size == 16 ? 1 : 0));
    // The phone's next text does not wait for it.
    here.centre.deliver("999701234567", "HELP");
    CHECK(text_in(here.next_pdu()).octets == "HELP");
  }
}

TEST_CASE("OsmoMSC: ten PDUs wait to be written, and what comes then is dropped") {
  field here;
  here.bind();
  for (int phone = 0; phone < 12; ++phone) here.centre.deliver(std::to_string(999701000000 + phone), "BAL");
  std::size_t came = 0;
  while (const auto octets = here.next(50ms)) came += id_of(*octets) == smpp::request_id(command_id::deliver_sm);
  CHECK(came == 10);
  CHECK(here.odd.size() == 2);
  REQUIRE(here.until([&] { return here.centre.unanswered() == 0; }));
  CHECK(here.centre.counters().sent == 12);
  CHECK(here.centre.counters().lost == 12);
}

TEST_CASE("OsmoMSC: a text comes with data_coding 1, which is unpacked GSM 03.38, behind an alert_notification") {
  field here;
  here.bind();
  here.centre.deliver("999701234567", "a@$_");
  const auto alert = here.next();
  REQUIRE(alert);
  CHECK(id_of(*alert) == alert_notification);
  CHECK(alert->find("999701234567") != std::string::npos);
  const auto came = text_in(here.next_pdu());
  CHECK(came.data_coding == 1);
  CHECK(came.octets == std::string("a\0\2\x11", 4));
  CHECK(came.service_type == "CMT");
  CHECK(came.source == smpp::address{3, 1, "999701234567"});
  CHECK(came.esm_class == 0x01);
  CHECK(came.is_text());
  CHECK(came.user_message_reference == 1);
}

TEST_CASE("OsmoMSC: what no alphabet of its own is refused, and data_coding 1 is GSM 03.38 at the phone, too") {
  field here;
  here.bind();
  struct row {
    std::uint8_t data_coding;
    std::string octets;
    const char* shown;  // none: refused
  };
  const row rows[] = {
      {0, std::string("\0\2", 2), "@$"},
      {1, std::string("\0\2", 2), "@$"},
      {8, std::string("\x51\x45", 2), "充"},
      {3,
       "Cr\xE9"
       "dit",
       nullptr},
      {6, "?", nullptr},
  };
  for (const auto& row : rows) {
    CAPTURE(int{row.data_coding});
    here.replies.clear();
    here.send(to_phone(row.octets, row.data_coding));
    const auto answer = here.next_pdu();
    CHECK(answer.status == (row.shown == nullptr ? command_status::runknownerr : command_status::rok));
    REQUIRE(here.replies.size() == (row.shown == nullptr ? 0 : 1));
    if (row.shown != nullptr) CHECK(smsc::readable(here.replies[0]) == row.shown);
  }
}

TEST_CASE("OsmoMSC: every submit_sm_resp has the same id, and receipts have nothing but a user_message_reference") {
  field here;
  here.bind();
  for (const std::uint16_t reference : {std::uint16_t{7}, std::uint16_t{8}}) {
    auto submit = to_phone("8F3K2Q Confirmed.");
    submit.registered_delivery = 1;
    submit.user_message_reference = reference;
    here.send(submit);
    const auto answer = std::get<smpp::short_message_resp>(here.next_pdu().body);
    CHECK(answer.message_id == "msg_id_not_implemented");
    const auto came = here.next_pdu();
    const auto& receipt = text_in(came);
    CHECK(receipt.is_delivery_receipt());
    CHECK(receipt.data_coding == 2);
    CHECK(receipt.source.digits == "999701234567");
    CHECK(receipt.destination.digits == "12345");
    CHECK(receipt.octets.find("submit date:YYMMDDhhmm") != std::string::npos);
    CHECK_FALSE(receipt.receipted_message_id);
    CHECK_FALSE(receipt.message_state);
    const auto read = smpp::read_delivery_receipt(receipt);
    REQUIRE(read);
    CHECK(read->user_message_reference == reference);
    CHECK(read->state == smpp::message_state::delivered);
    here.send(octets_of(came.sequence, smpp::short_message_resp{command_id::deliver_sm, {}}));
    REQUIRE(here.until([&] { return here.centre.unanswered() == 0; }));
  }
  here.send(to_phone("nobody asks what becomes of this"));
  here.next_pdu();
  CHECK_FALSE(here.next(50ms));
}

TEST_CASE("OsmoMSC: nothing is routed from ESME to ESME") {
  field here;
  here.bind();
  auto submit = to_phone("TOPUP");
  submit.destination.digits = "12345";
  submit.registered_delivery = 1;
  here.send(submit);
  CHECK(here.next_pdu().status == command_status::rok);
  CHECK_FALSE(here.next(50ms));
  CHECK(here.replies.empty());
}

TEST_CASE("OsmoMSC: a generic_nack has the command_length of what it refuses for its sequence") {
  field here;
  here.bind();
  here.send(std::string("\0\0\0\x14\0\0\1\x11\0\0\0\0\0\0\0\x63what", 20));
  const auto nack = here.next_pdu();
  CHECK(std::holds_alternative<smpp::generic_nack>(nack.body));
  CHECK(nack.status == command_status::rinvcmdid);
  CHECK(nack.sequence == 0x14);
  here.send(std::string("\0\0\0\x10\0\0\0\x03\0\0\0\0\0\0\0\x64", 16));  // query_sm, which it does not implement
  CHECK_FALSE(here.next(50ms));
}

TEST_CASE("OsmoMSC: a length word that comes in two reads is said, and ends the link; any other split does no harm") {
  field here;
  here.bind();
  const auto probe = octets_of(7, smpp::enquire_link{});
  here.send(probe.substr(0, 4));
  here.pass(20ms);
  here.send(probe.substr(4));
  CHECK(std::holds_alternative<smpp::enquire_link_resp>(here.next_pdu().body));
  here.send(probe + probe);  // two PDUs in one write
  here.next_pdu();
  here.next_pdu();
  CHECK(here.odd.empty());

  here.send(probe.substr(0, 3));
  here.pass(20ms);
  REQUIRE(here.odd.size() == 1);
  CHECK(here.odd[0].find("two reads") != std::string::npos);
  CHECK(here.is_closed());
}
