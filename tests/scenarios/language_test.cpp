// Texts in any script and encoding, and answers in the sender's language.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "parser/alphabet.hpp"
#include "tests/scenarios/stand.hpp"
#include "tests/scenarios/text_file.hpp"

using namespace topupd::scenarios;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string ucs2(const std::string& utf8) {
  auto text = topupd::parser::encode(utf8, topupd::parser::alphabet::gsm7);
  if (text.data_coding == 8) return text.octets;
  std::string wide;
  for (const char each : utf8) wide += {'\0', each};
  return wide;
}

// zero: the script's, in UTF-8; its other digits follow it in the last octet.
std::string in_digits(const std::string& zero, const std::string& number) {
  std::string result;
  for (const char each : number) {
    result += zero;
    result.back() = static_cast<char>(result.back() + each - '0');
  }
  return result;
}

topupd::smpp::short_message message(std::string octets, std::uint8_t data_coding) {
  topupd::smpp::short_message value;
  value.source = {1, 1, stand::self};
  value.octets = std::move(octets);
  value.data_coding = data_coding;
  return value;
}

// The first octets of the script's letters in UTF-8 are enough to tell these apart.
bool is_chinese(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '\xE4' && c <= '\xE9'; });
}
bool is_arabic(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= '\xD8' && c <= '\xDB'; });
}

// The lines of a conversation through smsc-sim, as ./run plays them: what the phones show.
std::vector<std::string> played(stand& here, const std::string& conversation) {
  here.centre.stop_listening();
  here.centre.cut();
  const auto cards = fs::path(here.folder()).parent_path() / "model/cards.csv";
  const auto sim = std::string(SMSC_SIM) + " --play --listen 127.0.0.1:" + std::to_string(here.centre.port()) +
                   " --pins " + cards.string() + " <" + conversation;
  const auto done = here.run({"sh", "-c", sim});
  CHECK_MESSAGE(done.status == 0, done.output);
  std::vector<std::string> lines;
  std::istringstream all(done.output);
  for (std::string line; std::getline(all, line);) lines.push_back(line);
  here.centre.listen();
  return lines;
}

}  // namespace

TEST_CASE("a conversation in Chinese is answered in Chinese, one in Arabic in Arabic") {
  struct row {
    const char* file;
    bool (*in_its_language)(const std::string&);
  };
  for (const auto& row : {row{"zh.txt", is_chinese}, row{"ar.txt", is_arabic}}) {
    CAPTURE(row.file);
    stand here;
    const auto conversation = std::string(CONVERSATIONS) + '/' + row.file;
    const auto lines = played(here, conversation);
    const auto asked = content(conversation);
    CHECK(lines.size() == static_cast<std::size_t>(std::count(asked.begin(), asked.end(), '\n')) + 1);  // and a notice
    for (const auto& line : lines) {
      CAPTURE(line);
      CHECK(has(line, " < "));
      CHECK(row.in_its_language(line));
    }
    CHECK(here.balance_of(here.self) == "100.00");
    CHECK(here.balance_of(here.other) == "50.00");
    here.check_all_is_well();
  }
}

