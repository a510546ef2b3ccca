#include "tests/smsc/command.hpp"

#include <fmt/format.h>

#include <chrono>
#include <sstream>

namespace topupd::smsc {

const std::string_view command_help =
    "  /cut             cut every link now\n"
    "  /cut before N    cut as the Nth deliver_sm_resp arrives: its answer is lost, the text comes again\n"
    "  /cut after N     cut right behind the Nth deliver_sm_resp\n"
    "  /cut submit N    cut as the Nth submit_sm arrives: taken, but its response is lost\n"
    "  /lose N          cut as the Nth submit_sm arrives: lost\n"
    "  /away SECONDS    no listener and no links for so long\n"
    "  /throttle SECONDS  answer submit_sm with ESME_RTHROTTLED\n"
    "  /mute, /unmute   take submit_sm and never answer; answer again\n"
    "  /deaf, /undeaf   lose submit_sm; hear again\n"
    "  /refuse N        refuse the next N binds\n"
    "  /spoil N         garbage instead of SMPP on the next N links\n"
    "  /status          links, and texts not answered yet\n";

std::string obey(std::string_view line, simulator& centre) {
  std::istringstream words{std::string(line)};
  std::string verb, what;
  words >> verb;
  const auto number = [&words]() -> int {
    int value = 0;
    return words >> value && value > 0 ? value : 0;
  };
  const auto seconds = [&words]() -> std::chrono::milliseconds {
    double value = 0;
    return std::chrono::milliseconds(words >> value && value > 0 ? static_cast<long long>(value * 1000) : 0);
  };
  const auto done = [](bool good) { return std::string(good ? "ok" : "a number above 0 is missing: see /help"); };

  if (verb == "cut" && !(words >> what)) return centre.cut(), done(true);
  if (verb == "cut" && what == "before") return done((centre.faults.cut_before_answer = number()) > 0);
  if (verb == "cut" && what == "after") return done((centre.faults.cut_after_answer = number()) > 0);
  if (verb == "cut" && what == "submit") return done((centre.faults.cut_at_submit = number()) > 0);
  if (verb == "lose") return done((centre.faults.lose_at_submit = number()) > 0);
  if (verb == "refuse") return done((centre.faults.refuse_binds = number()) > 0);
  if (verb == "spoil") return done((centre.faults.spoil_links = number()) > 0);
  if (verb == "mute") return centre.faults.mute = true, done(true);
  if (verb == "unmute") return centre.faults.mute = false, done(true);
  if (verb == "deaf") return centre.faults.deaf = true, done(true);
  if (verb == "undeaf") return centre.faults.deaf = false, done(true);
  if (verb == "away" || verb == "throttle") {
    const auto time = seconds();
    if (time.count() == 0) return done(false);
    verb == "away" ? centre.go_away(time) : centre.throttle(time);
    return done(true);
  }
  if (verb == "status") {
    const auto& so_far = centre.counters();
    return fmt::format("binds={} unanswered={} deliver_sm={} taken={} refused={} submit_sm={} throttled={}",
                       centre.binds(), centre.unanswered(), so_far.sent, so_far.taken, so_far.refused, so_far.replies,
                       so_far.throttled);
  }
  if (verb == "help") return std::string(command_help);
  return "no such command: see /help";
}

}  // namespace topupd::smsc
