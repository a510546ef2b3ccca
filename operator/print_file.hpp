// The print file: serial, PIN, value, currency, expires of each card as CSV (RFC 4180). The only place where a PIN is
// ever in clear (DESIGN.md §6), so: a new file, for its owner alone, gone again unless keep() was called.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parser/money.hpp"
#include "parser/pin.hpp"

namespace topupd::operators {

class print_file {
 public:
  // Throws store::refused when the file exists already or cannot be made.
  explicit print_file(std::string path);
  ~print_file();  // removes the file unless it is kept
  print_file(const print_file&) = delete;
  print_file& operator=(const print_file&) = delete;

  // These throw store::refused when the disk does not take it.
  void add(std::int64_t serial, const parser::pin& pin, const parser::money& value, std::string_view expires);
  void sync();  // it and its name survive a power cut from now on

  void keep() noexcept { kept_ = true; }

 private:
  void append(std::string_view octets);
  void flush();

  std::string path_;
  int descriptor_ = -1;
  bool kept_ = false;
  std::vector<char> buffer_;  // wiped, and never moved to a larger one
};

}  // namespace topupd::operators
