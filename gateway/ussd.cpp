#include "gateway/ussd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "parser/alphabet.hpp"
#include "parser/normalise.hpp"

namespace topupd::gateway {
namespace {

// ussd_service_op, SMPP 3.4 §5.3.2.44; above 127 it is the SMSC vendor's.
constexpr std::uint8_t pssd_indication = 0;
constexpr std::uint8_t pssr_indication = 1;
constexpr std::uint8_t ussr_request = 2;
constexpr std::uint8_t release = 129;

constexpr std::string_view service_type = "USSD";
constexpr std::size_t steps_kept = 8;   // of a dialogue: more come again by no SMSC
constexpr std::size_t code_digits = 6;  // of a USSD code, at most; a PIN has 12 and more

// The text less what stands about a dialled number: "*123#" is 123. Nothing when there is anything else than digits.
std::optional<std::string> bare_digits(const std::string& normalised) {
  std::string digits;
  for (const char c : normalised) {
    const bool about = c == '*' || c == '#' || c == '.' || c == ')' || c == ' ' || c == '\r' || c == '\n' || c == '\0';
    if (about) continue;
    if (c < '0' || c > '9' || digits.size() > code_digits) return std::nullopt;
    digits += c;
  }
  return digits;
}

// "*123#", or nothing at all where the code is the destination.
bool is_code_alone(std::string_view text) {
  parser::scratch seen;
  seen.text.reserve(2 * text.size() + 16);
  parser::normalise(text, seen);
  const auto digits = bare_digits(seen.text);
  if (!digits || digits->size() > code_digits) return false;
  return digits->empty() || seen.text.find_first_of("*#") == 0;
}

bool is_dialled(std::string_view text) {
  return text.starts_with('*') || text.starts_with('#') || is_code_alone(text);
}

// The digit of a menu. Of two digits it may be one too many, and is no text either.
std::optional<unsigned> choice_of(std::string_view text) {
  parser::scratch seen;
  seen.text.reserve(2 * text.size() + 16);
  parser::normalise(text, seen);
  const auto digits = bare_digits(seen.text);
  if (!digits || digits->empty() || digits->size() > 2) return std::nullopt;
  return static_cast<unsigned>(std::stoul(*digits));
}

// What stands on the display was answered by something that it has no use for.
struct invalid {};
using meaning = std::variant<invalid, ussd_display, parser::reading>;

meaning chosen(parser::request what) {
  return parser::reading{.request = std::move(what), .language = {}, .steps = {}};
}
meaning choice_of_main(unsigned number) {
  switch (number) {
    case 1: return ussd_display::pin;
    case 2: return chosen(parser::balance{});
    case 3: return chosen(parser::history{});
    case 4: return ussd_display::languages;
    default: return invalid{};
  }
}
meaning choice_of_question(unsigned number) {
  switch (number) {
    case 1: return chosen(parser::confirm{});
    case 2: return chosen(parser::cancel{});
    default: return invalid{};
  }
}
meaning choice_of_language(unsigned number, std::span<const std::string> languages) {
  if (number == 0 || number > languages.size()) return invalid{};
  return chosen(parser::set_language{.to = languages[number - 1]});
}

// Typed where no menu wants it: read as a text. Help is the menu.
meaning meaning_of_text(const ussd_dialogues::heard& what, const parser::reader& reader, bool in_dialogue) {
  auto reading = reader.read(what.text, what.sender);
  if (std::holds_alternative<parser::help>(reading.request) || std::holds_alternative<parser::ignore>(reading.request))
    return invalid{};
  if (auto* redeem = std::get_if<parser::redeem>(&reading.request)) redeem->ask = redeem->ask || in_dialogue;
  return reading;
}

meaning meaning_of(const ussd_dialogues::heard& what, ussd_display on, bool first, const parser::reader& reader,
                   std::span<const std::string> languages) {
  if (first && is_code_alone(what.text)) return ussd_display::main;
  const auto number = choice_of(what.text);
  if (!number) return meaning_of_text(what, reader, !first);
  switch (on) {
    case ussd_display::main: return choice_of_main(*number);
    case ussd_display::languages: return choice_of_language(*number, languages);
    case ussd_display::question: return choice_of_question(*number);
    case ussd_display::pin:
    case ussd_display::blank: break;
  }
  return invalid{};
}

}  // namespace

bool is_ussd(const smpp::short_message& value, const config::smsc& at) {
  return at.ussd != config::ussd_session::none && (value.ussd_service_op || value.service_type == service_type);
}

std::uint16_t ussd_session_of(const smpp::short_message& value, const config::smsc& at) {
  switch (at.ussd) {
    case config::ussd_session::its_session_info: return value.its_session_info.value_or(0);
    case config::ussd_session::user_message_reference: return value.user_message_reference.value_or(0);
    case config::ussd_session::source:
    case config::ussd_session::none: break;
  }
  return 0;
}

std::optional<std::string> ussd_text(std::string_view octets, std::uint8_t data_coding, const config::smsc& at) {
  constexpr std::uint8_t cell_broadcast_gsm7 = 0x0F;  // language unspecified
  constexpr std::uint8_t cell_broadcast_ucs2 = 0x48;
  if (data_coding == cell_broadcast_gsm7) data_coding = 0;
  if (data_coding == cell_broadcast_ucs2) data_coding = 8;
  return parser::decode(octets, data_coding, at.default_alphabet);
}

std::string ussd_context(const smpp::short_message& value, const config::smsc& at, std::string_view step) {
  return fmt::format("ussd/{}/{}/{}", value.ussd_service_op.value_or(0xFF), ussd_session_of(value, at), step);
}

smpp::short_message ussd_request(const smpp::short_message& to, const config::smsc& at, std::string_view text) {
  const auto encoded = parser::encode(text, at.default_alphabet);
  smpp::short_message out;
  out.kind = smpp::command_id::submit_sm;
  out.service_type = service_type;
  out.source = to.destination;
  out.destination = to.source;
  out.data_coding = encoded.data_coding;
  out.octets = encoded.octets;
  out.ussd_service_op = ussr_request;
  if (at.ussd == config::ussd_session::its_session_info) out.its_session_info = to.its_session_info;
  if (at.ussd == config::ussd_session::user_message_reference) out.user_message_reference = to.user_message_reference;
  return out;
}

bool fits_ussd(std::string_view text, const config::smsc& at) {
  const auto encoded = parser::encode(text, at.default_alphabet);
  return encoded.octets.size() <= (encoded.data_coding == 0 ? 182 : 160);
}

ussd_dialogues::turn ussd_dialogues::receive(const heard& what, const parser::reader& reader,
                                             std::span<const std::string> languages, time_point now) {
  while (!by_age_.empty() && by_age_.front().until <= now) forget(by_age_.begin());
  auto session = ussd_session_of(what.value, what.at);
  // The second octet counts the messages of the dialogue (§5.3.2.43); where it does not, one number has one dialogue.
  if (what.at.ussd == config::ussd_session::its_session_info) session = static_cast<std::uint16_t>(session >> 8);
  const name of{what.smsc, what.sender.number(), session};
  auto found = by_name_.find(of);
  if (found != by_name_.end() && found->second->until <= now) {
    forget(found->second);
    found = by_name_.end();
  }
  const auto operation = what.value.ussd_service_op;
  if (operation == release) {
    if (found != by_name_.end()) forget(found->second);
    return nothing{};
  }
  if (found == by_name_.end()) return take(begin(of, what, now), what, reader, languages);

  auto& open = *found->second;
  touch(found->second, now);
  // The SMSC delivers again what it has no ESME_ROK for: because it got another answer, or because the connection
  // that carried it was cut. The same words otherwise are a new answer: "1", and "1" again.
  const auto again = std::find_if(open.steps.rbegin(), open.steps.rend(), [&](const step& one) {
    const bool cut = one.link.bind == what.link.bind && one.link.epoch != what.link.epoch;
    return one.print == what.print && (!one.acknowledged || cut);
  });
  if (again != open.steps.rend()) return repeat(open, *again, what, reader, languages);
  const bool may_begin = !operation || *operation == pssd_indication || *operation == pssr_indication;
  if (open.over || (may_begin && is_dialled(what.text))) {
    forget(found->second);
    return take(begin(of, what, now), what, reader, languages);
  }
  return take(open, what, reader, languages);
}

ussd_dialogues::turn ussd_dialogues::take(dialogue& in, const heard& what, const parser::reader& reader,
                                          std::span<const std::string> languages) {
  const bool first = in.last_step < 0;
  step now{.print = what.print, .link = what.link, .acknowledged = true, .number = ++in.last_step, .on = in.on};
  auto meant = meaning_of(what, in.on, first, reader, languages);
  auto* reading = std::get_if<parser::reading>(&meant);
  if (reading != nullptr) {
    now.acknowledged = false;
    now.asked = true;
    in.on = ussd_display::blank;
  } else if (const auto* next = std::get_if<ussd_display>(&meant)) {
    in.on = *next;
  } else if (in.on == ussd_display::blank) {
    in.on = ussd_display::main;
  }
  if (in.steps.size() == steps_kept) in.steps.erase(in.steps.begin());
  in.steps.push_back(now);
  return reading != nullptr ? asked(in, now, std::move(*reading)) : shown(in);
}

// What came again is at the place where it was: asked of the store under the same identity, or shown again.
ussd_dialogues::turn ussd_dialogues::repeat(dialogue& in, const step& again, const heard& what,
                                            const parser::reader& reader, std::span<const std::string> languages) {
  if (!again.asked) return again.number == in.last_step ? shown(in) : turn(nothing{});
  auto meant = meaning_of(what, again.on, again.number == 0, reader, languages);
  auto* reading = std::get_if<parser::reading>(&meant);
  return reading != nullptr ? asked(in, again, std::move(*reading)) : shown(in);
}

ussd_dialogues::turn ussd_dialogues::shown(const dialogue& in) const {
  if (in.on == ussd_display::blank) return nothing{};
  return show{.what = in.on,
              .question = in.on == ussd_display::question ? in.question : std::string(),
              .language = language_of(in.name.sender)};
}

// What was dialled may reach another process when it is delivered again: its session is in its print, and no step.
ussd_dialogues::turn ussd_dialogues::asked(const dialogue& in, const step& at, parser::reading what) const {
  auto told_apart = at.number == 0 ? std::string()
                                   : fmt::format("{}.{}/{}", in.began.time_since_epoch().count(), in.number, at.number);
  if (what.language.empty()) what.language = language_of(in.name.sender);
  return ask{.request = std::move(what.request),
             .language = std::move(what.language),
             .step = std::move(told_apart),
             .from = {.name = in.name, .number = in.number, .step = at.number}};
}

void ussd_dialogues::decided(const place& where, bool acknowledged, std::string question, std::string_view language,
                             time_point now) {
  learn(where.name.sender, language);
  const auto found = by_name_.find(where.name);
  if (found == by_name_.end() || found->second->number != where.number) return;
  auto& in = *found->second;
  for (auto& each : in.steps)
    if (each.number == where.step) each.acknowledged = each.acknowledged || acknowledged;
  if (in.last_step != where.step) return;  // the phone has gone on
  in.over = question.empty();
  in.on = in.over ? ussd_display::blank : ussd_display::question;
  in.question = std::move(question);
  touch(found->second, now);
}

std::string ussd_dialogues::language_of(std::uint64_t sender) const {
  const auto found = languages_.find(sender);
  return found == languages_.end() ? std::string() : found->second;
}

void ussd_dialogues::learn(std::uint64_t sender, std::string_view language) {
  const auto [at, is_new] = languages_.insert_or_assign(sender, std::string(language));
  if (!is_new) return;
  learnt_.push_back(sender);
  if (learnt_.size() <= limit_) return;
  languages_.erase(learnt_.front());
  learnt_.pop_front();
}

ussd_dialogues::dialogue& ussd_dialogues::begin(const name& of, const heard& what, time_point now) {
  if (by_age_.size() >= limit_) forget(by_age_.begin());
  auto& fresh = by_age_.emplace_back();
  fresh.name = of;
  fresh.number = ++count_;
  fresh.began = now;
  fresh.timeout = what.at.ussd_timeout;
  fresh.until = now + fresh.timeout;
  by_name_.insert_or_assign(of, std::prev(by_age_.end()));
  return fresh;
}

void ussd_dialogues::touch(dialogues::iterator at, time_point now) {
  at->until = now + at->timeout;
  by_age_.splice(by_age_.end(), by_age_, at);
}

void ussd_dialogues::forget(dialogues::iterator at) {
  by_name_.erase(at->name);
  by_age_.erase(at);
}

std::size_t ussd_dialogues::hash::operator()(const name& of) const {
  return std::hash<std::uint64_t>{}(of.sender * 31 + of.smsc * 65'537 + of.session);
}

}  // namespace topupd::gateway
