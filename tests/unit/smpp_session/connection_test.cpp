// The driver, over loopback sockets: against our own SMSC side, and against a bare socket that does what no SMSC
// should.
#include "gateway/smpp/connection.hpp"

#include <doctest/doctest.h>

#include <boost/asio/post.hpp>
#include <vector>

#include "tests/unit/smpp_session/wire.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

namespace {

// An ESME's connection and an SMSC's, on one wire.
struct both_ends {
  explicit both_ends(session_options options = as(role::esme)) : both_ends(std::move(options), as(role::smsc)) {}
  both_ends(session_options ours, session_options theirs)
      : cable(io),
        esme(std::move(cable.here), std::move(ours), esme_told.handlers()),
        smsc(std::move(cable.there), std::move(theirs), smsc_told.handlers()) {
    start(io, esme, esme_ended);
    start(io, smsc, smsc_ended);
  }
  void until(const std::function<bool()>& done) { run_until(io, done); }
  void until_bound() {
    until([&] { return esme.is_bound() && smsc.is_bound(); });
  }
  void until_ended() {
    until([&] { return esme_ended && smsc_ended; });
  }

  asio::io_context io;
  wire cable;
  told_by_handlers esme_told;
  told_by_handlers smsc_told;
  connection esme;
  connection smsc;
  std::optional<ended> esme_ended;
  std::optional<ended> smsc_ended;
};

// An ESME's connection whose peer is a bare socket.
struct bare_peer {
  explicit bare_peer(session_options options = as(role::esme), std::optional<int> buffers = std::nullopt)
      : cable(io, buffers),
        peer(std::move(cable.there)),
        esme(std::move(cable.here), std::move(options), told.handlers()) {
    start(io, esme, result);
  }
  // Reads the ESME's bind and answers it.
  void bind(const std::string& followed_by = {}) {
    read_pdu();
    asio::write(peer,
                asio::buffer(octets_of(response(1, bind_resp{command_id::bind_transceiver, "smsc"})) + followed_by));
    run_until(io, [&] { return esme.is_bound(); });
  }
  pdu read_pdu() {
    std::string frame(header_size, '\0');
    run_until(io, [&] { return peer.available() >= header_size; });
    asio::read(peer, asio::buffer(frame));
    frame.resize(static_cast<std::size_t>(static_cast<unsigned char>(frame[2])) * 256 +
                 static_cast<unsigned char>(frame[3]));
    run_until(io, [&] { return peer.available() >= frame.size() - header_size; });
    asio::read(peer, asio::buffer(frame.data() + header_size, frame.size() - header_size));
    return decode(frame);
  }
  std::string read_name() { return text_of(topupd::smpp::send{read_pdu()}); }
  void until_ended() {
    run_until(io, [&] { return result.has_value(); });
  }

  asio::io_context io;
  wire cable;
  tcp::socket peer;
  told_by_handlers told;
  connection esme;
  std::optional<ended> result;
};

}  // namespace

TEST_CASE("a text goes in, its reply goes out, and both ends unbind in order") {
  both_ends two;
  two.until_bound();
  CHECK(two.smsc.submit(1, text(command_id::deliver_sm, "TOPUP")));
  two.until([&] { return two.esme_told.story == "bound smsc; room; message #1 'TOPUP'"; });
  two.esme.acknowledge(1, command_status::rok);
  CHECK(two.esme.submit(7, text(command_id::submit_sm, "Confirmed.")));
  two.until([&] { return two.smsc_told.story == "bound topup; room; submitted t1; message #2 'Confirmed.'"; });
  two.smsc.acknowledge(2, command_status::rok, "m-1");
  two.until([&] { return two.esme_told.story.ends_with("submitted t7 id m-1"); });
  two.esme.unbind();
  two.until_ended();
  CHECK(two.esme_ended->was_bound);
  REQUIRE(two.esme_ended->by_session);
  CHECK(two.esme_ended->by_session->reason == close_reason::unbound);
  REQUIRE(two.smsc_ended->by_session);
  CHECK(two.smsc_ended->by_session->reason == close_reason::peer_unbound);
}

TEST_CASE("a drain ends with the acknowledgement that was outstanding, not with the time-out") {
  both_ends two;
  two.until_bound();
  CHECK(two.smsc.submit(1, text(command_id::deliver_sm, "TOPUP")));
  two.until([&] { return two.esme_told.story.ends_with("'TOPUP'"); });
  two.esme.unbind();
  CHECK_FALSE(two.esme.submit(2, {}));
  const auto begin = std::chrono::steady_clock::now();
  two.esme.acknowledge(1, command_status::rok);
  two.until_ended();
  CHECK(std::chrono::steady_clock::now() - begin < 4s);  // unbind_timeout is 5 s
  CHECK(two.smsc_told.story == "bound topup; room; submitted t1");
}

