#include "gateway/smpp/connection.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "gateway/smpp/codec.hpp"

namespace topupd::smpp {

namespace asio = boost::asio;

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t read_size = std::size_t{64} * 1024;
// Answers that a peer does not read: above this nothing more is read from it, and so it falls silent and is dropped.
constexpr std::size_t outgoing_limit = std::size_t{1024} * 1024;
// How long the PDU that ends the link may take to leave.
constexpr auto last_words = std::chrono::seconds(1);
// How long the peer may take to end TLS, too. Nothing is lost when it does not: the unbind has said it.
constexpr auto last_words_of_tls = std::chrono::milliseconds(200);
constexpr auto quietly = asio::as_tuple(asio::use_awaitable);  // errors as values

asio::awaitable<void> wait(asio::steady_timer& timer) {
  co_await timer.async_wait(quietly);
}

}  // namespace

connection::connection(stream link, session_options options, connection_handlers handlers, std::uint16_t vendor_tlv,
                       std::size_t pdu_max)
    : stream_(std::move(link)),
      handlers_(std::move(handlers)),
      session_(std::move(options), clock::now()),
      frames_(pdu_max),
      vendor_tlv_(vendor_tlv),
      random_(std::random_device{}()),
      something_(stream_.get_executor(), time_point::max()),
      written_(stream_.get_executor(), time_point::max()),
      clock_(stream_.get_executor(), time_point::max()) {}

connection::~connection() = default;

asio::awaitable<ended> connection::run() {
  using namespace asio::experimental::awaitable_operators;
  const bool ready = co_await shake_hands();
  if (ready) {
    co_await (read_loop() || write_loop() || clock_loop());
    if (ended_.by_session) {
      clock_.expires_after(last_words_of_tls);
      co_await (stream_.shutdown() || wait(clock_));
    }
  }
  session_.disconnected();
  carry_out_effects();
  stream_.close();
  co_return std::move(ended_);
}

// Where the maker of the stream did not do it: the side that is called.
asio::awaitable<bool> connection::shake_hands() {
  using namespace asio::experimental::awaitable_operators;
  clock_.expires_at(session_.deadline());
  const auto first = co_await (stream_.handshake() || wait(clock_));
  if (aborted_) co_return false;
  ended_.error = first.index() == 0 ? std::get<0>(first) : "TLS: handshake timed out";
  co_return ended_.error.empty();
}

// Ends when the socket fails. Behind the session's close it only discards: unread octets would turn our close into a
// reset that overtakes our last words.
asio::awaitable<void> connection::read_loop() {
  for (;;) {
    const auto space = frames_.prepare(read_size);
    const auto [error, size] = co_await stream_.read_some(space);
    if (error && !ended_.by_session) {
      if (ended_.error.empty()) ended_.error = stream_.words(error);
      co_return;
    }
    if (error) break;
    if (ended_.by_session) continue;
    frames_.commit(size);
    const auto now = clock::now();
    while (const auto frame = frames_.next()) {
      session_.receive(decode(*frame, vendor_tlv_), now);
      carry_out_effects();  // one by one, so that on_bound comes before the message that stood behind the bind response
    }
    if (frames_.broken()) session_.receive_broken_frame(now);
    turn();
    while (outgoing_.size() > outgoing_limit) co_await wait(written_);
  }
  for (;;) co_await wait(written_);  // the writer has the last word
}

// Ends when the session is closed and its last PDU has left. Whatever gathers during a write leaves in the next one, as
// whole PDUs: OsmoMSC loses octets when a length word comes in two parts (SMPP.md §3).
asio::awaitable<void> connection::write_loop() {
  for (;;) {
    turn();
    if (aborted_) co_return;
    if (!outgoing_.empty()) {
      writing_.clear();
      std::swap(writing_, outgoing_);
      const auto error = co_await stream_.write(writing_);  // named: inside an if, GCC 12 breaks the coroutine's frame
      if (error) break;
      written_.cancel();
    } else if (ended_.by_session) {
      co_return;
    } else {
      co_await wait(something_);
    }
  }
  // Nothing can be sent any more, but answers may still lie in the receive buffer: read_loop() takes them and ends.
  while (!aborted_) co_await wait(something_);
}

