// A phone that dials, and the state machine that it has its dialogues with, in time that is advanced.
#pragma once

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/reply_phrase.hpp"
#include "gateway/ussd.hpp"
#include "tests/unit/parser/texts.hpp"

namespace topupd::test {

using namespace std::chrono_literals;
using gateway::ussd_dialogues, gateway::ussd_display;

inline constexpr const char* pin = "4821739055162749";

inline const parser::reader& reader() {
  static const parser::reader made = [] {
    auto [settings, faults] = config::load(TOPUPD_EXAMPLE, {.secrets = false});
    for (const auto& fault : faults) MESSAGE(config::to_string(fault));
    REQUIRE(settings);
    settings->reading.pins = {.lengths = {16}, .check = parser::check_digit::luhn};
    return parser::reader(settings->reading);
  }();
  return made;
}

inline const std::vector<std::string> languages = {"en", "es", "zh"};

// A phone that dials, an SMSC that carries it, and the process that it has the dialogue with.
struct ussd_rig {
  config::smsc at;
  ussd_dialogues dialogues;
  ussd_dialogues::time_point now{1h};
  gateway::link_id link{.bind = 0, .epoch = 1};
  std::string number = "999701234567";
  std::optional<std::uint16_t> session = 0x1200;
  ussd_dialogues::ask last;  // that was asked of the store

  explicit ussd_rig(std::size_t limit = 100) : dialogues(limit) {
    at.name = "main";
    at.ussd = config::ussd_session::its_session_info;
    at.ussd_timeout = 60s;
  }
  // operation: ussd_service_op; -1: none.
  std::string comes(int operation, const std::string& typed) {
    smpp::short_message value;
    value.service_type = "USSD";
    value.its_session_info = session;
    if (operation >= 0) value.ussd_service_op = static_cast<std::uint8_t>(operation);
    CHECK(gateway::is_ussd(value, at));
    static const store::keyring keys(secret(std::string(32, 'k')));
    const auto print = keys.print({.smsc = at.name,
                                   .source = number,
                                   .destination = "123",
                                   .sar = gateway::ussd_context(value, at),
                                   .octets = typed});
    auto turn = dialogues.receive({.smsc = 0,
                                   .at = at,
                                   .value = value,
                                   .sender = *parser::msisdn::from_e164(number),
                                   .text = typed,
                                   .link = link,
                                   .print = print},
                                  reader(), languages, now);
    if (auto* asked = std::get_if<ussd_dialogues::ask>(&turn)) {
      last = std::move(*asked);
      return std::visit(parser::wording{}, last.request);
    }
    const auto* shown = std::get_if<ussd_dialogues::show>(&turn);
    if (shown == nullptr) return "nothing";
    const auto in = shown->language.empty() || shown->language == "en" ? "" : " " + shown->language;
    if (shown->what == ussd_display::question) return shown->question + in;
    return std::string(gateway::phrase_of(shown->what)) + in;
  }
  // The store has decided what was asked last, and the SMSC is answered.
  void decided(std::string question = {}, bool acknowledged = true, const char* language = "en") {
    dialogues.decided(last.from, acknowledged, std::move(question), language, now);
  }
};

inline constexpr const char* done = "";
inline constexpr const char* question = "Add 50.00 USD?";

}  // namespace topupd::test
