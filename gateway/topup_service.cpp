#include "gateway/topup_service.hpp"

#include <algorithm>

#include "gateway/decision_log.hpp"
#include "gateway/reply_path.hpp"
#include "gateway/short_messages.hpp"
#include "gateway/smpp/delivery_receipt.hpp"
#include "gateway/submit_status.hpp"
#include "parser/alphabet.hpp"
#include "store/crash_point.hpp"

namespace topupd::gateway {
namespace {

// So much before `answer_within` is over the temporary status is on its way.
constexpr std::chrono::milliseconds time_to_answer{50};

// No reply of the outbox counts so far.
constexpr smpp::ticket first_menu = smpp::ticket{1} << 63;
constexpr smpp::ticket first_doubt = first_menu;  // to be confirmed; what is submitted has tickets apart

// What a peer wrote, fit for a log line.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

// A delivery receipt, or an intermediate notification (SMPP 3.4 §5.2.12, esm_class bits 5-2).
bool is_about_delivery(const smpp::short_message& value) {
  return value.is_delivery_receipt() || (value.esm_class & 0x3C) == 0x20;
}

// Whether the SMSC names its texts, and by the same name when it delivers one again.
bool has_id(const smpp::short_message& value, const config::smsc& at) {
  return at.message_id_tlv != 0 && value.vendor && !value.vendor->empty();
}

// What the store is asked, before it is said what.
store::text blank(const config::smsc& at, const smpp::short_message& value, const parser::msisdn& sender,
                  std::uint64_t ticket) {
  return {.ticket = ticket,
          .print = {},
          .smsc = at.name,
          .source = to_string(value.source),
          .short_code = to_string(value.destination),
          .sender = sender};
}

}  // namespace

topup_service::topup_service(const config::settings& settings, links& in, store::door& store, outbox_relay& out,
                             event_log& log, metrics& counts)
    : links_(in),
      store_(store),
      outbox_(out),
      log_(log),
      metrics_(counts),
      reader_(settings.reading),
      texts_(settings),
      keys_(settings.pin_key, settings.older_pin_keys),
      short_codes_(settings.service.short_codes),
      default_language_(settings.service.language),
      offered_(offered::by(settings)),
      deadlines_(settings.smscs.size()) {}

void topup_service::message(const origin& from, std::size_t smsc, const smpp::short_message& value, time_point now) {
  if (is_about_delivery(value)) return delivery(from, smsc, value, now);
  if (!value.is_text()) return ignore(from, smsc, value, "not a text");
  const auto sender = sender_of(value.source, reader_.rules().numbers);
  const bool ours = std::find(short_codes_.begin(), short_codes_.end(), value.source.digits) != short_codes_.end();
  if (!sender || ours) return ignore(from, smsc, value, "not a subscriber's number");
  const auto data = user_data_of(value);
  switch (data.what) {
    case user_data::kind::addressed: return ignore(from, smsc, value, "not a text");
    case user_data::kind::part: return keep(from, smsc, value, *sender, data, now);
    case user_data::kind::whole: break;
  }
  const bool dialled = is_ussd(value, links_.settings(smsc));
  return dialled ? dialogue(from, smsc, value, *sender, data.text, now)
                 : text(from, smsc, value, *sender, data.text, now);
}

void topup_service::text(const origin& from, std::size_t smsc, const smpp::short_message& value,
                         const parser::msisdn& sender, std::string_view octets, time_point now) {
  const auto ticket = ++last_ticket_;
  auto asked = read(smsc, value, sender, octets, print(smsc, value, {}, value.octets), ticket);
  if (!asked) return ignore(from, smsc, value, "no request");
  asked->came = outbox_.heart().earliest_of_a_text(now);
  taken_message taken{.from = from, .smsc = smsc, .came = now, .same_for_ever = has_id(value, links_.settings(smsc))};
  if (!is_taken(store_.offer(std::move(*asked)), taken)) return;
  wait(ticket, std::move(taken));
  store::come_by(store::crash_point::text_taken);
}

// A message of a USSD dialogue is answered by a menu at once, or asks the store for something as a text does.
void topup_service::dialogue(const origin& from, std::size_t smsc, const smpp::short_message& value,
                             const parser::msisdn& sender, std::string_view octets, time_point now) {
  const auto& at = links_.settings(smsc);
  const auto typed = ussd_text(octets, value.data_coding, at);
  if (!typed) return ignore(from, smsc, value, "not a text");
  const auto plain = print(smsc, value, ussd_context(value, at), value.octets);
  const ussd_dialogues::heard heard{
      .smsc = smsc, .at = at, .value = value, .sender = sender, .text = *typed, .link = from.link, .print = plain};
  auto turn = dialogues_.receive(heard, reader_, texts_.choices(), now);
  if (const auto* menu = std::get_if<ussd_dialogues::show>(&turn)) return show(from, smsc, value, *menu);
  auto* ask = std::get_if<ussd_dialogues::ask>(&turn);
  taken_message taken{.from = from, .smsc = smsc, .came = now, .same_for_ever = has_id(value, at)};
  if (ask == nullptr) return acknowledge(taken);

  const auto ticket = ++last_ticket_;
  auto asked = blank(at, value, sender, ticket);
  asked.source =
      to_string(reply_path{.to = value.source, .ussd = ussd_session_of(value, at), .dialled = value.destination});
  // What is said by text, then or later, comes from where its YES finds us: nobody can text to a USSD code.
  asked.short_code = to_string(smpp::address{.ton = 0, .npi = 0, .digits = short_codes_.front()});
  asked.print = ask->step.empty() ? plain : print(smsc, value, ussd_context(value, at, ask->step), value.octets);
  asked.language = ask->language.empty() ? default_language_ : ask->language;
  if (!gateway::ask(ask->request, keys_, offered_, asked)) return acknowledge(taken);
  asked.came = outbox_.heart().earliest_of_a_text(now);
  taken.dialogue = std::make_unique<ussd_dialogues::place>(ask->from);
  if (is_taken(store_.offer(std::move(asked)), taken)) wait(ticket, std::move(taken));
}

// A menu that finds no room, or is lost on its way, is dialled again.
void topup_service::show(const origin& from, std::size_t smsc, const smpp::short_message& to,
                         const ussd_dialogues::show& what) {
  const auto& at = links_.settings(smsc);
  metrics_.answered_ok();
  links_.answer(from, smpp::command_status::rok);
  const auto text = what.what == ussd_display::question ? what.question : texts_.menu(what.what, what.language, at);
  const auto name = first_menu + ++last_ticket_;
  const auto sent = links_.submit(smsc, name, ussd_request(to, at, text), from.link);
  if (sent) menus_.emplace(name, sent_menu{.by = *sent, .smsc = smsc});
  if (log_.debugs())
    log_.debug(sent ? "ussd menu" : "ussd menu lost", {{"from", printable(to.source.digits)}, {"smsc", at.name}});
}

void topup_service::submitted(smpp::ticket name, smpp::command_status status) {
  const auto found = menus_.find(name);
  if (found == menus_.end()) return;
  const auto [by, smsc] = found->second;
  menus_.erase(found);
  switch (judge(status, links_.settings(smsc))) {
    case submit_verdict::throttled: metrics_.reply_throttled(); return links_.throttled(by);
    case submit_verdict::not_here:
    case submit_verdict::sent:
    case submit_verdict::temporary:
    case submit_verdict::permanent: return;
  }
}

// What a text is known by when it comes again: its SMSC's id for it, or all that it says (DESIGN.md §2.2).
store::fingerprint topup_service::print(std::size_t smsc, const smpp::short_message& value, std::string_view context,
                                        std::string_view octets) const {
  const auto& at = links_.settings(smsc);
  if (has_id(value, at))
    return keys_.print(
        {.smsc = at.name, .source = value.source.digits, .destination = {}, .sar = "id", .octets = *value.vendor});
  return keys_.print({.smsc = at.name,
                      .source = value.source.digits,
                      .destination = value.destination.digits,
                      .data_coding = value.data_coding,
                      .esm_class = value.esm_class,
                      .sar = context,
                      .octets = octets});
}

// What a text asks of the store. Nothing: no answer.
std::optional<store::text> topup_service::read(std::size_t smsc, const smpp::short_message& value,
                                               const parser::msisdn& sender, std::string_view octets,
                                               const store::fingerprint& print, std::uint64_t ticket) const {
  const auto& at = links_.settings(smsc);
  const auto text = parser::decode(octets, value.data_coding, at.default_alphabet);
  if (!text) return std::nullopt;
  const auto reading = reader_.read(*text, sender);
  auto asked = blank(at, value, sender, ticket);
  asked.print = print;
  asked.language = reading.language.empty() ? default_language_ : reading.language;
  if (!ask(reading.request, keys_, offered_, asked)) return std::nullopt;
  return asked;
}

// What became of a reply on its way. Its last word is acknowledged once it is in the store, as a text is; anything else
// at once. No receipt is ever read as a text, or answered: two machines would go on for ever (SMPP.md §3).
void topup_service::delivery(const origin& from, std::size_t smsc, const smpp::short_message& value, time_point now) {
  const auto& at = links_.settings(smsc);
  const auto receipt = smpp::read_delivery_receipt(value);
  auto told = receipt ? delivery_of(*receipt, value.source.digits, at) : std::nullopt;
  taken_message taken{.from = from, .smsc = smsc, .came = now};
  if (!told) {
    metrics_.ignored();
    log_.debug("delivery ignored",
               {{"why", receipt ? smpp::name(receipt->state) : std::string_view("unreadable")}, {"smsc", at.name}});
    return acknowledge(taken);
  }
  told->ticket = ++last_ticket_;
  taken.delivery = std::make_unique<delivery_context>(
      delivery_context{.state = told->state, .to = printable(value.source.digits), .error = told->error});
  if (is_taken(store_.note(std::move(*told)), taken)) wait(last_ticket_, std::move(taken));
}

void topup_service::noted(const std::vector<std::uint64_t>& tickets) {
  store::come_by(store::crash_point::delivery_noted);
  for (const auto ticket : tickets) {
    const auto found = pending_.find(ticket);
    if (found == pending_.end() || !found->second.delivery) continue;
    const auto& what = *found->second.delivery;
    metrics_.delivered(what.state);
    if (what.state != store::delivery_state::delivered)
      log_.info("reply not delivered", {{"to", what.to},
                                        {"state", name(what.state)},
                                        {"error", what.error.empty() ? std::string_view("-") : what.error},
                                        {"smsc", links_.settings(found->second.smsc).name}});
    acknowledge(found->second);
    pending_.erase(found);
  }
}

// Whether the store will say what became of it; else the SMSC is told to deliver it again.
bool topup_service::is_taken(store::door::taken said, const taken_message& of) {
  switch (said) {
    case store::door::taken::yes: return true;
    case store::door::taken::full: full(of); return false;
    case store::door::taken::away: temporary(of); return false;
  }
  return false;
}

void topup_service::wait(std::uint64_t ticket, taken_message of) {
  const auto within = links_.settings(of.smsc).answer_within - time_to_answer;
  deadlines_[of.smsc].push_back({.ticket = ticket, .at = of.came + within});
  pending_.insert_or_assign(ticket, std::move(of));
}

void topup_service::decided(std::vector<store::decision> values, time_point now) {
  store::come_by(store::crash_point::decided);
  metrics_.batch(values.size());
  for (auto& value : values) {
    if (value.doubtful) {
      doubt(value.ticket, std::move(value.doubtful));
      continue;
    }
    const auto found = pending_.find(value.ticket);
    const taken_message* of = found == pending_.end() ? nullptr : &found->second;
    std::optional<link_id> acknowledged;
    if (of != nullptr && !of->answered) {
      acknowledge(*of);
      store::come_by(store::crash_point::acknowledged);
      // Of what only a redelivery can be identical with, nobody needs to know that the SMSC has our acknowledgement.
      // Nor is it known when we were held up meanwhile: the SMSC may have given up on us, and deliver the text again.
      const bool in_time = now < of->came + links_.settings(of->smsc).answer_within;
      if (!of->same_for_ever && in_time && outbox_.heart().steady(of->came, now)) acknowledged = of->from.link;
    }
    if (of != nullptr && of->dialogue)
      dialogues_.decided(*of->dialogue, !of->answered, is_question(value) ? texts_.render(value) : std::string(),
                         value.language, now);
    const auto took = of == nullptr ? std::chrono::duration<double, std::milli>() : now - of->came;
    if (!value.leader) metrics_.decided(value.outcome, value.duplicate, took);
    log_decision(log_, value, took);
    if (found != pending_.end()) pending_.erase(found);
    if (value.reply_owed) outbox_.add(std::move(value), acknowledged, now);
  }
}

// A redelivery that came late, by a link that its SMSC has given up, is answered where it came again; else the text is
// new.
void topup_service::doubt(std::uint64_t ticket, std::shared_ptr<store::text> what) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;
  auto& of = found->second;
  of.doubtful = std::move(what);
  of.answered ? time_is_up(found) : links_.confirm(of.from.link, first_doubt + ticket);
}

