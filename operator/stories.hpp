// What `voucher show` and `trace` both tell about a card.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

#include "store/operations.hpp"

namespace topupd::operators {

std::optional<std::int64_t> serial_from(std::string_view written);
boost::json::object fields_of(const store::voucher& voucher);
void show(const store::voucher& voucher);

}  // namespace topupd::operators
