// What the commands about batches share.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "config/settings.hpp"
#include "operator/context.hpp"

namespace topupd::operators {

boost::json::object fields_of(const store::batch& batch);
store::product find_product(context& with, const std::string& code);     // throws store::refused when there is none
void judge_date(const std::string& option, const std::string& written);  // throws usage
// "expected: 0.0073 PINs guessed a year, at 20,000 wrong ones a day; at most 0.01 may be"
std::string guesses_of(const store::batch& batch, std::int64_t wrong_pins_per_day);

}  // namespace topupd::operators
