#include <algorithm>

#include "config/secrets.hpp"
#include "tests/unit/config/rig.hpp"

namespace topupd::config {
namespace {

using lines = std::vector<std::string>;

std::string with_password_file(const std::string& file) {
  return with(good, "password = \"hushhush\"", "password_file = \"" + file + "\"");
}

TEST_CASE("a password in a file that every user may read is refused") {
  const rig here;
  const auto said = here.faults(good, {}, 0644);
  REQUIRE(said.size() == 1);
  CHECK(said[0] ==
        "topupd.toml:12: smsc.password: stands in a file that every user may read; chmod 640 topupd.toml, or use "
        "password_file");
  CHECK(here.faults(good, {}, 0640).empty());  // root:topupd
  CHECK(here.faults(good, {.secrets = false}, 0644).size() == 1);
}

TEST_CASE("a database URL with a password makes the file a secret; one without does not") {
  const rig here;
  here.write("smsc.password", "hushhush\n");
  const auto text = with_password_file("smsc.password");
  for (const auto* url : {"postgresql://topup:hush@db/topup", "postgresql://topup@db/topup?password=hush",
                          "host=db password=hush", "postgres://a:b@db1,db2/topup"}) {
    CAPTURE(url);
    const auto said = here.faults(text + "[store]\nurl = \"" + url + "\"\n", {}, 0644);
    CHECK(
        said ==
        lines{"topupd.toml:14: store.url: holds a password, and every user may read this file; chmod 640 topupd.toml"});
  }
  for (const auto* url : {"postgresql:///topup", "postgresql://topup@db:5432/topup", "host=db dbname=topup",
                          "postgresql://db/topup?options=a:b@c"}) {
    CAPTURE(url);
    CHECK(here.faults(text + "[store]\nurl = \"" + url + "\"\n", {}, 0644).empty());
  }
}

TEST_CASE("a password file lies beside the configuration and its line end is no part of it") {
  const rig here;
  for (const auto* content : {"s3cret", "s3cret\n", "s3cret\r\n"}) {
    here.write("a/smsc.password", content);
    const auto [settings, problems] = here.load(with_password_file("a/smsc.password"), {}, 0644);
    REQUIRE(settings);
    CHECK(settings->smscs[0].password == secret("s3cret"));
  }
}

TEST_CASE("a password file that cannot be used is told with the remedy") {
  const rig here;
  const auto text = with_password_file("p");
  CHECK(here.faults(text) == lines{"topupd.toml:12: smsc.password_file: p cannot be read: No such file or directory"});
  here.write("p", "\n");
  CHECK(here.faults(text) == lines{"topupd.toml:12: smsc.password_file: p is empty"});
  here.write("p", "hushhush9\n");
  CHECK(here.faults(text) ==
        lines{"topupd.toml:12: smsc.password_file: is longer than the 8 characters that SMPP 3.4 §5.2.2 allows"});
  here.write("p", "hush\n", 0644);
  CHECK(here.faults(text) == lines{"topupd.toml:12: smsc.password_file: p may be read by every user; chmod 600 p"});
  here.write("p", "hush\n");
  CHECK(here.faults(with(text, "[[smsc]]", "[[smsc]]\npassword = \"x\"")) ==
        lines{"topupd.toml:13: smsc.password_file: and password are both given; keep one of them"});
}

TEST_CASE("a key that is no key is told, and no part of it is repeated") {
  const rig here;
  const std::string no_key =
      R"(topupd.toml:7: pin.key_file: pin.key is no key; it must be 64 hexadecimal digits, made by "openssl rand -hex 32")";
  for (const auto& content : {good_key.substr(1), good_key + "0", with(good_key, "dd", "dg"), std::string(64, '0')}) {
    here.write("pin.key", content);
    CHECK(here.faults(good) == lines{no_key});
  }
  here.write("pin.key", good_key, 0604);
  CHECK(here.faults(good) ==
        lines{"topupd.toml:7: pin.key_file: pin.key may be read by every user; chmod 600 pin.key"});
}

TEST_CASE("the keys of cards made before are read in their order, two at most") {
  const rig here;
  here.write("old.key", with(good_key, "001122", "aaaaaa"));
  here.write("oldest.key", with(good_key, "001122", "bbbbbb"));
  const auto files = [](const std::string& names) {
    return with(good, "key_file", "older_key_files = [" + names + "]\nkey_file");
  };
  CHECK(here.load(good).settings->older_pin_keys.empty());
  const auto [settings, problems] = here.load(files(R"("old.key", "oldest.key")"));
  for (const auto& problem : problems) MESSAGE(to_string(problem));
  REQUIRE(settings);
  REQUIRE(settings->older_pin_keys.size() == 2);
  CHECK(settings->older_pin_keys[0].reveal().substr(0, 3) == "\xaa\xaa\xaa");
  CHECK(settings->older_pin_keys[1].reveal().substr(0, 3) == "\xbb\xbb\xbb");
  CHECK(here.load(files(R"("not there")"), {.secrets = false}).settings->older_pin_keys.empty());

  struct row {
    std::string names, said;
  };
  here.write("open.key", good_key, 0644);
  here.write("same.key", good_key);
  here.write("no.key", "5ecre7");
  for (const auto& [names, said] : {
           row{R"("old.key", "none")", "7: pin.older_key_files: none cannot be read: No such file or directory"},
           row{"\"old.key\",\n\"open.key\"",
               "8: pin.older_key_files: open.key may be read by every user; chmod 600 open.key"},
           row{R"("no.key")",
               "7: pin.older_key_files: no.key is no key; it must be 64 hexadecimal digits, made by "
               "\"openssl rand -hex 32\""},
           row{R"("same.key")", "7: pin.older_key_files: same.key is the key of key_file as well; keep it there alone"},
           row{"\"old.key\",\n\"old.key\"",
               "8: pin.older_key_files: old.key is the key of another of these files as well; keep one of them"},
           row{R"("old.key", "oldest.key", "x")",
               "7: pin.older_key_files: is one too many: at most two; take out one that "
               "\"topupctl key list\" says may go"},
       }) {
    CAPTURE(names);
    CHECK(here.faults(files(names)) == lines{"topupd.toml:" + said});
  }
}

TEST_CASE("systemd's credentials go before the files that the configuration names") {
  const rig here;
  here.write("credentials/pin_key", with(good_key, "001122", "ffeedd"), 0400);
  here.write("credentials/pin_key_older_2", with(good_key, "001122", "ccddee"), 0400);
  here.write("credentials/smsc_main_password", "other", 0400);
  setenv("CREDENTIALS_DIRECTORY", here.path("credentials").c_str(), 1);
  std::filesystem::remove(here.path("pin.key"));  // as under the unit: only systemd may read it
  here.write("old.key", with(good_key, "001122", "aaaaaa"));
  const auto files = R"(older_key_files = ["old.key", "not there"]
key_file)";
  const auto [settings, problems] = here.load(with(with_password_file("not there"), "key_file", files));
  for (const auto& problem : problems) MESSAGE(to_string(problem));
  REQUIRE(settings);
  CHECK(settings->smscs[0].password == secret("other"));
  CHECK(settings->pin_key.reveal().substr(0, 3) == "\xff\xee\xdd");
  REQUIRE(settings->older_pin_keys.size() == 2);
  CHECK(settings->older_pin_keys[0].reveal().substr(0, 3) == "\xaa\xaa\xaa");
  CHECK(settings->older_pin_keys[1].reveal().substr(0, 3) == "\xcc\xdd\xee");
}

TEST_CASE("no fault of a configuration full of faults shows a secret") {
  const rig here;
  here.write("pin.key", "5ecre7");
  auto text = with(good, "\"hushhush\"", "\"5ecre7-and-too-long\"\npassword_file = 3\npasword = \"5ecre7\"");
  text += "[store]\nurl = \"mysql://root:5ecre7@db\"\nurll = \"5ecre7\"\n";
  const auto said = here.faults(text, {}, 0644);
  CHECK(said.size() >= 6);
  CHECK(std::none_of(said.begin(), said.end(),
                     [](const auto& line) { return line.find("5ecre7") != std::string::npos; }));
}

}  // namespace
}  // namespace topupd::config
