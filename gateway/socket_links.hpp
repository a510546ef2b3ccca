// Every bind to every SMSC, each kept alive by a supervisor. One thread: the gateway's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gateway/event_log.hpp"
#include "gateway/links.hpp"
#include "gateway/smpp/supervisor.hpp"

namespace topupd::gateway {

class socket_links final : public links {
 public:
  struct handlers {
    std::function<void(const origin&, std::size_t smsc, smpp::short_message)> on_message;
    std::function<void(smpp::ticket, smpp::command_status, const std::string& message_id)> on_submitted;
    std::function<void(smpp::ticket)> on_heard;
    std::function<void(smpp::ticket)> on_unknown;
    std::function<void(std::size_t smsc)> on_room;
    std::function<void()> on_change;  // a bind came or went
  };

  socket_links(boost::asio::io_context& io, const std::vector<config::smsc>& smscs, event_log& log, handlers to);

  void start();
  // Unbinds everywhere; `done` is called once every bind has ended.
  void stop(std::function<void()> done);
  // Closes every socket at once: for binds that do not end in time.
  void cut();
  // Answers new messages with each SMSC's temporary status instead of taking them, or takes them again.
  void refuse_messages(bool refuse);
  [[nodiscard]] std::size_t bind_count() const { return binds_.size(); }

  void answer(const origin& to, smpp::command_status status) override;
  void confirm(const link_id& on, smpp::ticket name) override;
  [[nodiscard]] bool is_up(const link_id& name) override { return link_of(name) != nullptr; }
  [[nodiscard]] std::size_t room(std::size_t smsc) override;
  std::optional<link_id> submit(std::size_t smsc, smpp::ticket name, smpp::short_message value,
                                const std::optional<link_id>& preferred) override;
  void throttled(const link_id& by) override;
  void give_up(const link_id& on, smpp::command_status why) override;
  [[nodiscard]] std::size_t smsc_count() const override { return smscs_.size(); }
  [[nodiscard]] const config::smsc& settings(std::size_t smsc) const override { return smscs_[smsc]; }
  [[nodiscard]] std::size_t binds_up() const override;
  [[nodiscard]] std::size_t binds_up(std::size_t smsc) const override;

 private:
  struct bind {
    std::size_t smsc;
    std::string name;  // "main" or "main/2", "main/2/tx"
    bool submits = true;
    std::uint64_t epoch = 0;
    bool up = false;
    std::optional<smpp::supervisor> supervisor;
  };
  void add_bind(std::size_t smsc, smpp::supervisor_options options);
  smpp::connection* link_of(const link_id& name);
  static smpp::connection* way_of(bind& of);  // by which replies can leave, or nullptr
  void on_event(bind& of, const smpp::link_event& event);

  boost::asio::io_context& io_;
  std::vector<config::smsc> smscs_;
  event_log& log_;
  handlers to_;
  std::deque<bind> binds_;  // a deque: binds do not move
  std::size_t running_ = 0;
  std::size_t next_ = 0;  // round robin among binds
  bool refusing_ = false;
  std::function<void()> stopped_;
};

}  // namespace topupd::gateway
