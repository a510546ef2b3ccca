#include "tests/simulation/line.hpp"

#include <utility>

namespace topupd::simulation {

line::line(process& at_gateway, process& at_centre, smpp::session_options gateways, smpp::session_options centres,
           duration slowest)
    : world_(at_gateway.time()),
      ends_{one_end{&at_gateway, smpp::session(std::move(gateways), world_.now())},
            one_end{&at_centre, smpp::session(std::move(centres), world_.now())}},
      slowest_(slowest) {}

void line::start() {
  turn(gateway);
  turn(centre);
}

void line::turn(end at) {
  auto& here = ends_[at];
  while (auto effect = here.session.poll()) {
    if (auto* sending = std::get_if<smpp::send>(&*effect)) {
      send(at, sending->value);
    } else if (std::holds_alternative<smpp::close>(*effect)) {
      finish(at);
      cut();
    } else if (here.to) {
      here.to(*effect);
    }
  }
  wake(at);
}

void line::send(end from, const smpp::pdu& value) {
  if (cut_) return;
  const end to = from == gateway ? centre : gateway;
  auto& arrives = ends_[from].arrives;
  arrives = std::max(arrives, world_.now() + world_.between(microseconds(100), slowest_));
  world_.at(arrives, [self = shared_from_this(), to, value] { self->arrive(to, value); });
}

// A frozen peer's kernel takes it all the same, and hands it over when the peer goes on.
void line::arrive(end at, const smpp::pdu& value) {
  const auto held = at == gateway ? std::max(held_until_ - world_.now(), duration{}) : duration{};
  if (ends_[at].over || (cut_ && held == duration{})) return;
  ends_[at].host->after(held, [self = shared_from_this(), at, value] {
    if (self->ends_[at].over) return;
    self->ends_[at].session.receive(value, self->world_.now());
    self->turn(at);
  });
}

void line::fail() {
  held_until_ = world_.now() + world_.between(milliseconds(100), seconds(4));
  world_.at(world_.now() + world_.between(milliseconds(1), seconds(1)), [self = shared_from_this()] { self->cut(); });
}

// Nothing that is under way arrives, but for what is held up.
void line::cut() {
  if (std::exchange(cut_, true)) return;
  for (const auto at : {gateway, centre}) {
    if (ends_[at].over) continue;
    auto learns = world_.between(microseconds(100), milliseconds(50));
    if (at == gateway) learns += std::max(held_until_ - world_.now(), duration{});
    ends_[at].host->after(learns, [self = shared_from_this(), at] {
      auto& here = self->ends_[at];
      if (here.over) return;
      here.session.disconnected();
      self->turn(at);
      self->finish(at);
    });
  }
}

void line::abandon(end at) {
  ends_[at].over = true;
  ends_[at].to = {};
  cut();
}

void line::finish(end at) {
  auto& here = ends_[at];
  if (std::exchange(here.over, true) || !here.to) return;
  smpp::effect closed = smpp::close{smpp::close_reason::link_dead};
  std::exchange(here.to, {})(closed);  // whoever listens may hold this line, and this line him
}

void line::wake(end at) {
  auto& here = ends_[at];
  const auto next = here.session.deadline();
  if (here.over || next == time_point::max() || next >= here.wakes) return;
  here.wakes = next;
  here.host->at(next, [self = shared_from_this(), at] {
    auto& awake = self->ends_[at];
    awake.wakes = time_point::max();
    if (awake.over) return;
    awake.session.tick(self->world_.now());
    self->turn(at);
  });
}

}  // namespace topupd::simulation
