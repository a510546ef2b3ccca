#include <algorithm>

#include "tests/unit/config/rig.hpp"

namespace topupd::config {
namespace {

// One slip in the good configuration, and what is said about it. Lines are counted in `good` after the replacement.
struct slip {
  std::string part, other;  // replaced by
  std::string said;
};
using slips = std::vector<slip>;

void check(const slips& table) {
  for (const auto& [part, other, said] : table) {
    CAPTURE(other);
    const rig here;
    const auto faults = here.faults(with(good, part, other));
    REQUIRE(faults.size() == 1);
    CHECK(faults[0] == "topupd.toml:" + said);
  }
}

TEST_CASE("a key that is missing is named with the remedy") {
  check({
      {"short_codes = [\"12345\"]\n", "",
       "1: service.short_codes: is missing; write the numbers that texts are sent to, as short_codes = [\"12345\"]"},
      {"care_number = \"100\"\n", "",
       "1: service.care_number: is missing; write the number that replies tell people to call, as care_number = "
       "\"100\""},
      {"key_file = \"pin.key\"\n", "",
       "6: pin.key_file: is missing; name the file with 64 hexadecimal digits, made by \"openssl rand -hex 32\""},
      {"system_id = \"topup\"\n", "",
       "9: smsc.system_id: is missing; write the name that the SMSC's operator gave you"},
      {"name = \"main\"\n", "",
       "9: smsc.name: is missing; write how logs and credentials call this SMSC, as name = \"main\""},
      {"password = \"hushhush\"\n", "",
       "9: smsc.password: is missing; write it, or name its file by password_file, or hand in the systemd credential "
       "smsc_main_password"},
      {"[[smsc]]\nname = \"main\"\nsystem_id = \"topup\"\npassword = \"hushhush\"\n", "",
       " smsc: is missing; write [[smsc]] with host, port, system_id and password of the SMSC below it"},
  });
}

TEST_CASE("an unknown key is an error, and the key meant is named when it is near") {
  check({
      {"[pin]", "[pin]\nlenghts = [16]", "7: pin.lenghts: is unknown; did you mean 'lengths'?"},
      {"name = \"main\"", "name = \"main\"\nwindw = 9", "11: smsc.windw: is unknown; did you mean 'window'?"},
      {"[pin]", "[logs]\nlevel = \"info\"\n[pin]", "6: logs: is unknown; did you mean 'log'?"},
      {"[pin]", "[pin]\ncolour = 1",
       "7: pin.colour: is unknown; known here are lengths, check_digit, key_file, older_key_files"},
      {"[service]", "window = 3\n[service]",
       "1: window: is unknown; known here are service, numbering, pin, reading, transfer, guessing, approval, store, "
       "smsc, "
       "log, http"},
  });
}

TEST_CASE("a wrong type is told with the form that is right") {
  check({
      {"[\"12345\"]", "12345", "2: service.short_codes: is a number; write an array of strings, as [\"one\", \"two\"]"},
      {"[\"12345\"]", "[\n\"12345\",\n777]",
       "4: service.short_codes: is a number; write an array of strings, as [\"one\", \"two\"]"},
      {"[pin]", "[pin]\nlengths = 16", "7: pin.lengths: is a number; write an array of numbers, as [14, 16]"},
      {"name = \"main\"", "name = \"main\"\nport = \"2775\"",
       "11: smsc.port: is a string; write a whole number without quotes"},
      {"name = \"main\"", "name = \"main\"\nbind_timeout = 10",
       "11: smsc.bind_timeout: is not a time; write a whole number with a unit in quotes, as \"500ms\", \"30s\", "
       "\"10m\", \"2h\" or \"90d\""},
      {"[pin]", "[reading]\nask_for_others = \"no\"\n[pin]",
       "7: reading.ask_for_others: is a string; write true or false, without quotes"},
      {"[pin]", "[http]\nlisten = 9095\n[pin]", "7: http.listen: is a number; write a string in quotes"},
      {"\"hushhush\"", "12345678", "12: smsc.password: is a number; write a string in quotes"},  // and not which
      {"[service]", "log = 1\n[service]", "1: log: is not a table; write [log] on a line of its own"},
      {"[[smsc]]", "[smsc]", "9: smsc: is not a list of tables; write [[smsc]], with two brackets, before each"},
  });
}

TEST_CASE("a value that cannot be is told with its limits") {
  const std::string zone = "is not known; write its IANA name, as \"America/New_York\" or \"UTC\"";
  check({
      {"\"12345\"", "\"12a45\"", "2: service.short_codes: must be 1 to 20 digits"},
      {"\"12345\"", "\"12345\", \"12345\"", "2: service.short_codes: 12345 stands here twice"},
      {"[\"12345\"]", "[]", "2: service.short_codes: needs at least one number"},
      {"\"100\"", "\"call us\"", "4: service.care_number: must be 1 to 20 of the characters + * # 0-9"},
      {"[pin]", "[service.x]\n[pin]",
       "6: service.x: is unknown; known here are short_codes, name, care_number, currency, time_zone, language, "
       "answers_per_hour, undo_within"},
      {"\"100\"", "\"100\"\ncurrency = \"XYZ\"",
       "5: service.currency: is no currency; write its ISO 4217 code, as \"USD\""},
      {"\"100\"", "\"100\"\ncurrency = \"usd\"",
       "5: service.currency: is no currency; write its ISO 4217 code, as \"USD\""},
      {"\"100\"", "\"100\"\nanswers_per_hour = 1001", "5: service.answers_per_hour: 1001 is not from 0 to 1000"},
      {"\"100\"", "\"100\"\nundo_within = \"25h\"", "5: service.undo_within: 25h is not from 0s to 1d"},
      {"\"100\"", "\"100\"\nlanguage = \"vi\"",
       "5: service.language: vi has no [texts] in " TOPUPD_CONFIG "/languages; there are ar, en, es, fr, id, sw, zh"},
      {"[pin]", "[reading]\nparts_within = \"2h\"\n[pin]", "7: reading.parts_within: 2h is not from 1s to 1h"},
      {"\"100\"", "\"100\"\ntime_zone = \"New York\"", "5: service.time_zone: " + zone},
      {"[pin]", "[numbering]\ncountry_code = \"+999\"\n[pin]",
       "7: numbering.country_code: must be 1 to 3 digits in quotes"},
      {"[pin]", "[numbering]\ncountry_code = \"099\"\n[pin]",
       "7: numbering.country_code: begins with 0, which no country code does"},
      {"[pin]", "[numbering]\nnational_lengths = [13]\n[pin]", "7: numbering.national_lengths: 13 is not from 4 to 12"},
      {"[pin]", "[numbering]\ntargets = []\n[pin]",
       "7: numbering.targets: needs at least one prefix, or nobody could be credited"},
      {"[pin]", "[pin]\nlengths = [9]", "7: pin.lengths: 9 is not from 12 to 20"},
      {"[pin]", "[pin]\nlengths = [16, 16]", "7: pin.lengths: 16 stands here twice"},
      {"[pin]", "[pin]\nlengths = []", "7: pin.lengths: is empty; give at least one number from 12 to 20"},
      {"[pin]", "[pin]\ncheck_digit = \"lunh\"", "7: pin.check_digit: \"lunh\" is not known; choose \"luhn\""},
      {"[pin]", "[reading]\nserial = \"0000####\"\n[pin]",
       "7: reading.serial: must be up to 18 digits, the first 1 to 9, with # for those that differ, as "
       "\"1000########\""},
      {"[pin]", "[reading]\nask_above = \"1.234\"\n[pin]",
       "7: reading.ask_above: is no amount of USD; write digits with a point in quotes, as \"50\", or \"0\" for never"},
      {"[pin]", "[reading]\nnumeric_keywords = [\"155\", \"1\"]\n[pin]",
       "7: reading.numeric_keywords: 1 is a keyword already, and no top-up; choose another number"},
      {"[pin]", "[store]\nurl = \"topup\"\n[pin]",
       "7: store.url: is no libpq URL; write one as \"postgresql:///topup\" or \"postgresql://host:5432/topup\""},
      {"[pin]", "[store]\nbatch_max = 0\n[pin]", "7: store.batch_max: 0 is not from 1 to 4096"},
      {"[pin]", "[store]\nqueue_max = 8\n[pin]",
       "7: store.queue_max: is less than batch_max (256); a batch would never be full"},
      {"\"main\"", "\"main/1\"", "10: smsc.name: must be 1 to 32 letters, digits, - or _"},
      {"\"main\"", "\"main\"\nhost = \"10.0.0.1:2775\"",
       "11: smsc.host: is no host name or address; the port has a key of its own"},
      {"\"main\"", "\"main\"\nport = 65536", "11: smsc.port: 65536 is not from 1 to 65535"},
      {"\"main\"", "\"main\"\nwindow = 1001", "11: smsc.window: 1001 is not from 1 to 1000"},
      {"\"main\"", "\"main\"\ntemporary_status = 0", "11: smsc.temporary_status: 0 is not from 1 to 4294967295"},
      {"\"main\"", "\"main\"\nanswer_within = \"2s\"", "11: smsc.answer_within: 2s is not from 50ms to 1499ms"},
      {"\"main\"", "\"main\"\nreconnect_max = \"500ms\"", "11: smsc.reconnect_max: is less than reconnect_min (1s)"},
      {"\"main\"", "\"main\"\ndefault_alphabet = \"utf8\"",
       "11: smsc.default_alphabet: \"utf8\" is not known; choose one of gsm7, ascii, latin1"},
      {"\"topup\"", "\"sixteen.letters.\"",
       "11: smsc.system_id: is longer than the 15 characters that SMPP 3.4 §5.2.1 allows"},
      {"\"topup\"", "\"topup\"\nsystem_type = \"thirteen.char\"",
       "12: smsc.system_type: is longer than the 12 characters that SMPP 3.4 §5.2.3 allows"},
      {"\"hushhush\"", "\"hushhush9\"",
       "12: smsc.password: is longer than the 8 characters that SMPP 3.4 §5.2.2 allows"},
      {"[pin]", "[log]\nlevel = \"warn\"\n[pin]",
       "7: log.level: \"warn\" is not known; choose one of trace, debug, info, warning, error"},
      {"[pin]", "[http]\nlisten = \"localhost\"\n[pin]",
       "7: http.listen: is no address and port; write them as \"127.0.0.1:9095\" or \"[::1]:9095\", or \"\" for no "
       "server"},
  });
}

TEST_CASE("what may be transferred, guessed and approved is an amount or a count that can be") {
  const std::string amount = "is no amount of USD; write digits with a point in quotes, as \"50\"";
  check({
      {"[pin]", "[transfer]\nenabled = \"yes\"\n[pin]",
       "7: transfer.enabled: is a string; write true or false, without quotes"},
      {"[pin]", "[transfer]\nper_transfer = 20\n[pin]",
       "7: transfer.per_transfer: is a number; write a string in quotes"},
      {"[pin]", "[transfer]\nper_transfer = \"5.005\"\n[pin]", "7: transfer.per_transfer: " + amount},
      {"[pin]", "[transfer]\nper_day = \"-50\"\n[pin]", "7: transfer.per_day: " + amount},
      {"[pin]", "[transfer]\nper_month = \"0\"\n[pin]",
       "7: transfer.per_month: is nothing; write an amount, or enabled = false"},
      {"[pin]", "[transfer]\nremaining = \"1,5\"\n[pin]",
       "7: transfer.remaining: " + amount + ", or \"0\" for nothing"},
      {"[pin]", "[transfer]\nper_transfer = \"50.01\"\n[pin]",
       "7: transfer.per_transfer: is 50.01, more than per_day (50)"},
      {"[pin]", "[transfer]\nper_day = \"19\"\n[pin]", "7: transfer.per_day: is 19, less than per_transfer (20)"},
      {"[pin]", "[transfer]\nper_day = \"300\"\nper_month = \"299.99\"\n[pin]",
       "8: transfer.per_month: is 299.99, less than per_day (300)"},
      {"[pin]", "[transfer]\nper_week = \"50\"\n[pin]",
       "7: transfer.per_week: is unknown; known here are enabled, per_transfer, per_day, per_month, remaining"},
      {"[pin]", "[guessing]\nwrong_pins_per_day = 4\n[pin]",
       "7: guessing.wrong_pins_per_day: 4 is not from 5 to 1000000000"},
      {"[pin]", "[guessing]\nwrong_pins_per_day = 1000000001\n[pin]",
       "7: guessing.wrong_pins_per_day: 1000000001 is not from 5 to 1000000000"},
      {"[pin]", "[guessing]\nalarm_factor = 1\n[pin]", "7: guessing.alarm_factor: 1 is not from 2 to 1000"},
      {"[pin]", "[guessing]\nalarm_factor = 1001\n[pin]", "7: guessing.alarm_factor: 1001 is not from 2 to 1000"},
      {"[pin]", "[approval]\nactivate_above = \"1e6\"\n[pin]",
       "7: approval.activate_above: " + amount + ", or \"0\" for never"},
      {"[pin]", "[approval]\nadjust_above = \"\"\n[pin]",
       "7: approval.adjust_above: " + amount + ", or \"0\" for never"},
      {"[pin]", "[approval]\nadjust = \"5\"\n[pin]",
       "7: approval.adjust: is unknown; known here are activate_above, adjust_above"},
  });
}

TEST_CASE("two SMSCs of one name are refused at the second") {
  const rig here;
  const auto faults = here.faults(good + "[[smsc]]\nname = \"main\"\nsystem_id = \"other\"\npassword = \"x\"\n");
  CHECK(faults == std::vector<std::string>{
                      "topupd.toml:14: smsc.name: \"main\" is another SMSC's name already; each needs its own"});
}

TEST_CASE("lengths that make a text readable in two ways are refused with an example") {
  check({
      {"[pin]", "[numbering]\nnational_lengths = [11]\n[pin]\nlengths = [16, 12]",
       "9: pin.lengths: a PIN of 12 digits can look like a national number: 023456789123 would be both; choose another "
       "length"},
      {"[pin]", "[pin]\nlengths = [12]",
       "7: pin.lengths: a PIN of 12 digits can look like a number with the country code: 999456789123 would be both; "
       "choose another length"},
      {"[pin]", "[reading]\nserial = \"1000############\"\n[pin]",
       "8: pin.lengths: a PIN of 16 digits can look like a card's serial: 1000567891234567 would be both; choose "
       "another length"},
      {"[pin]", "[reading]\nserial = \"9990########\"\n[pin]",
       "7: reading.serial: a serial can look like a number with the country code: 999056789123 would be both; choose "
       "another form"},
  });
}

TEST_CASE("a number of ours that stands for two things, or looks like a card's digits, is refused") {
  const std::string two_ways = "; a text with it would be readable in two ways";
  check({
      {"[pin]", "[reading]\nnumeric_keywords = [\"155\", \"12345\"]\n[pin]",
       "2: service.short_codes: 12345 is one of reading.numeric_keywords as well" + two_ways},
      {"[pin]", "[reading]\nservice_codes = [\"12345\"]\n[pin]",
       "2: service.short_codes: 12345 is one of reading.service_codes as well" + two_ways},
      {"\"12345\"]", "\"7\",\n\"7000567891234563\"]",
       "3: service.short_codes: 7000567891234563 looks like a PIN" + two_ways},
      {"[pin]", "[reading]\nnumeric_keywords = [\"20001\"]\nserial = \"2####\"\n[pin]",
       "7: reading.numeric_keywords: 20001 looks like a card's serial" + two_ways},
  });
}

TEST_CASE(
    "the corpus's settings are no clash: a number with the international prefix has a PIN's length and is told by it") {
  const rig here;
  CHECK(here.faults(with(good, "[pin]", "[reading]\nserial = \"1000########\"\n[pin]\nlengths = [14, 16]")).empty());
}

TEST_CASE("all faults are told at once, in the order of the file") {
  const rig here;
  auto text = with(good, "\"12345\"", "\"x\"");
  text = with(text, "key_file", "lengths = [9, \"x\"]\nkeyfile");
  text = with(text, "name = \"main\"", "name = \"main\"\nport = 0\nwindow = \"64\"");
  const auto faults = here.faults(text + "[http]\nlisten = \"here\"\n");
  const std::vector<std::string> begin = {
      "topupd.toml:2: service.short_codes: must be",
      "topupd.toml:6: pin.key_file: is missing",
      "topupd.toml:7: pin.lengths: 9 is not",
      "topupd.toml:7: pin.lengths: is a string",
      "topupd.toml:8: pin.keyfile: is unknown; did you mean 'key_file'?",
      "topupd.toml:12: smsc.port: 0 is not",
      "topupd.toml:13: smsc.window: is a string",
      "topupd.toml:17: http.listen: is no address",
  };
  REQUIRE(faults.size() == begin.size());
  for (std::size_t i = 0; i < begin.size(); ++i) CHECK(faults[i].substr(0, begin[i].size()) == begin[i]);
}

TEST_CASE("a file that is no TOML is told by the line, and never by a secret on it") {
  const rig here;
  auto faults = here.faults(with(good, "[pin]", "[pin"));
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].find("topupd.toml:6: is no TOML: ") == 0);

  faults = here.faults(with(good, "\"hushhush\"", "99999999999999999999"));
  REQUIRE(faults.size() == 1);
  CHECK(faults[0] == "topupd.toml:12: is no TOML; is the value in quotes, and closed?");
}

TEST_CASE("a file that is not there is one clear fault") {
  const rig here;
  const auto missing = load(here.path("none.toml"), {});
  REQUIRE(missing.problems.size() == 1);
  CHECK(to_string(missing.problems[0]) == here.path("none.toml") + ": cannot be read: No such file or directory");
  CHECK_FALSE(missing.settings);

  const auto folder = load(here.path(""), {});
  REQUIRE(folder.problems.size() == 1);
  CHECK(folder.problems[0].text == "cannot be read: Is a directory");
}

TEST_CASE("an empty file names all that is missing") {
  const rig here;
  CHECK(here.faults("").size() == 5);  // short_codes, name, care_number, key_file, smsc
}

}  // namespace
}  // namespace topupd::config
