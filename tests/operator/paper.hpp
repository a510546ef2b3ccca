// For tests of cards on paper and in files: a folder of their own, and programs that look at what we made.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "parser/pin.hpp"

namespace topupd::tests {

class folder {
 public:
  folder();
  ~folder();
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string read(const std::string& name) const;
  std::string write(const std::string& name, const std::string& octets, unsigned mode = 0600) const;  // its path
  [[nodiscard]] unsigned mode(const std::string& name) const;
  [[nodiscard]] bool has(const std::string& name) const { return std::filesystem::exists(path_ / name); }

 private:
  std::filesystem::path path_;
};

struct outcome {
  int status = -1;
  std::string said;  // standard output
};
outcome run(const std::string& command);  // by the shell

// The n-th PIN of these tests: 16 digits, the last one by Damm.
parser::pin pin_number(int n);
// Its line of a print file.
std::string csv_line(int n);

}  // namespace topupd::tests
