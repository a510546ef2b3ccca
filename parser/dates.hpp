// Dates and times of day as one language writes them in one time zone (CLDR, by ICU). Formatting a date costs ICU
// microseconds and there are only so many days: each is formatted once and kept. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace topupd::parser {

// The locale whose data a language is shown with, where that is not its own: "es" is es-419, Latin America's "50.00",
// which a Spaniard reads as well; "50,00" is fifty, or five thousand, to a Mexican. An operator in Spain names it
// es-ES.
std::string cldr_locale(const std::string& language);

class dates {
 public:
  // Precondition: both are known to ICU; see time_zone_is_known() and language_is_known().
  dates(const std::string& language, std::string_view time_zone);
  ~dates();
  dates(dates&&) noexcept;
  dates& operator=(dates&&) noexcept;

  [[nodiscard]] std::string day(std::chrono::sys_seconds at) const;  // "31 Dec 2026"
  [[nodiscard]] std::string moment(std::chrono::sys_seconds at,
                                   std::chrono::sys_seconds now) const;  // "2 Mar at 14:05"

 private:
  struct tables;
  std::unique_ptr<tables> tables_;
};

}  // namespace topupd::parser
