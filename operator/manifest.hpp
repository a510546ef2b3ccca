// Beside a print file stands its manifest, FILE.sha256: what `sha256sum --check` reads, with the totals in comments.
//
//   # topupd · batch 3 · product TEN · 10000 cards · 100000.00 USD · serials 100000000001 to 100000010000
//   # clear CSV: 4be1…                          only when the file is encrypted
//   9f86…  ten.csv
//
// It holds no secret, and is yet for its owner alone, as the file is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace topupd::operators {

std::string manifest_name(const std::string& file);

// The text of a manifest. comments: without their "# ".
std::string manifest_text(const std::string& file, std::string_view sha256, std::string_view sha256_of_clear,
                          const std::vector<std::string>& comments);

enum class manifest_verdict {
  none,     // there is no manifest
  agrees,   // it names this checksum, as the file's or as the clear CSV's
  differs,  // it names others
};
// Looks beside `file`, and beside FILE.gpg when `file` may be what came out of it. Throws store::refused when a
// manifest cannot be read.
manifest_verdict judge_by_manifest(const std::string& file, std::string_view sha256);

}  // namespace topupd::operators
