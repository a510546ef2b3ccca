// The reply texts of every shipped language, filled in with values as long as they get.
#include <doctest/doctest.h>
#include <unicode/ubidi.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <memory>
#include <set>

#include "config/settings.hpp"
#include "gateway/reply_phrase.hpp"
#include "parser/alphabet.hpp"
#include "parser/phrase.hpp"

using namespace topupd;
using namespace std::chrono_literals;

namespace {

const std::set<std::string> gsm_languages = {"en", "es", "fr", "id",
                                             "sw"};  // the others need UCS-2, and have 70 letters

struct catalogue {
  std::string language;
  parser::phrases texts;
};

const std::vector<catalogue>& catalogues() {
  static const auto all = [] {
    const auto [settings, faults] =
        config::load(TOPUPD_EXAMPLE, {.secrets = false, .phrases = gateway::phrase_arguments()});
    for (const auto& fault : faults) MESSAGE(config::to_string(fault));
    REQUIRE(settings);
    std::vector<catalogue> made;
    for (const auto& language : settings->languages) {
      if (language.texts.empty()) continue;
      std::vector<parser::phrases::problem> problems;
      made.push_back({language.words.code, parser::phrases(language.words.code, "America/New_York", language.texts,
                                                           gateway::phrase_arguments(), problems)});
      REQUIRE(problems.empty());
    }
    return made;
  }();
  return all;
}

constexpr std::chrono::sys_seconds new_year_eve = std::chrono::sys_days{std::chrono::year{2026} / 12 / 31} + 20h;
const parser::money fifty_thrice{15'000, "USD"};

parser::arguments longest(const catalogue& of, long long cards, long long added) {
  parser::arguments values = {
      {"receipt", "8F3K2Q"},
      {"care_number", "100"},
      {"choices", "1 English 2 Español 3 Kiswahili"},
      {"service", "Example Mobile"},
      {"amount", fifty_thrice},
      {"balance", parser::money{123'456, "USD"}},
      {"bonus", parser::money{37'00, "USD"}},
      {"bonus_until", parser::day{new_year_eve}},
      {"expected", fifty_thrice},
      {"valid_until", parser::day{new_year_eve}},
      {"day", parser::day{new_year_eve}},
      {"at", parser::moment{.at = new_year_eve, .now = new_year_eve + 24h * 40}},
      {"until", parser::moment{.at = new_year_eve, .now = new_year_eve - 24h}},
      {"earlier", "7Z9P4M"},
      {"number", "0709876543"},
      {"serial", "100000234567"},
      {"minutes", 10LL},
      {"got", 15LL},
      {"lengths", "14/16"},
      {"most", 5LL},
      {"currency", "USD"},
      {"cards", cards},
      {"added", added},
  };
  std::string codes;
  for (const auto& each : catalogues()) codes += (codes.empty() ? "" : ", ") + each.language;
  values.emplace_back("languages", codes);
  const auto item = of.texts.format("history_item", values);
  values.emplace_back("items", item + ", " + item + ", " + item);
  return values;
}

std::string text_of(const catalogue& of, const std::string& key, long long cards = 5, long long added = 4) {
  auto values = longest(of, cards, added);
  for (auto& [name, value] : values)
    if ((key == "received" || key == "taken_back") && name == "number") value = std::string("07098***43");
  return of.texts.format(key, values);
}

// A right-to-left line begins with a word in its own script, for the phone to lay it out by.
bool leads_with_receipt(const std::string& language, const std::string& text) {
  return language == "ar" ? text.find("8F3K2Q") == text.find(' ') + 1 : text.starts_with("8F3K2Q ");
}

// Letters and digits of a value, "31/12/2026" and "07098***43" too; where they stand in the text.
struct span {
  int32_t begin, end;
};
std::vector<span> values_in(const icu::UnicodeString& text) {
  const auto is_inner = [&](int32_t i) { return text[i] < 0x80 && text[i] > 0x20; };
  const auto is_symbol = [&](int32_t i) {
    return (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'A' && text[i] <= 'Z') ||
           (text[i] >= 'a' && text[i] <= 'z');
  };
  std::vector<span> found;
  for (int32_t i = 0; i < text.length(); ++i) {
    if (!is_symbol(i)) continue;
    auto end = i;
    while (end < text.length() && is_inner(end)) ++end;
    const auto next = end;
    while (!is_symbol(end - 1)) --end;
    found.push_back({i, end});
    i = next;
  }
  return found;
}

}  // namespace

TEST_CASE("every reply text of every language is one short message") {
  REQUIRE(catalogues().size() >= 5);
  for (const auto& each : catalogues()) {
    CAPTURE(each.language);
    for (const auto& [key, names] : gateway::phrase_arguments()) {
      if (key == "history_item") continue;  // is part of another
      for (long long cards = 2; cards <= 5; ++cards)
        for (long long added = 1; added <= cards; ++added) {
          const auto text = text_of(each, key, cards, added);
          const auto sent = parser::encode(text, parser::alphabet::gsm7);
          INFO(key, ": ", text);
          CHECK(sent.segments() == 1);
          if (gsm_languages.contains(each.language)) CHECK(int{sent.data_coding} == 0);
          CHECK(text.find_first_of("{}") == std::string::npos);
        }
    }
  }
}

TEST_CASE("a text about money that moved leads with its receipt, and tells the amount") {
  for (const auto& each : catalogues()) {
    CAPTURE(each.language);
    for (const auto* key :
         {"credited", "credited_valid", "credited_bonus", "credited_bonus_valid", "credited_other", "received",
          "several", "several_other", "some", "some_other", "transferred", "undone", "taken_back"}) {
      const auto text = text_of(each, key);
      INFO(key, ": ", text);
      CHECK(leads_with_receipt(each.language, text));
      CHECK(text.find("150") != std::string::npos);
      const bool of_bonus = std::string_view(key).starts_with("credited_bonus");
      if (of_bonus) CHECK(text.find("37") != std::string::npos);
    }
    CHECK(leads_with_receipt(each.language, text_of(each, "quarantined")));
  }
}

TEST_CASE("a text that leaves the card untouched says so") {
  struct row {
    const char* language;
    std::vector<const char*> said;
  };
  const row words[] = {
      {"en", {"Nothing was used", "not used", "No card is used"}},
      {"es", {"sin usar"}},
      {"fr", {"Rien n'a été utilisé", "Rien n'est encore utilisé", "pas encore utilisée", "pas utilisée"}},
      {"zh", {"尚未使用"}},
      {"ar", {"لم تستخدم"}},
      {"id", {"belum terpakai"}},
      {"sw", {"haijatumika", "hazijatumika"}}};
  for (const auto& each : catalogues()) {
    CAPTURE(each.language);
    const auto* found =
        std::find_if(std::begin(words), std::end(words), [&](const row& r) { return r.language == each.language; });
    REQUIRE(found != std::end(words));
    for (const auto* key :
         {"asked",      "asked_self",     "asked_several", "asked_several_self", "differs",     "differs_self",
          "checked",    "checked_valid",  "cancelled",     "wrong_serial",       "locked",      "missing_pin",
          "pin_length", "check_digit",    "bad_number",    "two_targets",        "two_pins",    "many_pins",
          "in_parts",   "other_currency", "card_unused",   "card_unused_valid",  "held_account"}) {
      const auto text = text_of(each, key);
      INFO(key, ": ", text);
      CHECK(std::any_of(found->said.begin(), found->said.end(),
                        [&](const char* word) { return text.find(word) != std::string::npos; }));
    }
  }
}

TEST_CASE("a text about credit that did not move says so") {
  struct row {
    const char* language;
    std::vector<const char*> not_sent, not_changed;
  };
  const row words[] = {{"en", {"Nothing was sent", "Nothing is sent"}, {"Nothing was changed"}},
                       {"es", {"Tu saldo sigue igual", "sigue igual"}, {"Tu saldo sigue igual"}},
                       {"fr", {"Rien n'a été envoyé", "Rien n'est encore envoyé"}, {"Rien n'a changé"}},
                       {"zh", {"没有转出", "尚未转出"}, {"没有变化"}},
                       {"ar", {"لم يرسل شيء"}, {"لم يتغير شيء"}},
                       {"id", {"Tidak ada yang dikirim", "Belum ada yang dikirim"}, {"Tidak ada yang berubah"}},
                       {"sw", {"akuna kilichotumwa"}, {"akuna kilichobadilika"}}};
  for (const auto& each : catalogues()) {
    CAPTURE(each.language);
    const auto* found =
        std::find_if(std::begin(words), std::end(words), [&](const row& r) { return r.language == each.language; });
    REQUIRE(found != std::end(words));
    const auto says = [&](const char* key, const std::vector<const char*>& one_of) {
      const auto text = text_of(each, key);
      INFO(key, ": ", text);
      CHECK(std::any_of(one_of.begin(), one_of.end(),
                        [&](const char* word) { return text.find(word) != std::string::npos; }));
    };
    for (const auto* key :
         {"missing_amount", "transfer_cancelled", "to_oneself", "no_amount", "above_transfer", "above_day",
          "above_month", "not_enough", "account_expired", "transfer_held", "transfer_currency", "no_transfer"})
      says(key, found->not_sent);
    if (each.language != "ar") says("transfer_asked", found->not_sent);  // a question, and no room to say more
    for (const auto* key : {"undone_before", "undo_spent", "undo_alone", "no_undo"}) says(key, found->not_changed);
  }
}

// What a text tells to send must be understood.
TEST_CASE("a text that tells to send a word tells one that is read as what it promises") {
  const auto [settings, faults] = config::load(TOPUPD_EXAMPLE, {.secrets = false});
  REQUIRE(settings);
  const parser::reader reader(settings->reading);
  const auto sender = *parser::msisdn::from_e164("999701234567");
  struct row {
    const char *language, *undo, *transfer;
  };
  for (const auto& [language, undo, transfer] : {row{"en", "UNDO", "TRANSFER"},
                                                 {"es", "DESHACER", "TRANSFERIR"},
                                                 {"fr", "REPRENDRE", "TRANSFERT"},
                                                 {"zh", "撤销", "转账"},
                                                 {"ar", "استرجاع", "تحويل"},
                                                 {"id", "URUNGKAN", "TRANSFER"},
                                                 {"sw", "RUDISHA", "HAMISHA"}}) {
    CAPTURE(language);
    const auto& of = *std::find_if(catalogues().begin(), catalogues().end(),
                                   [&, name = language](const catalogue& one) { return one.language == name; });
    CHECK(text_of(of, "undo_alone").find(undo) != std::string::npos);
    CHECK(std::holds_alternative<parser::undo>(reader.read(undo, sender).request));
    for (const auto* key : {"to_oneself", "no_amount", "missing_amount"})
      CHECK(text_of(of, key).find(transfer) != std::string::npos);
    const auto sent = reader.read(std::string(transfer) + " 0709876543 5", sender).request;
    REQUIRE(std::holds_alternative<parser::transfer>(sent));
    CHECK(std::get<parser::transfer>(sent).amount == "5");
  }
}

// What stands beside a digit may be typed instead of it.
TEST_CASE("the words of a menu and of a question mean what their digits do, whichever language they are in") {
  const auto [settings, faults] = config::load(TOPUPD_EXAMPLE, {.secrets = false});
  REQUIRE(settings);
  const parser::reader reader(settings->reading);
  const auto sender = *parser::msisdn::from_e164("999701234567");
  for (const auto& each : catalogues()) {
    CAPTURE(each.language);
    const auto word_of = [&](const char* key, char digit) {
      const auto text = "\n" + text_of(each, key) + "\n";
      const auto at = text.find(std::string{'\n', digit, ' '});
      REQUIRE(at != std::string::npos);
      return text.substr(at + 3, text.find('\n', at + 1) - at - 3);
    };
    const auto request = [&](const char* key, char digit) {
      const auto word = word_of(key, digit);
      CAPTURE(word);
      return reader.read(word, sender).request;
    };
    const auto reason = [&](char digit) { return std::get<parser::unclear>(request("ussd_menu", digit)).reason; };
    CHECK(reason('1') == parser::unclear_reason::missing_pin);
    CHECK(std::holds_alternative<parser::balance>(request("ussd_menu", '2')));
    CHECK(std::holds_alternative<parser::history>(request("ussd_menu", '3')));
    CHECK(reason('4') == parser::unclear_reason::unknown_language);
    for (const auto* question : {"ussd_asked", "ussd_asked_other", "ussd_transfer"}) {
      CHECK(std::holds_alternative<parser::confirm>(request(question, '1')));
      CHECK(std::holds_alternative<parser::cancel>(request(question, '2')));
    }
  }
}

TEST_CASE("a right-to-left text shows every amount, date and number in one piece, and in their order") {
  const auto arabic =
      std::find_if(catalogues().begin(), catalogues().end(), [](const catalogue& one) { return one.language == "ar"; });
  REQUIRE(arabic != catalogues().end());
  const std::unique_ptr<UBiDi, decltype(&ubidi_close)> line(ubidi_open(), &ubidi_close);
  for (const auto& [key, names] : gateway::phrase_arguments()) {
    if (key == "history_item" || key == "ussd_languages") continue;  // nothing but what it is given
    const auto utf8 = text_of(*arabic, key);
    INFO(key, ": ", utf8);
    const auto text = icu::UnicodeString::fromUTF8(utf8);
    UErrorCode status = U_ZERO_ERROR;
    ubidi_setPara(line.get(), text.getBuffer(), text.length(), UBIDI_DEFAULT_LTR, nullptr, &status);
    CHECK(ubidi_getParaLevel(line.get()) == 1);  // right to left, by its first letter
    const auto place = [&](int32_t logical) { return ubidi_getVisualIndex(line.get(), logical, &status); };
    const bool is_list = key == "history" || key == "unknown_language";  // reads from left to right as a whole
    int32_t before = text.length();
    for (const auto& value : values_in(text)) {
      for (auto i = value.begin + 1; i < value.end; ++i) CHECK(place(i) == place(i - 1) + 1);
      if (!is_list) CHECK(place(value.end - 1) < before);
      before = place(value.begin);
    }
    REQUIRE(U_SUCCESS(status));
  }
}

TEST_CASE("the English texts are those of the field's best") {
  const auto& english = *std::find_if(catalogues().begin(), catalogues().end(),
                                      [](const catalogue& one) { return one.language == "en"; });
  const parser::money fifty{50'00, "USD"};
  const parser::money rest{63'40, "USD"};
  CHECK(
      english.texts.format(
          "credited_valid",
          {{"receipt", "8F3K2Q"}, {"amount", fifty}, {"balance", rest}, {"valid_until", parser::day{new_year_eve}}}) ==
      "8F3K2Q Confirmed. 50.00 USD added. Balance 63.40 USD, valid to 31 Dec 2026.");
  CHECK(english.texts.format("received",
                             {{"receipt", "8F3K2Q"}, {"amount", fifty}, {"number", "07012***67"}, {"balance", rest}}) ==
        "8F3K2Q You got 50.00 USD from 07012***67. Balance 63.40 USD.");
  CHECK(english.texts.format("asked", {{"amount", fifty}, {"number", "0709876543"}, {"minutes", 10LL}}) ==
        "Add 50.00 USD to 0709876543? Reply YES within 10 min, or NO. The card is not used yet.");
  CHECK(english.texts.format("refused", {{"care_number", "100"}}) ==
        "This PIN cannot be used. Please check it, or call 100 with the card's serial number.");
  CHECK(english.texts.format("pin_length", {{"got", 15LL}, {"lengths", "16"}}) ==
        "Your PIN has 15 digits, ours have 16. Nothing was used. Please check and send again.");
}
