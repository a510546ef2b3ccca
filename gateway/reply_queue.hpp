// The order in which replies leave: a lane for each SMSC, first come, first served, but of one subscriber one reply at
// a time, in the order of his texts. Nobody waits for another's answer. Pure; every step takes the same time however
// much waits. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace topupd::gateway {

class reply_queue {
 public:
  explicit reply_queue(std::size_t lanes) : lanes_(lanes) {}

  struct entry {
    std::int64_t receipt = 0;
    std::uint64_t subscriber = 0;
    std::size_t lane = 0;
    std::chrono::sys_seconds decided_at{};  // receipts of one gateway are in order, those of several are not
  };
  void add(const entry& reply);
  [[nodiscard]] std::optional<std::int64_t> front(std::size_t lane) const;  // whose turn it is
  // It is on its way: its subscriber's next one waits until it is back, or done with. Precondition: it is in front.
  void take(const entry& reply);
  void put_back(const entry& reply);  // on its way till now: in front of its lane again
  // On its way till now: done with. The lane of his next one, which may leave now.
  std::optional<std::size_t> finish(const entry& reply);
  void remove(const entry& reply);  // waiting till now: gone
  [[nodiscard]] std::size_t waiting(std::size_t lane) const { return lanes_[lane].waiting; }
  [[nodiscard]] std::size_t lanes() const { return lanes_.size(); }

 private:
  using order = std::pair<std::chrono::sys_seconds, std::int64_t>;
  struct line {                            // of one subscriber
    std::map<order, std::size_t> waiting;  // and its lane
    bool on_its_way = false;
    std::optional<std::size_t> lane;  // where the first of them stands
    std::list<std::uint64_t>::iterator place;
  };
  struct row {  // of those whose turn comes
    std::list<std::uint64_t> subscribers;
    std::size_t waiting = 0;
  };
  enum class end { front, back };
  void stand(std::uint64_t subscriber, line& of, end where);
  void step_out(line& of);

  std::vector<row> lanes_;
  std::unordered_map<std::uint64_t, line> lines_;  // of subscribers for whom something waits or is on its way
};

}  // namespace topupd::gateway
