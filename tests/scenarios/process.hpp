// A child process: started, watched, ended by its pid. Dies with its owner.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace topupd::scenarios {

using environment = std::map<std::string, std::string>;  // added to ours

class process {
 public:
  // Both outputs are appended to the file. Throws std::system_error when it cannot be started.
  process(const std::vector<std::string>& words, const environment& more, const std::string& output_file);
  ~process();  // kill -9
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  void signal(int number) const;
  // 0-255, or 128 + the signal that ended it; nothing while it runs.
  std::optional<int> exit_status();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

}  // namespace topupd::scenarios
