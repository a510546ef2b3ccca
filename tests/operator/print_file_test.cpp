#include "operator/print_file.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>  // setenv
#include <sys/resource.h>

#include <functional>
#include <string>
#include <vector>

#include "operator/card_file.hpp"
#include "store/operations.hpp"
#include "tests/operator/paper.hpp"

namespace topupd::tests {
namespace {

using operators::card;
using operators::print_file;

void fill(print_file& file, int cards) {
  for (int n = 1; n <= cards; ++n) file.add(100'000'000'000LL + n, pin_number(n), {1000, "USD"}, "2099-12-31");
}

std::string heading = "serial,pin,value,currency,expires\n";
std::string csv(int cards) {
  std::string text = heading;
  for (int n = 1; n <= cards; ++n) text += csv_line(n);
  return text;
}

std::string refusal(const std::function<void()>& what) {
  try {
    what();
  } catch (const store::refused& problem) {
    return problem.what();
  }
  return "not refused";
}
bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<card> read(const std::string& path, const parser::pin_rules& rules = {}) {
  std::vector<card> all;
  operators::read_cards(path, rules, [&](const card& each) { all.push_back(each); });
  return all;
}

// gpg with a key ring of its own. Its agent, started with the first key, is ended with it.
struct key_ring {
  folder home;
  key_ring() {
    setenv("GNUPGHOME", home.path("").c_str(), 1);
    run("gpg --batch --quiet --passphrase '' --quick-generate-key printer@example.com default default never 2>&1");
  }
  ~key_ring() {
    run("gpgconf --kill all 2>&1");
    unsetenv("GNUPGHOME");
  }
};

}  // namespace

TEST_CASE("a print file is for its owner alone, and sha256sum agrees with its manifest") {
  const folder folder;
  {
    print_file file(folder.path("ten.csv"));
    file.describe("batch 3");
    file.describe("product TEN");
    fill(file, 2'000);  // more than one buffer
    file.sync();
    file.keep();
  }
  CHECK(folder.read("ten.csv") == csv(2'000));
  CHECK(folder.mode("ten.csv") == 0600);
  CHECK(folder.mode("ten.csv.sha256") == 0600);
  CHECK(
      folder.read("ten.csv.sha256")
          .starts_with("# batch 3 · product TEN · 2000 cards · 20000.00 USD · serials 100000000001 to 100000002000\n"));
  CHECK(run("cd " + folder.path("") + " && sha256sum --check --strict ten.csv.sha256").status == 0);
  folder.write("ten.csv", csv(1'999));
  CHECK(run("cd " + folder.path("") + " && sha256sum --check --strict ten.csv.sha256 2>&1").status == 1);
}

TEST_CASE("a print file that is not kept takes its manifest with it, and no file is overwritten") {
  const folder folder;
  {
    print_file file(folder.path("ten.csv"));
    fill(file, 3);
    file.sync();
    CHECK(folder.has("ten.csv"));
    CHECK(folder.has("ten.csv.sha256"));
  }
  CHECK_FALSE(folder.has("ten.csv"));
  CHECK_FALSE(folder.has("ten.csv.sha256"));

  folder.write("ten.csv.sha256", "mine");
  CHECK(says(refusal([&] { print_file file(folder.path("ten.csv")); }), "exists already"));
  CHECK_FALSE(folder.has("ten.csv"));
  CHECK(folder.read("ten.csv.sha256") == "mine");
}

TEST_CASE("a disk that takes no more is said, and nothing is left") {
  const key_ring keys;
  const folder folder;
  CHECK(says(refusal([&] { print_file file(folder.path("no/such.csv")); }), "cannot make"));

  // A limit on the size of files stands in for the disk, for us and for gpg.
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{100'000, before.rlim_max};
  for (const char* recipient : {"", "printer@example.com"}) {
    CAPTURE(recipient);
    setrlimit(RLIMIT_FSIZE, &small);
    const std::string said = refusal([&] {
      print_file file(folder.path("ten.csv"), {.recipient = recipient, .passphrase_file = ""});
      fill(file, 20'000);
      file.sync();
      file.keep();
    });
    setrlimit(RLIMIT_FSIZE, &before);
    CHECK_MESSAGE(says(said, "File too large"), said);
    CHECK_FALSE(folder.has("ten.csv"));
    CHECK_FALSE(folder.has("ten.csv.sha256"));
  }
  signal(SIGXFSZ, SIG_DFL);
}

TEST_CASE("what is encrypted to a recipient is read by the recipient alone, and its manifest knows both sums") {
  const key_ring keys;
  const folder folder;
  {
    print_file file(folder.path("ten.csv.gpg"), {.recipient = "printer@example.com", .passphrase_file = ""});
    fill(file, 5'000);
    file.sync();
    file.keep();
  }
  CHECK(folder.mode("ten.csv.gpg") == 0600);
  CHECK_FALSE(says(folder.read("ten.csv.gpg"), "serial,pin"));
  CHECK(run("cd " + folder.path("") + " && sha256sum --check --strict ten.csv.gpg.sha256").status == 0);
  CHECK(run("gpg --batch --quiet --decrypt " + folder.path("ten.csv.gpg")).said == csv(5'000));

  // Decrypted beside it, it is what was generated; with a card less it is not.
  folder.write("ten.csv", csv(5'000));
  CHECK(operators::read_cards(folder.path("ten.csv"), {}, [](const card&) {}).manifest_agrees);
  folder.write("ten.csv", csv(4'999));
  CHECK(says(refusal([&] { read(folder.path("ten.csv")); }), "checksum differs"));
  CHECK(says(refusal([&] { read(folder.path("ten.csv.gpg")); }), "decrypt it first: gpg --decrypt"));
}

TEST_CASE("what is encrypted under a passphrase opens with the file's first line") {
  const key_ring keys;
  const folder folder;
  const std::string passphrase = folder.write("passphrase", "correct horse\nsecond line\n");
  {
    print_file file(folder.path("ten.csv.gpg"), {.recipient = "", .passphrase_file = passphrase});
    fill(file, 10);
    file.sync();
    file.keep();
  }
  const std::string decrypt = "gpg --batch --quiet --pinentry-mode loopback --no-symkey-cache --passphrase ";
  CHECK(run(decrypt + "'correct horse' --decrypt " + folder.path("ten.csv.gpg")).said == csv(10));
  CHECK(run(decrypt + "'wrong horse' --decrypt " + folder.path("ten.csv.gpg") + " 2>&1").status == 2);
}

TEST_CASE("a print file that cannot be encrypted is not made, and the remedy is said") {
  const key_ring keys;
  const folder folder;
  const std::string good = folder.write("good", "correct horse\n");
  struct row {
    operators::encryption how;
    std::string said;
  };
  const row rows[] = {
      {{"nobody@example.com", ""}, "gpg --import"},
      {{"--version", ""}, "is a key id"},
      {{"printer@example.com", good}, "choose one"},
      {{"", folder.write("open", "correct horse\n", 0644)}, "chmod 600"},
      {{"", folder.write("empty", "")}, "is empty"},
      {{"", folder.write("blank", "\ncorrect horse\n")}, "is empty"},
      {{"", folder.path("none")}, "cannot read the passphrase"},
      {{"", folder.path("")}, "is not a file"},
  };
  for (const row& row : rows)
    for (const int cards : {1, 20'000}) {  // found when gpg ends, or while it is written to
      CAPTURE(row.said);
      const std::string said = refusal([&] {
        print_file file(folder.path("ten.csv.gpg"), row.how);
        fill(file, cards);
        file.sync();
        file.keep();
      });
      CHECK_MESSAGE(says(said, row.said), said);
      CHECK_FALSE(says(said, "correct horse"));
      CHECK_FALSE(folder.has("ten.csv.gpg"));
      CHECK_FALSE(folder.has("ten.csv.gpg.sha256"));
    }
}

TEST_CASE("without gpg, or when it dies in the middle, nothing is left") {
  const folder folder;
  const std::string path = getenv("PATH");
  const auto attempt = [&] {
    return refusal([&] {
      print_file file(folder.path("ten.csv.gpg"), {.recipient = "printer@example.com", .passphrase_file = ""});
      fill(file, 20'000);
      file.sync();
      file.keep();
    });
  };
  setenv("PATH", folder.path("").c_str(), 1);
  CHECK(says(attempt(), "apt-get install gnupg"));
  folder.write("gpg", "#!/bin/sh\n/usr/bin/head -c 100000; echo 'gpg: out of luck' >&2; exit 2\n", 0700);
  const std::string said = attempt();
  CHECK_MESSAGE(says(said, "gpg: out of luck"), said);
  folder.write("gpg", "#!/bin/sh\n/usr/bin/head -c 100000; kill -9 $$\n", 0700);
  CHECK(says(attempt(), "gpg failed"));
  setenv("PATH", path.c_str(), 1);
  CHECK_FALSE(folder.has("ten.csv.gpg"));
  CHECK_FALSE(folder.has("ten.csv.gpg.sha256"));
}

TEST_CASE("what was written is read back, whatever the editor did to line ends and blanks") {
  const folder folder;
  const std::string pin(pin_number(1).reveal());
  const std::string texts[] = {
      csv(1),
      "\xEF\xBB\xBF" + heading + csv_line(1) + "\n\n",
      "serial,pin,value,currency,expires\r\n100000000001," + pin + ",10.00,USD,2099-12-31\r\n\r\n",
      "serial,pin,value,currency,expires\n100000000001," + pin + ",10.00,USD,2099-12-31",
      "\"expires\",\"pin\",\"serial\",\"currency\",\"value\"\n2099-12-31,\"" + pin + "\",100000000001,\"USD\",10\n",
  };
  for (const std::string& text : texts) {
    CAPTURE(text.size());
    const auto cards = read(folder.write("ten.csv", text));
    REQUIRE(cards.size() == 1);
    CHECK(cards[0].serial == 100'000'000'001);
    CHECK((cards[0].pin == pin_number(1)));
    CHECK((cards[0].value == parser::money{1000, "USD"}));
    CHECK(cards[0].expires == "2099-12-31");
  }
  const auto bare = read(folder.write("bare.csv", "serial,pin\n7," + pin + "\n"));
  REQUIRE(bare.size() == 1);
  CHECK_FALSE(bare[0].value);
  CHECK(bare[0].expires.empty());
}

TEST_CASE("a file is read in pieces of any size") {
  const folder folder;
  folder.write("many.csv", csv(30'000));  // many buffers
  std::int64_t next = 100'000'000'001;
  const auto summary =
      operators::read_cards(folder.path("many.csv"), {}, [&](const card& each) { CHECK(each.serial == next++); });
  CHECK(summary.cards == 30'000);
  CHECK(summary.lowest == 100'000'000'001);
  CHECK(summary.highest == 100'000'030'000);
  CHECK_FALSE(summary.manifest_agrees);
  CHECK(run("sha256sum < " + folder.path("many.csv")).said.starts_with(summary.sha256));
}

TEST_CASE("what is wrong is named by its line, and no digit of it is repeated") {
  const folder folder;
  const std::string pin(pin_number(1).reveal());
  std::string mistyped = pin;
  mistyped[3] = mistyped[3] == '9' ? '0' : '9';
  const std::string rest = ",10.00,USD,2099-12-31\n";
  struct row {
    std::string line;
    std::string said;
  };
  const row rows[] = {
      {"1," + mistyped + rest, "line 2: pin: the check digit is wrong"},
      {"1," + pin.substr(1) + rest, "line 2: pin: 15 digits, not 16"},
      {"1,4821 7390 5516" + rest, "line 2: pin: not digits alone"},
      {"," + pin + rest, "line 2: serial: not 1 to 18 digits"},
      {"-1," + pin + rest, "line 2: serial: not 1 to 18 digits"},
      {"1234567890123456789," + pin + rest, "line 2: serial: not 1 to 18 digits"},
      {"0," + pin + rest, "line 2: serial: zero"},
      {"1," + pin + ",ten,USD,\n", "line 2: value: not an amount"},
      {"1," + pin + ",-1.00,USD,\n", "line 2: value: not an amount"},
      {"1," + pin + ",0,USD,\n", "line 2: value: not an amount"},
      {"1," + pin + ",1.001,USD,\n", "line 2: value: not an amount"},
      {"1," + pin + ",10.00,usd,\n", "line 2: currency: not a code"},
      {"1," + pin + ",10.00,USD,2099-02-30\n", "line 2: expires: not a day"},
      {"1," + pin + ",10.00,USD,31.12.2099\n", "line 2: expires: not a day"},
      {"1," + pin + "\n", "line 2: 2 fields, not 5"},
      {"1," + pin + rest.substr(0, rest.size() - 1) + ",x\n", "line 2: more fields than columns"},
      {csv_line(1) + "\n" + csv_line(2), "line 4: stands behind an empty line, 3"},
      {"", "has no card"},
      {std::string(300'000, '1'), "line 2: too long"},
  };
  for (const row& row : rows) {
    const std::string said = refusal([&] { read(folder.write("ten.csv", heading + row.line)); });
    CHECK_MESSAGE(says(said, row.said), said);
    CHECK_FALSE(says(said, pin.substr(0, 6)));
    CHECK_FALSE(says(said, mistyped.substr(0, 6)));
  }
  const std::string headings[] = {
      "", "1," + pin + rest, "serial,pin,value\n", "serial,serial\n", "pin,value,currency\n", "serial;pin\n"};
  for (const std::string& first : headings) {
    const std::string said = refusal([&] { read(folder.write("ten.csv", first)); });
    CHECK_MESSAGE(says(said, "line 1: the columns are not named"), said);
    CHECK_FALSE(says(said, pin.substr(0, 6)));
  }
  CHECK(says(refusal([&] { read(folder.path("none.csv")); }), "cannot read"));
  CHECK(says(refusal([&] { read(folder.path("")); }), "cannot read"));
}

TEST_CASE("twenty faults are shown and the others counted, and after the first no card is handed out") {
  const folder folder;
  std::string text = heading + csv_line(1);
  for (int n = 0; n < 25; ++n) text += "wrong\n";
  text += csv_line(2);
  int handed_out = 0;
  const std::string said =
      refusal([&] { operators::read_cards(folder.write("ten.csv", text), {}, [&](const card&) { ++handed_out; }); });
  CHECK(says(said, "line 3: "));
  CHECK(says(said, "line 22: "));
  CHECK_FALSE(says(said, "line 23: "));
  CHECK(says(said, "and 5 more"));
  CHECK(handed_out == 1);
}

}  // namespace topupd::tests
