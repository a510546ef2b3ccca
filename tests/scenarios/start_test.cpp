// What the operator sees when something is wrong at the start: one clear line, and an exit status (README.md).
#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/scenarios/stand.hpp"

using namespace topupd::scenarios;

namespace {

// The stand's configuration with one thing changed, as a file beside it.
std::string changed(const stand& here, const std::string& from, const std::string& to) {
  std::ifstream file(here.config());
  std::ostringstream all;
  all << file.rdbuf();
  std::string text = all.str();
  const auto place = text.find(from);
  REQUIRE(place != std::string::npos);
  text.replace(place, from.size(), to);
  std::ofstream(here.config()) << text;  // the same file: it is nobody else's to read
  return here.config();
}

finished topupd_with(stand& here, const std::string& config) {
  return here.run({TOPUPD, "--config", config}, {{"PGUSER", "topupd"}});
}

auto lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

TEST_CASE("every fault of the configuration is named at once, with its file, line and key") {
  stand here({.daemon = false});
  changed(here, "window = 64", "window = \"many\"\nwindwo = 3");
  const auto config = changed(here, "currency = \"USD\"", "currency = \"DOLLAR\"");
  const auto [status, said] = topupd_with(here, config);
  CHECK(status == 1);
  for (const char* key : {"window", "windwo", "currency"}) {
    CAPTURE(key);
    CHECK(has(said, key));
  }
  CHECK(lines(said) >= 3);
  CHECK(has(said, config + ':'));
  CHECK_FALSE(has(said, "secret"));
}

TEST_CASE("what the world refuses at the start is said in one line with an exit status") {
  struct row {
    const char* about;
    std::string from, to;
    int status;
    const char* word;
  };
  const std::vector<row> table = {
      {"an unknown host", "url = \"", "url = \"postgresql://no-such-host.invalid/topup\" # ", 3,
       "no-such-host.invalid"},
      {"a database that is not there", "postgresql:///scenario_", "postgresql:///absent_", 3, "absent_"},
      {"a server that is not there", "url = \"", "url = \"postgresql://127.0.0.1:1/topup\" # ", 3, "127.0.0.1"},
  };
  for (const auto& row : table) {
    CAPTURE(row.about);
    stand here({.daemon = false});
    const auto [status, said] = topupd_with(here, changed(here, row.from, row.to));
    CHECK(status == row.status);
    CHECK(has(said, row.word));
    CHECK(lines(said) == 1);
  }
}

TEST_CASE("a port in use is named with the remedy") {
  stand here({.daemon = false, .sandbox = {"--http-port", "1"}});
  boost::asio::ip::tcp::acceptor taken(here.io, {boost::asio::ip::address_v4::loopback(), 0});
  const auto port = std::to_string(taken.local_endpoint().port());
  const auto [status, said] = topupd_with(here, changed(here, "127.0.0.1:1\"", "127.0.0.1:" + port + '"'));
  CHECK(status == 4);
  CHECK(has(said, port));
  CHECK(lines(said) == 1);
}

TEST_CASE("a login without the gateway's rights is refused with the remedy") {
  stand here({.daemon = false});
  here.run({"createuser", "nobody_special"});
  const auto [status, said] = here.run({TOPUPD, "--config", here.config()}, {{"PGUSER", "nobody_special"}});
  CHECK(status == 3);
  CHECK(has(said, "topup_gateway"));
}

TEST_CASE("a wrong database password is named as one, and not shown") {
  stand here({.daemon = false});
  const std::string cluster = std::getenv("TOPUP_TEST_CLUSTER");
  const std::string rules = cluster + "/data/pg_hba.conf";
  std::ostringstream all;
  all << std::ifstream(rules).rdbuf();
  std::ofstream(rules) << "host all careful 127.0.0.1/32 scram-sha-256\n" << all.str();
  here.sql("create role careful login password 'right-one' in role topup_gateway");
  here.sql("select pg_reload_conf()");
  const auto url =
      "url = \"postgresql://careful:wrong-one@127.0.0.1:" + std::string(std::getenv("PGPORT")) + "/topup\" # ";
  const auto [status, said] = topupd_with(here, changed(here, "url = \"", url));
  CHECK(status == 3);
  CHECK(has(said, "password"));
  CHECK_FALSE(has(said, "wrong-one"));
  CHECK(lines(said) == 1);
}
