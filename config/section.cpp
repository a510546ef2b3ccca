#include "config/section.hpp"

#include <string.h>  // explicit_bzero

#include <algorithm>
#include <utility>

#include "config/units.hpp"

namespace topupd::config {
namespace {

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "a number";
    case toml::node_type::floating_point: return "a number with a point";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or a time";
  }
}

std::string between(std::int64_t least, std::int64_t most) {
  return "from " + std::to_string(least) + " to " + std::to_string(most);
}

}  // namespace

int line_of(const toml::node& node) {
  return static_cast<int>(node.source().begin.line);
}

void faults::add(int line, std::string key, std::string text) {
  problems.push_back({.file = file, .line = line, .key = std::move(key), .text = std::move(text)});
}

section::section(faults& to, toml::table* table, std::string name, int line)
    : faults_(&to), table_(table), name_(std::move(name)), line_(line) {}

bool section::given(std::string_view key) {
  return find(key) != nullptr;
}

bool section::read(std::string_view key, std::string& into) {
  auto* found = find(key);
  if (found == nullptr) return false;
  auto* text = found->as_string();
  if (text == nullptr) return wrong_type(key, *found, "a string in quotes");
  into = text->get();
  return true;
}

bool section::read(std::string_view key, bool& into) {
  auto* found = find(key);
  if (found == nullptr) return false;
  auto* flag = found->as_boolean();
  if (flag == nullptr) return wrong_type(key, *found, "true or false, without quotes");
  into = flag->get();
  return true;
}

bool section::read(std::string_view key, secret& into) {
  auto* found = find(key);
  if (found == nullptr) return false;
  auto* text = found->as_string();
  if (text == nullptr) return wrong_type(key, *found, "a string in quotes");
  into = secret(text->get());
  explicit_bzero(text->get().data(), text->get().size());
  return true;
}

bool section::read(std::string_view key, std::vector<std::string>& into) {
  auto* found = find(key);
  if (found == nullptr) return false;
  auto* array = found->as_array();
  if (array == nullptr) return wrong_type(key, *found, R"(an array of strings, as ["one", "two"])");
  std::vector<std::string> values;
  for (auto& element : *array) {
    if (auto* text = element.as_string(); text != nullptr) {
      values.push_back(text->get());
    } else {
      wrong_type(key, element, R"(an array of strings, as ["one", "two"])");
    }
  }
  if (values.size() != array->size()) return false;
  into = std::move(values);
  return true;
}

bool section::read(std::string_view key, std::chrono::milliseconds& into, std::chrono::milliseconds least,
                   std::chrono::milliseconds most) {
  auto* found = find(key);
  if (found == nullptr) return false;
  auto* text = found->as_string();
  const auto time = text == nullptr ? std::nullopt : time_from(text->get());
  if (!time) {
    fault(key, R"(is not a time; write a whole number with a unit in quotes, as "500ms", "30s", "10m", "2h" or "90d")");
    return false;
  }
  if (*time < least || *time > most) {
    fault(key, text->get() + " is not from " + to_text(least) + " to " + to_text(most));
    return false;
  }
  into = *time;
  return true;
}

bool section::choose(std::string_view key, std::string& into, const std::vector<std::string>& words) {
  std::string word;
  if (!read(key, word)) return false;
  if (std::find(words.begin(), words.end(), word) == words.end()) {
    const auto meant = nearest(word, words);
    fault(key,
          '"' + word + "\" is not known; choose " + (meant.empty() ? "one of " + listed(words) : '"' + meant + '"'));
    return false;
  }
  into = std::move(word);
  return true;
}

section section::table(std::string_view key) {
  auto* found = find(key);
  if (found == nullptr) return {*faults_, nullptr, full(key), line_};
  auto* table = found->as_table();
  if (table == nullptr) fault(key, "is not a table; write [" + full(key) + "] on a line of its own");
  return {*faults_, table, full(key), line_of(*found)};
}

std::vector<section> section::tables(std::string_view key) {
  std::vector<section> all;
  auto* found = find(key);
  if (found == nullptr) return all;
  auto* array = found->as_array();
  const bool only_tables = array != nullptr && std::all_of(array->begin(), array->end(), [](const toml::node& element) {
                             return element.is_table();
                           });
  if (!only_tables) {
    fault(key, "is not a list of tables; write [[" + full(key) + "]], with two brackets, before each");
    if (found->is_table()) all.emplace_back(*faults_, found->as_table(), full(key), line_of(*found));
    return all;
  }
  for (auto& element : *array) all.emplace_back(*faults_, element.as_table(), full(key), line_of(element));
  return all;
}

void section::fault(std::string_view key, std::string text) {
  const auto* found = find(key);
  faults_->add(found == nullptr ? line_ : line_of(*found), full(key), std::move(text));
}

void section::fault(std::string_view key, std::size_t element, std::string text) {
  auto* found = find(key);
  const auto* array = found == nullptr ? nullptr : found->as_array();
  const auto* at = array == nullptr ? nullptr : array->get(element);
  if (at == nullptr) return fault(key, std::move(text));
  faults_->add(line_of(*at), full(key), std::move(text));
}

void section::require(std::string_view key, std::string_view remedy) {
  if (!given(key)) fault(key, "is missing; " + std::string(remedy));
}

void section::finish() {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *table_) {
    const std::string word(key.str());
    if (std::find(known_.begin(), known_.end(), word) != known_.end()) continue;
    const auto meant = nearest(word, known_);
    const auto line =
        node.is_table() || node.is_array_of_tables() ? line_of(node) : static_cast<int>(key.source().begin.line);
    faults_->add(
        line, full(word),
        meant.empty() ? "is unknown; known here are " + listed(known_) : "is unknown; did you mean '" + meant + "'?");
  }
}

toml::node* section::find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

bool section::read_integer(std::string_view key, std::int64_t& into, std::int64_t least, std::int64_t most) {
  auto* found = find(key);
  if (found == nullptr) return false;
  auto* number = found->as_integer();
  if (number == nullptr) return wrong_type(key, *found, "a whole number without quotes");
  if (number->get() < least || number->get() > most) {
    fault(key, std::to_string(number->get()) + " is not " + between(least, most));
    return false;
  }
  into = number->get();
  return true;
}

bool section::read_integers(std::string_view key, std::vector<std::int64_t>& into, std::int64_t least,
                            std::int64_t most) {
  auto* found = find(key);
  if (found == nullptr) return false;
  auto* array = found->as_array();
  if (array == nullptr) return wrong_type(key, *found, "an array of numbers, as [14, 16]");
  std::vector<std::int64_t> values;
  for (auto& element : *array) {
    auto* number = element.as_integer();
    if (number == nullptr) {
      wrong_type(key, element, "an array of numbers, as [14, 16]");
    } else if (number->get() < least || number->get() > most) {
      faults_->add(line_of(element), full(key), std::to_string(number->get()) + " is not " + between(least, most));
    } else {
      values.push_back(number->get());
    }
  }
  if (values.size() != array->size()) return false;
  into = std::move(values);
  return true;
}

bool section::wrong_type(std::string_view key, const toml::node& found, std::string_view wanted) {
  faults_->add(line_of(found), full(key), "is " + std::string(type_name(found)) + "; write " + std::string(wanted));
  return false;
}

std::string section::full(std::string_view key) const {
  return name_.empty() ? std::string(key) : name_ + '.' + std::string(key);
}

}  // namespace topupd::config
