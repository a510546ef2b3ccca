// What a text becomes: read, fingerprinted, decided by the store in one transaction, and only then acknowledged.
//
// Every message of the SMSC is answered within its `answer_within`: ESME_ROK after COMMIT, ESME_RMSGQFUL when the queue
// is full, else the SMSC's temporary status, so that it is delivered again (DESIGN.md §2.1, §2.5, §2.6). A decision
// that comes after that is kept all the same: the reply goes out, and the redelivery is found to be a duplicate.
// Sans-I/O, as smpp::session is: the time comes in, and tick() is called when deadline() has come. One thread: the
// gateway's.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/settings.hpp"
#include "gateway/event_log.hpp"
#include "gateway/links.hpp"
#include "gateway/metrics.hpp"
#include "gateway/outbox_relay.hpp"
#include "gateway/reply.hpp"
#include "gateway/request.hpp"
#include "gateway/user_data_header.hpp"
#include "gateway/ussd.hpp"
#include "parser/reading.hpp"
#include "store/digest.hpp"
#include "store/worker.hpp"

namespace topupd::gateway {

class topup_service {
 public:
  using time_point = smpp::time_point;
  topup_service(const config::settings& settings, links& in, store::door& store, outbox_relay& out, event_log& log,
                metrics& counts);

  void use(parser::reader reader) { reader_ = std::move(reader); }
  void use(replies texts) { texts_ = std::move(texts); }  // of the menus of USSD

  void message(const origin& from, std::size_t smsc, const smpp::short_message& value, time_point now);
  void decided(std::vector<store::decision> values, time_point now);
  // A part is in the store; with all parts of its text, sealed and in order, when it was the last one missing.
  void kept(std::uint64_t ticket, const std::vector<std::string>& sealed);
  void noted(const std::vector<std::uint64_t>& tickets);  // delivery receipts are in the store
  // What the SMSC says to a menu: too fast is too fast, whatever was sent. Other tickets are the outbox's.
  void submitted(smpp::ticket name, smpp::command_status status);
  void unknown(smpp::ticket name) { menus_.erase(name); }
  // The link answers: what links::confirm() was asked for, of a text that may have been long on its way.
  void heard(smpp::ticket name);
  void refused(const std::vector<std::uint64_t>& tickets);  // the store is away: nothing was written
  void tick(time_point now);
  [[nodiscard]] time_point deadline() const;  // when tick() is next needed

  // Messages taken and not yet answered.
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

 private:
  struct part_context {
    store::fingerprint group;
    std::string name;  // of its group
    parser::msisdn sender;
    smpp::short_message message;  // without its octets
  };
  struct delivery_context {
    store::delivery_state state;
    std::string to, error;
  };
  struct taken_message {
    origin from;
    std::size_t smsc;
    time_point came;
    bool answered = false;                            // with the temporary status, because time was up
    bool same_for_ever = false;                       // nothing but a redelivery can be identical with it
    std::unique_ptr<part_context> part = {};          // of a part that is being kept
    std::unique_ptr<delivery_context> delivery = {};  // of a delivery receipt
    std::unique_ptr<ussd_dialogues::place> dialogue = {};
    std::shared_ptr<store::text> doubtful = {};  // not in the store: waits for a word of its link
  };
  struct sent_menu {
    link_id by;
    std::size_t smsc;
  };
  struct deadline_of {
    std::uint64_t ticket;
    time_point at;
  };
  void text(const origin& from, std::size_t smsc, const smpp::short_message& value, const parser::msisdn& sender,
            std::string_view octets, time_point now);
  void dialogue(const origin& from, std::size_t smsc, const smpp::short_message& value, const parser::msisdn& sender,
                std::string_view octets, time_point now);
  void show(const origin& from, std::size_t smsc, const smpp::short_message& to, const ussd_dialogues::show& what);
  void keep(const origin& from, std::size_t smsc, const smpp::short_message& value, const parser::msisdn& sender,
            const user_data& data, time_point now);
  void delivery(const origin& from, std::size_t smsc, const smpp::short_message& value, time_point now);

  [[nodiscard]] store::fingerprint print(std::size_t smsc, const smpp::short_message& value, std::string_view context,
                                         std::string_view octets) const;
  std::optional<store::text> read(std::size_t smsc, const smpp::short_message& value, const parser::msisdn& sender,
                                  std::string_view octets, const store::fingerprint& print, std::uint64_t ticket) const;
  [[nodiscard]] std::optional<secret> put_together(const part_context& part,
                                                   const std::vector<std::string>& sealed) const;
  using waiting = std::unordered_map<std::uint64_t, taken_message>::iterator;
  void doubt(std::uint64_t ticket, std::shared_ptr<store::text> what);
  void believe(waiting which);
  void time_is_up(waiting which);
  bool is_taken(store::door::taken said, const taken_message& of);
  void wait(std::uint64_t ticket, taken_message of);
  void ignore(const origin& from, std::size_t smsc, const smpp::short_message& value, std::string_view why);
  void acknowledge(const taken_message& of);
  void full(const taken_message& of);
  void temporary(const taken_message& of);

  links& links_;
  store::door& store_;
  outbox_relay& outbox_;
  event_log& log_;
  metrics& metrics_;
  parser::reader reader_;
  replies texts_;
  store::keyring keys_;
  std::vector<std::string> short_codes_;
  std::string default_language_;
  offered offered_;
  ussd_dialogues dialogues_;
  std::unordered_map<smpp::ticket, sent_menu> menus_;  // on their way
  std::uint64_t last_ticket_ = 0;
  std::unordered_map<std::uint64_t, taken_message> pending_;  // by ticket
  std::vector<std::deque<deadline_of>> deadlines_;  // by SMSC: the time to answer is one for all of its messages
};

}  // namespace topupd::gateway
