// A program in the simulated world: what is planned for it happens unless it was killed meanwhile, and waits while it
// is frozen (SIGSTOP).
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "tests/simulation/world.hpp"

namespace topupd::simulation {

class process {
 public:
  explicit process(world& time) : world_(time) {}

  void after(duration wait, std::function<void()> what) { at(world_.now() + wait, std::move(what)); }
  void at(time_point when, std::function<void()> what) {
    world_.at(when, [this, life = std::weak_ptr(life_), what = std::move(what)] {
      if (life.expired()) return;
      if (world_.now() < thaws_at_) return at(thaws_at_, what);
      what();
    });
  }
  void freeze(duration time) { thaws_at_ = world_.now() + time; }
  [[nodiscard]] bool is_frozen() const { return world_.now() < thaws_at_; }
  [[nodiscard]] world& time() const { return world_; }

 private:
  world& world_;
  std::shared_ptr<int> life_ = std::make_shared<int>();
  time_point thaws_at_{};
};

}  // namespace topupd::simulation
