// The outbox relay between an SMSC and a store that do as they are told, in time that is advanced.
#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <string>
#include <utility>
#include <vector>

#include "gateway/outbox_relay.hpp"
#include "gateway/reply_phrase.hpp"

namespace topupd::test {

using namespace std::chrono_literals;
using gateway::link_id;
using kind = store::reply_result::kind;

struct submission {
  std::size_t smsc;
  smpp::ticket name;
  smpp::short_message message;
  link_id link;
};

// SMSC number i has the link number i, of epoch 1.
class told_links final : public gateway::links {
 public:
  struct centre {
    config::smsc settings;
    bool up = true;
    std::size_t room = 64;
  };
  std::vector<centre> centres;
  std::vector<submission> all;  // everything that was submitted
  std::vector<link_id> slowed;  // throttled()
  std::vector<std::pair<link_id, smpp::ticket>> to_confirm;
  std::vector<std::pair<link_id, smpp::command_status>> given_up;

  static link_id link(std::size_t smsc) { return {.bind = smsc, .epoch = 1}; }

  void answer(const gateway::origin& /*to*/, smpp::command_status /*status*/) override {}
  void confirm(const link_id& on, smpp::ticket name) override { to_confirm.emplace_back(on, name); }
  bool is_up(const link_id& /*name*/) override { return true; }
  std::size_t room(std::size_t smsc) override { return centres[smsc].up ? centres[smsc].room : 0; }
  std::optional<link_id> submit(std::size_t smsc, smpp::ticket name, smpp::short_message value,
                                const std::optional<link_id>& /*preferred*/) override {
    if (room(smsc) == 0) return std::nullopt;
    --centres[smsc].room;
    all.push_back({smsc, name, std::move(value), link(smsc)});
    return link(smsc);
  }
  void throttled(const link_id& by) override {
    slowed.push_back(by);
    centres[by.bind].room = 0;
  }
  void give_up(const link_id& on, smpp::command_status why) override {
    given_up.emplace_back(on, why);
    centres[on.bind].up = false;
  }
  std::size_t smsc_count() const override { return centres.size(); }
  const config::smsc& settings(std::size_t smsc) const override { return centres[smsc].settings; }
  std::size_t binds_up() const override {
    return static_cast<std::size_t>(std::ranges::count(centres, true, &centre::up));
  }
  std::size_t binds_up(std::size_t smsc) const override { return centres[smsc].up ? 1 : 0; }
};

class told_door final : public store::door {
 public:
  std::vector<store::reply_result> reports;
  std::vector<std::size_t> claims;
  std::vector<std::string> claimed_of;  // by the last of them
  std::size_t not_written = 0;

  taken offer(store::text /*value*/) override { return taken::away; }
  taken keep(store::part /*value*/) override { return taken::away; }
  taken note(store::delivery /*value*/) override { return taken::away; }
  void report(store::reply_result value) override { reports.push_back(std::move(value)); }
  [[nodiscard]] std::size_t unwritten() const override { return not_written; }
  void claim(std::size_t at_most, std::vector<std::string> smscs) override {
    claims.push_back(at_most);
    claimed_of = std::move(smscs);
  }
};

inline const config::settings& example() {
  static const auto loaded = config::load(TOPUPD_EXAMPLE, {.secrets = false, .phrases = gateway::phrase_arguments()});
  return loaded.settings.value();
}

inline config::smsc centre(const std::string& name, const std::string& group = "") {
  config::smsc made;
  made.name = name;
  made.group = group;
  return made;
}

struct relay_rig {
  using options = gateway::outbox_relay::options;

  explicit relay_rig(std::vector<config::smsc> smscs = {centre("main")}, options given = {},
                     const config::settings& texts = example()) {
    for (auto& each : smscs) links.centres.push_back({.settings = std::move(each)});
    given.numbers = {
        .country_code = "999", .national_prefix = "0", .international_prefix = "00", .national_lengths = {9}};
    relay.emplace(std::move(given), gateway::replies(texts), links, door, log, counts, 1);
    relay->start(now);
  }

  // A reply that this process owes. The text came from that phone by that SMSC; ticket 0: it was claimed.
  static store::decision owed(std::int64_t receipt, const std::string& phone, const std::string& smsc = "main") {
    store::decision facts;
    facts.ticket = 7;
    facts.receipt = {receipt};
    facts.outcome = store::outcome::credited;
    facts.action = store::action::redeem;
    facts.reply_owed = true;
    facts.smsc = smsc;
    facts.source = "2.8." + phone.substr(3);
    facts.short_code = "3.0.12345";
    facts.language = "en";
    facts.sender = parser::msisdn::from_e164(phone);
    facts.amount = {5000, "USD"};
    facts.balance = {6340, "USD"};
    facts.decided_at = std::chrono::sys_seconds(1'795'370'400s);
    return facts;
  }
  void add(store::decision facts, const std::optional<link_id>& acknowledged = {}) {
    relay->add(std::move(facts), acknowledged, now);
  }
  void add(std::int64_t receipt, const std::string& phone, const std::string& smsc = "main") {
    add(owed(receipt, phone, smsc));
  }

  // What was submitted since the last time this was asked.
  std::vector<submission> out() {
    std::vector<submission> fresh(links.all.begin() + static_cast<std::ptrdiff_t>(seen_), links.all.end());
    seen_ = links.all.size();
    return fresh;
  }
  submission one() {
    auto fresh = out();
    if (fresh.size() != 1) throw std::logic_error("not one short message but " + std::to_string(fresh.size()));
    return fresh.front();
  }
  std::vector<store::reply_result> said() { return std::exchange(door.reports, {}); }

  void answer(const submission& to, std::uint32_t status = 0, const std::string& id = "") {
    ++links.centres[to.smsc].room;
    relay->submitted(to.name, smpp::command_status{status}, id, now);
  }
  // The SMSC has shown that it has the ESME_ROK to the text of that reply.
  void hear(std::int64_t receipt) { relay->heard(static_cast<smpp::ticket>(receipt), now); }
  void lose(const submission& of) {
    ++links.centres[of.smsc].room;
    relay->unknown(of.name, now);
  }
  // Throttled: the link has room again.
  void recover(std::size_t smsc) {
    links.centres[smsc].room = 64;
    relay->pump(smsc, now);
  }

  // Whoever drives the relay ticks it in time; frozen, nobody does.
  void pass(smpp::duration time) {
    const auto end = now + time;
    while (relay->deadline() <= end) {
      now = std::max(now, relay->deadline());
      relay->tick(now);
    }
    now = end;
  }
  void freeze(smpp::duration time) { now += time; }

  std::string counted(const std::string& series) const {
    const auto all = counts.exposition();
    const auto at = all.find("\n" + series + " ");
    if (at == std::string::npos) return "none";
    const auto begin = at + series.size() + 2;
    return all.substr(begin, all.find('\n', begin) - begin);
  }

  smpp::time_point now{24h};
  boost::asio::io_context io;
  gateway::event_log log{io.get_executor(), "off", "text"};
  gateway::metrics counts;
  told_links links;
  told_door door;
  std::optional<gateway::outbox_relay> relay;

 private:
  std::size_t seen_ = 0;
};

}  // namespace topupd::test
