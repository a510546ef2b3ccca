// The language files as shipped: what people text is read as it was meant, with the words of all of them together.
#include "parser/reading.hpp"
#include "tests/unit/config/rig.hpp"
#include "tests/unit/parser/texts.hpp"

namespace topupd::config {
namespace {

// The settings that texts.tsv assumes.
settings load_shipped() {
  const rig here;
  auto text = with(good, "[pin]", R"([numbering]
country_code = "999"
national_lengths = [9]
[reading]
service_codes = ["123"]
numeric_keywords = ["155"]
serial = "1000########"
languages = ")" TOPUPD_CONFIG R"(/languages"
[pin]
lengths = [14, 16]
check_digit = "luhn")");
  auto [settings, problems] = here.load(text);
  for (const auto& problem : problems) MESSAGE(to_string(problem));
  REQUIRE(settings);
  return *std::move(settings);
}

const settings& shipped() {
  static const auto loaded = load_shipped();
  return loaded;
}

const parser::reader& shipped_reader() {
  static const parser::reader reader(shipped().reading);
  return reader;
}

parser::reading read(std::string_view text) {
  return shipped_reader().read(text, parser::msisdn::from_e164("999701234567").value());
}

std::string words_of(const parser::reading& reading) {
  return std::visit(parser::wording{}, reading.request);
}

// What a keyword alone is read as.
std::string alone(parser::command command) {
  switch (command) {
    case parser::command::topup:
    case parser::command::check: return "unclear missing_pin";
    case parser::command::balance: return "balance";
    case parser::command::history: return "history";
    case parser::command::status: return "unclear missing_serial";
    case parser::command::help: return "help";
    case parser::command::language: return "unclear unknown_language";
    case parser::command::transfer: return "unclear missing_amount";
    case parser::command::undo: return "undo";
    case parser::command::yes: return "confirm";
    case parser::command::no: return "cancel";
  }
  return {};
}

TEST_CASE("every text of the shared corpus is read as expected with the shipped languages") {
  int texts = 0;
  for (const auto& row : parser::rows_of(TEXTS_FILE)) {
    if (!row.section.starts_with("From the shared corpus")) continue;
    ++texts;
    CAPTURE(row.text);
    CAPTURE(row.why);
    const auto result = read(row.text);
    CHECK(words_of(result) == row.reading);
    if (!row.language.empty()) CHECK(result.language == row.language);
  }
  CHECK(texts == 99);
}

TEST_CASE("every keyword of every shipped language is read as what its list says") {
  for (const auto& language : shipped().languages) {
    CAPTURE(language.words.code);
    for (const auto& [word, command] : language.words.keywords) {
      CAPTURE(word);
      const auto result = read(word);
      CHECK(words_of(result) == alone(command));
      CHECK_FALSE(result.language.empty());
    }
  }
}

TEST_CASE("a noise word beside a PIN makes no question of it, unless it is a keyword of another language") {
  for (const auto& language : shipped().languages) {
    CAPTURE(language.words.code);
    auto noise = language.words.noise;
    noise.insert(noise.end(), language.words.polite.begin(), language.words.polite.end());
    for (const auto& word : noise) {
      const auto by_itself = read(word);
      if (!by_itself.language.empty()) continue;
      CAPTURE(word);
      CHECK(words_of(by_itself) == "help");
      CHECK(words_of(read(word + " 4821739055162749")) == "redeem 2749 self");
    }
  }
}

TEST_CASE("a polite word beside YES leaves it a YES") {
  for (const auto& language : shipped().languages) {
    CAPTURE(language.words.code);
    for (const auto& word : language.words.polite) {
      CAPTURE(word);
      CHECK(words_of(read("yes " + word)) == "confirm");
    }
  }
}

TEST_CASE("each language with texts is chosen by its code and its names, in whatever case") {
  int chosen = 0;
  for (const auto& language : shipped().languages) {
    if (language.texts.empty()) {
      CHECK(language.words.names.empty());
      continue;
    }
    ++chosen;
    auto names = language.words.names;
    names.push_back(language.words.code);
    for (const auto& name : names) {
      CAPTURE(name);
      CHECK(words_of(read("LANG " + name)) == "language " + language.words.code);
    }
  }
  CHECK(chosen >= 5);
}

TEST_CASE("people of each language are understood as they write") {
  struct row {
    std::string text, reading, language;
  };
  for (const auto& [text, reading, language] : {
           row{"please add credit to my phone 4821739055162749", "redeem 2749 self", "en"},
           row{"can you check my balance", "balance", "en"},
           row{"TOPUP 4821739055162749 sent from my S23", "redeem 2749 self ask", "en"},
           row{"4821739055162749 50 USD", "redeem 2749 self amount=50", ""},
           row{"por favor recargar mi celular con la tarjeta 4821739055162749 gracias", "redeem 2749 self", "es"},
           row{"¿cuánto saldo?", "balance", "es"},
           row{"últimas recargas", "history", "es"},
           row{"sí, de acuerdo", "confirm", "es"},
           row{"idioma español", "language es", "es"},
           row{"s'il vous plaît recharger mon téléphone 4821739055162749 merci", "redeem 2749 self", "fr"},
           row{"d'accord", "confirm", "fr"},
           row{"langue anglais", "language en", "fr"},
           row{"vérifier 4821739055162749", "check 2749 self", "fr"},
           row{"你好，请帮我充值，卡号4821739055162749，谢谢", "redeem 2749 self", "zh"},
           row{"查询余额", "balance", "zh"},
           row{"好的，谢谢", "confirm", "zh"},
           row{"不是", "cancel", "zh"},
           row{"是不是", "help", "zh"},
           row{"验证4821739055162749", "check 2749 self", "zh"},
           row{"من فضلك شحن الرصيد ٤٨٢١٧٣٩٠٥٥١٦٢٧٤٩ شكرا", "redeem 2749 self", "ar"},
           row{"كم رصيدي؟", "balance", "ar"},
           row{"أوافق", "confirm", "ar"},
           row{"الغاء", "cancel", "ar"},
           row{"لغة العربية", "language ar", "ar"},
           row{"isi pulsa 4821739055162749 ke 0709876543", "redeem 2749 999709876543 ask", "id"},
           row{"bahasa indonesia", "language id", "id"},
           row{"tafadhali ongeza salio 4821739055162749", "redeem 2749 self", "sw"},
           row{"nap the 4821739055162749", "redeem 2749 self", "vi"},
           row{"пополнить счет 4821739055162749 пожалуйста", "redeem 2749 self", "ru"},
           row{"हाँ", "confirm", "hi"},
           row{"please reverse my last recharge", "undo", "en"},
           row{"quiero devolver la última recarga", "unclear undo_alone", "es"},
           row{"devolver el saldo por favor", "undo", "es"},
           row{"rendre crédit svp", "undo", "fr"},
           row{"请帮我撤回充值", "undo", "zh"},
           row{"استرجاع الرصيد من فضلك", "undo", "ar"},
           row{"tolong kembalikan pulsa", "undo", "id"},
           row{"tafadhali rudisha salio", "undo", "sw"},
           row{"不要撤销", "unclear undo_alone", "zh"},
           row{"batalkan", "cancel", "id"},
       }) {
    CAPTURE(text);
    const auto result = read(text);
    CHECK(words_of(result) == reading);
    CHECK(result.language == language);
  }
}

}  // namespace
}  // namespace topupd::config