TEST_CASE("a refused bind reaches the peer before the link closes") {
  auto wrong = as(role::esme);
  wrong.credentials.password = topupd::secret("guess");
  both_ends two(wrong);
  two.until_ended();
  REQUIRE(two.esme_ended->by_session);
  CHECK(two.esme_ended->by_session->reason == close_reason::bind_refused);
  CHECK(two.esme_ended->by_session->status == command_status::rinvpaswd);
  CHECK_FALSE(two.esme_ended->was_bound);
}

TEST_CASE("when the window was full, room is told once it is there again, and may be used at once") {
  auto options = as(role::esme);
  options.window = 2;
  both_ends two(options);
  two.until_bound();
  CHECK(two.esme.submit(1, {}));
  CHECK(two.esme.submit(2, {}));
  CHECK_FALSE(two.esme.submit(3, {}));
  two.until([&] { return two.smsc_told.story.ends_with("#3 ''"); });
  two.esme_told.story.clear();
  two.smsc.acknowledge(2, command_status::rok);
  two.smsc.acknowledge(3, command_status::rok);
  two.until([&] { return two.esme_told.story.ends_with("room"); });
  CHECK(two.esme_told.story == "submitted t1; submitted t2; room");  // once for both
  CHECK(two.esme.room() == 2);
}

TEST_CASE("a cut cable makes everything in flight unknown before run() returns") {
  both_ends two;
  two.until_bound();
  CHECK(two.esme.submit(1, {}));
  CHECK(two.esme.submit(2, {}));
  two.until([&] { return two.smsc_told.story.ends_with("#3 ''"); });
  two.esme_told.story.clear();
  two.smsc.abort();
  two.until_ended();
  CHECK(two.esme_told.story == "unknown t1; unknown t2");
  CHECK_FALSE(two.esme_ended->by_session);
  CHECK_FALSE(two.esme_ended->error.empty());
  CHECK(two.smsc_ended->error == "aborted");
  CHECK_FALSE(two.esme.submit(3, {}));
}

TEST_CASE("a message in the same segment as the bind response is not lost, and comes after on_bound") {
  bare_peer it;
  it.bind(octets_of(incoming(5)));
  CHECK(it.told.story == "bound smsc; message #5 'hi'; room");
}

TEST_CASE("octets that come one by one make the same PDUs") {
  bare_peer it;
  it.bind();
  for (const char octet : octets_of(incoming(5)) + octets_of(incoming(6))) {
    asio::write(it.peer, asio::buffer(&octet, 1));
    it.io.restart();
    it.io.run_one_for(1s);
  }
  run_until(it.io, [&] { return it.told.story.ends_with("#6 'hi'"); });
  CHECK(it.told.story == "bound smsc; room; message #5 'hi'; message #6 'hi'");
}

TEST_CASE("what is acknowledged in one turn leaves in one write") {
  bare_peer it;
  std::string burst;
  for (std::uint32_t sequence = 1; sequence <= 100; ++sequence) burst += octets_of(incoming(sequence));
  it.bind(burst);
  run_until(it.io, [&] { return it.told.story.ends_with("#100 'hi'; room"); });
  asio::post(it.io, [&] {
    for (std::uint32_t sequence = 1; sequence <= 100; ++sequence) it.esme.acknowledge(sequence, command_status::rok);
  });
  run_until(it.io, [&] { return it.peer.available() > 0; });
  CHECK(it.peer.available() == 100 * octets_of(response(1, short_message_resp{})).size());
}

TEST_CASE("a broken frame is nacked and the link is closed") {
  bare_peer it;
  it.bind();
  asio::write(it.peer, asio::buffer(std::string(16, '\0')));  // a command_length of 0
  CHECK(it.read_name() == "send generic_nack #0 ESME_RINVCMDLEN");
  it.until_ended();
  REQUIRE(it.result->by_session);
  CHECK(it.result->by_session->reason == close_reason::broken_frame);
  char octet = 0;
  boost::system::error_code error;
  it.peer.read_some(asio::buffer(&octet, 1), error);
  CHECK(error == asio::error::eof);  // closed in order: a reset could have overtaken the nack
}

