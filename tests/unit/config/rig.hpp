// A folder of its own for each test, with a configuration that is right until the test makes it wrong.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config/settings.hpp"

namespace topupd::config {

inline const std::string good_key = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

inline const std::string good = R"([service]
short_codes = ["12345"]
name = "Example Mobile"
care_number = "100"

[pin]
key_file = "pin.key"

[[smsc]]
name = "main"
system_id = "topup"
password = "hushhush"
)";

class rig {
 public:
  rig() {
    std::string name = std::filesystem::temp_directory_path() / "topupd-config-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    folder_ = name;
    write("pin.key", good_key + "\n");
  }
  rig(const rig&) = delete;
  rig& operator=(const rig&) = delete;
  ~rig() {
    unsetenv("CREDENTIALS_DIRECTORY");
    std::filesystem::remove_all(folder_);
  }

  void write(const std::string& name, const std::string& content, mode_t mode = 0600) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << content;
    REQUIRE(chmod(path(name).c_str(), mode) == 0);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  [[nodiscard]] loaded load(const std::string& content, const load_options& options = {}, mode_t mode = 0600) const {
    write("topupd.toml", content, mode);
    return config::load(path("topupd.toml"), options);
  }
  // The faults as they are printed, less the folder's name.
  [[nodiscard]] std::vector<std::string> faults(const std::string& content, const load_options& options = {},
                                                mode_t mode = 0600) const {
    std::vector<std::string> lines;
    for (const auto& problem : load(content, options, mode).problems) {
      auto line = to_string(problem);
      for (auto at = line.find(folder_); at != std::string::npos; at = line.find(folder_))
        line.erase(at, folder_.size() + 1);
      lines.push_back(line);
    }
    return lines;
  }

 private:
  std::string folder_;
};

// `text` with one part of it replaced; the part must be there.
inline std::string with(std::string text, const std::string& part, const std::string& other) {
  const auto at = text.find(part);
  REQUIRE(at != std::string::npos);
  return text.replace(at, part.size(), other);
}

}  // namespace topupd::config
