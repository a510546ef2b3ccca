#include "config/languages.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "config/section.hpp"
#include "config/toml_file.hpp"
#include "config/units.hpp"
#include "parser/phrase.hpp"

namespace topupd::config {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<const char*, parser::command>, 5> commands{{{"topup", parser::command::topup},
                                                                           {"balance", parser::command::balance},
                                                                           {"help", parser::command::help},
                                                                           {"yes", parser::command::yes},
                                                                           {"no", parser::command::no}}};

std::string_view name_of(parser::command value) {
  return std::find_if(commands.begin(), commands.end(), [&](const auto& c) { return c.second == value; })->first;
}

// How the reader will see it, nearly: letters alone count, not their case nor what stands between them.
std::string folded(std::string_view word) {
  std::string letters;
  for (const char c : word) {
    if (c == ' ' || c == '-' || c == '_') continue;
    letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return letters;
}

struct meaning {
  parser::command command;
  std::string file;
};
using meanings = std::map<std::string, meaning>;

void read_keywords(section from, parser::language& into, const std::string& file, meanings& taken) {
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
      const auto [found, is_new] = taken.try_emplace(letters, meaning{command, file});
      if (!is_new && found->second.command != command)
        from.fault(key, i,
                   '"' + words[i] + "\" means " + std::string(name_of(found->second.command)) + " already" +
                       (found->second.file == file ? "" : " in " + found->second.file) + "; keep one of them");
      into.keywords.push_back({words[i], command});
    }
  }
  from.finish();
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
                       meanings& taken, std::vector<problem>& problems) {
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
  top.require("keywords", "write [keywords] and the words below it");
  if (top.given("keywords")) read_keywords(top.table("keywords"), read.words, path.filename().string(), taken);

  top.require("texts", "write [texts] and the reply texts below it");
  if (top.given("texts")) {
    std::vector<std::string> keys;
    if (const auto* texts = file->get_as<toml::table>("texts"); texts != nullptr) {
      for (const auto& [key, text] : *texts) keys.emplace_back(key.str());
    }
    read_texts(top.table("texts"), read.words.code, time_zone, phrases, keys, read.texts);
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
  meanings taken;
  for (const auto& file : files) all.push_back(read_language(file, time_zone, phrases, taken, problems));
  return all;
}

}  // namespace topupd::config
