// The ways to the SMSCs: where a message came from, and the way out for a reply.
//
// A bind is one link: of a pair, transmitter and receiver are two. It has a number for life and an epoch that grows
// with each connection, so that an answer that comes late never reaches a message of the next connection that happens
// to have the same sequence number. socket_links.hpp has the real ones; a simulation has others. One thread: the
// gateway's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "config/settings.hpp"
#include "gateway/smpp/pdu.hpp"
#include "gateway/smpp/session.hpp"

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
  virtual ~links() = default;

  virtual void answer(const origin& to, smpp::command_status status) = 0;
  // Says, once it is so, that the SMSC surely has what was answered on that link until now (smpp::session::confirm).
  virtual void confirm(const link_id& on, smpp::ticket name) = 0;
  // Whether that link is still there, as far as anybody here knows.
  [[nodiscard]] virtual bool is_up(const link_id& name) = 0;
  // How many submit() would take now, by all binds of that SMSC: window and rate.
  [[nodiscard]] virtual std::size_t room(std::size_t smsc) = 0;
  // By the link `preferred`, else by any bind of that SMSC with room: which link took it. Nothing when none has room.
  virtual std::optional<link_id> submit(std::size_t smsc, smpp::ticket name, smpp::short_message value,
                                        const std::optional<link_id>& preferred) = 0;
  // The SMSC said on that link that we are too fast: it slows down (smpp::session::throttled).
  virtual void throttled(const link_id& by) = 0;

  // The SMSC said on that link that it does not know our bind: the link ends, and is bound again.
  virtual void give_up(const link_id& on, smpp::command_status why) = 0;

  [[nodiscard]] virtual std::size_t smsc_count() const = 0;
  [[nodiscard]] virtual const config::smsc& settings(std::size_t smsc) const = 0;
  [[nodiscard]] virtual std::size_t binds_up() const = 0;
  // Of one SMSC, those by which replies can leave.
  [[nodiscard]] virtual std::size_t binds_up(std::size_t smsc) const = 0;

  // The SMSC of that name; the first one when configuration has it no more.
  [[nodiscard]] std::size_t smsc_named(std::string_view name) const;
  // By which SMSC replies for this one leave now: itself, or while it is down another one of its group that is up.
  [[nodiscard]] std::optional<std::size_t> way_out(std::size_t smsc) const;
};

}  // namespace topupd::gateway
