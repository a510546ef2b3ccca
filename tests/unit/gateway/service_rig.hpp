// The service between an SMSC that notes its answers and a store that decides when it is told to, in time that is
// advanced.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gateway/reply_phrase.hpp"
#include "gateway/topup_service.hpp"

namespace topupd::test {

using namespace std::chrono_literals;
using status = smpp::command_status;

// One link to each SMSC, by which everything comes and leaves.
class noting_links final : public gateway::links {
 public:
  std::vector<config::smsc> centres;
  std::map<std::uint32_t, std::vector<status>> answers;  // by sequence
  std::vector<smpp::short_message> submitted;
  std::vector<std::pair<gateway::link_id, smpp::ticket>> asked;  // to confirm
  smpp::ticket last = 0;
  int slowed = 0;
  bool has_room = true;
  std::uint64_t gone = 0;  // the epoch of a link that is

  void answer(const gateway::origin& to, status with) override { answers[to.sequence].push_back(with); }
  void confirm(const gateway::link_id& on, smpp::ticket name) override { asked.emplace_back(on, name); }
  bool is_up(const gateway::link_id& name) override { return name.epoch != gone; }
  std::size_t room(std::size_t /*smsc*/) override { return has_room ? 64 : 0; }
  std::optional<gateway::link_id> submit(std::size_t smsc, smpp::ticket name, smpp::short_message value,
                                         const std::optional<gateway::link_id>& /*preferred*/) override {
    if (!has_room) return std::nullopt;
    last = name;
    submitted.push_back(std::move(value));
    return gateway::link_id{.bind = smsc, .epoch = 1};
  }
  void throttled(const gateway::link_id& /*by*/) override { ++slowed; }
  void give_up(const gateway::link_id& /*on*/, status /*why*/) override {}
  std::size_t smsc_count() const override { return centres.size(); }
  const config::smsc& settings(std::size_t smsc) const override { return centres[smsc]; }
  std::size_t binds_up() const override { return centres.size(); }
  std::size_t binds_up(std::size_t /*smsc*/) const override { return 1; }
};

class patient_door final : public store::door {
 public:
  taken says = taken::yes;
  std::vector<store::text> texts;
  std::vector<store::part> parts;
  std::vector<store::delivery> deliveries;

  taken offer(store::text value) override { return take(texts, std::move(value)); }
  taken keep(store::part value) override { return take(parts, std::move(value)); }
  taken note(store::delivery value) override { return take(deliveries, std::move(value)); }
  void report(store::reply_result /*value*/) override {}
  [[nodiscard]] std::size_t unwritten() const override { return 0; }
  void claim(std::size_t /*at_most*/, std::vector<std::string> /*smscs*/) override {}

 private:
  template <class Value>
  taken take(std::vector<Value>& all, Value value) {
    if (says == taken::yes) all.push_back(std::move(value));
    return says;
  }
};

inline config::settings settings_of_service(std::vector<config::smsc> smscs) {
  auto loaded = config::load(TOPUPD_EXAMPLE, {.secrets = false, .phrases = gateway::phrase_arguments()});
  auto made = std::move(loaded.settings.value());
  made.pin_key = secret(std::string(32, 'k'));
  made.reading.pins = {.lengths = {16}, .check = parser::check_digit::luhn};
  made.service.short_codes.push_back("999700012345");  // a long number of ours
  made.smscs = std::move(smscs);
  return made;
}

inline config::smsc smsc_named(const std::string& name) {
  config::smsc made;
  made.name = name;
  return made;
}

inline smpp::short_message text_of(const std::string& octets) {
  smpp::short_message made;
  made.source = {.ton = 1, .npi = 1, .digits = "999701234567"};
  made.destination = {.ton = 0, .npi = 0, .digits = "12345"};
  made.octets = octets;
  return made;
}

struct service_rig {
  explicit service_rig(std::vector<config::smsc> smscs = {smsc_named("main")})
      : settings(settings_of_service(std::move(smscs))) {
    links.centres = settings.smscs;
    outbox.emplace(gateway::outbox_relay::options{}, gateway::replies(settings), links, door, log, counts, 1U);
    outbox->start(now);
    service.emplace(settings, links, door, *outbox, log, counts);
  }

  // The sequence number that it came with.
  std::uint32_t comes(const smpp::short_message& value, std::size_t smsc = 0, std::uint64_t epoch = 1) {
    ++sequence_;
    service->message({.link = {.bind = smsc, .epoch = epoch}, .sequence = sequence_}, smsc, value, now);
    return sequence_;
  }
  std::uint32_t comes(const std::string& octets) { return comes(text_of(octets)); }
  // What a message was answered with; "none" while it waits, and all of them should it be several.
  std::string answer(std::uint32_t to) const {
    const auto found = links.answers.find(to);
    if (found == links.answers.end()) return "none";
    std::string all;
    for (const auto each : found->second) all += (all.empty() ? "" : ", ") + name(each);
    return all;
  }

  // The decision on the text that was offered last.
  store::decision decision(store::outcome outcome = store::outcome::credited) const {
    const auto& about = door.texts.back();
    store::decision made;
    made.ticket = about.ticket;
    made.receipt = {static_cast<std::int64_t>(about.ticket)};
    made.outcome = outcome;
    made.action = about.action;
    made.reply_owed = true;
    made.smsc = about.smsc;
    made.source = about.source;
    made.short_code = about.short_code;
    made.sender = about.sender;
    made.language = about.language;
    made.amount = {5000, "USD"};
    made.balance = {6340, "USD"};
    made.decided_at = std::chrono::sys_seconds(1'795'370'400s);
    made.until = made.decided_at + 10min;
    return made;
  }
  void decide(store::outcome outcome = store::outcome::credited) { service->decided({decision(outcome)}, now); }

  // Whoever drives the service ticks it in time.
  void pass(smpp::duration time) {
    const auto end = now + time;
    for (auto next = wake(); next <= end; next = wake()) {
      now = std::max(now, next);
      service->tick(now);
      outbox->tick(now);
    }
    now = end;
  }
  smpp::time_point wake() const { return std::min(service->deadline(), outbox->deadline()); }

  config::settings settings;
  smpp::time_point now{24h};
  boost::asio::io_context io;
  gateway::event_log log{io.get_executor(), "off", "text"};
  gateway::metrics counts;
  noting_links links;
  patient_door door;
  std::optional<gateway::outbox_relay> outbox;
  std::optional<gateway::topup_service> service;

 private:
  std::uint32_t sequence_ = 0;
};

}  // namespace topupd::test
