// The settings that texts.tsv assumes, with eight languages' words.
#pragma once

#include "parser/reading.hpp"

namespace topupd::parser {

rules sample_rules();
msisdn number(std::string_view e164);  // of a literal that is right
inline msisdn sample_sender() {
  return number("999701234567");
}

}  // namespace topupd::parser
