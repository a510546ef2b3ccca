#include "gateway/socket_links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "gateway/link_options.hpp"
#include "store/crash_point.hpp"

namespace topupd::gateway {
namespace {

std::string in_seconds(const std::optional<smpp::duration>& wait) {
  return wait ? fmt::format("{:.1f}s", std::chrono::duration<double>(*wait).count()) : "-";
}

}  // namespace

socket_links::socket_links(boost::asio::io_context& io, const std::vector<config::smsc>& smscs, event_log& log,
                           handlers to)
    : io_(io), smscs_(smscs), log_(log), to_(std::move(to)) {
  for (std::size_t i = 0; i < smscs_.size(); ++i) {
    for (auto& each : link_options(smscs_[i])) add_bind(i, std::move(each));
  }
}

void socket_links::add_bind(std::size_t smsc, smpp::supervisor_options options) {
  const auto index = binds_.size();
  auto& of = binds_.emplace_back();
  of.smsc = smsc;
  of.name = options.name;
  of.submits = options.session.credentials.kind != smpp::command_id::bind_receiver;

  smpp::connection_handlers from_link;
  from_link.on_bound = [this, &of](const std::string&) {
    ++of.epoch;
    store::come_by(store::crash_point::bound);
    of.up = true;
    if (refusing_) {
      of.supervisor->link()->refuse_messages(smpp::command_status{smscs_[of.smsc].temporary_status});
    }
    to_.on_change();
    to_.on_room(of.smsc);
  };
  from_link.on_message = [this, &of, index](std::uint32_t sequence, smpp::short_message value) {
    to_.on_message({.link = {.bind = index, .epoch = of.epoch}, .sequence = sequence}, of.smsc, std::move(value));
  };
  from_link.on_submitted = to_.on_submitted;
  from_link.on_heard = to_.on_heard;
  from_link.on_unknown = to_.on_unknown;
  from_link.on_room = [this, &of] { to_.on_room(of.smsc); };
  of.supervisor.emplace(io_.get_executor(), std::move(options), std::move(from_link),
                        [this, &of](const smpp::link_event& event) { on_event(of, event); });
}

void socket_links::start() {
  running_ = binds_.size();
  for (auto& of : binds_) {
    boost::asio::co_spawn(io_, of.supervisor->run(), [this](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);  // ours: out of io_context::run(), and systemd restarts us
      if (--running_ == 0 && stopped_) stopped_();
    });
  }
}

void socket_links::stop(std::function<void()> done) {
  stopped_ = std::move(done);
  if (running_ == 0) return stopped_();
  for (auto& of : binds_) of.supervisor->stop();
}

void socket_links::cut() {
  for (auto& of : binds_) {
    if (auto* link = of.supervisor->link()) link->abort();
  }
}

void socket_links::on_event(bind& of, const smpp::link_event& event) {
  using kind = smpp::link_event::kind;
  const auto where = fmt::format("{}:{}", smscs_[of.smsc].host, smscs_[of.smsc].port);
  const auto again = in_seconds(event.retry_in);
  switch (event.what) {
    case kind::bound: log_.info("link bound", {{"smsc", of.name}, {"address", where}}); return;
    case kind::unbound: log_.info("link unbound", {{"smsc", of.name}}); break;
    case kind::connect_failed:
      log_.warning("link unreachable",
                   {{"smsc", of.name}, {"address", where}, {"why", event.detail}, {"retry_in", again}});
      break;
    case kind::refused:
      log_.error("link refused", {{"smsc", of.name},
                                  {"address", where},
                                  {"system_id", smscs_[of.smsc].system_id},
                                  {"why", event.detail},
                                  {"retry_in", again}});
      break;
    case kind::lost: log_.warning("link lost", {{"smsc", of.name}, {"why", event.detail}, {"retry_in", again}}); break;
  }
  if (std::exchange(of.up, false)) to_.on_change();
}

void socket_links::refuse_messages(bool refuse) {
  refusing_ = refuse;
  for (auto& of : binds_) {
    auto* link = of.supervisor->link();
    if (link == nullptr) continue;
    link->refuse_messages(refuse ? std::optional(smpp::command_status{smscs_[of.smsc].temporary_status})
                                 : std::nullopt);
  }
}

// The connection that a message came by, when it is still that one.
smpp::connection* socket_links::link_of(const link_id& name) {
  auto& of = binds_[name.bind];
  return of.epoch == name.epoch ? of.supervisor->link() : nullptr;
}

void socket_links::answer(const origin& to, smpp::command_status status) {
  if (auto* link = link_of(to.link)) link->acknowledge(to.sequence, status);
}

void socket_links::confirm(const link_id& on, smpp::ticket name) {
  if (auto* link = link_of(on)) link->confirm(name);
}

void socket_links::throttled(const link_id& by) {
  if (auto* link = link_of(by)) link->throttled();
}

void socket_links::give_up(const link_id& on, smpp::command_status why) {
  if (auto* link = link_of(on)) link->give_up(why);
}

smpp::connection* socket_links::way_of(bind& of) {
  auto* link = of.supervisor->link();
  return link != nullptr && link->can_submit() ? link : nullptr;
}

std::size_t socket_links::room(std::size_t smsc) {
  std::size_t sum = 0;
  for (auto& of : binds_) {
    if (of.smsc != smsc) continue;
    if (auto* link = way_of(of)) sum += link->room();
  }
  return sum;
}

std::optional<link_id> socket_links::submit(std::size_t smsc, smpp::ticket name, smpp::short_message value,
                                            const std::optional<link_id>& preferred) {
  auto index = preferred ? preferred->bind : next_;
  for (std::size_t tried = 0; tried < binds_.size(); ++tried, ++index) {
    auto& of = binds_[index %= binds_.size()];
    auto* link = of.smsc == smsc ? way_of(of) : nullptr;
    if (link == nullptr || link->room() == 0) continue;
    if (!preferred) next_ = index + 1;
    if (link->submit(name, std::move(value))) return link_id{.bind = index, .epoch = of.epoch};
    return std::nullopt;
  }
  // A connection says that it has room again to whom it refused: to one that asks in vain for room() it does not.
  for (std::size_t i = 0; i < binds_.size(); ++i) {
    auto* link = binds_[i].smsc == smsc ? way_of(binds_[i]) : nullptr;
    if (link != nullptr && link->submit(name, value)) return link_id{.bind = i, .epoch = binds_[i].epoch};
  }
  return std::nullopt;
}

std::size_t socket_links::binds_up() const {
  return static_cast<std::size_t>(std::count_if(binds_.begin(), binds_.end(), [](const bind& of) { return of.up; }));
}

std::size_t socket_links::binds_up(std::size_t smsc) const {
  return static_cast<std::size_t>(std::count_if(
      binds_.begin(), binds_.end(), [&](const bind& of) { return of.up && of.submits && of.smsc == smsc; }));
}

}  // namespace topupd::gateway
