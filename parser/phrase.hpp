// Reply texts: an ICU MessageFormat pattern with named arguments -> the text in UTF-8, amounts and dates as the
// language writes them (CLDR, by ICU). Patterns are checked when they are loaded, so that format() cannot fail.
// Thread-safe when const.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "parser/money.hpp"

namespace topupd::parser {

// A date is shown as "31 Dec 2026", a moment as "2 Mar at 14:05" or, today, "14:05"; both in the service's time zone.
struct day {
  std::chrono::sys_seconds at;
};
struct moment {
  std::chrono::sys_seconds at;
  std::chrono::sys_seconds now;
};

using argument = std::variant<std::string, long long, money, day, moment>;
using arguments = std::vector<std::pair<std::string_view, argument>>;

// The reply texts of one language.
class phrases {
 public:
  struct problem {
    std::string key;     // which phrase
    std::string reason;  // in words: "argument {amout} is unknown; known are {receipt}, {amount}"
  };
  // patterns: phrase key -> ICU MessageFormat pattern. allowed: phrase key -> the argument names that it will be given.
  // Every key of `allowed` must be there, and no other; faults are added to `problems`, and a faulty set must not be
  // used.
  phrases(std::string language, std::string_view time_zone, const std::map<std::string, std::string>& patterns,
          const std::map<std::string, std::vector<std::string>>& allowed, std::vector<problem>& problems);
  ~phrases();
  phrases(phrases&&) noexcept;
  phrases& operator=(phrases&&) noexcept;

  // Precondition: key is in `allowed` and every argument of it is given.
  [[nodiscard]] std::string format(std::string_view key, const arguments& values) const;

 private:
  struct tables;
  std::unique_ptr<tables> tables_;
};

// True when the IANA time zone is known ("America/New_York"); the language, when ICU has data for it.
bool time_zone_is_known(std::string_view name);
bool language_is_known(std::string_view code);

}  // namespace topupd::parser
