// Which phrase of the language files says what became of a text. Pure.
#pragma once

#include <string_view>

#include "config/settings.hpp"
#include "gateway/ussd.hpp"
#include "store/message.hpp"

namespace topupd::gateway {

// Every phrase that a language file with reply texts must have, with the arguments it may use.
const config::phrase_arguments& phrase_arguments();

// The phrase for a decision whose reply is owed: a key of phrase_arguments().
std::string_view phrase_of(const store::decision& value);
// Of a menu. Precondition: it is one of the service's, no question of the store's.
std::string_view phrase_of(ussd_display menu);

}  // namespace topupd::gateway
