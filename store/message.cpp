#include "store/message.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace topupd::store {
namespace {

// In the order of the enumerations, which is that of the SQL types.
constexpr std::array<std::string_view, 12> actions{"redeem",   "confirm", "cancel",  "balance",  "history", "status",
                                                   "language", "help",    "unclear", "transfer", "undo",    "notice"};
constexpr std::array<std::string_view, 26> outcomes{"quarantined", "locked",         "unclear",         "help",
                                                    "balance",     "history",        "status",          "language",
                                                    "cancelled",   "no_question",    "not_transferred", "not_undone",
                                                    "unknown_pin", "not_active",     "void_voucher",    "expired",
                                                    "used",        "other_currency", "held_account",    "repeated",
                                                    "asked",       "transferred",    "undone",          "credited",
                                                    "received",    "taken_back"};
constexpr std::array<std::string_view, 6> delivery_states{"delivered",     "expired", "deleted",
                                                          "undeliverable", "unknown", "rejected"};
static_assert(actions.size() == static_cast<std::size_t>(action::notice) + 1);
static_assert(outcomes.size() == static_cast<std::size_t>(outcome::taken_back) + 1);
static_assert(delivery_states.size() == static_cast<std::size_t>(delivery_state::rejected) + 1);

template <typename Enum, std::size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) return std::nullopt;
  return static_cast<Enum>(it - names.begin());
}

}  // namespace

std::string_view name(outcome value) {
  return outcomes[static_cast<std::size_t>(value)];
}
std::string_view name(action value) {
  return actions[static_cast<std::size_t>(value)];
}
std::string_view name(delivery_state value) {
  return delivery_states[static_cast<std::size_t>(value)];
}
std::optional<outcome> outcome_from(std::string_view name) {
  return find<outcome>(outcomes, name);
}
std::optional<action> action_from(std::string_view name) {
  return find<action>(actions, name);
}
std::optional<delivery_state> delivery_state_from(std::string_view name) {
  return find<delivery_state>(delivery_states, name);
}

}  // namespace topupd::store
