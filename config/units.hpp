// The small forms that values of the configuration have: times with a unit, digits, names. Pure.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace topupd::config {

// "500ms", "30s", "10m", "2h", "90d"; a whole number and one unit. Nothing when it is no such time or overflows.
std::optional<std::chrono::milliseconds> time_from(std::string_view text);
// The same in the largest unit that fits: 30'000 ms -> "30s".
std::string to_text(std::chrono::milliseconds time);

bool is_digits(std::string_view text);  // 0-9 and at least one
bool has_control_characters(std::string_view text);

// What was probably meant by `word`: the one that one or two slips of the finger away. Empty when none is that close.
std::string nearest(std::string_view word, const std::vector<std::string>& among);
// "text, json"
std::string listed(const std::vector<std::string>& words);

// An address to listen on, "127.0.0.1:9095" or "[::1]:9095"; port 0 lets the system choose. Nothing when it is neither.
struct endpoint {
  std::string address;
  unsigned short port = 0;
};
std::optional<endpoint> endpoint_from(std::string_view text);

}  // namespace topupd::config
