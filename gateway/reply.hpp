// decision -> the text that the subscriber reads. Pure; the phrases are data in config/languages/.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "parser/phrase.hpp"
#include "store/message.hpp"

namespace topupd::gateway {

// Every phrase that a language file must have, with the arguments it may use.
const config::phrase_arguments& phrase_arguments();

// The reply texts of all languages, ready to be filled in. Made at start and again on SIGHUP.
class replies {
 public:
  // Precondition: config::load() judged the languages with phrase_arguments().
  explicit replies(const config::settings& settings);

  // Precondition: the outcome is one that owes a reply.
  [[nodiscard]] std::string render(const store::decision& value) const;

 private:
  std::map<std::string, parser::phrases, std::less<>> languages_;
  std::string default_language_;
  std::string care_number_;
  std::string service_name_;
  std::string pin_lengths_;
  parser::numbering_plan plan_;
};

}  // namespace topupd::gateway
