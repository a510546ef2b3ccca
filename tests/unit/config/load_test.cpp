#include "tests/unit/config/rig.hpp"

namespace topupd::config {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the least configuration is enough, and the rest has the defaults of the example") {
  const rig here;
  const auto [settings, problems] = here.load(good);
  REQUIRE(problems.empty());
  REQUIRE(settings);
  CHECK(settings->service.currency == "USD");
  CHECK(settings->reading.pins.lengths == std::vector<int>{16});
  CHECK(settings->reading.pins.check == parser::check_digit::damm);
  CHECK(settings->reading.numbers.country_code == "999");
  CHECK(settings->reading.ask_for_others);
  CHECK(settings->ask_above_minor == 0);
  CHECK(settings->store.batch_max == 256);
  CHECK(settings->smscs.at(0).port == 2775);
  CHECK(settings->smscs.at(0).answer_within == 1400ms);
  CHECK(settings->smscs.at(0).password == secret("hushhush"));
  CHECK(settings->pin_key.size() == 32);
  CHECK(settings->pin_key.reveal().substr(0, 3) == std::string_view("\x00\x11\x22", 3));
  CHECK(settings->http.listen.empty());
  CHECK(settings->service.answers_per_hour == 10);
  CHECK(settings->parts_within == 10min);
  CHECK(settings->service.undo_within == 0s);
  CHECK(settings->older_pin_keys.empty());
  CHECK_FALSE(settings->transfer.enabled);
  CHECK(settings->transfer.per_transfer_minor == 2000);
  CHECK(settings->transfer.per_day_minor == 5000);
  CHECK(settings->transfer.per_month_minor == 20'000);
  CHECK(settings->transfer.remaining_minor == 100);
  CHECK(settings->guessing.wrong_pins_per_day == 20'000);
  CHECK(settings->guessing.alarm_factor == 5);
  CHECK(settings->approval.activate_above_minor == 0);
  CHECK(settings->approval.adjust_above_minor == 0);
  CHECK(settings->reading.short_codes == std::vector<std::string>{"12345"});
  CHECK(settings->reading.currency == "USD");
  CHECK(settings->reading.default_language == "en");
  CHECK(settings->languages.size() == 11);
  CHECK(settings->reading.languages.size() == 11);
}

TEST_CASE("the commented example is right") {
  const auto [settings, problems] = load(TOPUPD_CONFIG "/topupd.toml", {.secrets = false});
  for (const auto& problem : problems) MESSAGE(to_string(problem));
  REQUIRE(problems.empty());
  CHECK(settings->service.short_codes == std::vector<std::string>{"12345"});
  CHECK(settings->service.time_zone == "America/New_York");
  CHECK(settings->reading.service_codes == std::vector<std::string>{"123"});
  CHECK(settings->reading.numeric_keywords == std::vector<std::string>{"155"});
  CHECK(settings->reading.serial_form == "1000########");
  CHECK(settings->smscs.at(0).temporary_status == 0x64);
  CHECK(settings->http.listen == "127.0.0.1:9095");
}

TEST_CASE("every key is taken over") {
  const rig here;
  const auto [settings, problems] = here.load(R"(
[service]
short_codes = ["12345", "777"]
name = "N"
care_number = "*100#"
currency = "KWD"
time_zone = "Asia/Kuwait"
language = "ar"
answers_per_hour = 0
undo_within = "24h"
[numbering]
country_code = "44"
national_prefix = ""
international_prefix = "011"
national_lengths = [9, 10]
targets = ["447", "448"]
[pin]
lengths = [14, 18]
check_digit = "luhn"
key_file = "pin.key"
[reading]
serial = "77##########"
ask_for_others = false
ask_above = "1.5"
parts_within = "1h"
[transfer]
enabled = true
per_transfer = "2.5"
per_day = "2.5"
per_month = "1000000"
remaining = "0"
[guessing]
wrong_pins_per_day = 5
alarm_factor = 1000
[approval]
activate_above = "50000"
adjust_above = "0.005"
[store]
url = "postgresql://db1,db2/topup"
batch_max = 16
queue_max = 64
replies_max = 128
lease = "1m"
[[smsc]]
name = "a"
host = "::1"
port = 1
system_id = "i"
password = ""
system_type = "VMA"
binds = 2
window = 500
inbox = 9
default_alphabet = "latin1"
temporary_status = 0x45
answer_within = "900ms"
connect_timeout = "1s"
bind_timeout = "2s"
enquire_link_after = "3s"
enquire_link_timeout = "4s"
response_timeout = "5s"
reconnect_min = "6s"
reconnect_max = "7s"
[[smsc]]
name = "b"
host = "smsc.example"
system_id = "i"
password = "x"
[log]
level = "warning"
format = "json"
[http]
listen = "[::1]:0"
)");
  for (const auto& problem : problems) MESSAGE(to_string(problem));
  REQUIRE(settings);
  CHECK(settings->service.short_codes.size() == 2);
  CHECK(settings->reading.numbers.national_prefix.empty());
  CHECK(settings->reading.numbers.national_lengths == std::vector<int>{9, 10});
  CHECK(settings->reading.numbers.targets == std::vector<std::string>{"447", "448"});
  CHECK(settings->reading.pins.lengths == std::vector<int>{14, 18});
  CHECK(settings->reading.pins.check == parser::check_digit::luhn);
  CHECK(settings->service.answers_per_hour == 0);
  CHECK(settings->parts_within == 1h);
  CHECK(settings->reading.short_codes == std::vector<std::string>{"12345", "777"});
  CHECK(settings->reading.currency == "KWD");
  CHECK(settings->reading.default_language == "ar");
  CHECK(settings->reading.languages.front().noise.back() == "KWD");  // beside an amount it means nothing
  CHECK_FALSE(settings->reading.ask_for_others);
  CHECK(settings->ask_above_minor == 1500);  // three digits of the dinar are minor units
  CHECK(settings->service.undo_within == 24h);
  CHECK(settings->transfer.enabled);
  CHECK(settings->transfer.per_transfer_minor == 2500);
  CHECK(settings->transfer.per_day_minor == 2500);
  CHECK(settings->transfer.per_month_minor == 1'000'000'000);
  CHECK(settings->transfer.remaining_minor == 0);
  CHECK(settings->guessing.wrong_pins_per_day == 5);
  CHECK(settings->guessing.alarm_factor == 1000);
  CHECK(settings->approval.activate_above_minor == 50'000'000);
  CHECK(settings->approval.adjust_above_minor == 5);
  CHECK(settings->store.queue_max == 64);
  CHECK(settings->store.replies_max == 128);
  CHECK(settings->store.lease == 1min);
  REQUIRE(settings->smscs.size() == 2);
  const auto& smsc = settings->smscs[0];
  CHECK(smsc.host == "::1");
  CHECK(smsc.binds == 2);
  CHECK(smsc.window == 500);
  CHECK(smsc.inbox == 9);
  CHECK(smsc.default_alphabet == parser::alphabet::latin1);
  CHECK(smsc.temporary_status == 0x45);
  CHECK(smsc.answer_within == 900ms);
  CHECK(smsc.connect_timeout == 1s);
  CHECK(smsc.bind_timeout == 2s);
  CHECK(smsc.enquire_link_after == 3s);
  CHECK(smsc.enquire_link_timeout == 4s);
  CHECK(smsc.response_timeout == 5s);
  CHECK(smsc.reconnect_min == 6s);
  CHECK(smsc.reconnect_max == 7s);
  CHECK(settings->log.level == "warning");
  CHECK(settings->log.format == "json");
  CHECK(settings->http.listen == "[::1]:0");
}

TEST_CASE("a currency without decimals has the same limits by default, in its own units") {
  const rig here;
  const auto [settings, problems] = here.load(with(good, "\"100\"", "\"100\"\ncurrency = \"JPY\""));
  for (const auto& problem : problems) MESSAGE(to_string(problem));
  REQUIRE(settings);
  CHECK(settings->transfer.per_transfer_minor == 20);
  CHECK(settings->transfer.per_month_minor == 200);
  CHECK(settings->transfer.remaining_minor == 1);
}

TEST_CASE("without secrets neither keys nor passwords are read or missed") {
  const rig here;
  auto text = with(good, "key_file = \"pin.key\"", "key_file = \"not there\"");
  text = with(text, "password = \"hushhush\"\n", "");
  const auto [settings, problems] = here.load(text, {.secrets = false});
  REQUIRE(settings);
  CHECK(settings->pin_key.empty());
  CHECK(settings->smscs.at(0).password.empty());
}

}  // namespace
}  // namespace topupd::config
