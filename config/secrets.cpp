#include "config/secrets.hpp"

#include <fcntl.h>
#include <string.h>  // explicit_bzero
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace topupd::config {
namespace {

struct descriptor {
  int number;
  explicit descriptor(int opened) : number(opened) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number >= 0) ::close(number);
  }
};

std::string reason(int error) {
  return std::generic_category().message(error);
}

int value_of(char hex) {
  if (hex >= '0' && hex <= '9') return hex - '0';
  if (hex >= 'a' && hex <= 'f') return hex - 'a' + 10;
  if (hex >= 'A' && hex <= 'F') return hex - 'A' + 10;
  return -1;
}

}  // namespace

std::variant<secret, std::string> read_secret_file(const std::string& path) {
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat facts {};
  if (file.number < 0 || ::fstat(file.number, &facts) != 0) return path + " cannot be read: " + reason(errno);
  if ((facts.st_mode & S_IROTH) != 0) return path + " may be read by every user; chmod 600 " + path;
  std::array<char, 4096> octets{};
  const auto got = ::read(file.number, octets.data(), octets.size());
  if (got < 0) return path + " cannot be read: " + reason(errno);
  auto size = static_cast<std::size_t>(got);
  while (size > 0 && (octets[size - 1] == '\n' || octets[size - 1] == '\r')) --size;
  secret content(std::string_view(octets.data(), size));
  explicit_bzero(octets.data(), octets.size());
  if (content.empty()) return path + " is empty";
  return content;
}

std::optional<std::string> credential_path(std::string_view name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *folder == '\0') return std::nullopt;
  auto path = std::string(folder) + '/' + std::string(name);
  if (::access(path.c_str(), F_OK) != 0) return std::nullopt;
  return path;
}

bool is_world_readable(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 && (facts.st_mode & S_IROTH) != 0;
}

std::optional<secret> key_from_hex(const secret& hex) {
  const auto digits = hex.reveal();
  std::array<char, 32> octets{};
  if (digits.size() != 2 * octets.size()) return std::nullopt;
  if (digits.find_first_not_of(digits.front()) == std::string_view::npos) return std::nullopt;
  bool good = true;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const int high = value_of(digits[2 * i]);
    const int low = value_of(digits[2 * i + 1]);
    good = good && high >= 0 && low >= 0;
    octets[i] = static_cast<char>(good ? high * 16 + low : 0);
  }
  secret key(std::string_view(octets.data(), octets.size()));
  explicit_bzero(octets.data(), octets.size());
  if (!good) return std::nullopt;
  return key;
}

bool holds_password(std::string_view url) {
  if (url.find("password") != std::string_view::npos) return true;  // password=, sslpassword= and ?password=
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  const auto authority = url.substr(scheme + 3, url.find_first_of("/?", scheme + 3) - (scheme + 3));
  const auto at = authority.rfind('@');
  return at != std::string_view::npos && authority.substr(0, at).find(':') != std::string_view::npos;
}

}  // namespace topupd::config
