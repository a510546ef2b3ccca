#include "tests/simulation/gateway_process.hpp"

#include <utility>

#include "gateway/link_options.hpp"

namespace topupd::simulation {

using gateway::link_id;
using gateway::origin;

gateway_process::gateway_process(world& time, parts& shared, const config::settings& settings, database& behind,
                                 const weather& now, centre& smscs, const std::string& instance)
    : host_(time),
      shared_(shared),
      settings_(settings),
      smscs_(smscs),
      door_(
          host_, behind, now, instance,
          {.on_decided =
               [this](std::vector<store::decision> all) {
                 act([&](time_point at) { service_.decided(std::move(all), at); });
               },
           .on_refused =
               [this](const std::vector<std::uint64_t>& all) { act([&](time_point) { service_.refused(all); }); },
           .on_claimed =
               [this](std::vector<store::decision> all) {
                 act([&](time_point at) {
                   for (auto& each : all) outbox_.add(std::move(each), std::nullopt, at);
                 });
               },
           .on_noted = [this](const std::vector<std::uint64_t>& all) { act([&](time_point) { service_.noted(all); }); },
           .on_state = [this](bool up) { refuse_messages(!up); }}),
      outbox_({.lease = std::chrono::duration_cast<milliseconds>(behind.lease),
               .unwritten_max = gateway::windows_of(settings.smscs)},
              gateway::replies(settings), *this, door_, shared.log, shared.counts, time.draw(0xFFFFFFFF)),
      service_(settings_, *this, door_, outbox_, shared.log, shared.counts) {
  for (std::size_t smsc = 0; smsc < settings_.smscs.size(); ++smsc) {
    const auto& of = settings_.smscs[smsc];
    for (int number = 0; number < of.binds; ++number) {
      using enum smpp::command_id;
      if (of.bind == config::bind_mode::pair) {
        binds_.push_back({.smsc = smsc, .kind = bind_transmitter});
        binds_.push_back({.smsc = smsc, .kind = bind_receiver});
      } else {
        binds_.push_back({.smsc = smsc, .kind = bind_transceiver});
      }
    }
  }
  for (std::size_t i = 0; i < binds_.size(); ++i) connect(i);
  act([this](time_point at) { outbox_.start(at); });
}

gateway_process::~gateway_process() {
  for (auto& of : binds_) {
    if (of.way) of.way->abandon(line::gateway);
  }
}

void gateway_process::connect(std::size_t index) {
  host_.after(host_.time().between(milliseconds(20), seconds(2)), [this, index] {
    auto& of = binds_[index];
    const auto& smsc = settings_.smscs[of.smsc];
    smpp::session_options options;
    options.credentials.kind = of.kind;
    options.credentials.system_id = "topup";
    options.window = smsc.window;
    options.rate = smsc.throughput;
    options.enquire_link_after = smsc.enquire_link_after;
    options.response_timeout = smsc.response_timeout;
    of.way = smscs_.accept(host_, of.smsc, std::move(options));
    if (!of.way) return connect(index);
    of.way->listen(line::gateway, [this, index](smpp::effect& what) { on(index, what); });
    of.way->start();
  });
}

void gateway_process::on(std::size_t index, smpp::effect& what) {
  auto& of = binds_[index];
  const auto smsc = of.smsc;
  if (std::holds_alternative<smpp::bound>(what)) {
    ++of.epoch;
    of.up = true;
    if (refusing_) session_of(of).refuse_messages(smpp::command_status{settings(smsc).temporary_status});
    act([&](time_point at) {
      outbox_.claim();
      outbox_.pump(smsc, at);
    });
  } else if (auto* came = std::get_if<smpp::message>(&what)) {
    const origin from{.link = {.bind = index, .epoch = of.epoch}, .sequence = came->sequence};
    act([&](time_point at) { service_.message(from, smsc, came->value, at); });
  } else if (const auto* done = std::get_if<smpp::submitted>(&what)) {
    act([&](time_point at) {
      outbox_.submitted(done->ticket, done->status, done->message_id, at);
      outbox_.pump(smsc, at);
    });
  } else if (const auto* proven = std::get_if<smpp::heard>(&what)) {
    act([&](time_point at) {
      service_.heard(proven->ticket);
      outbox_.heard(proven->ticket, at);
    });
  } else if (const auto* lost = std::get_if<smpp::unknown>(&what)) {
    act([&](time_point at) { outbox_.unknown(lost->ticket, at); });
  } else if (std::holds_alternative<smpp::close>(what)) {
    of.up = false;
    connect(index);
  }
}

void gateway_process::refuse_messages(bool refuse) {
  refusing_ = refuse;
  for (auto& of : binds_) {
    if (!of.up) continue;
    const smpp::command_status status{settings(of.smsc).temporary_status};
    session_of(of).refuse_messages(refuse ? std::optional(status) : std::nullopt);
  }
}

void gateway_process::act(const std::function<void(time_point)>& step) {
  step(host_.time().now());
  turn_lines();
  const auto next = std::min(service_.deadline(), outbox_.deadline());
  if (next >= wakes_at_) return;
  wakes_at_ = next;
  host_.at(next, [this] {
    wakes_at_ = time_point::max();
    act([this](time_point at) {
      service_.tick(at);
      outbox_.tick(at);
    });
  });
}

// What the step asked of the sessions happens soon after, outside of it; and where the rate holds replies back, they go
// on when it has room again.
void gateway_process::turn_lines() {
  const auto now = host_.time().now();
  for (std::size_t i = 0; i < binds_.size(); ++i) {
    auto& of = binds_[i];
    if (!of.up) continue;
    host_.after({}, [way = of.way] { way->turn(line::gateway); });
    const auto room_at = session_of(of).room_at();
    if (outbox_.waiting() == 0 || room_at <= now || room_at >= of.pumps_at) continue;
    of.pumps_at = room_at;
    host_.at(room_at, [this, i] {
      binds_[i].pumps_at = time_point::max();
      act([&](time_point at) { outbox_.pump(binds_[i].smsc, at); });
    });
  }
}

void gateway_process::answer(const origin& to, smpp::command_status status) {
  auto& of = binds_[to.link.bind];
  if (of.up && of.epoch == to.link.epoch) session_of(of).acknowledge(to.sequence, status);
}

void gateway_process::confirm(const link_id& on, smpp::ticket name) {
  if (is_up(on)) session_of(binds_[on.bind]).confirm(name, host_.time().now());
}

bool gateway_process::is_up(const link_id& name) {
  const auto& of = binds_[name.bind];
  return of.up && of.epoch == name.epoch;
}

std::size_t gateway_process::room(std::size_t smsc) {
  std::size_t sum = 0;
  for (auto& of : binds_) {
    if (of.up && of.smsc == smsc) sum += session_of(of).room(host_.time().now());
  }
  return sum;
}

std::optional<link_id> gateway_process::submit(std::size_t smsc, smpp::ticket name, smpp::short_message value,
                                               const std::optional<link_id>& preferred) {
  auto index = preferred ? preferred->bind : next_++;
  for (std::size_t tried = 0; tried < binds_.size(); ++tried, ++index) {
    auto& of = binds_[index %= binds_.size()];
    if (!of.up || of.smsc != smsc) continue;
    if (session_of(of).submit(name, value, host_.time().now())) return link_id{.bind = index, .epoch = of.epoch};
  }
  return std::nullopt;
}

void gateway_process::throttled(const link_id& by) {
  auto& of = binds_[by.bind];
  if (of.up && of.epoch == by.epoch) session_of(of).throttled(0.5, host_.time().now());
}

void gateway_process::give_up(const link_id& on, smpp::command_status why) {
  auto& of = binds_[on.bind];
  if (of.up && of.epoch == on.epoch) session_of(of).give_up(why);
}

std::size_t gateway_process::binds_up() const {
  return static_cast<std::size_t>(std::count_if(binds_.begin(), binds_.end(), [](const bind& of) { return of.up; }));
}

std::size_t gateway_process::binds_up(std::size_t smsc) const {
  return static_cast<std::size_t>(std::count_if(binds_.begin(), binds_.end(), [&](const bind& of) {
    return of.up && of.smsc == smsc && of.kind != smpp::command_id::bind_receiver;
  }));
}

}  // namespace topupd::simulation
