// A gateway in the simulated world: the real topup_service, outbox_relay and sessions, wired as daemon.cpp wires them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gateway/links.hpp"
#include "gateway/outbox_relay.hpp"
#include "gateway/topup_service.hpp"
#include "tests/simulation/centre.hpp"
#include "tests/simulation/simulated_door.hpp"

namespace topupd::simulation {

// What does not change from course to course, and costs time to make.
struct parts {
  config::settings settings;
  gateway::replies replies;
  gateway::event_log log;
  gateway::metrics counts;
};

class gateway_process final : public gateway::links {
 public:
  gateway_process(world& time, parts& shared, const config::settings& settings, database& behind, const weather& now,
                  centre& smscs, const std::string& instance);
  ~gateway_process() override;  // kill -9
  gateway_process(const gateway_process&) = delete;
  gateway_process& operator=(const gateway_process&) = delete;

  void freeze(duration time) { host_.freeze(time); }  // SIGSTOP, and later SIGCONT

  void answer(const gateway::origin& to, smpp::command_status status) override;
  void confirm(const gateway::link_id& on, smpp::ticket name) override;
  bool is_up(const gateway::link_id& name) override;
  [[nodiscard]] std::size_t room(std::size_t smsc) override;
  std::optional<gateway::link_id> submit(std::size_t smsc, smpp::ticket name, smpp::short_message value,
                                         const std::optional<gateway::link_id>& preferred) override;
  void throttled(const gateway::link_id& by) override;
  void give_up(const gateway::link_id& on, smpp::command_status why) override;
  [[nodiscard]] std::size_t smsc_count() const override { return settings_.smscs.size(); }
  [[nodiscard]] const config::smsc& settings(std::size_t smsc) const override { return settings_.smscs[smsc]; }
  [[nodiscard]] std::size_t binds_up() const override;
  [[nodiscard]] std::size_t binds_up(std::size_t smsc) const override;

 private:
  struct bind {
    std::size_t smsc = 0;
    smpp::command_id kind{};
    std::uint64_t epoch = 0;
    bool up = false;
    time_point pumps_at = time_point::max();
    std::shared_ptr<line> way = {};
  };
  void connect(std::size_t index);
  void on(std::size_t index, smpp::effect& what);
  void refuse_messages(bool refuse);
  void act(const std::function<void(time_point)>& step);
  void turn_lines();
  smpp::session& session_of(bind& of) { return of.way->session(line::gateway); }

  process host_;
  parts& shared_;
  const config::settings settings_;
  centre& smscs_;
  std::vector<bind> binds_;
  std::size_t next_ = 0;
  bool refusing_ = false;
  time_point wakes_at_ = time_point::max();
  simulated_door door_;
  gateway::outbox_relay outbox_;
  gateway::topup_service service_;
};

}  // namespace topupd::simulation
