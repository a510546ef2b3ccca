// How long something took, many times.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <vector>

namespace topupd::smsc {

class latencies {
 public:
  void add(std::chrono::steady_clock::duration time) {
    ms_.push_back(std::chrono::duration<double, std::milli>(time).count());
  }
  [[nodiscard]] std::size_t count() const { return ms_.size(); }
  // In milliseconds: the smallest that at least this share of all, of (0, 1], do not exceed. 0 when there are none.
  [[nodiscard]] double percentile(double share) const {
    if (ms_.empty()) return 0;
    auto some = ms_;
    const auto rank = static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(some.size())));
    const auto place = some.begin() + std::max<std::ptrdiff_t>(rank, 1) - 1;
    std::nth_element(some.begin(), place, some.end());
    return *place;
  }
  [[nodiscard]] double longest() const { return percentile(1); }

 private:
  std::vector<double> ms_;
};

}  // namespace topupd::smsc
