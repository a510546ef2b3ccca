#include "parser/keywords.hpp"

#include <unicode/uspoof.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "parser/normalise.hpp"
#include "parser/tokens.hpp"
#include "parser/utf8.hpp"

namespace topupd::parser {
namespace {

struct hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};
using word_map = std::unordered_map<std::string, meaning, hash, std::equal_to<>>;

struct key {
  std::string letters;  // "Top-Up" -> "topup": the tokens of the word, joined
  bool apart = false;
};
key key_of(std::string_view word) {
  scratch text;
  normalise(word, text);
  key made;
  for (const auto& token : tokenise(text.text)) {
    made.apart = made.apart || (!made.letters.empty() && !token.glued);
    made.letters += token.text;
  }
  return made;
}

std::u32string letters_of(std::string_view utf8) {
  std::u32string letters;
  for (std::size_t at = 0; at < utf8.size();) letters.push_back(next_utf8(utf8, at));
  return letters;
}

// One letter more, less, other, or two neighbours swapped (Damerau 1964: four in five typing mistakes).
bool one_typo_apart(std::u32string_view a, std::u32string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  const auto differ = std::mismatch(a.begin(), a.end(), b.begin());
  const auto rest_a = a.substr(static_cast<std::size_t>(differ.first - a.begin()));
  const auto rest_b = b.substr(static_cast<std::size_t>(differ.second - b.begin()));
  if (rest_b.empty()) return false;  // equal
  if (a.size() < b.size()) return rest_a == rest_b.substr(1);
  if (rest_a.substr(1) == rest_b.substr(1)) return true;
  return rest_a.size() >= 2 && rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0] && rest_a.substr(2) == rest_b.substr(2);
}

bool may_be_guessed(const meaning& what) {
  return !what.noise && what.command != command::yes && what.command != command::no;
}

constexpr std::size_t shortest_guess = 4;  // letters; among shorter words everything is one typo from something

}  // namespace

struct keywords::tables {
  std::string default_language;
  word_map words;
  std::unordered_map<std::string, std::string, hash, std::equal_to<>> names;  // of languages -> their codes
  std::size_t longest = 0;
  struct guessable {
    std::u32string letters;
    meaning what;
  };
  std::vector<guessable> guessables;
  word_map look_alikes;  // by skeleton
  std::unique_ptr<USpoofChecker, decltype(&uspoof_close)> spoof{nullptr, &uspoof_close};

  // Capitals, because of those the look-alikes are: Cyrillic and Greek small letters differ more from the Latin ones.
  [[nodiscard]] std::string skeleton(std::string_view word) const {
    constexpr int32_t room = 128;
    std::array<UChar, room> small{};
    std::array<UChar, room> capital{};
    std::array<UChar, room> bones{};
    std::array<char, std::size_t{room} * 3> utf8{};
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = 0;
    u_strFromUTF8WithSub(small.data(), room, &length, word.data(), static_cast<int32_t>(word.size()), 0xFFFD, nullptr,
                         &status);
    length = u_strToUpper(capital.data(), room, small.data(), length, "", &status);
    length = uspoof_getSkeleton(spoof.get(), 0, capital.data(), length, bones.data(), room, &status);
    int32_t octets = 0;
    u_strToUTF8(utf8.data(), static_cast<int32_t>(utf8.size()), &octets, bones.data(), length, &status);
    if (U_FAILURE(status)) return {};  // longer than any keyword
    return {utf8.data(), static_cast<std::size_t>(octets)};
  }

  // A word that several languages share is one of the service's language, if it has it.
  void share(meaning& known, const meaning& other) const {
    if (other.language == default_language) known.language = default_language;
  }

  void add(std::string_view word, meaning what) {
    auto [key, apart] = key_of(word);
    what.apart = apart;
    if (key.empty()) return;
    const auto [entry, is_new] = words.try_emplace(key, what);
    auto& known = entry->second;
    if (!is_new && known.noise && !what.noise) {
      known = what;  // noise in one language, a keyword in another: the keyword
    } else if (!is_new && known.noise == what.noise) {
      share(known, what);
    }
    known.apart = known.apart || apart;
    known.recipient = known.recipient || what.recipient;
    known.polite =
        known.polite && (what.polite || known.language == what.language);  // polite in one language alone: not
    longest = std::max(longest, key.size());
  }

  // Two commands under one appearance: neither is guessed.
  void add_look_alike(std::string appearance, const meaning& what) {
    const auto [entry, is_new] = look_alikes.try_emplace(std::move(appearance), what);
    if (is_new) return;
    auto& known = entry->second;
    if (known.command != what.command) known.noise = true;
    share(known, what);
  }

  void index_guesses() {
    for (const auto& [word, what] : words) {
      auto letters = letters_of(word);
      if (may_be_guessed(what) && letters.size() >= shortest_guess) guessables.push_back({std::move(letters), what});
    }
    std::sort(guessables.begin(), guessables.end(), [](const auto& a, const auto& b) { return a.letters < b.letters; });
    for (const auto& [word, what] : words)
      if (may_be_guessed(what) && word.size() >= shortest_guess) add_look_alike(skeleton(word), what);
  }
};

keywords::keywords(const std::vector<language>& languages, const std::string& default_language)
    : tables_(std::make_unique<tables>()) {
  tables_->default_language = default_language;
  UErrorCode status = U_ZERO_ERROR;
  tables_->spoof.reset(uspoof_open(&status));
  for (const auto& language : languages) {
    for (const auto& keyword : language.keywords)
      tables_->add(keyword.word, {.command = keyword.command, .language = language.code});
    for (const auto& word : language.polite)
      tables_->add(word, {.noise = true, .polite = true, .language = language.code});
    for (const auto& word : language.recipient)
      tables_->add(word, {.noise = true, .recipient = true, .language = language.code});
    for (const auto& word : language.noise) tables_->add(word, {.noise = true, .language = language.code});
    if (language.names.empty()) continue;
    tables_->names.try_emplace(key_of(language.code).letters, language.code);
    for (const auto& name : language.names) tables_->names.try_emplace(key_of(name).letters, language.code);
  }
  tables_->index_guesses();
}

keywords::~keywords() = default;
keywords::keywords(keywords&&) noexcept = default;
keywords& keywords::operator=(keywords&&) noexcept = default;

const meaning* keywords::find(std::string_view word) const {
  const auto found = tables_->words.find(word);
  return found == tables_->words.end() ? nullptr : &found->second;
}

std::optional<meaning> keywords::find_similar(std::string_view word) const {
  if (word.size() > tables_->longest * 2) return std::nullopt;
  const bool ascii = std::all_of(word.begin(), word.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!ascii) {
    const auto found = tables_->look_alikes.find(tables_->skeleton(word));
    if (found != tables_->look_alikes.end() && !found->second.noise) {
      auto what = found->second;
      what.written = spelling::look_alike;
      return what;
    }
  }
  const auto letters = letters_of(word);
  if (letters.size() < shortest_guess) return std::nullopt;
  std::optional<meaning> found;
  for (const auto& [candidate, what] : tables_->guessables) {
    if (!one_typo_apart(letters, candidate)) continue;
    if (found && found->command != what.command) return std::nullopt;  // two keywords are equally near
    if (found) tables_->share(*found, what);
    if (!found) found = what;
  }
  if (found) found->written = spelling::typo;
  return found;
}

const std::string* keywords::find_language(std::string_view name) const {
  const auto found = tables_->names.find(name);
  return found == tables_->names.end() ? nullptr : &found->second;
}

std::size_t keywords::longest() const noexcept {
  return tables_->longest;
}

}  // namespace topupd::parser
