// The receipt: the one name of a message, in the reply, the log, `trace` and the ledger. "8F3K2Q".
//
// A number counted up by the database (time order keeps indexes hot), shown through a fixed bijection so that two that
// follow each other look nothing alike: 6 characters up to 2^30, then 7 up to 2^35, at most 13. Letters and digits of
// Crockford's Base32: no I, L, O, U. A value; thread-safe.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace topupd::store {

struct receipt {
  std::int64_t number = 0;  // above 0
  friend auto operator<=>(const receipt&, const receipt&) = default;
};

std::string to_string(receipt value);
// Reads what to_string wrote, in any case, with O, I and L for 0 and 1; nothing for anything else.
std::optional<receipt> receipt_from(std::string_view text);

}  // namespace topupd::store