void topup_service::heard(smpp::ticket name) {
  if (name < first_doubt) return;
  const auto found = pending_.find(name - first_doubt);
  if (found != pending_.end() && found->second.doubtful) believe(found);
}

void topup_service::believe(waiting which) {
  const auto asked = std::exchange(which->second.doubtful, nullptr);
  if (!is_taken(store_.offer(std::move(*asked)), which->second)) pending_.erase(which);
}

// A link that is there takes long for its answers, and not every SMSC delivers again what was put off.
void topup_service::time_is_up(waiting which) {
  links_.is_up(which->second.from.link) ? believe(which) : static_cast<void>(pending_.erase(which));
}

void topup_service::refused(const std::vector<std::uint64_t>& tickets) {
  for (const auto ticket : tickets) {
    const auto found = pending_.find(ticket);
    if (found == pending_.end()) continue;
    temporary(found->second);
    pending_.erase(found);
  }
}

// One answer to each deliver_sm: when the time was up, it had its own.
void topup_service::acknowledge(const taken_message& of) {
  if (of.answered) return;
  metrics_.answered_ok();
  links_.answer(of.from, smpp::command_status::rok);
}

void topup_service::full(const taken_message& of) {
  if (of.answered) return;
  metrics_.answered_full();
  links_.answer(of.from, smpp::command_status::rmsgqful);
}