// Ends a moment after the session is closed, when the peer does not take our last words.
asio::awaitable<void> connection::clock_loop() {
  while (!ended_.by_session) {
    const auto now = clock::now();
    if (deadline() <= now) {
      session_.tick(now);
      turn();
    } else {
      clock_.expires_at(deadline());
      co_await wait(clock_);
    }
  }
  clock_.expires_after(last_words);
  co_await wait(clock_);
}

// The session's, and the moment when the rate lets the next message through, while somebody waits for that.
time_point connection::deadline() const {
  const auto room_at = room_is_wanted_ ? session_.room_at() : time_point::min();
  return room_at == time_point::min() ? session_.deadline() : std::min(session_.deadline(), room_at);
}

// Carries out what the session wants and lets the loops see it. Never re-entered: handlers only queue.
void connection::turn() {
  carry_out_effects();
  while (room_is_wanted_ && session_.room(clock::now()) > 0) {
    room_is_wanted_ = false;
    if (handlers_.on_room) handlers_.on_room();
    carry_out_effects();
  }
  if (!outgoing_.empty() || ended_.by_session) something_.cancel();
  if (deadline() < clock_.expiry() || ended_.by_session) clock_.cancel();
}

void connection::carry_out_effects() {
  while (auto next = session_.poll()) std::visit([this](auto& it) { carry_out(it); }, *next);
}

void connection::carry_out(send& it) {
  encode(it.value, outgoing_);
}

void connection::carry_out(bound& it) {
  ended_.was_bound = true;
  room_is_wanted_ = true;
  if (handlers_.on_bound) handlers_.on_bound(it.peer_system_id);
}

void connection::carry_out(message& it) {
  if (handlers_.on_message) handlers_.on_message(it.sequence, std::move(it.value));
}

void connection::carry_out(submitted& it) {
  if (handlers_.on_submitted) handlers_.on_submitted(it.ticket, it.status, it.message_id);
}

void connection::carry_out(heard& it) {
  if (handlers_.on_heard) handlers_.on_heard(it.ticket);
}

void connection::carry_out(unknown& it) {
  if (handlers_.on_unknown) handlers_.on_unknown(it.ticket);
}

void connection::carry_out(close& it) {
  ended_.by_session = it;
}

bool connection::submit(ticket name, short_message value) {
  const bool taken = session_.submit(name, std::move(value), clock::now());
  if (!taken) room_is_wanted_ = true;
  something_.cancel();
  return taken;
}

void connection::acknowledge(std::uint32_t sequence, command_status status, std::string message_id) {
  session_.acknowledge(sequence, status, std::move(message_id));
  something_.cancel();
}

void connection::confirm(ticket name) {
  session_.confirm(name, clock::now());
  something_.cancel();
}

void connection::refuse_messages(std::optional<command_status> status) {
  session_.refuse_messages(status);
}

void connection::unbind() {
  session_.unbind(clock::now());
  something_.cancel();
}

void connection::abort() {
  aborted_ = true;
  ended_.error = "aborted";
  stream_.close();
  something_.cancel();
}

void connection::throttled() {
  session_.throttled(std::uniform_real_distribution<double>()(random_), clock::now());
  something_.cancel();
}

void connection::give_up(command_status why) {
  session_.give_up(why);
  something_.cancel();
}

std::size_t connection::room() const {
  return session_.room(clock::now());
}

bool connection::is_bound() const {
  return session_.is_bound();
}

bool connection::can_submit() const {
  return session_.can_submit();
}

const session_counters& connection::counters() const {
  return session_.counters();
}

}  // namespace topupd::smpp
