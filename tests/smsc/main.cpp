// smsc-sim: the bundled SMSC. A phone at the prompt, lines played, or a measured load; see --help.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <exception>
#include <memory>

#include "tests/smsc/command.hpp"
#include "tests/smsc/journal.hpp"
#include "tests/smsc/load.hpp"
#include "tests/smsc/phone.hpp"
#include "tests/smsc/simulator.hpp"

namespace asio = boost::asio;
using namespace topupd;
using namespace topupd::smsc;

namespace {

struct arguments {
  std::string listen = "127.0.0.1:2775";
  std::string password = "secret";
  std::string kind = "smpp34";
  std::string handset = "+999701234567";
  std::string pins_file;
  std::string journal_file;
  std::string rate = "max";
  std::size_t load = 0;
  std::size_t skip = 0;
  std::size_t senders = 0;
  double timeout_seconds = 0;
  bool play = false;
  smpp::tls_options certificate;
  smsc::options centre;
};

asio::awaitable<void> pause(asio::io_context& io, std::chrono::milliseconds time) {
  asio::steady_timer timer(io, time);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> close_links(asio::io_context& io, simulator& centre) {
  centre.stop(true);
  for (int turn = 0; turn < 100 && !centre.stopped(); ++turn) co_await pause(io, std::chrono::milliseconds(20));
  io.stop();
}

asio::awaitable<void> be_a_phone(asio::io_context& io, phone& user, simulator& centre, int& status) {
  status = co_await user.run(centre) == 0 ? 0 : 1;
  co_await close_links(io, centre);
}

asio::awaitable<void> be_a_load(asio::io_context& io, load& texts, simulator& centre, int& status) {
  for (int turn = 0; turn < 1500 && centre.binds() == 0; ++turn) co_await pause(io, std::chrono::milliseconds(20));
  const load_report result = co_await texts.run(centre);
  fmt::print("{}\n", to_json(result));
  status = result.confirmed == result.texts ? 0 : 1;
  co_await close_links(io, centre);
}

asio::ip::tcp::endpoint endpoint_from(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  unsigned port = 65536;
  if (colon != std::string::npos) port = static_cast<unsigned>(std::stoul(listen.substr(colon + 1)));
  if (port > 65535) throw CLI::ValidationError("--listen", "HOST:PORT is wanted");
  return {asio::ip::make_address(listen.substr(0, colon)), static_cast<std::uint16_t>(port)};
}

int serve(const arguments& given) {
  asio::io_context io(1);
  const std::size_t wanted = given.load > 0 ? given.load : std::size_t{50};
  const auto pins = given.pins_file.empty() ? std::vector<secret>() : read_pins(given.pins_file, given.skip, wanted);
  if (pins.size() < given.load) throw std::runtime_error("fewer cards than texts are in " + given.pins_file);
  const std::chrono::milliseconds timeout(static_cast<long long>(given.timeout_seconds * 1000));

  smsc::events events;
  std::unique_ptr<load> texts;
  std::unique_ptr<phone> user;
  if (given.load > 0) {
    load_options wish{.pins = pins, .rate = given.rate == "max" ? 0 : std::stod(given.rate), .senders = given.senders};
    if (timeout.count() > 0) wish.timeout = timeout;
    texts = std::make_unique<load>(io, std::move(wish));
    texts->hook(events);
  } else {
    phone_options wish{.number = given.handset.substr(given.handset.rfind('+') + 1), .play = given.play, .pins = pins};
    if (timeout.count() > 0) wish.timeout = timeout;
    user = std::make_unique<phone>(io, std::move(wish));
    user->hook(events);
  }
  std::unique_ptr<journal> book;
  if (!given.journal_file.empty()) {
    book = std::make_unique<journal>(given.journal_file);
    record(events, *book);
  }

  smsc::options wish = given.centre;
  wish.listen = endpoint_from(given.listen);
  wish.password = secret(given.password);
  simulator centre(io, wish, events);
  if (wish.listen.port() == 0) fmt::print(stderr, "smsc-sim: listening on port {}\n", centre.port());

  int status = 0;
  const auto end = [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  };
  asio::co_spawn(io, texts ? be_a_load(io, *texts, centre, status) : be_a_phone(io, *user, centre, status), end);
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&io, &centre, &status, end](boost::system::error_code error, int) {
    if (error) return;
    status = 1;
    asio::co_spawn(io, close_links(io, centre), end);
  });
  io.run();
  return status;
}

}  // namespace