TEST_CASE("a text is read in whichever encoding it comes, and under a wrong label too") {
  stand here;
  struct row {
    const char* about;
    std::string octets;
    std::uint8_t data_coding;
  };
  std::size_t card = 0;
  const auto pin = [&] { return here.pin(card++); };
  const row rows[] = {
      {"GSM 03.38", "TOPUP " + pin(), 0},
      {"GSM 03.38 with its extension table", "TOPUP \x1B<" + pin() + "\x1B>", 0},
      {"IA5", "TOPUP " + pin(), 1},
      {"Latin-1",
       "Cr\xE9"
       "dit " +
           pin(),
       3},
      {"UCS-2", ucs2("充值 " + pin()), 8},
      {"UCS-2 with a surrogate pair", ucs2("شحن 💳 " + pin()), 8},
      {"UCS-2 labelled as the default alphabet", ucs2("TOPUP " + pin()), 0},
      {"Chinese in UCS-2 labelled as the default alphabet", ucs2("充值 " + pin()), 0},
      {"UTF-8 labelled as the default alphabet", "充值 " + pin(), 0},
      {"full-width digits", ucs2("充值：" + in_digits("\xEF\xBC\x90", pin())), 8},
      {"Arabic-Indic digits", ucs2("شحن " + in_digits("\xD9\xA0", pin())), 8},
      {"a message class, and GSM 03.38", "TOPUP " + pin(), 0xF1},
      {"a message class, and UCS-2", ucs2("充值 " + pin()), 0x19},
  };
  std::size_t credited = 0;
  for (const auto& row : rows) {
    CAPTURE(row.about);
    here.ask(message(row.octets, row.data_coding));
    CHECK(here.outcome_of_last() == "credited");
    ++credited;
    CHECK(here.sql("select count(*) from topup.transfer") == std::to_string(credited));
  }
  here.check_all_is_well();
}

TEST_CASE("what the default alphabet is, its SMSC's settings say") {
  stand here({.sandbox = {"--set", "default_alphabet = \"latin1\""}});
  // 0xE9 is é there, and i in GSM 03.38 read as unpacked octets of seven bits.
  here.ask(
      message("Cr\xE9"
              "dit " +
                  here.pin(0),
              0));
  CHECK(here.outcome_of_last() == "credited");
  here.check_all_is_well();
}

TEST_CASE("the answer is in the language of the keyword, else in the one chosen, and a notice in its receiver's") {
  stand here;
  struct row {
    const char* text;
    const char* word;
  };
  const row rows[] = {
      {"SALDO", "Saldo"}, {"SOLDE", "Solde"}, {"BAL", "Balance"}, {"LANG FR", ""}, {"BAL", "Solde"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(has(here.ask(row.text), row.word));
  }
  CHECK(is_chinese(here.ask("LANG 中文")));
  CHECK(is_chinese(here.ask("BAL")));
  CHECK(is_chinese(here.ask("TOPUP " + here.pin(0).substr(0, 15))));
  CHECK(is_arabic(here.ask("LANG AR", here.other)));
  CHECK(is_chinese(here.ask("TOPUP " + here.pin(0) + " 0709876543")));
  CHECK(is_chinese(here.ask("YES")));
  here.until([&] { return here.replies_to(here.other) == 2; }, "word to the other phone");
  CHECK(is_arabic(here.last_reply_to(here.other)));
  // Others are answered as before.
  CHECK(has(here.ask("BAL", "999705000000"), "Balance"));
  here.check_all_is_well();
}

TEST_CASE("a reply that is too long for one message comes in parts, whole, whatever happens to one of them") {
  stand here({.daemon = false});
  const fs::path languages = fs::path(here.folder()) / "languages";
  fs::copy(LANGUAGES, languages);
  std::string chinese;  // a surrogate pair where the first part ends, behind 67 units
  for (int each = 0; each < 80; ++each) chinese += each == 66 ? "💳" : "充";
  change_line(languages / "en.toml", "help = \"", "help = \"€ " + std::string(150, 'x') + " {care_number} € end.\"");
  change_line(languages / "zh.toml", "help = \"", "help = \"" + chinese + "\"");
  change_line(here.config(), "languages = ", "languages = \"" + languages.string() + '"');
  here.start_daemon();

  const auto shown = here.ask("HELP");
  CHECK(shown.find("€ x") == 0);
  CHECK(has(shown, "x 100 € end."));
  CHECK(here.last_reply.segments == 2);
  CHECK(here.ask("帮助") == chinese);
  CHECK(here.last_reply.segments == 2);
  CHECK(here.odd.empty());

  // The link is cut as the second part arrives: both come again.
  here.centre.faults.lose_at_submit = 2;
  CHECK(here.ask("HELP ") == shown);
  here.odd.clear();
  here.check_all_is_well();
}
