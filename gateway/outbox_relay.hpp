// Owed replies on their way out: rendered, submitted while a window has room, and reported to the store when the SMSC
// has answered (DESIGN.md §2.4).
//
// What is owed lives in the database; this holds only what this process has the lease of, and at most `limit` of it.
// What does not fit, or whose lease lapses while it waits, is let go: it is claimed again, by this process or another.
// Nothing is submitted on a lease that may have lapsed, neither after this process was frozen; and never are more than
// `unwritten_max` on their way until the store has written what became of them, since all of those go again when this
// process dies (DESIGN.md §2.4: never more than the window). Replies to one number leave in the order of their texts,
// one at a time; one that is deferred keeps no other from leaving. Sans-I/O, as smpp::session is: the time comes in,
// and tick() is called when deadline() has come. One thread: the gateway's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/event_log.hpp"
#include "gateway/links.hpp"
#include "gateway/metrics.hpp"
#include "gateway/pulse.hpp"
#include "gateway/reply.hpp"
#include "gateway/reply_queue.hpp"
#include "parser/msisdn.hpp"
#include "store/worker.hpp"

namespace topupd::gateway {

class outbox_relay {
 public:
  struct options {
    std::chrono::milliseconds lease{7'000};
    std::size_t limit = 8192;          // waiting for one SMSC
    std::size_t unwritten_max = 64;    // on their way to the SMSC, or with a result that the store has not written
    parser::numbering_plan numbers{};  // for an SMSC that wants national ones
  };
  using time_point = smpp::time_point;
  // seed: of the jitter.
  outbox_relay(options given, replies texts, links& out, store::door& store, event_log& log, metrics& counts,
               std::uint32_t seed);

  void start(time_point now);  // begins to claim
  void stop();                 // submits nothing more, gives back what waits; what is in flight may still be answered
  void use(replies texts) { texts_ = std::move(texts); }

  // Takes a decision whose reply is owed and whose lease is ours. Known ones are only renewed.
  // acknowledged: the link on which its text was answered ESME_ROK just now.
  void add(store::decision value, const std::optional<link_id>& acknowledged, time_point now);
  void submitted(smpp::ticket name, smpp::command_status status, const std::string& message_id, time_point now);
  // The SMSC has our ESME_ROK to the text of that reply: what links::confirm() was asked for, by its receipt.
  void heard(smpp::ticket name, time_point now);
  void unknown(smpp::ticket name, time_point now);
  void pump(std::size_t smsc, time_point now);  // there is room, perhaps
  // Asks for replies that other processes left owed and that can leave now; done by itself from time to time, and by
  // whoever saw a bind come up.
  void claim();
  void tick(time_point now);
  [[nodiscard]] time_point deadline() const;  // when tick() is next needed

  [[nodiscard]] const pulse& heart() const { return pulse_; }  // beats in tick()
  [[nodiscard]] std::size_t waiting() const { return owed_.size() - on_their_way_; }
  [[nodiscard]] std::size_t in_flight() const { return on_their_way_; }

 private:
  struct owed {
    store::decision facts;
    reply_queue::entry place;
    time_point came;                      // here
    time_point lease_until;               // as the store has granted it
    time_point renewed_until;             // as was asked for since; nobody has said yes
    std::optional<link_id> acknowledged;  // the link by which the text's ESME_ROK went
    bool heard = false;                   // and the SMSC surely has it
    bool as_text = false;                 // its USSD dialogue is over, perhaps

    // A reply is one short message or several; when one of those is not taken, all of them go again.
    std::vector<smpp::short_message> parts{};
    std::size_t by = 0;      // the SMSC that they are made for
    smpp::ticket first = 0;  // of the first part; the others follow
    std::size_t submitted = 0;
    std::size_t taken = 0;
    bool on_its_way = false;           // all of them are submitted
    std::optional<link_id> sent_by{};  // the last one that was
    std::string message_id{};          // the SMSC's, of the last part
  };
  struct part_in_flight {
    std::int64_t receipt;
    link_id by;
  };
  [[nodiscard]] bool may_leave(const owed& reply, time_point now) const;
  [[nodiscard]] bool is_in_dialogue(const owed& reply, const config::smsc& at, time_point now) const;
  bool submit_next(std::size_t lane, std::size_t by, time_point now);
  bool submit(owed& reply);
  void make(owed& reply, std::size_t by, time_point now);
  void pump_all(time_point now);
  void look(time_point now);
  [[nodiscard]] std::optional<std::size_t> about_to_leave() const;
  void learn_appetite();
  void renew(owed& reply, time_point now);

  static store::reply_result result(const owed& reply, store::reply_result::kind what);
  [[nodiscard]] bool is_heard(time_point came, time_point now) const;
  void report(owed& reply, store::reply_result fate, time_point now);
  void taken(owed& reply, time_point now);
  void slow_down(owed& reply, const link_id& by, time_point now);
  void not_taken(owed& reply, smpp::command_status status, bool for_good, time_point now);
  void refused(owed& reply, smpp::command_status status, time_point now);
  void deferred(owed& reply, smpp::command_status status, time_point now);
  void again(owed& reply, time_point now);
  void again_as_text(owed& reply, time_point now);
  void begin_anew(owed& reply);
  void let_go(owed& reply, time_point now);
  void forget(owed& reply, time_point now);
  std::chrono::seconds wait_after(int attempts);

  options options_;
  replies texts_;
  links& links_;
  store::door& store_;
  event_log& log_;
  metrics& metrics_;
  std::unordered_map<std::int64_t, owed> owed_;                 // by receipt
  std::unordered_map<smpp::ticket, part_in_flight> by_ticket_;  // parts that are not answered
  std::unordered_map<std::int64_t, time_point> unheard_;        // by receipt, reported already: when the text came
  reply_queue queue_;                                           // a lane for each SMSC
  smpp::ticket last_ticket_ = 0;
  std::size_t on_their_way_ = 0;
  std::unordered_map<std::size_t, time_point> took_at_;  // by bind: the last time that it took something
  std::size_t appetite_;                                 // what is claimed at most: no more than leaves within a lease
  bool too_much_ = false;
  time_point started_{};
  time_point next_look_ = time_point::max();
  time_point next_claim_ = time_point::max();
  time_point wake_at_ = time_point::max();
  pulse pulse_;
  std::mt19937 random_;
  bool stopped_ = false;
};

}  // namespace topupd::gateway
