// A file with secrets: new, never in another's place, mode 0600, and gone again unless it is kept.
#pragma once

#include <string>
#include <string_view>

namespace topupd::operators {

class new_file {
 public:
  // what: "a print file", for the refusal. Throws store::refused when it exists already or cannot be made.
  new_file(std::string path, std::string_view what);
  ~new_file();  // removes it unless it is kept
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;

  // These throw store::refused when the disk does not take it.
  void write(std::string_view octets);
  void sync();           // it and its name survive a power cut from now on
  std::string sha256();  // of what is on the disk: read back

  void keep() noexcept { kept_ = true; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  [[noreturn]] void refuse(std::string_view where) const;

  std::string path_;
  int descriptor_ = -1;
  bool kept_ = false;
};

}  // namespace topupd::operators
