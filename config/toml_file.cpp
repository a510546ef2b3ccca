#include "config/toml_file.hpp"

#include <fcntl.h>
#include <string.h>  // explicit_bzero
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

namespace topupd::config {
namespace {

constexpr std::size_t most_octets = 1 << 20;

// Fills `into`; 0 or an errno.
int read_all(const std::string& path, std::vector<char>& into) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  std::size_t size = 0;
  into.resize(most_octets);  // at once: growing would leave copies with passwords behind
  int error = 0;
  while (size < into.size()) {
    const auto got = ::read(file, into.data() + size, into.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size == most_octets) error = EFBIG;
  into.resize(size);
  ::close(file);
  return error;
}

// toml++ quotes what it could not read. On a line that names a secret that might be the secret.
bool may_hold_secret(std::string_view text, std::size_t line) {
  for (std::size_t at = 1; at < line; ++at) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  const auto words = text.substr(0, text.find('\n'));
  return words.find("pass") != std::string_view::npos || words.find("url") != std::string_view::npos;
}

}  // namespace

std::optional<toml::table> parse_toml_file(const std::string& path, faults& to) {
  std::vector<char> octets;
  if (const int error = read_all(path, octets); error != 0) {
    to.add(0, "", "cannot be read: " + std::generic_category().message(error));
    return std::nullopt;
  }
  const std::string_view text(octets.data(), octets.size());
  std::optional<toml::table> table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& fault) {
    const auto line = fault.source().begin.line;
    to.add(static_cast<int>(line), "",
           may_hold_secret(text, line) ? "is no TOML; is the value in quotes, and closed?"
                                       : "is no TOML: " + std::string(fault.description()));
  }
  explicit_bzero(octets.data(), octets.size());
  return table;
}

}  // namespace topupd::config
