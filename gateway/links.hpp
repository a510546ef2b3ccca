// Every bind to every SMSC: where a message came from, and the way out for a reply.
//
// A bind has a number for life and an epoch that grows with each connection, so that an answer that comes late never
// reaches a message of the next connection that happens to have the same sequence number. One thread: the gateway's.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "gateway/event_log.hpp"
#include "gateway/smpp/supervisor.hpp"

namespace topupd::gateway {

// One connection of one bind.
struct link_id {
  std::size_t bind = 0;
  std::uint64_t epoch = 0;
  friend bool operator==(const link_id&, const link_id&) = default;
};

// A message of the SMSC that waits for its answer.
struct origin {
  link_id link;
  std::uint32_t sequence = 0;
};

class links {
 public:
  struct handlers {
    std::function<void(const origin&, std::size_t smsc, smpp::short_message)> on_message;
    std::function<void(smpp::ticket, smpp::command_status, const std::string& message_id)> on_submitted;
    std::function<void(smpp::ticket)> on_unknown;
    std::function<void(std::size_t smsc)> on_room;
    std::function<void()> on_change;  // a bind came or went
  };

  links(boost::asio::io_context& io, const std::vector<config::smsc>& smscs, event_log& log, handlers to);

  void start();
  // Unbinds everywhere; `done` is called once every bind has ended.
  void stop(std::function<void()> done);
  // Closes every socket at once: for binds that do not end in time.
  void cut();
  // Answers new messages with each SMSC's temporary status instead of taking them, or takes them again.
  void refuse_messages(bool refuse);

  void answer(const origin& to, smpp::command_status status);
  [[nodiscard]] std::size_t room(std::size_t smsc);
  // By the link `preferred`, else by any bind of that SMSC with room: which link took it. Nothing when none has room.
  std::optional<link_id> submit(std::size_t smsc, smpp::ticket name, smpp::short_message value,
                                const std::optional<link_id>& preferred);

  [[nodiscard]] std::size_t smsc_count() const { return smscs_.size(); }
  [[nodiscard]] const config::smsc& settings(std::size_t smsc) const { return smscs_[smsc]; }
  // The SMSC of that name; the first one when configuration has it no more.
  [[nodiscard]] std::size_t smsc_named(std::string_view name) const;
  [[nodiscard]] std::size_t binds_up() const;
  [[nodiscard]] std::size_t binds_up(std::size_t smsc) const;
  [[nodiscard]] std::size_t bind_count() const { return binds_.size(); }

 private:
  struct bind {
    std::size_t smsc;
    std::string name;  // "main" or "main/2"
    std::uint64_t epoch = 0;
    bool up = false;
    std::optional<smpp::supervisor> supervisor;
  };
  void add_bind(std::size_t smsc, int number);
  bool has_room(bind& of);
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
