// Texts that get no answer at all: padding, and our own confirmations forwarded back, which would answer each other for
// ever. Asked only of texts without a PIN.
#pragma once

#include <string_view>

namespace topupd::parser {

// currency: the service's code, which stands beside amounts without decimals too.
bool wants_no_answer(std::string_view normalised, std::string_view currency);

}  // namespace topupd::parser
