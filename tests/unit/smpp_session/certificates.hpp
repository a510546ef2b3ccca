// Certificates made for one test, in a folder that goes with them. RFC 5280.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gateway/smpp/tls.hpp"

namespace topupd::smpp::test {

struct wanted_certificate {
  std::string name;               // the common name, and the names of the files up to a line break
  std::string alternatives = {};  // "DNS:smsc.test,IP:127.0.0.1"; empty: none
  int first_day = -1;             // from today
  int last_day = 1;
};

struct certificate_files {
  std::string certificate;
  std::string key;
};

class authority {
 public:
  explicit authority(const std::string& name);
  ~authority();
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;

  certificate_files issue(const wanted_certificate& wanted) const;
  [[nodiscard]] std::string file() const;  // its own certificate: what trusts it
  [[nodiscard]] std::string path(const std::string& file) const { return folder_ / file; }

 private:
  struct made;
  std::filesystem::path folder_;
  std::unique_ptr<made> own_;
};

std::string day_from_today(int days);  // "2026-01-31"

}  // namespace topupd::smpp::test
