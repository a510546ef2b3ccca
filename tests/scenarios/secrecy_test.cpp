// A PIN is visible nowhere (DESIGN.md §2.7): not in the database's files, its write-ahead log or its log of statements,
// nor in ours, in whatever disguise.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "tests/scenarios/pin_search.hpp"
#include "tests/scenarios/stand.hpp"

using namespace topupd::scenarios;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string wide(const std::string& digits) {
  std::string out;
  for (const char c : digits) out += std::string(1, '\0') + c;
  return out;
}

}  // namespace

TEST_CASE("a PIN is found in each disguise, wherever it stands in a file") {
  // Written down by hand, for another PIN than any card's: "4821739055162749".
  const std::string digits = "4821739055162749";
  const auto folder = fs::temp_directory_path() / fmt::format("topupd-pins-{}", getpid());
  fs::create_directory(folder);
  const std::string file = folder / "file";
  const auto needles = disguises_of(digits);
  for (const std::string& content : {
           "x" + digits, wide(digits), wide(digits) + '\0', std::string("34383231373339303535313632373439"),
           std::string("00340038003200310037003300390030003500350031003600320037003400390"),
           std::string("NDgyMTczOTA1NTE2Mjc0OQ=="),          // base64 of it
           std::string("VE9QVVAgNDgyMTczOTA1NTE2Mjc0OQ=="),  // of "TOPUP " and it
           std::string("QSA0ODIxNzM5MDU1MTYyNzQ5"),          // of "A " and it
           std::string("QUEgNDgyMTczOTA1NTE2Mjc0OSBC"),      // of "AA " and it and " B"
           std::string("IDQ4MjE3MzkwNTUxNjI3NDk="),          // of " " and it
       }) {
    for (const std::size_t before : {0U, 1U, 5000U}) {
      std::ofstream(file, std::ios::binary) << std::string(before, 'x') << content;
      CAPTURE(content);
      CHECK(files_with(needles, {folder}).size() == 1);
    }
  }
  std::ofstream(file) << "4821739055162741 NDgyMTczOTA1NTE2Mjc0MQ==";  // another one
  CHECK(files_with(needles, {folder}).empty());
  fs::remove_all(folder);
}

TEST_CASE("with every statement and its values logged, no PIN of the run stands in any file") {
  stand here;
  here.sql("alter system set log_statement = 'all'", "postgres");
  here.sql("alter system set log_min_duration_statement = 0", "postgres");
  here.sql("alter system set log_parameter_max_length_on_error = -1", "postgres");
  here.sql("select pg_reload_conf()", "postgres");
  here.kill_daemon();
  here.start_daemon();
  here.ask("TOPUP " + here.pin(0));
  here.ask("TOPUP " + here.pin(1) + " " + here.pin(2));
  here.ask("CHECK " + here.pin(3));
  here.ask("YES");
  here.ask("TOPUP " + here.pin(4) + " 0709876543");
  here.ask("YES");
  here.ask(here.pin(5) + " " + here.serial(6));    // of another card
  here.ask("TOPUP " + here.pin(7).substr(0, 15));  // a digit short
  here.ask("TOPUP " + here.unknown_pin());
  here.ask("充值 " + here.pin(8));  // UCS-2
  std::string wordy = "TOPUP";
  for (int i = 0; i < 30; ++i) wordy += " please";
  here.ask(wordy + " " + here.pin(9) + " 谢谢");     // in parts
  here.ask("TOPUP " + here.pin(0), here.other);      // used by another
  here.topupctl({"voucher", "show", here.pin(10)});  // an operator's mistake
  here.topupctl({"trace", here.pin(10)});
  here.topupctl({"try", "TOPUP " + here.pin(10)});
  here.sql("checkpoint");
  const std::string log = std::getenv("TOPUP_TEST_CLUSTER") + std::string("/log");
  const std::string statement[] = {"topup.redeem("};
  CHECK(files_with(statement, {log}).size() == 1);  // statements are logged
  here.check_all_is_well();                         // which searches
  here.sql("alter system reset all", "postgres");
  here.sql("select pg_reload_conf()", "postgres");
}
