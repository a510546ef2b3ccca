// The SMSC of the simulated world: phones that text one after the other, delivered again until answered for good; and
// what it saw, which is all that the oracle believes.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/line.hpp"

namespace topupd::simulation {

class centre {
 public:
  struct habits {
    duration slowest{milliseconds(20)};  // of a PDU on its way
    double throttles = 0;                // share of submit_sm answered ESME_RTHROTTLED
    double defers = 0;                   // answered ESME_RSYSERR, at most twice for one phone
    double mute = 0;                     // taken, and never answered
    bool down = false;                   // takes no connection
    std::set<std::string> gone = {};     // phones of which ESME_RINVDSTADR is said
    bool early_receipts = false;         // a delivery receipt may overtake the answer to its submit_sm
  };
  struct arrival {
    std::string octets;
    time_point at;
  };

  explicit centre(world& time) : host_(time) {}
  ~centre();
  centre(const centre&) = delete;
  centre& operator=(const centre&) = delete;

  void send(const std::string& phone, const std::string& octets);
  // A gateway connects to this SMSC's port number `smsc`; nothing while it is down.
  std::shared_ptr<line> accept(process& gateway, std::size_t smsc, smpp::session_options gateways);
  void cut_one();
  void cut_all(std::size_t smsc);

  std::map<std::size_t, habits> habit;  // by SMSC

  // What was seen.
  std::map<std::string, std::vector<arrival>> replies;
  std::vector<std::string> complaints;
  int texts = 0;       // sent by phones
  int answered = 0;    // answered ESME_ROK
  int deliveries = 0;  // deliver_sm, each attempt
  int cuts = 0;        // of lines, whoever did it
  duration slowest_answer{};
  std::size_t receipts_open = 0;  // delivery receipts not acknowledged yet

 private:
  struct text {
    std::string phone;
    smpp::short_message message;
    std::size_t smsc = 0;
    bool receipt = false;
  };
  struct wire {
    std::shared_ptr<line> way;
    std::size_t smsc = 0;
    bool bound = false;
    std::size_t window = 0;                    // the gateway's
    std::map<std::uint32_t, time_point> open;  // submit_sm not answered yet, by sequence
    std::map<std::uint64_t, time_point> sent;
  };
  void on(const std::shared_ptr<wire>& from, smpp::effect& what);
  void on_submit(const std::shared_ptr<wire>& from, const smpp::message& what);
  void answer(const std::shared_ptr<wire>& to, std::uint32_t sequence, smpp::command_status status,
              const std::string& id);
  void receipt_for(const std::shared_ptr<wire>& from, const smpp::short_message& about, const std::string& id);
  void settle(std::uint64_t ticket);
  void retry(std::uint64_t ticket);
  void offer(std::uint64_t ticket);
  void complain(const std::string& what) { complaints.push_back(what); }

  process host_;
  std::vector<std::shared_ptr<wire>> wires_;
  std::map<std::uint64_t, text> texts_;  // not answered for good
  std::map<std::string, std::deque<std::uint64_t>> of_phone_;
  std::map<std::string, int> deferred_;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t last_id_ = 0;
};

}  // namespace topupd::simulation
