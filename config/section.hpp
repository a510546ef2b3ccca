// One table of a TOML file while it is being read. Values go out by key; faults are noted with their line instead of
// ending the reading, so that all are known at once; finish() names the keys that nobody asked for.
//
// A fault repeats a value only where that cannot be a secret: a number out of its range, a word that is none of a few.
#pragma once

#include <toml++/toml.h>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "parser/secret.hpp"

namespace topupd::config {

// The faults of one file.
struct faults {
  std::string file;
  std::vector<problem>& problems;

  void add(int line, std::string key, std::string text);
};

class section {
 public:
  // name: how its keys are called, "pin" for pin.lengths; empty for the file's own table. A table that is not there is
  // nullptr, and `line` says where it is missed. Faults and the table must outlive the section.
  section(faults& to, toml::table* table, std::string name, int line = 0);

  [[nodiscard]] bool given(std::string_view key);
  // Each leaves `into` alone when the key is absent or wrong, and says true when a value was read.
  bool read(std::string_view key, std::string& into);
  bool read(std::string_view key, bool& into);
  bool read(std::string_view key, secret& into);  // and wipes the octets in the TOML tree
  bool read(std::string_view key, std::vector<std::string>& into);
  bool read(std::string_view key, std::chrono::milliseconds& into, std::chrono::milliseconds least,
            std::chrono::milliseconds most);
  template <typename Integer>
  bool read(std::string_view key, Integer& into, std::int64_t least, std::int64_t most) {
    std::int64_t value = 0;
    if (!read_integer(key, value, least, most)) return false;
    into = static_cast<Integer>(value);
    return true;
  }
  template <typename Integer>
  bool read(std::string_view key, std::vector<Integer>& into, std::int64_t least, std::int64_t most) {
    std::vector<std::int64_t> values;
    if (!read_integers(key, values, least, most)) return false;
    into.clear();
    for (const auto value : values) into.push_back(static_cast<Integer>(value));
    return true;
  }
  // One of a few words.
  bool choose(std::string_view key, std::string& into, const std::vector<std::string>& words);

  section table(std::string_view key);
  std::vector<section> tables(std::string_view key);  // [[key]]

  // Notes a fault at the key's line, or at the section's where the key is absent; at an element of an array.
  void fault(std::string_view key, std::string text);
  void fault(std::string_view key, std::size_t element, std::string text);
  // Notes that a key is missing unless it is there.
  void require(std::string_view key, std::string_view remedy);
  // The last call: every key that was not asked for is unknown.
  void finish();

 private:
  toml::node* find(std::string_view key);
  bool read_integer(std::string_view key, std::int64_t& into, std::int64_t least, std::int64_t most);
  bool read_integers(std::string_view key, std::vector<std::int64_t>& into, std::int64_t least, std::int64_t most);
  bool wrong_type(std::string_view key, const toml::node& found, std::string_view wanted);
  [[nodiscard]] std::string full(std::string_view key) const;

  faults* faults_;
  toml::table* table_;
  std::string name_;
  int line_;
  std::vector<std::string> known_;  // the keys asked for
};

int line_of(const toml::node& node);

}  // namespace topupd::config
