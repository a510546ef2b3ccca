// One TCP connection in simulated time, with a real smpp::session at each end. PDUs arrive in order, after a while;
// when the line is cut, what is under way is lost, and each end learns of it in its own time.
#pragma once

#include <array>
#include <functional>
#include <memory>

#include "gateway/smpp/session.hpp"
#include "tests/simulation/process.hpp"

namespace topupd::simulation {

class line : public std::enable_shared_from_this<line> {
 public:
  enum end { gateway = 0, centre = 1 };
  using listener = std::function<void(smpp::effect&)>;  // of what is no send; close comes last, once

  // slowest: the longest that a PDU takes.
  line(process& at_gateway, process& at_centre, smpp::session_options gateways, smpp::session_options centres,
       duration slowest);

  void listen(end at, listener to) { ends_[at].to = std::move(to); }
  void start();
  void cut();
  // What the centre sends is held up; it gives the line up soon, and its kernel does not: all of it arrives seconds
  // later, and then the end.
  void fail();
  void abandon(end at);  // the process there is gone
  [[nodiscard]] bool is_cut() const { return cut_; }
  smpp::session& session(end at) { return ends_[at].session; }
  // After session(at) was asked for something: carries out its effects.
  void turn(end at);

 private:
  struct one_end {
    process* host;  // null: gone
    smpp::session session;
    listener to = {};
    time_point arrives = {};  // the last PDU from here
    time_point wakes = time_point::max();
    bool over = false;
  };
  void send(end from, const smpp::pdu& value);
  void arrive(end at, const smpp::pdu& value);
  void wake(end at);
  void finish(end at);

  world& world_;
  std::array<one_end, 2> ends_;
  duration slowest_;
  bool cut_ = false;
  time_point held_until_{};  // what is on its way to the gateway
};

}  // namespace topupd::simulation
