// The print file: serial, PIN, value, currency, expires of each card as CSV (RFC 4180). The only place where a PIN is
// ever in clear (DESIGN.md §6), so: a new file, for its owner alone, gone again unless keep() was called. Beside it
// stands its manifest (manifest.hpp) with checksum and totals, for which the same holds.
//
// Encrypted, it is what gpg makes of that CSV, and no PIN is in clear on any disk.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/checksum.hpp"
#include "operator/encryption.hpp"
#include "operator/new_file.hpp"
#include "parser/money.hpp"
#include "parser/pin.hpp"

namespace topupd::operators {

class print_file {
 public:
  // Throws store::refused when the file or its manifest exists already or cannot be made, or it cannot be encrypted so.
  explicit print_file(std::string path, const encryption& with = {});
  ~print_file();  // removes the file and its manifest unless they are kept
  print_file(const print_file&) = delete;
  print_file& operator=(const print_file&) = delete;

  // For the first comment of the manifest, before the totals: "batch 3", "product TEN". Before sync().
  void describe(std::string_view word);
  // These throw store::refused when the disk does not take it, or gpg fails.
  void add(std::int64_t serial, const parser::pin& pin, const parser::money& value, std::string_view expires);
  void sync();  // once, at the end: both files and their names survive a power cut from now on

  void keep() noexcept;

 private:
  void append(std::string_view octets);
  void flush();
  [[nodiscard]] std::string totals() const;

  new_file file_, manifest_;
  std::optional<encryptor> encryptor_;
  std::vector<char> buffer_;  // wiped, and never moved to a larger one
  checksum sum_;              // of the CSV in clear

  std::string described_;
  std::int64_t cards_ = 0, first_serial_ = 0, last_serial_ = 0;
  std::map<std::string, std::int64_t> value_minor_;  // by currency
};

}  // namespace topupd::operators
