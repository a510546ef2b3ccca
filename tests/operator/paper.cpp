#include "tests/operator/paper.hpp"

#include <fmt/format.h>
#include <stdio.h>   // popen
#include <stdlib.h>  // mkdtemp
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <fstream>
#include <iterator>

namespace topupd::tests {

folder::folder() {
  std::string name = (std::filesystem::temp_directory_path() / "topupd-paper-XXXXXX").string();
  path_ = mkdtemp(name.data());
}
folder::~folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string folder::read(const std::string& name) const {
  std::ifstream file(path_ / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string folder::write(const std::string& name, const std::string& octets, unsigned mode) const {
  std::ofstream(path_ / name, std::ios::binary) << octets;
  chmod((path_ / name).c_str(), mode);
  return path(name);
}

unsigned folder::mode(const std::string& name) const {
  struct stat about {};
  return stat((path_ / name).c_str(), &about) == 0 ? about.st_mode & 07777U : 0;
}

outcome run(const std::string& command) {
  outcome out;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  while (const std::size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) out.said.append(buffer.data(), got);
  const int status = pclose(pipe);
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return out;
}

parser::pin pin_number(int n) {
  std::string digits = fmt::format("{:015}", 482'173'905'516'274LL + n * 7'919LL);
  digits += parser::compute_check_digit(digits, parser::check_digit::damm);
  return *parser::pin::from_digits(digits, {});
}

std::string csv_line(int n) {
  return fmt::format("{},{},10.00,USD,2099-12-31\n", 100'000'000'000LL + n, pin_number(n).reveal());
}

}  // namespace topupd::tests
