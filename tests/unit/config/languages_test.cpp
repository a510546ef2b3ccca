#include "tests/unit/config/rig.hpp"

namespace topupd::config {
namespace {

using lines = std::vector<std::string>;

const std::string small = R"(language = "en"
names = ["English"]
noise = ["number"]
polite = ["please"]
[keywords]
topup = ["TOPUP", "TOP UP"]
balance = ["BAL"]
history = ["LAST"]
status = ["STATUS"]
check = ["CHECK"]
help = ["HELP"]
language = ["LANG"]
transfer = ["SHARE"]
undo = ["UNDO"]
yes = ["YES", "1"]
no = ["NO"]
[texts]
credited = "{receipt} {amount} added."
refused = "Call {care_number}."
)";
const phrase_arguments small_phrases = {{"credited", {"receipt", "amount"}}, {"refused", {"care_number"}}};

// Another language with the same words, which is no fault.
std::string chinese() {
  return with(with(small, "\"en\"", "\"zh\""), "English", "Chinese");
}

std::string configuration() {
  return good + "[reading]\nlanguages = \"words\"\n";
}

lines faults_of(const std::string& language_file) {
  const rig here;
  here.write("words/en.toml", language_file, 0644);
  return here.faults(configuration(), {.phrases = small_phrases});
}

TEST_CASE("a folder of languages lies beside the configuration") {
  const rig here;
  here.write("words/en.toml", small, 0644);
  here.write("words/README", "not a language");
  const auto [settings, problems] = here.load(configuration(), {.phrases = small_phrases});
  for (const auto& problem : problems) MESSAGE(to_string(problem));
  REQUIRE(settings);
  REQUIRE(settings->languages.size() == 1);
  const auto& english = settings->languages[0];
  CHECK(english.words.keywords.size() == 13);
  CHECK(english.words.polite == lines{"please"});
  CHECK(english.words.names == lines{"English"});
  CHECK(english.words.keywords[0].word == "TOPUP");
  CHECK(english.words.keywords[0].command == parser::command::topup);
  CHECK(english.words.noise == lines{"number"});
  CHECK(english.texts.at("credited") == "{receipt} {amount} added.");
  CHECK(english.file == here.path("words/en.toml"));
}

TEST_CASE("a fault in a language file is told with that file and its line") {
  CHECK(faults_of(small).empty());
  CHECK(faults_of(with(small, "yes = [\"YES\", \"1\"]\n", "")) ==
        lines{"words/en.toml:5: keywords.yes: is missing; write the words for it, as yes = [\"WORD\"]"});
  CHECK(faults_of(with(small, "[\"BAL\"]", "[]")) ==
        lines{"words/en.toml:7: keywords.balance: needs at least one word"});
  CHECK(faults_of(with(small, "\"BAL\"", "\"BAL\", \" \"")) ==
        lines{"words/en.toml:7: keywords.balance: is empty; write a word"});
  CHECK(faults_of(with(small, "help =", "hepl =")).size() == 2);  // one missing, one unknown
  CHECK(faults_of(with(small, "noise", "noises")) ==
        lines{"words/en.toml:3: noises: is unknown; did you mean 'noise'?"});
  CHECK(faults_of(with(small, "\"en\"", "\"fr\""))[1] == "words/en.toml:1: language: is fr; name the file fr.toml");
  CHECK(faults_of(with(small, "[texts]", "[texts")).at(1).find("words/en.toml:17: is no TOML") == 0);
}

TEST_CASE("one keyword with two meanings is refused, however it is written, within a language or between two") {
  CHECK(faults_of(with(small, "\"BAL\"", "\"BAL\", \"Top-up\"")) ==
        lines{"words/en.toml:7: keywords.balance: \"Top-up\" means topup already; keep one of them"});

  const rig here;
  here.write("words/en.toml", small, 0644);
  here.write("words/zh.toml", with(chinese(), "\"NO\"", "\"bál\""), 0644);
  CHECK(here.faults(configuration(), {.phrases = small_phrases}) ==
        lines{"words/zh.toml:16: keywords.no: \"bál\" means balance already in en.toml; keep one of them"});
}

TEST_CASE("a language goes by names of its own, which LANG knows it by") {
  CHECK(faults_of(with(small, "names = [\"English\"]\n", "")) ==
        lines{"words/en.toml: names: is missing; write what LANG calls it, as names = [\"English\"]"});
  CHECK(faults_of(with(small, "[\"English\"]", "[]")) == lines{"words/en.toml:2: names: needs at least one name"});
  CHECK(faults_of(with(small, "[\"English\"]", "[\"EN\", \"\"]")) ==
        lines{"words/en.toml:2: names: is empty; write a name"});

  const rig here;
  here.write("words/en.toml", small, 0644);
  here.write("words/zh.toml", chinese(), 0644);
  CHECK(here.faults(configuration(), {.phrases = small_phrases}).empty());
  here.write("words/zh.toml", with(chinese(), "\"Chinese\"", "\"Chinese\",\n\"énglish\""), 0644);
  CHECK(here.faults(configuration(), {.phrases = small_phrases}) ==
        lines{"words/zh.toml:3: names: \"énglish\" is a name already in en.toml; keep one of them"});
}

TEST_CASE("a language without reply texts adds words, and LANG cannot choose it") {
  const auto words_alone = with(chinese().substr(0, chinese().find("[texts]")), "names = [\"Chinese\"]\n", "");
  const rig here;
  here.write("words/en.toml", small, 0644);
  here.write("words/zh.toml", with(words_alone, "\"BAL\"", "\"余额\""), 0644);
  const auto [settings, problems] = here.load(configuration(), {.phrases = small_phrases});
  for (const auto& problem : problems) MESSAGE(to_string(problem));
  REQUIRE(settings);
  CHECK(settings->languages.at(1).texts.empty());
  CHECK(settings->reading.languages.at(1).names.empty());
  const parser::reader reader(settings->reading);
  const auto sender = parser::msisdn::from_e164("999701234567").value();
  CHECK(std::holds_alternative<parser::balance>(reader.read("余额", sender).request));

  here.write("words/zh.toml", with(words_alone, "noise", "names = [\"Chinese\"]\nnoise"), 0644);
  CHECK(here.faults(configuration(), {.phrases = small_phrases}) ==
        lines{"words/zh.toml:2: names: are for LANG, which cannot choose a language without [texts]; write those, or "
              "no names"});
  here.write("words/zh.toml", words_alone, 0644);
  CHECK(here.faults(with(configuration(), "[service]", "[service]\nlanguage = \"zh\""), {.phrases = small_phrases}) ==
        lines{"topupd.toml:2: service.language: zh has no [texts] in words; there are en"});
}

TEST_CASE("a reply text is judged at its line: its arguments, its form, and that it is there") {
  const auto unknown = faults_of(with(small, "{amount}", "{amout}"));
  REQUIRE(unknown.size() == 1);
  CHECK(unknown[0].find("words/en.toml:18: texts.credited: ") == 0);
  CHECK(unknown[0].find("amout") != std::string::npos);

  const auto broken = faults_of(with(small, "{care_number}", "{care_number"));
  REQUIRE(broken.size() == 1);
  CHECK(broken[0].find("words/en.toml:19: texts.refused: ") == 0);

  const auto missing = faults_of(with(small, "refused = \"Call {care_number}.\"\n", ""));
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].find("words/en.toml:17: texts.refused: ") == 0);

  const auto extra = faults_of(small + "refusd = \"x\"\n");
  REQUIRE(extra.size() == 1);
  CHECK(extra[0].find("words/en.toml:20: texts.refusd: ") == 0);
}

TEST_CASE("a folder that is not there, is empty or lacks the service's language is told") {
  const rig here;
  CHECK(here.faults(configuration()) ==
        lines{"words: cannot be read: No such file or directory; [reading] languages names the folder with en.toml"});
  std::filesystem::create_directory(here.path("words"));
  CHECK(here.faults(configuration()) ==
        lines{"words: holds no language file; [reading] languages names the folder with en.toml"});
  here.write("words/fr.toml", with(small, "\"en\"", "\"fr\""), 0644);
  CHECK(here.faults(configuration()) ==
        lines{"topupd.toml:1: service.language: en has no file in words; there are fr"});
}

}  // namespace
}  // namespace topupd::config
