// decision -> the text that the subscriber reads. Pure; the phrases are data in config/languages/.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "gateway/reply_phrase.hpp"
#include "gateway/request.hpp"
#include "parser/phrase.hpp"
#include "parser/reading.hpp"
#include "store/message.hpp"

namespace topupd::gateway {

// The reply texts of all languages, ready to be filled in. Made at start and again on SIGHUP.
class replies {
 public:
  // Precondition: config::load() judged the languages with phrase_arguments().
  explicit replies(const config::settings& settings);

  // Precondition: the outcome is one that owes a reply.
  [[nodiscard]] std::string render(const store::decision& value) const;
  // A menu for a phone at that SMSC, for which it is short enough. language: empty for the service's.
  [[nodiscard]] std::string menu(ussd_display which, std::string_view language, const config::smsc& at) const;
  // The languages that can be chosen, as the language menu counts them: the service's is 1.
  [[nodiscard]] const std::vector<std::string>& choices() const { return choices_; }
  // What a text so read would be answered when all goes well, with placeholders for what only the store knows:
  // "<receipt> Confirmed. <amount> added." Nothing for a text that gets no answer.
  [[nodiscard]] std::optional<std::string> preview(const parser::reading& value, const parser::msisdn& sender) const;

 private:
  void list_choices(const config::settings& settings);
  [[nodiscard]] const parser::phrases& phrases_of(std::string_view language) const;
  [[nodiscard]] std::string history_of(const store::decision& value, const parser::phrases& phrases) const;

  std::map<std::string, parser::phrases, std::less<>> languages_;
  std::vector<std::string> choices_;  // codes of languages
  std::string choices_by_name_;       // "1 English\n2 Español\n…"
  std::string choices_by_code_;       // "1 en\n2 es\n…": when that is too long
  std::string default_language_;
  offered offered_;
  parser::money most_;            // in one transfer
  parser::arguments always_;      // what may stand in every phrase
  parser::arguments of_unclear_;  // what the settings say to a text that cannot be read
  parser::numbering_plan plan_;
};

}  // namespace topupd::gateway
