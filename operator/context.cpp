#include "operator/context.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "gateway/reply_phrase.hpp"

namespace topupd::operators {
namespace {

config::settings load(const std::string& file, const config::load_options& options) {
  config::loaded loaded = config::load(file, options);
  if (loaded.settings) return std::move(*loaded.settings);
  std::string lines;
  for (const config::problem& problem : loaded.problems)
    lines += (lines.empty() ? "" : "\n") + config::to_string(problem);
  throw misconfigured(lines);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

const config::settings& context::settings() {
  if (!settings_) settings_ = load(config_file, {.secrets = false});
  return *settings_;
}

const config::settings& context::settings_with_secrets() {
  if (!secrets_) settings_ = load(config_file, {});
  secrets_ = true;
  return *settings_;
}

config::settings context::settings_with_texts() const {
  return load(config_file, {.secrets = false, .phrases = gateway::phrase_arguments()});
}

store::operations& context::store() {
  if (!store_) {
    const config::settings& all = settings();
    store_ = std::make_unique<store::operations>(all.store.url, all.service.time_zone, person());
  }
  return *store_;
}

std::string context::person() {
  // Whoever became root by sudo is still who it was.
  if (const char* by_sudo = std::getenv("SUDO_USER"); by_sudo && *by_sudo && getuid() == 0) return by_sudo;
  const passwd* entry = getpwuid(getuid());
  return entry ? std::string(entry->pw_name) : fmt::format("uid {}", getuid());
}

parser::msisdn context::number(std::string_view written) {
  const parser::numbering_plan& plan = settings().reading.numbers;
  const bool plus = written.starts_with('+');
  if (const auto number = parser::read_number(digits_of(written), plus, plan)) return *number;
  const auto length = static_cast<std::size_t>(plan.national_lengths.empty() ? 9 : plan.national_lengths.front());
  const std::string national = std::string("701234567890").substr(0, length);
  throw store::refused(fmt::format("{} is not a number here: write it as {}{} or +{}{}", without_pins(written),
                                   plan.national_prefix, national, plan.country_code, national));
}

std::string digits_of(std::string_view written) {
  if (written.starts_with('+')) written.remove_prefix(1);
  std::string digits;
  for (const char c : written)
    if (std::string_view(" -./()").find(c) == std::string_view::npos) digits += c;
  return std::all_of(digits.begin(), digits.end(), is_digit) ? digits : std::string{};
}

std::string without_pins(std::string_view text) {
  std::string out(text);
  for (auto run = out.begin(); run != out.end();) {
    run = std::find_if(run, out.end(), is_digit);
    // People group digits: "4821 7390 5516 2749" is one run.
    auto end = run;
    std::ptrdiff_t digits = 0;
    for (auto c = run; c != out.end() && (is_digit(*c) || *c == ' ' || *c == '-'); ++c)
      if (is_digit(*c)) {
        ++digits;
        end = c + 1;
      }
    if (digits >= 12)
      for (auto c = run; c != end && digits > 4; ++c)
        if (is_digit(*c)) {
          *c = '#';
          --digits;
        }
    run = end;
  }
  return out;
}

}  // namespace topupd::operators
