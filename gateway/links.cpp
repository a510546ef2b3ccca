#include "gateway/links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

namespace topupd::gateway {
namespace {

smpp::supervisor_options options_of(const config::smsc& from, const std::string& name) {
  smpp::supervisor_options to;
  to.name = name;
  to.host = from.host;
  to.port = from.port;
  to.connect_timeout = from.connect_timeout;
  to.backoff_base = from.reconnect_min;
  to.backoff_cap = from.reconnect_max;
  to.session.credentials = {.kind = smpp::command_id::bind_transceiver,
                            .system_id = from.system_id,
                            .password = from.password,
                            .system_type = from.system_type,
                            .interface_version = 0x34,
                            .range = {}};
  to.session.window = from.window;
  to.session.inbox = from.inbox;
  to.session.bind_timeout = from.bind_timeout;
  to.session.enquire_link_after = from.enquire_link_after;
  to.session.enquire_link_timeout = from.enquire_link_timeout;
  to.session.response_timeout = from.response_timeout;
  return to;
}

std::string in_seconds(const std::optional<smpp::duration>& wait) {
  return wait ? fmt::format("{:.1f}s", std::chrono::duration<double>(*wait).count()) : "-";
}

}  // namespace

links::links(boost::asio::io_context& io, const std::vector<config::smsc>& smscs, event_log& log, handlers to)
    : io_(io), smscs_(smscs), log_(log), to_(std::move(to)) {
  for (std::size_t i = 0; i < smscs_.size(); ++i) {
    for (int number = 1; number <= smscs_[i].binds; ++number) add_bind(i, number);
  }
}

void links::add_bind(std::size_t smsc, int number) {
  const auto index = binds_.size();
  auto& of = binds_.emplace_back();
  of.smsc = smsc;
  of.name = smscs_[smsc].binds == 1 ? smscs_[smsc].name : fmt::format("{}/{}", smscs_[smsc].name, number);

  smpp::connection_handlers from_link;
  from_link.on_bound = [this, &of](const std::string&) {
    ++of.epoch;
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
  from_link.on_unknown = to_.on_unknown;
  from_link.on_room = [this, &of] { to_.on_room(of.smsc); };
  of.supervisor.emplace(io_.get_executor(), options_of(smscs_[smsc], of.name), std::move(from_link),
                        [this, &of](const smpp::link_event& event) { on_event(of, event); });
}

void links::start() {
  running_ = binds_.size();
  for (auto& of : binds_) {
    boost::asio::co_spawn(io_, of.supervisor->run(), [this](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);  // ours: out of io_context::run(), and systemd restarts us
      if (--running_ == 0 && stopped_) stopped_();
    });
  }
}

void links::stop(std::function<void()> done) {
  stopped_ = std::move(done);
  if (running_ == 0) return stopped_();
  for (auto& of : binds_) of.supervisor->stop();
}

void links::cut() {
  for (auto& of : binds_) {
    if (auto* link = of.supervisor->link()) link->abort();
  }
}

void links::on_event(bind& of, const smpp::link_event& event) {
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

void links::refuse_messages(bool refuse) {
  refusing_ = refuse;
  for (auto& of : binds_) {
    auto* link = of.supervisor->link();
    if (link == nullptr) continue;
    link->refuse_messages(refuse ? std::optional(smpp::command_status{smscs_[of.smsc].temporary_status})
                                 : std::nullopt);
  }
}

void links::answer(const origin& to, smpp::command_status status) {
  auto& of = binds_[to.link.bind];
  auto* link = of.supervisor->link();
  if (link != nullptr && of.epoch == to.link.epoch) link->acknowledge(to.sequence, status);
}

std::size_t links::room(std::size_t smsc) {
  std::size_t sum = 0;
  for (auto& of : binds_) {
    if (of.smsc != smsc) continue;
    if (auto* link = of.supervisor->link()) sum += link->room();
  }
  return sum;
}

bool links::has_room(bind& of) {
  auto* link = of.supervisor->link();
  return link != nullptr && link->room() > 0;
}

std::optional<link_id> links::submit(std::size_t smsc, smpp::ticket name, smpp::short_message value,
                                     const std::optional<link_id>& preferred) {
  auto index = preferred ? preferred->bind : next_;
  for (std::size_t tried = 0; tried < binds_.size(); ++tried, ++index) {
    auto& of = binds_[index %= binds_.size()];
    if (of.smsc != smsc || !has_room(of)) continue;
    if (!preferred) next_ = index + 1;
    if (of.supervisor->link()->submit(name, std::move(value))) return link_id{.bind = index, .epoch = of.epoch};
    return std::nullopt;
  }
  return std::nullopt;
}

std::size_t links::smsc_named(std::string_view name) const {
  const auto found = std::find_if(smscs_.begin(), smscs_.end(), [&](const auto& each) { return each.name == name; });
  return found == smscs_.end() ? 0 : static_cast<std::size_t>(found - smscs_.begin());
}

std::size_t links::binds_up() const {
  return static_cast<std::size_t>(std::count_if(binds_.begin(), binds_.end(), [](const bind& of) { return of.up; }));
}

std::size_t links::binds_up(std::size_t smsc) const {
  return static_cast<std::size_t>(
      std::count_if(binds_.begin(), binds_.end(), [&](const bind& of) { return of.up && of.smsc == smsc; }));
}

}  // namespace topupd::gateway