void topup_service::temporary(const taken_message& of) {
  if (of.answered) return;
  metrics_.answered_temporary();
  links_.answer(of.from, smpp::command_status{links_.settings(of.smsc).temporary_status});
}

// Acknowledged, so that it is not delivered again for ever, and never answered.
void topup_service::ignore(const origin& from, std::size_t smsc, const smpp::short_message& value,
                           std::string_view why) {
  metrics_.ignored();
  log_.info("topup ignored",
            {{"from", printable(value.source.digits)}, {"why", why}, {"smsc", links_.settings(smsc).name}});
  links_.answer(from, smpp::command_status::rok);
}

void topup_service::tick(time_point now) {
  for (auto& each : deadlines_) {
    while (!each.empty()) {
      const auto found = pending_.find(each.front().ticket);
      if (found != pending_.end()) {
        if (now < each.front().at) break;
        temporary(found->second);
        found->second.answered = true;
        if (found->second.doubtful) time_is_up(found);
      }
      each.pop_front();
    }
  }
}

// Perhaps of a message that is answered already: then tick() finds the next one.
topup_service::time_point topup_service::deadline() const {
  auto next = time_point::max();
  for (const auto& each : deadlines_)
    if (!each.empty()) next = std::min(next, each.front().at);
  return next;
}

}  // namespace topupd::gateway
