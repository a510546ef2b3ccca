// A short-message centre for tests, people and benchmarks: phones on one side, SMPP binds of the gateway on the other.
//
// It does what makes a real SMSC hard: it delivers a text again, the same octets under a new sequence number, until it
// is answered for good; it keeps each phone's texts in order; and on request it misbehaves (see faults). It speaks
// through our own smpp::session in the SMSC's role, so a fault common to both ends stays unseen: tests/peers has
// somebody else's.
//
// The io_context's one thread. Before the simulator dies: stop(), and run the io_context until stopped().
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/smpp/connection.hpp"

namespace topupd::smsc {

// What a phone sent, on its way to the gateway.
struct text {
  std::uint64_t id = 0;
  std::string from;    // E.164 digits
  std::string octets;  // the same at every attempt
  std::uint8_t data_coding = 0;
  int attempts = 0;
};

// What the gateway sent to a phone.
struct reply {
  std::string to;
  std::string from;
  std::string octets;
  std::uint8_t data_coding = 0;
  smpp::command_status status = smpp::command_status::rok;  // what it was answered
  std::string message_id;                                   // ours; empty when refused or not answered
};
std::string readable(const reply& value);  // its text in UTF-8

struct events {
  std::function<void(const text&)> on_sent;  // a deliver_sm left: once an attempt
  // Its answer; nothing when none came in time or the link broke. `again`: it will be delivered again.
  std::function<void(const text&, std::optional<smpp::command_status>, bool again)> on_answered;
  std::function<void(const reply&)> on_reply;
  std::function<void(const std::string&)> on_link;  // "bound as topup", "lost: …", in words
};

struct options {
  boost::asio::ip::tcp::endpoint listen{boost::asio::ip::address_v4::loopback(), 0};
  std::string system_id = "topup";
  secret password{"secret"};
  std::string short_code = "12345";
  std::size_t window = 64;
  std::chrono::milliseconds retry_delay{1000};  // before a text is delivered again
  std::chrono::milliseconds response_timeout{5000};
};

// What to do wrong, until told otherwise. Numbers count down to 0: then it behaves again.
struct faults {
  int cut_before_answer = 0;  // as the Nth deliver_sm_resp from now arrives, the link is cut and the answer is lost
  int cut_after_answer = 0;   // the link is cut right behind the Nth
  int cut_at_submit = 0;      // the link is cut as the Nth submit_sm arrives: taken, and its response lost
  int lose_at_submit = 0;     // the link is cut as the Nth submit_sm arrives, and nobody has seen that one
  int refuse_binds = 0;       // the next N binds get ESME_RINVPASWD
  int spoil_links = 0;        // the next N links get garbage instead of SMPP, each of another kind
  bool mute = false;          // submit_sm is taken and never answered
  bool deaf = false;          // submit_sm is lost, and so never answered: a centre that hangs
};

struct counters {
  std::uint64_t sent = 0;       // deliver_sm, every attempt
  std::uint64_t taken = 0;      // texts answered ESME_ROK
  std::uint64_t refused = 0;    // texts refused for good
  std::uint64_t replies = 0;    // submit_sm taken
  std::uint64_t throttled = 0;  // submit_sm answered ESME_RTHROTTLED
};

class simulator {
 public:
  // Listens at once; throws boost::system::system_error when the port is taken.
  simulator(boost::asio::io_context& io, smsc::options options, smsc::events events);
  ~simulator();
  simulator(const simulator&) = delete;
  simulator& operator=(const simulator&) = delete;

  // Queues a text of this phone; it leaves when the gateway is bound and there is room. Returns its id.
  std::uint64_t deliver(std::string from, std::string_view utf8);

  smsc::faults faults;
  void cut();                                     // all links, as a cable would be
  void go_away(std::chrono::milliseconds time);   // no listener and no links for so long
  void throttle(std::chrono::milliseconds time);  // submit_sm is answered ESME_RTHROTTLED
  void stop_listening();                          // until listen(); links stay
  void listen();

  // Unbinds politely, or at once; no new links. Then run the io_context until stopped().
  void stop(bool politely);
  [[nodiscard]] bool stopped() const { return stopping_ && links_.empty() && open_coroutines_ == 0; }

  [[nodiscard]] std::uint16_t port() const { return options_.listen.port(); }
  [[nodiscard]] std::size_t binds() const;
  [[nodiscard]] std::size_t unanswered() const { return texts_.size(); }  // texts not answered for good
  [[nodiscard]] const smsc::counters& counters() const { return counters_; }

 private:
  struct link {
    std::optional<smpp::connection> connection;
  };

  void bind_to_a_free_port();
  boost::asio::awaitable<void> accept_links();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);
  void on_answer(link& from, std::uint64_t id, smpp::command_status status);
  void on_submit(link& from, std::uint32_t sequence, smpp::short_message value);
  void send_what_waits();
  link* with_room();
  void send_again_later(std::uint64_t id);
  void retry();
  void settle(std::uint64_t id);
  void spawn(boost::asio::awaitable<void> work);

  boost::asio::io_context& io_;
  smsc::options options_;
  smsc::events events_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_timer_;
  boost::asio::steady_timer away_timer_;
  std::list<link> links_;
  std::list<link>::iterator next_link_ = links_.end();  // whose turn it is

  std::unordered_map<std::uint64_t, text> texts_;  // not answered for good
  std::deque<std::uint64_t> ready_;                // to be sent, oldest first
  struct late {
    std::chrono::steady_clock::time_point at;
    std::uint64_t id;
  };
  std::deque<late> again_;  // waiting to be sent again; one delay, so in order
  std::unordered_map<std::string, std::deque<std::uint64_t>> later_of_phone_;  // behind a text not answered yet

  std::chrono::steady_clock::time_point throttled_until_{};
  std::uint64_t last_id_ = 0;
  std::uint64_t last_message_id_ = 0;
  unsigned spoilt_ = 0;
  int open_coroutines_ = 0;
  bool stopping_ = false;
  smsc::counters counters_;
};

}  // namespace topupd::smsc
