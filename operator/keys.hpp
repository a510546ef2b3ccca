// What makes cards asks before it does.
#pragma once

#include "operator/context.hpp"
#include "store/digest.hpp"

namespace topupd::operators {

// The configured keys. Throws store::refused when there are cards that nobody would find with them: then a key is
// wrong, and new cards would be lost.
store::keyring keys_of_the_cards(context& with);

}  // namespace topupd::operators
