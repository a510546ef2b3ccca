#include "gateway/links.hpp"

namespace topupd::gateway {

std::size_t links::smsc_named(std::string_view name) const {
  for (std::size_t i = 0; i < smsc_count(); ++i) {
    if (settings(i).name == name) return i;
  }
  return 0;
}

// The next one of its group in the order of the configuration, so that several that are down do not all fall to the
// first.
std::optional<std::size_t> links::way_out(std::size_t smsc) const {
  if (binds_up(smsc) > 0) return smsc;
  const auto& group = settings(smsc).group;
  if (group.empty()) return std::nullopt;
  for (std::size_t i = 1; i < smsc_count(); ++i) {
    const auto other = (smsc + i) % smsc_count();
    if (settings(other).group == group && binds_up(other) > 0) return other;
  }
  return std::nullopt;
}

}  // namespace topupd::gateway
