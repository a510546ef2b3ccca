#include "tests/scenarios/text_file.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace topupd::scenarios {

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream all;
  all << file.rdbuf();
  return all.str();
}

void change_line(const std::string& path, const std::string& beginning, const std::string& line) {
  std::istringstream before(content(path));
  std::string after;
  int changed = 0;
  for (std::string each; std::getline(before, each);) {
    const bool this_one = each.rfind(beginning, 0) == 0;
    changed += this_one ? 1 : 0;
    after += (this_one ? line : each) + '\n';
  }
  if (changed != 1) throw std::runtime_error(path + ": not one line begins with " + beginning);
  std::ofstream(path) << after;
}

}  // namespace topupd::scenarios
