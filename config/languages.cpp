#include "config/languages.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "config/section.hpp"
#include "config/toml_file.hpp"
#include "config/units.hpp"
#include "parser/normalise.hpp"
#include "parser/phrase.hpp"
#include "parser/tokens.hpp"

namespace topupd::config {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<const char*, parser::command>, 11> commands{{{"topup", parser::command::topup},
                                                                            {"balance", parser::command::balance},
                                                                            {"history", parser::command::history},
                                                                            {"status", parser::command::status},
                                                                            {"check", parser::command::check},
                                                                            {"help", parser::command::help},
                                                                            {"language", parser::command::language},
                                                                            {"transfer", parser::command::transfer},
                                                                            {"undo", parser::command::undo},
                                                                            {"yes", parser::command::yes},
                                                                            {"no", parser::command::no}}};

std::string_view name_of(parser::command value) {
  return std::find_if(commands.begin(), commands.end(), [&](const auto& c) { return c.second == value; })->first;
}

// As the reader looks it up: letters and digits, whatever stands between them. Empty: it could never be found.
std::string folded(const std::string& word) {
  parser::scratch text;
  parser::normalise(word, text);
  std::string letters;
  for (const auto& token : parser::tokenise(text.text)) letters += token.text;
  return letters;
}

// What the files read so far have taken.
struct taken {
  struct meaning {
    parser::command command;
    std::string file;
  };
  std::map<std::string, meaning> words;
  struct owner {
    std::string code;
    std::string file;
  };
  std::map<std::string, owner> names;
};

std::string in_other(const std::string& owner, const std::string& file) {
  return owner == file ? "" : " in " + owner;
}

void read_keywords(section from, parser::language& into, const std::string& file, taken& taken) {
  for (const auto& [key, command] : commands) {
    std::vector<std::string> words;
    from.require(key, "write the words for it, as " + std::string(key) + R"( = ["WORD"])");
    from.read(key, words);
    if (from.given(key) && words.empty()) from.fault(key, "needs at least one word");
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto letters = folded(words[i]);
      if (letters.empty()) {
        from.fault(key, i, "is empty; write a word");
        continue;
      }
      const auto [found, is_new] = taken.words.try_emplace(letters, taken::meaning{command, file});
      if (!is_new && found->second.command != command)
        from.fault(key, i,
                   '"' + words[i] + "\" means " + std::string(name_of(found->second.command)) + " already" +
                       in_other(found->second.file, file) + "; keep one of them");
      into.keywords.push_back({words[i], command});
    }
  }
  from.finish();
}

// What LANG calls it. Its code is a name as well, which no other language may have.
void read_names(section& from, parser::language& into, const std::string& file, taken& taken) {
  from.require("names", R"(write what LANG calls it, as names = ["English"])");
  if (!from.read("names", into.names)) return;
  if (into.names.empty()) from.fault("names", "needs at least one name");
  const auto take = [&](const std::string& name) -> std::optional<std::string> {
    const auto letters = folded(name);
    if (letters.empty()) return "is empty; write a name";
    const auto [found, is_new] = taken.names.try_emplace(letters, taken::owner{into.code, file});
    if (is_new || found->second.code == into.code) return std::nullopt;
    return '"' + name + "\" is a name already" + in_other(found->second.file, file) + "; keep one of them";
  };
  if (auto fault = take(into.code)) from.fault("language", std::move(*fault));
  for (std::size_t i = 0; i < into.names.size(); ++i)
    if (auto fault = take(into.names[i])) from.fault("names", i, std::move(*fault));
}

void read_texts(section from, const std::string& code, const std::string& time_zone, const phrase_arguments& phrases,
                const std::vector<std::string>& keys, std::map<std::string, std::string>& into) {
  for (const auto& key : keys) from.read(key, into[key]);
  if (!phrases.empty()) {
    std::vector<parser::phrases::problem> problems;
    const parser::phrases judged(code, time_zone, into, phrases, problems);
    for (const auto& problem : problems) from.fault(problem.key, problem.reason);
  }
  from.finish();
}

language read_language(const fs::path& path, const std::string& time_zone, const phrase_arguments& phrases,
                       taken& taken, std::vector<problem>& problems) {
  language read;
  read.file = path.string();
  faults to{read.file, problems};
  auto file = parse_toml_file(read.file, to);
  if (!file) return read;
  section top(to, &*file, "");

  top.require("language", R"(write its BCP 47 code, as language = "en")");
  if (top.read("language", read.words.code)) {
    if (!parser::language_is_known(read.words.code))
      top.fault("language", R"(is not known; write its BCP 47 code, as "en")");
    else if (read.words.code != path.stem())
      top.fault("language", "is " + read.words.code + "; name the file " + read.words.code + ".toml");
  }
  top.read("noise", read.words.noise);
  top.read("recipient", read.words.recipient);
  top.read("polite", read.words.polite);
  top.require("keywords", "write [keywords] and the words below it");
  if (top.given("keywords")) read_keywords(top.table("keywords"), read.words, path.filename().string(), taken);

  if (top.given("texts")) {
    read_names(top, read.words, path.filename().string(), taken);
    std::vector<std::string> keys;
    if (const auto* texts = file->get_as<toml::table>("texts"); texts != nullptr) {
      for (const auto& [key, text] : *texts) keys.emplace_back(key.str());
    }
    read_texts(top.table("texts"), read.words.code, time_zone, phrases, keys, read.texts);
  } else if (top.given("names")) {
    top.fault("names", "are for LANG, which cannot choose a language without [texts]; write those, or no names");
  }
  top.finish();
  return read;
}

}  // namespace

std::string language_folder(const std::string& configured, const std::string& configuration_file) {
  if (!configured.empty()) return (fs::path(configuration_file).parent_path() / configured).string();
  std::error_code ignored;
  return fs::is_directory(TOPUPD_LANGUAGES, ignored) ? TOPUPD_LANGUAGES : TOPUPD_SOURCE_LANGUAGES;
}

std::vector<language> read_languages(const std::string& folder, const std::string& time_zone,
                                     const phrase_arguments& phrases, std::vector<problem>& problems) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".toml") files.push_back(at->path());
  }
  if (error || files.empty())
    problems.push_back({.file = folder,
                        .line = 0,
                        .key = "",
                        .text = (error ? "cannot be read: " + error.message() : std::string("holds no language file")) +
                                "; [reading] languages names the folder with en.toml"});
  std::sort(files.begin(), files.end());

  std::vector<language> all;
  all.reserve(files.size());
  taken taken;
  for (const auto& file : files) all.push_back(read_language(file, time_zone, phrases, taken, problems));
  return all;
}

}  // namespace topupd::config