TEST_CASE("an unknown command is nacked with its sequence and the link lives") {
  bare_peer it;
  it.bind();
  std::string query_sm = octets_of(request(9, enquire_link{}));
  query_sm[7] = 0x03;
  asio::write(it.peer, asio::buffer(query_sm + octets_of(request(10, enquire_link{}))));
  CHECK(it.read_name() == "send generic_nack #9 ESME_RINVCMDID");
  CHECK(it.read_name() == "send enquire_link_resp #10");
  CHECK(it.esme.counters().malformed == 1);
}

TEST_CASE("a silent peer is probed and dropped") {
  auto options = as(role::esme);
  options.enquire_link_after = 20ms;
  options.enquire_link_timeout = 20ms;
  bare_peer it(options);
  it.bind();
  CHECK(it.read_name() == "send enquire_link #2");
  it.until_ended();
  REQUIRE(it.result->by_session);
  CHECK(it.result->by_session->reason == close_reason::link_dead);
}

TEST_CASE("a peer that asks and asks and never reads is not served for ever") {
  auto options = as(role::esme);
  options.enquire_link_after = 50ms;
  options.enquire_link_timeout = 50ms;
  bare_peer it(options, 16 * 1024);
  it.bind();
  std::string questions;
  for (std::uint32_t sequence = 1; sequence <= 4096; ++sequence)
    questions += octets_of(request(sequence, enquire_link{}));
  it.peer.non_blocking(true);
  std::size_t asked = 0;
  run_until(it.io, [&] {
    boost::system::error_code full;
    asked += it.peer.write_some(asio::buffer(questions), full);
    return it.result.has_value();
  });
  REQUIRE(it.result->by_session);
  CHECK(it.result->by_session->reason == close_reason::link_dead);
  CHECK(asked > 1024 * 1024);  // it was served up to the limit of answers not yet read
  CHECK(asked < 16 * 1024 * 1024);
}

TEST_CASE("a peer that goes away while it is bound, or before, is an error in words") {
  bare_peer bound;
  bound.bind();
  bound.peer.close();
  bound.until_ended();
  CHECK(bound.result->error == "connection closed by the peer");
  CHECK(bound.result->was_bound);

  bare_peer opening;
  opening.read_pdu();
  opening.peer.close();
  opening.until_ended();
  CHECK(opening.result->error == "connection closed by the peer");
  CHECK_FALSE(opening.result->was_bound);
}

TEST_CASE("handlers may answer from inside: they only queue") {
  asio::io_context io;
  wire cable(io);
  told_by_handlers smsc_told;
  connection* link = nullptr;
  connection_handlers echo;
  echo.on_message = [&link](std::uint32_t sequence, short_message value) {
    link->acknowledge(sequence, command_status::rok);
    link->submit(sequence, std::move(value));
  };
  connection esme(std::move(cable.here), as(role::esme), echo);
  connection smsc(std::move(cable.there), as(role::smsc), smsc_told.handlers());
  link = &esme;
  std::optional<ended> esme_ended;
  std::optional<ended> smsc_ended;
  start(io, esme, esme_ended);
  start(io, smsc, smsc_ended);
  run_until(io, [&] { return smsc.is_bound(); });
  CHECK(smsc.submit(1, text(command_id::deliver_sm, "a")));
  CHECK(smsc.submit(2, text(command_id::deliver_sm, "b")));
  run_until(io, [&] { return smsc_told.story.ends_with("'b'"); });
  CHECK(smsc_told.story == "bound topup; room; submitted t1; message #2 'a'; submitted t2; message #3 'b'");
}

TEST_CASE("abort from inside a handler ends the link like a cut cable") {
  asio::io_context io;
  wire cable(io);
  told_by_handlers smsc_told;
  connection* link = nullptr;
  connection_handlers cut;
  cut.on_message = [&link](std::uint32_t, const short_message&) { link->abort(); };
  connection esme(std::move(cable.here), as(role::esme), cut);
  connection smsc(std::move(cable.there), as(role::smsc), smsc_told.handlers());
  link = &esme;
  std::optional<ended> esme_ended;
  std::optional<ended> smsc_ended;
  start(io, esme, esme_ended);
  start(io, smsc, smsc_ended);
  run_until(io, [&] { return smsc.is_bound(); });
  CHECK(smsc.submit(1, text(command_id::deliver_sm, "a")));
  run_until(io, [&] { return esme_ended && smsc_ended; });
  CHECK(esme_ended->error == "aborted");
  CHECK(smsc_told.story == "bound topup; room; unknown t1");
}
