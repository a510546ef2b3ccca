// PIN keys by their numbers.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "database.hpp"
#include "store/digest.hpp"

namespace topupd::store::test {

// Newest first, as they are configured.
inline keyring ring(const std::vector<int>& numbers) {
  std::vector<secret> keys;
  for (const int number : numbers) keys.emplace_back(std::string(32, static_cast<char>(number)));
  return keyring(keys.front(), {keys.begin() + 1, keys.end()});
}
inline std::string id(int number) {
  return ring({number}).ids().front();
}
inline std::vector<std::string> ids(const std::vector<int>& numbers) {
  std::vector<std::string> all;
  for (const int number : numbers) all.push_back(id(number));
  return all;
}
inline std::string array(const std::vector<int>& numbers) {
  return fmt::format("{{{}}}", fmt::join(ids(numbers), ","));
}

}  // namespace topupd::store::test
