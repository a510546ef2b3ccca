// Faults that the kernel makes of the network: everything on loopback through a narrow pipe (tc tbf), packets lost at
// random (nftables), connections ended (ss -K). Only ever in a network namespace that is not PID 1's
// (tests/network/namespace makes one): anywhere else, and without the tools, nothing is done, and why_not() says why.
//
// Each fault ends by itself once tend() is called after its time; mend() ends all at once, and comes before settling.
// What a caller that dies leaves behind ends with the namespace.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace topupd::network {

class kernel {
 public:
  using milliseconds = std::chrono::milliseconds;
  // Runs a program: its exit status, and what it printed.
  using runner = std::function<std::pair<int, std::string>(const std::vector<std::string>&)>;

  explicit kernel(runner run);  // tries what there is

  [[nodiscard]] bool may() const { return why_not_.empty(); }
  [[nodiscard]] const std::string& why_not() const { return why_not_; }
  // Whether `ss -K` ends a connection here: not where the kernel is built without INET_DIAG_DESTROY.
  [[nodiscard]] bool can_end_connections() const { return ends_connections_; }

  // These throw std::runtime_error when a tool refuses.
  void narrow(int kbit_a_second, milliseconds time);  // one at a time: a second one only lasts longer
  void drop(std::uint16_t port, int percent, milliseconds time);
  void end_connections(std::uint16_t port);
  void tend();
  void mend();

 private:
  using clock = std::chrono::steady_clock;
  struct standing {
    clock::time_point until;
    std::vector<std::string> undo;
  };
  void must(const std::vector<std::string>& words);
  bool try_to_end_one();

  runner run_;
  std::string why_not_;
  bool ends_connections_ = false;
  std::vector<standing> standing_;
  int tables_ = 0;  // of nftables, that were made
};

}  // namespace topupd::network
