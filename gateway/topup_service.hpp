// What a text becomes: read, fingerprinted, decided by the store in one transaction, and only then acknowledged.
//
// Every message of the SMSC is answered within its `answer_within`: ESME_ROK after COMMIT, ESME_RMSGQFUL when the queue
// is full, else the SMSC's temporary status, so that it is delivered again (DESIGN.md §2.1, §2.5, §2.6). A decision
// that comes after that is kept all the same: the reply goes out, and the redelivery is found to be a duplicate. One
// thread: the gateway's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
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
#include "gateway/request.hpp"
#include "gateway/user_data_header.hpp"
#include "parser/reading.hpp"
#include "store/digest.hpp"
#include "store/worker.hpp"

namespace topupd::gateway {

class topup_service {
 public:
  topup_service(boost::asio::io_context& io, const config::settings& settings, links& in, store::worker& store,
                outbox_relay& out, event_log& log, metrics& counts);

  void use(parser::reader reader) { reader_ = std::move(reader); }

  void message(const origin& from, std::size_t smsc, const smpp::short_message& value);
  void decided(std::vector<store::decision> values);
  // A part is in the store; with all parts of its text, sealed and in order, when it was the last one missing.
  void kept(std::uint64_t ticket, const std::vector<std::string>& sealed);
  void refused(const std::vector<std::uint64_t>& tickets);  // the store is away: nothing was written

  // Messages taken and not yet answered.
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

 private:
  using clock = std::chrono::steady_clock;
  struct part_context {
    store::fingerprint group;
    std::string name;             // of its group
    smpp::short_message message;  // without its octets
  };
  struct taken_text {
    origin from;
    std::size_t smsc;
    clock::time_point came;
    parser::msisdn sender;
    bool answered = false;                    // with the temporary status, because time was up
    std::unique_ptr<part_context> part = {};  // of a part that is being kept
    bool long_text = false;                   // put together from parts
  };
  std::optional<store::text> read(const taken_text& of, const smpp::short_message& value, std::string_view octets,
                                  std::string_view group, std::uint64_t ticket) const;
  void keep(taken_text taken, const smpp::short_message& value, const user_data& data);
  std::optional<secret> put_together(const part_context& part, const std::vector<std::string>& sealed) const;
  bool is_taken(store::worker::taken said, const taken_text& of);
  void wait(std::uint64_t ticket, taken_text of);
  void ignore(const origin& from, std::size_t smsc, const smpp::short_message& value, std::string_view why);
  void acknowledge(const taken_text& of);
  void full(const taken_text& of);
  void temporary(const taken_text& of);
  void watch_deadlines();

  links& links_;
  store::worker& store_;
  outbox_relay& outbox_;
  event_log& log_;
  metrics& metrics_;
  parser::reader reader_;
  store::keyring keys_;
  std::vector<std::string> short_codes_;
  std::string default_language_;
  offered offered_;
  std::uint64_t last_ticket_ = 0;
  std::unordered_map<std::uint64_t, taken_text> pending_;  // by ticket
  std::vector<std::deque<std::uint64_t>> came_in_order_;   // by SMSC: the time to answer is one for all of its messages
  boost::asio::steady_timer deadline_;
  bool watching_ = false;
};

}  // namespace topupd::gateway
