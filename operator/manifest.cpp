#include "operator/manifest.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "store/operations.hpp"

namespace topupd::operators {
namespace {

constexpr std::string_view clear_mark = "# clear CSV: ";

std::string own_name(const std::string& file) {
  return std::filesystem::path(file).filename().string();
}

}  // namespace

std::string manifest_name(const std::string& file) {
  return file + ".sha256";
}

std::string manifest_text(const std::string& file, std::string_view sha256, std::string_view sha256_of_clear,
                          const std::vector<std::string>& comments) {
  std::string text;
  for (const std::string& comment : comments) text += fmt::format("# {}\n", comment);
  if (!sha256_of_clear.empty()) text += fmt::format("{}{}\n", clear_mark, sha256_of_clear);
  return text + fmt::format("{}  {}\n", sha256, own_name(file));
}

manifest_verdict judge_by_manifest(const std::string& file, std::string_view sha256) {
  bool any = false;
  for (const std::string& name : {manifest_name(file), manifest_name(file + ".gpg")}) {
    if (!std::filesystem::exists(name)) continue;
    any = true;
    std::ifstream manifest(name);
    std::string line;
    while (std::getline(manifest, line)) {
      const bool clear = line.starts_with(clear_mark);
      if (line.starts_with('#') && !clear) continue;
      // One file, one sum: under what name it stood when it was made does not matter.
      if (std::string_view(line).substr(clear ? clear_mark.size() : 0).starts_with(sha256))
        return manifest_verdict::agrees;
    }
    if (manifest.bad() || !manifest.eof())
      throw store::refused(fmt::format("cannot read {}: remove it, or take back its rights", name));
  }
  return any ? manifest_verdict::differs : manifest_verdict::none;
}

}  // namespace topupd::operators
