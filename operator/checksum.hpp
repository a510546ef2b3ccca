// SHA-256 of what is written or read, as sha256sum(1) shows it: 64 hexadecimal digits. OpenSSL is private to its file.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace topupd::operators {

class checksum {
 public:
  checksum();
  ~checksum();
  checksum(const checksum&) = delete;
  checksum& operator=(const checksum&) = delete;

  void add(std::string_view octets);
  std::string hex();  // of all that was added; the last call

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace topupd::operators