int main(int count, char** words) {
  arguments given;
  CLI::App app{"A short-message centre to try, test and measure the gateway with."};
  app.add_option("--listen", given.listen, "HOST:PORT for the gateway's binds; port 0: a free one")
      ->capture_default_str();
  app.add_option("--system-id", given.centre.system_id, "that a bind must have; empty: any")->capture_default_str();
  app.add_option("--password", given.password, "that a bind must have");
  app.add_option("--short-code", given.centre.short_code, "that the texts go to")->capture_default_str();
  app.add_option("--profile", given.kind, "smpp34: by the book; osmocom: as OsmoMSC, with its quirks")
      ->check(CLI::IsMember({"smpp34", "osmocom"}))
      ->capture_default_str();
  app.add_option("--tls-cert", given.certificate.certificate_file, "speak TLS, with this certificate (PEM)");
  app.add_option("--tls-key", given.certificate.key_file, "its key");
  app.add_option("--tls-ca", given.certificate.ca_file, "demand a certificate by one of these of who connects");
  app.add_option("--window", given.centre.window, "deliver_sm in flight on each bind")->capture_default_str();
  int retry_ms = 1000;
  app.add_option("--retry-ms", retry_ms, "before a text is delivered again")->capture_default_str();
  app.add_option("--handset", given.handset, "the number of the phone at standard input")->capture_default_str();
  app.add_flag("--play", given.play, "send each line, wait for its reply; exit status 0 when each was answered");
  app.add_option("--load", given.load, "send so many top-ups and measure them; needs --pins");
  app.add_option("--rate", given.rate, "of --load: texts a second, or max")->capture_default_str();
  app.add_option("--senders", given.senders, "of --load: phones that share the texts; 0: one a text");
  app.add_option("--pins", given.pins_file, "CSV of `topupctl batch generate`: for --load, and for {pin1} in texts");
  app.add_option("--skip", given.skip, "cards at the beginning of --pins that are used already");
  app.add_option("--timeout", given.timeout_seconds, "seconds: for each reply (30), or for the whole load (120)");
  app.add_option("--journal", given.journal_file, "append what happens there, a JSON object a line");
  app.footer(
      fmt::format("At the prompt, `TEXT` comes from the handset and `+MSISDN: TEXT` from another phone. And:\n{}"
                  "\nExamples:\n  smsc-sim --listen 127.0.0.1:2775 --handset +999701234567\n"
                  "  printf 'TOPUP {{pin1}}\\nBAL\\n' | smsc-sim --play --pins cards.csv\n"
                  "  smsc-sim --load 20000 --rate max --window 100 --pins cards.csv\n",
                  command_help));
  try {
    app.parse(count, words);
    if (given.load > 0 && given.pins_file.empty()) throw CLI::ValidationError("--load", "needs --pins FILE");
    if (!given.certificate.certificate_file.empty()) {
      const auto fault = smpp::fault_of(given.certificate, smpp::tls_side::server);
      if (!fault.empty()) throw CLI::ValidationError("--tls-cert", fault);
      given.centre.tls = given.certificate;
    }
    if (given.kind == "osmocom") given.centre.profile = profile::osmocom;
    given.centre.retry_delay = std::chrono::milliseconds(retry_ms);
    endpoint_from(given.listen);
  } catch (const CLI::ParseError& wrong) {
    return app.exit(wrong) == 0 ? 0 : 2;
  } catch (const std::exception&) {
    fmt::print(stderr, "smsc-sim: --listen wants an address and a port, such as 127.0.0.1:2775\n");
    return 2;
  }
  try {
    return serve(given);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "smsc-sim: {}\n", failure.what());
    return 1;
  }
}
