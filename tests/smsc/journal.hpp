// What happened at the simulator, a JSON object a line: for scripts that judge afterwards. Texts are named by their id
// and never shown, because they hold PINs; replies are shown as the phone does.
#pragma once

#include <fstream>
#include <optional>
#include <string>

#include "tests/smsc/simulator.hpp"

namespace topupd::smsc {

class journal {
 public:
  explicit journal(const std::string& path);  // throws std::runtime_error when it cannot be written
  void sent(const text& value);
  void answered(const text& value, std::optional<smpp::command_status> status, bool again);
  void replied(const reply& value);
  void odd(const std::string& what);
  void link(const std::string& what);

 private:
  std::ofstream file_;
};

}  // namespace topupd::smsc
