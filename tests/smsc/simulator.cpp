#include "tests/smsc/simulator.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <exception>
#include <random>
#include <utility>

#include "tests/smsc/long_text.hpp"
#include "tests/smsc/osmocom.hpp"
#include "tests/smsc/spoiler.hpp"

namespace topupd::smsc {

namespace asio = boost::asio;
using asio::ip::tcp;
using smpp::command_status;
using std::chrono::steady_clock;

namespace {

// What an SMSC tries again; everything else but ESME_ROK is for good.
bool is_temporary(command_status status) {
  return status == command_status::rx_t_appn || status == command_status::rmsgqful ||
         status == command_status::rthrottled || status == command_status::rsyserr;
}

std::string words(const smpp::ended& end) {
  if (!end.by_session) return "lost: " + end.error;
  return "closed: " + std::string(name(end.by_session->reason));
}

std::unique_ptr<quirks> quirks_of(const options& wish) {
  if (wish.profile == profile::osmocom) return std::make_unique<osmocom>(wish.short_code);
  return std::make_unique<quirks>();
}

// True once, when the Nth of something has come.
bool is_due(int& countdown) {
  return countdown > 0 && --countdown == 0;
}

}  // namespace

simulator::simulator(asio::io_context& io, smsc::options options, smsc::events events)
    : io_(io),
      options_(std::move(options)),
      events_(std::move(events)),
      quirks_(quirks_of(options_)),
      acceptor_(io),
      retry_timer_(io),
      away_timer_(io) {
  listen();
}

simulator::~simulator() {
  assert(stopped() || io_.stopped() || std::uncaught_exceptions() > 0);
}

void simulator::listen() {
  if (acceptor_.is_open() || stopping_) return;
  acceptor_.open(options_.listen.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  if (options_.listen.port() == 0) {
    bind_to_a_free_port();
  } else {
    acceptor_.bind(options_.listen);
  }
  acceptor_.listen();
  spawn(accept_links());
}

// Below the ports that the kernel gives to outgoing connections: while we do not listen, a gateway that connects to a
// port of that range may be given the very same one as its own, and then it talks to itself.
void simulator::bind_to_a_free_port() {
  std::random_device random;
  boost::system::error_code taken;
  for (int attempt = 0; attempt < 100; ++attempt) {
    options_.listen.port(static_cast<std::uint16_t>(10'000 + random() % 20'000));
    if (!acceptor_.bind(options_.listen, taken)) return;
  }
  throw boost::system::system_error(taken);
}

void simulator::stop_listening() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

void simulator::spawn(asio::awaitable<void> work) {
  ++open_coroutines_;
  asio::co_spawn(io_, std::move(work), [this](const std::exception_ptr& failure) {
    --open_coroutines_;
    if (failure) std::rethrow_exception(failure);  // ours: ends io_context::run()
  });
}

asio::awaitable<void> simulator::accept_links() {
  for (;;) {
    boost::system::error_code error;
    tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted || stopping_) co_return;
    if (!error) spawn(serve(std::move(socket)));
  }
}

void simulator::show(smpp::tls_options certificate) {
  options_.tls = std::move(certificate);
}

asio::awaitable<void> simulator::serve(tcp::socket socket) {
  ++counters_.links;
  if (faults.spoil_links > 0) {
    --faults.spoil_links;
    co_await spoil(std::move(socket), spoilt_++);
    co_return;
  }
  smpp::session_options session;
  session.role = smpp::role::smsc;
  session.credentials.system_id = options_.system_id;
  session.credentials.password = options_.password;
  session.window = options_.window;
  session.inbox = 4096;  // more than any gateway's window
  session.response_timeout = options_.response_timeout;
  if (faults.refuse_binds > 0) {
    --faults.refuse_binds;
    session.credentials.password = secret("\x01");  // that nobody has
  }

  const auto place = links_.emplace(links_.end());
  link& here = *place;
  smpp::connection_handlers handlers;
  handlers.on_bound = [this](const std::string& peer) {
    if (events_.on_link) events_.on_link("bound as " + peer);
    send_what_waits();
  };
  handlers.on_message = [this, &here](std::uint32_t sequence, const smpp::short_message& value) {
    on_submit(here, sequence, value);
  };
  handlers.on_submitted = [this, &here](smpp::ticket id, command_status status, const std::string&) {
    on_answer(here, id, status);
  };
  handlers.on_unknown = [this](smpp::ticket id) { on_no_answer(id); };
  handlers.on_room = [this] { send_what_waits(); };
  auto stream = options_.tls ? smpp::stream(std::move(socket), *options_.tls, smpp::tls_side::server)
                             : smpp::stream(std::move(socket));
  auto wire = quirks_->between(std::move(stream), [this](const std::string& what) {
    if (events_.on_odd) events_.on_odd(what);
  });
  if (wire.work) spawn(std::move(*wire.work));
  here.connection.emplace(std::move(wire.session), std::move(session), std::move(handlers));

  const smpp::ended end = co_await here.connection->run();
  if (events_.on_link) events_.on_link(words(end));
  if (next_link_ == place) ++next_link_;
  links_.erase(place);
}

std::size_t simulator::binds() const {
  std::size_t count = 0;
  for (const link& each : links_) count += each.connection && each.connection->is_bound() ? 1U : 0U;
  return count;
}

// Texts ---------------------------------------------------------------------------------------------------------------

std::uint64_t simulator::deliver(const std::string& from, std::string_view utf8) {
  const auto last = references_.find(from);
  const auto reference = static_cast<std::uint16_t>(last == references_.end() ? 1 : last->second + 1);
  auto parts = short_messages(utf8, reference);
  if (parts.size() > 1) references_[from] = reference;
  const std::uint64_t first = last_id_ + 1;
  for (auto& each : parts) {
    each.source = {1, 1, from};  // international, ISDN
    quirks_->dress(each);
    deliver(std::move(each));
  }
  return first;
}

std::uint64_t simulator::deliver(smpp::short_message message) {
  const std::uint64_t id = ++last_id_;
  if (message.destination.digits.empty()) message.destination = {0, 1, options_.short_code};
  const bool in_order = !faults.hasty;
  std::deque<std::uint64_t>* behind = nullptr;
  if (in_order) {
    const auto [phone, first] = later_of_phone_.try_emplace(message.source.digits);
    if (!first) behind = &phone->second;
  }
  texts_.emplace(id, text{.id = id, .message = std::move(message), .in_order = in_order});
  if (behind != nullptr) {
    behind->push_back(id);
  } else {
    ready_.push_back(id);
    send_what_waits();
  }
  return id;
}

// The bind whose turn it is and whose window has room.
simulator::link* simulator::with_room() {
  for (std::size_t tried = 0; tried < links_.size(); ++tried) {
    if (next_link_ == links_.end()) next_link_ = links_.begin();
    link& candidate = *next_link_++;
    if (candidate.connection && candidate.connection->room() > 0) return &candidate;
  }
  return nullptr;
}

void simulator::send_what_waits() {
  while (!ready_.empty() && !stopping_) {
    link* to = with_room();
    if (to == nullptr) return;
    text& value = texts_.at(ready_.front());
    if (!to->connection->submit(value.id, value.message)) return;
    ready_.pop_front();
    ++value.attempts;
    value.sent_at = steady_clock::now();
    ++counters_.sent;
    if (events_.on_sent) events_.on_sent(value);
  }
}

void simulator::on_answer(link& from, std::uint64_t id, command_status status) {
  if (is_due(faults.cut_before_answer)) {
    from.connection->abort();
    on_no_answer(id);
    return;
  }
  answers_.add(steady_clock::now() - texts_.at(id).sent_at);
  const bool again = is_temporary(status) && quirks_->delivers_again();
  if (events_.on_answered) events_.on_answered(texts_.at(id), status, again);
  if (again) {
    send_again_later(id);
  } else {
    ++(status == command_status::rok ? counters_.taken : counters_.refused);
    settle(id);
  }
  if (is_due(faults.cut_after_answer)) from.connection->abort();
  send_what_waits();
}

// The link broke, or the answer took too long.
void simulator::on_no_answer(std::uint64_t id) {
  const bool again = quirks_->delivers_again();
  if (events_.on_answered) events_.on_answered(texts_.at(id), std::nullopt, again);
  if (again) return send_again_later(id);
  ++counters_.lost;
  settle(id);
  send_what_waits();
}

void simulator::send_again_later(std::uint64_t id) {
  again_.push_back({steady_clock::now() + options_.retry_delay, id});
  if (again_.size() == 1) retry();
}

// Moves what is due to `ready_`, and comes back for the rest.
void simulator::retry() {
  if (stopping_) return;
  const auto now = steady_clock::now();
  for (; !again_.empty() && again_.front().at <= now; again_.pop_front()) ready_.push_back(again_.front().id);
  if (!again_.empty()) {
    retry_timer_.expires_at(again_.front().at);
    retry_timer_.async_wait([this](boost::system::error_code error) {
      if (!error) retry();
    });
  }
  send_what_waits();
}

// Answered for good: the phone's next text may go.
void simulator::settle(std::uint64_t id) {
  const auto done = texts_.extract(id);
  if (!done.mapped().in_order) return;
  const auto phone = later_of_phone_.find(done.mapped().message.source.digits);
  if (phone->second.empty()) {
    later_of_phone_.erase(phone);
  } else {
    ready_.push_back(phone->second.front());
    phone->second.pop_front();
  }
}

// Replies -------------------------------------------------------------------------------------------------------------

void simulator::on_submit(link& from, std::uint32_t sequence, const smpp::short_message& value) {
  if (faults.deaf) return;
  if (is_due(faults.lose_at_submit)) {
    if (events_.on_lost) events_.on_lost();
    return from.connection->abort();
  }
  if (throttled_until_ != steady_clock::time_point{} && steady_clock::now() < throttled_until_) {
    ++counters_.throttled;
    from.connection->acknowledge(sequence, command_status::rthrottled);
    return;
  }
  if (const auto refusal = quirks_->refusal(value)) return from.connection->acknowledge(sequence, *refusal);
  ++counters_.replies;
  std::string message_id;
  if (is_due(faults.cut_at_submit)) {
    from.connection->abort();
  } else if (!faults.mute) {
    message_id = quirks_->message_id(++last_message_id_);
    from.connection->acknowledge(sequence, command_status::rok, message_id);
  }
  const auto shown = quirks_->at_the_phone(value);
  if (!shown) return;
  if (auto receipt = quirks_->receipt(value)) deliver(std::move(*receipt));
  const auto [whole, odd] = parts_.add(*shown, message_id);
  if (!odd.empty() && events_.on_odd) events_.on_odd(odd);
  if (whole && events_.on_reply) events_.on_reply(*whole);
}

// Trouble -------------------------------------------------------------------------------------------------------------

void simulator::cut() {
  for (link& each : links_) {
    if (each.connection) each.connection->abort();
  }
}

void simulator::go_away(std::chrono::milliseconds time) {
  stop_listening();
  cut();
  away_timer_.expires_after(time);
  away_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) listen();
  });
}

void simulator::throttle(std::chrono::milliseconds time) {
  throttled_until_ = steady_clock::now() + time;
}

void simulator::stop(bool politely) {
  stopping_ = true;
  stop_listening();
  retry_timer_.cancel();
  away_timer_.cancel();
  if (!politely) return cut();
  for (link& each : links_) {
    if (each.connection) each.connection->unbind();
  }
}

}  // namespace topupd::smsc
