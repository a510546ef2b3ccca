// TLS to the SMSC, with certificates made here: what is taken, and in which words the rest is refused.
#include <doctest/doctest.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <filesystem>

#include "tests/unit/smpp_session/certificates.hpp"
#include "tests/unit/smpp_session/supervised.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;

namespace {

tls_options shown(const certificate_files& files) {
  return {.server_name = {}, .ca_file = {}, .certificate_file = files.certificate, .key_file = files.key};
}
tls_options trusting(const authority& whom, const std::string& server_name = "smsc.test") {
  return {.server_name = server_name, .ca_file = whom.file(), .certificate_file = {}, .key_file = {}};
}

// A supervisor that waits long enough for a handshake on a busy machine.
supervised::setup over(std::optional<tls_options> ours, std::optional<tls_options> theirs) {
  return {.connect_timeout = 5s, .backoff_cap = 60ms, .tls = std::move(ours), .server_tls = std::move(theirs)};
}

// The first thing that is told of a link to such a server.
std::string first_event(const tls_options& ours, const std::optional<tls_options>& theirs) {
  supervised it(over(ours, theirs));
  it.serve();
  it.run();
  it.until_told();
  auto event = it.events;
  it.stop();
  return event;
}

// The same of a server that is no stream of ours: it may be of another age. It has nothing to say after the handshake.
std::string first_event(const tls_options& ours, asio::ssl::context theirs) {
  supervised it(over(ours, std::nullopt));
  std::list<asio::ssl::stream<tcp::socket>> served;
  it.acceptor.async_accept([&](const boost::system::error_code&, tcp::socket socket) {
    served.emplace_back(std::move(socket), theirs);
    served.back().async_handshake(asio::ssl::stream_base::server, [&](const boost::system::error_code& refused) {
      boost::system::error_code ignored;
      if (!refused) served.back().next_layer().shutdown(tcp::socket::shutdown_send, ignored);
    });
  });
  it.run();
  it.until_told();
  auto event = it.events;
  it.stop();
  return event;
}

asio::ssl::context server_context(const certificate_files& files, int newest) {
  asio::ssl::context made(asio::ssl::context::tls_server);
  made.use_certificate_chain_file(files.certificate);
  made.use_private_key_file(files.key, asio::ssl::context::pem);
  SSL_CTX_set_min_proto_version(made.native_handle(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(made.native_handle(), newest);
  SSL_CTX_set_cipher_list(made.native_handle(), "ALL:@SECLEVEL=0");
  return made;
}

}  // namespace

TEST_CASE("a text goes in and its reply goes out over TLS, and both ends unbind in order") {
  const authority ca("Test CA");
  supervised it(over(trusting(ca), shown(ca.issue({.name = "smsc", .alternatives = "DNS:smsc.test"}))));
  it.serve();
  it.run();
  it.until_bound();
  it.until([&] { return it.smscs.back().is_bound(); });
  const std::string much(60'000, 'x');  // several TLS records
  CHECK(it.smscs.back().submit(1, text(command_id::deliver_sm, much)));
  it.until([&] { return it.told.story.ends_with("'" + much + "'"); });
  it.link->link()->acknowledge(1, command_status::rok);
  CHECK(it.link->link()->submit(7, text(command_id::submit_sm, "Confirmed.")));
  it.until([&] { return it.smsc_told.story.ends_with("submitted t1; message #2 'Confirmed.'"); });
  it.smscs.back().acknowledge(2, command_status::rok, "m-1");
  it.until([&] { return it.told.story.ends_with("submitted t7 id m-1"); });
  it.stop();
  it.until([&] { return it.smsc_ends.front().has_value(); });
  CHECK(it.events == "bound smsc; unbound unbound");
  REQUIRE(it.smsc_ends.front()->by_session);
  CHECK(it.smsc_ends.front()->by_session->reason == close_reason::peer_unbound);
}

TEST_CASE("a server's certificate is taken when it is good and the host's, and refused in clear words when not") {
  const authority ca("Test CA");
  const authority other("Other CA");
  struct row {
    const char* why;
    wanted_certificate theirs;
    tls_options ours;
    std::string told;
  };
  const auto unknown = [](const authority& known) {
    return "connect_failed TLS: the certificate was issued by Test CA, which is not in " + known.file();
  };
  const row rows[] = {
      {"good", {.name = "a", .alternatives = "DNS:smsc.test"}, trusting(ca), "bound smsc"},
      {"one of several names", {.name = "b", .alternatives = "DNS:x.test,DNS:smsc.test"}, trusting(ca), "bound smsc"},
      {"by wildcard", {.name = "c", .alternatives = "DNS:*.smsc.test"}, trusting(ca, "a.smsc.test"), "bound smsc"},
      {"by address", {.name = "d", .alternatives = "IP:127.0.0.1"}, trusting(ca, "127.0.0.1"), "bound smsc"},
      {"no name said: the host's", {.name = "e", .alternatives = "IP:127.0.0.1"}, trusting(ca, ""), "bound smsc"},
      {"expired",
       {.name = "f", .alternatives = "DNS:smsc.test", .first_day = -60, .last_day = -2},
       trusting(ca),
       "connect_failed TLS: the certificate has expired (" + day_from_today(-2) + ")"},
      {"of tomorrow",
       {.name = "g", .alternatives = "DNS:smsc.test", .first_day = 2, .last_day = 9},
       trusting(ca),
       "connect_failed TLS: the certificate is not valid before " + day_from_today(2)},
      {"another host's",
       {.name = "h", .alternatives = "DNS:www.test,DNS:ftp.test"},
       trusting(ca),
       "connect_failed TLS: the certificate is for www.test, ftp.test, not for smsc.test"},
      {"another host's, in the old way",
       {.name = "old.test"},
       trusting(ca),
       "connect_failed TLS: the certificate is for old.test, not for smsc.test"},
      {"another address",
       {.name = "i", .alternatives = "DNS:smsc.test,IP:127.0.0.2,IP:::1"},
       trusting(ca, "127.0.0.1"),
       "connect_failed TLS: the certificate is for smsc.test, 127.0.0.2, ::1, not for 127.0.0.1"},
      {"a name that would spoil the log",
       {.name = "k\nlevel=error \"x\""},
       trusting(ca),
       "connect_failed TLS: the certificate is for k?level=error ?x?, not for smsc.test"},
      {"an authority we do not trust", {.name = "l", .alternatives = "DNS:smsc.test"}, trusting(other), unknown(other)},
      {"nor does the system",
       {.name = "m", .alternatives = "DNS:smsc.test"},
       {.server_name = "smsc.test", .ca_file = {}, .certificate_file = {}, .key_file = {}},
       "connect_failed TLS: the certificate was issued by Test CA, which is not in the system's list of authorities"},
  };
  for (const auto& it : rows) {
    CAPTURE(it.why);
    auto theirs = it.theirs;
    const auto files = ca.issue(theirs);
    CHECK(first_event(it.ours, shown(files)) == it.told);
  }
}

TEST_CASE("a renewed certificate is taken at the next try, without a restart") {
  const authority ca("Test CA");
  const auto old = ca.issue({.name = "smsc", .alternatives = "DNS:smsc.test", .first_day = -9, .last_day = -1});
  supervised it(over(trusting(ca), shown(old)));
  it.serve();
  it.run();
  it.until_told();
  CHECK(it.events.starts_with("connect_failed TLS: the certificate has expired ("));
  ca.issue({.name = "smsc", .alternatives = "DNS:smsc.test"});  // the same files
  it.until_bound();
  it.stop();
}

TEST_CASE("an SMSC that demands a client certificate gets ours, and refuses us in clear words without") {
  const authority ca("Test CA");
  const authority other("Other CA");
  auto theirs = shown(ca.issue({.name = "smsc", .alternatives = "DNS:smsc.test"}));
  theirs.ca_file = ca.file();
  auto ours = trusting(ca);
  const auto with = [&](const certificate_files& files) {
    ours.certificate_file = files.certificate;
    ours.key_file = files.key;
    return ours;
  };
  const std::string none = "TLS: the peer demands a client certificate, and none is configured";
  CHECK(first_event(ours, theirs) == "lost " + none);  // TLS 1.3 says it behind the handshake
  auto older = server_context({theirs.certificate_file, theirs.key_file}, TLS1_2_VERSION);
  older.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  CHECK(first_event(ours, std::move(older)) == "connect_failed " + none);

  CHECK(first_event(with(ca.issue({.name = "topupd"})), theirs) == "bound smsc");
  CHECK(first_event(with(ca.issue({.name = "old", .first_day = -9, .last_day = -1})), theirs) ==
        "lost TLS: our certificate has expired, says the peer");
  CHECK(first_event(with(other.issue({.name = "stranger"})), theirs) ==
        "lost TLS: the peer does not know who issued our certificate");
}

TEST_CASE("files that cannot be used fail each try in words, and what is mended is taken") {
  const authority ca("Test CA");
  auto ours = trusting(ca);
  const auto client = ca.issue({.name = "client"});
  ours.certificate_file = client.certificate;
  ours.key_file = client.key;
  std::filesystem::rename(client.key, client.key + ".away");
  supervised it(over(ours, shown(ca.issue({.name = "smsc", .alternatives = "DNS:smsc.test"}))));
  it.serve();
  it.run();
  it.until_told();
  CHECK(it.events == "connect_failed TLS: cannot read " + client.key + ": No such file or directory");
  std::filesystem::rename(client.key + ".away", client.key);
  it.until_bound();
  it.stop();
}

TEST_CASE("a server that speaks no TLS, or an old one, is told from one that cannot be reached") {
  const authority ca("Test CA");
  CHECK(first_event(trusting(ca), std::nullopt) ==
        "connect_failed TLS: the peer does not speak TLS (wrong version number (SSL routines))");
  const auto files = ca.issue({.name = "smsc", .alternatives = "DNS:smsc.test"});
  CHECK(first_event(trusting(ca), server_context(files, TLS1_2_VERSION)) == "lost connection closed by the peer");
  CHECK(first_event(trusting(ca), server_context(files, TLS1_1_VERSION))
            .starts_with("connect_failed TLS: the peer knows no TLS of version 1.2 or later ("));
}

TEST_CASE("a peer that says nothing to our greeting times out, and stop() ends the wait") {
  const authority ca("Test CA");
  auto wanted = over(trusting(ca), std::nullopt);
  wanted.connect_timeout = 100ms;
  supervised slow(wanted);
  slow.run();  // the kernel takes the connection, nobody answers
  slow.until_told();
  CHECK(slow.events == "connect_failed TLS: handshake timed out");
  slow.stop();

  supervised silent(over(trusting(ca), std::nullopt));
  std::optional<tcp::socket> peer;
  silent.acceptor.async_accept(
      [&](const boost::system::error_code&, tcp::socket socket) { peer.emplace(std::move(socket)); });
  silent.run();
  silent.until([&] { return peer && peer->available() > 0; });
  const auto begin = std::chrono::steady_clock::now();
  silent.stop();
  CHECK(std::chrono::steady_clock::now() - begin < 4s);  // connect_timeout is 5 s
}

TEST_CASE("a peer that hangs up at our greeting is told so") {
  const authority ca("Test CA");
  supervised it(over(trusting(ca), std::nullopt));
  std::optional<tcp::socket> peer;
  it.acceptor.async_accept([&](const boost::system::error_code&, tcp::socket socket) {
    peer.emplace(std::move(socket));
    peer->async_wait(tcp::socket::wait_read, [&](const boost::system::error_code&) {
      std::string greeting(peer->available(), '\0');
      asio::read(*peer, asio::buffer(greeting));  // unread octets would make it a reset
      peer->close();
    });
  });
  it.run();
  it.until_told();
  CHECK(it.events == "connect_failed TLS: the peer closed the connection during the handshake");
  it.stop();
}

TEST_CASE("a plain client at a TLS server ends that link, within bind_timeout at most") {
  const authority ca("Test CA");
  const auto files = ca.issue({.name = "smsc"});
  for (const bool silent : {true, false}) {
    asio::io_context io;
    wire cable(io);
    auto options = as(role::smsc);
    options.bind_timeout = 50ms;
    if (!silent) options.bind_timeout = 5s;
    connection smsc(stream(std::move(cable.there), shown(files), tls_side::server), options, {});
    std::optional<ended> result;
    start(io, smsc, result);
    if (!silent) asio::write(cable.here, asio::buffer(octets_of(request(1, as(role::esme).credentials))));
    run_until(io, [&] { return result.has_value(); });
    CHECK_FALSE(result->was_bound);
    CHECK(result->error.starts_with(silent ? "TLS: handshake timed out" : "TLS: the peer does not speak TLS"));
  }
}

TEST_CASE("the end of a link is said in TLS, too: nobody can take a cut for it") {
  const authority ca("Test CA");
  supervised it(over(trusting(ca), std::nullopt));
  auto theirs = server_context(ca.issue({.name = "smsc", .alternatives = "DNS:smsc.test"}), TLS1_3_VERSION);
  asio::ssl::stream<tcp::socket> served(it.io, theirs);
  std::string came(1000, '\0');
  std::optional<boost::system::error_code> end;
  it.acceptor.async_accept(served.next_layer(), [&](const boost::system::error_code&) {
    served.async_handshake(asio::ssl::stream_base::server, [&](const boost::system::error_code&) {
      asio::async_read(served, asio::buffer(came), [&](const boost::system::error_code& error, std::size_t) {
        end = error;
        served.next_layer().close();
      });
      it.link->stop();  // in the middle of the bind
    });
  });
  it.run();
  it.until_done();
  it.until([&] { return end.has_value(); });
  CHECK(end->message() == "End of file");  // where a cut is "stream truncated"
}
