// The daemon and books that are wrong: nothing more is written into them until somebody has seen to it (DESIGN.md
// §2.10).
#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <csignal>

#include "tests/scenarios/stand.hpp"

using namespace topupd::scenarios;

namespace {

using boost::asio::ip::tcp;

std::string free_port() {
  boost::asio::io_context io;
  return std::to_string(tcp::acceptor(io, {boost::asio::ip::address_v4::loopback(), 0}).local_endpoint().port());
}

// Status line, headers and body.
std::string get(const std::string& port, const std::string& path) {
  boost::asio::io_context io;
  tcp::socket socket(io);
  socket.connect({boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoi(port))});
  boost::asio::write(socket, boost::asio::buffer("GET " + path + " HTTP/1.1\r\nConnection: close\r\n\r\n"));
  std::string answer;
  boost::system::error_code closed;
  boost::asio::read(socket, boost::asio::dynamic_buffer(answer), closed);
  return answer;
}

constexpr auto lose_a_dollar =
    "update topup.account set balance_minor = balance_minor - 100 where msisdn = 999701234567";
constexpr auto find_it = "update topup.account set balance_minor = balance_minor + 100 where msisdn = 999701234567";

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE(
    "wrong books stop the redeeming, loudly, until a clean proof and SIGHUP; then the text that waited is decided") {
  const std::string port = free_port();
  stand here({.sandbox = {"--http-port", port}});
  here.ask("TOPUP " + here.pin(0));
  CHECK(has(get(port, "/healthz"), "200 OK"));
  CHECK(has(get(port, "/metrics"), "\ntopupd_books_ok 1\n"));
  here.sql(lose_a_dollar);
  here.daemon().signal(SIGHUP);  // looks at once, and not at the next minute
  here.until([&] { return has(here.log(), "error books wrong"); }, "the alarm");
  CHECK(has(here.log(), "check=\"balances = sum of transfers\""));
  CHECK(has(here.log(), "account 999701234567: balance"));
  const auto ill = get(port, "/healthz");
  CHECK(has(ill, "503"));
  CHECK(has(ill, "the books are wrong: balances = sum of transfers"));
  CHECK(has(get(port, "/metrics"), "\ntopupd_books_ok 0\n"));

  const auto decided = here.sql("select count(*) from topup.message");
  here.text("TOPUP " + here.pin(1));
  here.pass(std::chrono::seconds(1));
  CHECK(here.sql("select count(*) from topup.message") == decided);
  CHECK(here.topupctl({"verify"}).status == 1);

  // Repaired, and nobody has proven it: still nothing.
  here.sql(find_it);
  here.daemon().signal(SIGHUP);
  here.until([&] { return times(here.log(), "error books wrong") == 2; }, "the second alarm");
  CHECK(here.topupctl({"verify"}).status == 0);
  here.pass(std::chrono::milliseconds(500));
  CHECK(here.sql("select count(*) from topup.message") == decided);

  here.daemon().signal(SIGHUP);
  here.until([&] { return has(here.log(), "info books right"); }, "the end of the alarm");
  here.until_answered();
  here.until([&] { return here.replies_to(stand::self) == 2; }, "the reply to the text that waited");
  CHECK(has(get(port, "/healthz"), "200 OK"));
  here.check_all_is_well();
}

TEST_CASE("a daemon that starts with books known to be wrong takes nothing, and says why") {
  stand here;
  here.ask("TOPUP " + here.pin(0));
  here.sql(lose_a_dollar);
  here.daemon().signal(SIGHUP);
  here.until([&] { return has(here.log(), "error books wrong"); }, "the alarm");
  here.stop_daemon();
  here.sql(find_it);

  here.start_daemon();
  here.until([&] { return times(here.log(), "error books wrong") == 2; }, "the alarm of the second");
  here.text("TOPUP " + here.pin(1));
  here.pass(std::chrono::seconds(1));
  CHECK(here.sql("select count(*) from topup.message") == "1");
  here.stop_daemon();

  CHECK(here.topupctl({"verify"}).status == 0);
  here.start_daemon();
  here.until_answered();
  here.until([&] { return here.replies_to(stand::self) == 2; }, "the reply to the text that waited");
  CHECK(times(here.log(), "error books wrong") == 2);
  here.check_all_is_well();
}

TEST_CASE("guessing is told when its level rises and when it falls") {
  const std::string port = free_port();
  stand here({.sandbox = {"--http-port", port}});
  here.sql("update topup.guess_level set level = 1, until = now() + interval '1 hour'");
  here.daemon().signal(SIGHUP);
  here.until([&] { return has(here.log(), "warning guessing level=1"); }, "the warning");
  CHECK(has(get(port, "/metrics"), "\ntopupd_guess_level 1\n"));
  here.sql("update topup.guess_level set until = now()");
  here.daemon().signal(SIGHUP);
  here.until([&] { return has(here.log(), "info guessing level=0"); }, "the end of it");
  CHECK(has(get(port, "/metrics"), "\ntopupd_guess_level 0\n"));
  here.check_all_is_well();
}
