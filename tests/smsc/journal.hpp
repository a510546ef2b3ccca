// What happened at the simulator, a JSON object a line: for scripts that judge afterwards. Texts are named by their id
// and never shown, because they hold PINs; replies are shown as the phone does.
#pragma once

#include <chrono>
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
  // What nobody at the SMSC can see, for an oracle (tests/ha/oracle.py): whose PIN stands in this phone's one text; and
  // what is about to be broken, for how long, and how many replies may be on their way through it.
  void card(const std::string& phone, const std::string& serial);
  void fault(const std::string& what, std::chrono::milliseconds lasts, std::size_t on_their_way);

 private:
  std::ofstream file_;
};

// Adds the journal's line behind what each event does already.
void record(events& of, journal& to);

}  // namespace topupd::smsc
