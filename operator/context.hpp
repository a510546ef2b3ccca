// What every command of topupctl works with: the options before it, the configuration and the store, each opened when
// it is first asked for. One command runs per process, on one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "config/settings.hpp"
#include "parser/msisdn.hpp"
#include "store/operations.hpp"

namespace topupd::operators {

// The command line is not understood: exit status 2. What is understood and cannot be done is a store::refused: 1.
struct usage : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// The configuration has faults. what() has one on each line.
struct misconfigured : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class context {
 public:
  std::string config_file;
  bool json = false;
  std::function<int()> run;  // the command chosen; its exit status

  const config::settings& settings();               // throws misconfigured
  const config::settings& settings_with_secrets();  // and with the PIN key: only what makes cards or examines needs it
  [[nodiscard]] config::settings settings_with_texts()
      const;                    // the reply texts judged, no secrets; throws misconfigured
  store::operations& store();   // throws misconfigured, unavailable
  static std::string person();  // who runs this, by the operating system's login: for the audit log

  // A number as a subscriber would write it. Throws refused.
  parser::msisdn number(std::string_view written);

 private:
  std::optional<config::settings> settings_;
  bool secrets_ = false;
  std::unique_ptr<store::operations> store_;
};

// The most that one card or one act may be worth, so that no sum of them overflows.
inline constexpr std::int64_t most_minor = 1'000'000'000'000;

// The digits of a number or serial as people write them: "+999 70-123 45 67" -> "999701234567".
std::string digits_of(std::string_view written);
// Twelve digits and more may be a PIN in the wrong place: only the last four are repeated. "############2749"
std::string without_pins(std::string_view text);

}  // namespace topupd::operators
