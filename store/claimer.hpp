// The second connection, for what must not wait behind texts: looks for replies that nobody sends, when asked to, keeps
// parts of long texts, and notes delivery receipts. Its thread keeps the promises of worker.hpp; the questions come
// from other threads. Private to the store.
//
// A claim that cannot be served is dropped, the gateway asks again; a part or a receipt that cannot be kept is refused.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "store/gateway_link.hpp"
#include "store/worker.hpp"
#include "store/writer.hpp"

namespace topupd::store {

class claimer {
 public:
  // All live longer than this. Connects when it is first needed.
  claimer(const worker_options& options, const worker::callbacks& to, const writer& beside);
  ~claimer() { stop(); }

  worker::taken keep(part value);
  worker::taken note(delivery value);
  void claim(std::size_t at_most, std::vector<std::string> smscs);
  void stop();  // breaks off; who sent something and heard nothing sends it again

 private:
  struct request {
    std::size_t at_most = 0;  // 0: none is wanted
    std::vector<std::string> smscs;
  };
  // Each kind has its turn, so that none waits for all of another.
  struct work {
    std::vector<delivery> deliveries;
    std::vector<part> parts;  // at most one
    request wanted;
  };

  template <typename Value>
  worker::taken take(std::deque<Value>& into, std::size_t at_most, Value value);
  void run();
  work next();
  void serve(const std::vector<delivery>& deliveries);
  void serve(const part& one);
  void serve(const request& wanted);
  bool connect();
  void replace(std::unique_ptr<gateway_link> link);

  const worker_options& options_;
  const worker::callbacks& to_;
  const writer& beside_;
  std::mutex guard_;
  std::condition_variable wake_;
  std::unique_ptr<gateway_link> link_;  // used by the thread alone, replaced under guard_
  server last_;                         // the thread's own: to be asked after all others
  std::deque<delivery> deliveries_;
  std::deque<part> parts_;
  request wanted_;  // until it is served: one request at a time
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace topupd::store
