// A short-message centre for tests, people and benchmarks: phones on one side, SMPP binds of the gateway on the other.
//
// It does what makes a real SMSC hard: it delivers a text again, the same octets under a new sequence number, until it
// is answered for good; it keeps each phone's texts in order; on request it misbehaves (see faults), or is one kind of
// SMSC with all its quirks (see profile). It speaks through our own smpp::session in the SMSC's role, so a fault common
// to both ends stays unseen: tests/peers has somebody else's.
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
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/smpp/connection.hpp"
#include "tests/smsc/latencies.hpp"
#include "tests/smsc/quirks.hpp"
#include "tests/smsc/reply.hpp"

namespace topupd::smsc {

// What a phone sent, on its way to the gateway: a text, or a part of a long one.
struct text {
  std::uint64_t id = 0;
  smpp::short_message message;  // the same at every attempt
  int attempts = 0;
  std::chrono::steady_clock::time_point sent_at{};  // the last time
  bool in_order = true;                             // the phone's next one waits for it
};

struct events {
  std::function<void(const text&)> on_sent;  // a deliver_sm left: once an attempt
  // Its answer; nothing when none came in time or the link broke. `again`: it will be delivered again.
  std::function<void(const text&, std::optional<smpp::command_status>, bool again)> on_answered;
  std::function<void(const reply&)> on_reply;  // one that came in parts: once, whole
  // Of a reply, "part 2 came twice", or what a profile does not take of the gateway; in words.
  std::function<void(const std::string&)> on_odd;
  std::function<void()> on_lost;                    // a submit_sm, as faults.lose_at_submit has it
  std::function<void(const std::string&)> on_link;  // "bound as topup", "lost: …", in words
};

enum class profile { smpp34, osmocom };

struct options {
  boost::asio::ip::tcp::endpoint listen{boost::asio::ip::address_v4::loopback(), 0};
  std::string system_id = "topup";
  secret password{"secret"};
  std::string short_code = "12345";
  std::size_t window = 64;
  std::optional<smpp::tls_options> tls = {};    // of the server; none: plain
  std::chrono::milliseconds retry_delay{1000};  // before a text is delivered again
  std::chrono::milliseconds response_timeout{5000};
  smsc::profile profile = smsc::profile::smpp34;
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
  bool hasty = false;         // a phone's texts do not wait for each other: they go over all binds at once
};

struct counters {
  std::uint64_t links = 0;      // that a gateway has made, bound or not
  std::uint64_t sent = 0;       // deliver_sm, every attempt
  std::uint64_t taken = 0;      // texts answered ESME_ROK
  std::uint64_t refused = 0;    // texts refused for good
  std::uint64_t lost = 0;       // texts not answered, and not to be delivered again
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

  // Queues a text of this phone, in parts when it is long; it leaves when the gateway is bound and there is room.
  // Returns the id of its first part; ids count up.
  std::uint64_t deliver(const std::string& from, std::string_view utf8);
  // As it stands, whatever that is; only an empty destination becomes the short code.
  std::uint64_t deliver(smpp::short_message message);

  smsc::faults faults;
  void cut();                                     // all links, as a cable would be
  void go_away(std::chrono::milliseconds time);   // no listener and no links for so long
  void throttle(std::chrono::milliseconds time);  // submit_sm is answered ESME_RTHROTTLED
  void stop_listening();                          // until listen(); links stay
  void show(smpp::tls_options certificate);       // to who connects from now on, over TLS
  void listen();

  // Unbinds politely, or at once; no new links. Then run the io_context until stopped().
  void stop(bool politely);
  [[nodiscard]] bool stopped() const { return stopping_ && links_.empty() && open_coroutines_ == 0; }

  [[nodiscard]] std::uint16_t port() const { return options_.listen.port(); }
  [[nodiscard]] std::size_t binds() const;
  [[nodiscard]] std::size_t unanswered() const { return texts_.size(); }  // texts not answered for good
  [[nodiscard]] std::size_t incomplete_replies() const { return parts_.incomplete(); }
  [[nodiscard]] const smsc::counters& counters() const { return counters_; }
  [[nodiscard]] const latencies& answers() const { return answers_; }  // of deliver_sm, with any status

 private:
  struct link {
    std::optional<smpp::connection> connection;
  };

  void bind_to_a_free_port();
  boost::asio::awaitable<void> accept_links();
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);
  void on_answer(link& from, std::uint64_t id, smpp::command_status status);
  void on_submit(link& from, std::uint32_t sequence, const smpp::short_message& value);
  void send_what_waits();
  link* with_room();
  void on_no_answer(std::uint64_t id);
  void send_again_later(std::uint64_t id);
  void retry();
  void settle(std::uint64_t id);
  void spawn(boost::asio::awaitable<void> work);

  boost::asio::io_context& io_;
  smsc::options options_;
  smsc::events events_;
  std::unique_ptr<quirks> quirks_;
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

  std::unordered_map<std::string, std::uint16_t> references_;  // of phones that sent long texts: the last one's
  reply_parts parts_;

  std::chrono::steady_clock::time_point throttled_until_{};
  std::uint64_t last_id_ = 0;
  std::uint64_t last_message_id_ = 0;
  unsigned spoilt_ = 0;
  int open_coroutines_ = 0;
  bool stopping_ = false;
  smsc::counters counters_;
  latencies answers_;
};

}  // namespace topupd::smsc
