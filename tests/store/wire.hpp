// A TCP wire between a gateway and PostgreSQL that can be cut at the worst moment: after COMMIT, before anybody heard
// of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace topupd::store::test {

class wire {
 public:
  wire();  // to PGPORT on loopback
  ~wire();

  [[nodiscard]] std::string host_and_port() const;  // for a URL: "host=127.0.0.1 port=…"
  [[nodiscard]] std::uint16_t port() const { return port_; }
  enum class moment { before_request, before_answer };
  // The next statement goes no further than this; then the connection is cut. Later ones are let through.
  void cut_next(moment when) { cut_ = static_cast<int>(when) + 1; }
  [[nodiscard]] int cuts() const { return cuts_; }
  // From now on statements get no answer, although whoever comes is let in: as from a primary without its standbys.
  void hang() { hangs_ = true; }

 private:
  void accept();
  void carry(int client, int server);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> cut_{0};
  std::atomic<int> cuts_{0};
  std::atomic<bool> hangs_{false};
  std::atomic<bool> ended_{false};
  std::mutex guard_;
  std::vector<std::thread> carriers_;
  std::vector<int> sockets_;
  std::thread acceptor_;
};

}  // namespace topupd::store::test
