// The list of bad PDUs (tests/unit/smpp_codec/bad_pdus.hpp) against the real daemon, over its sockets: every one gets
// its right answer, and the process goes on.
//
// Those that come while a submit_sm of ours waits are left to the unit test: there the number of that one is known.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <fstream>
#include <map>

#include "gateway/smpp/frame.hpp"
#include "gateway/smpp/guard.hpp"
#include "tests/scenarios/stand.hpp"
#include "tests/scenarios/text_file.hpp"
#include "tests/unit/smpp_codec/bad_pdus.hpp"

using namespace topupd::scenarios;
using namespace topupd::smpp;
using namespace topupd::smpp::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t batch_max = 100;
constexpr std::uint32_t probe_sequence = 0x00ABCDEF;

std::string pdu_of(std::uint32_t id, std::uint32_t sequence, const std::string& body = {}) {
  std::string out;
  for (const std::size_t word : {header_size + body.size(), std::size_t{id}, std::size_t{0}, std::size_t{sequence}})
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(word >> shift & 0xFF);
  return out + body;
}

// Plays the SMSC of any number of links at once. Each takes PDUs off the list: those with which the link goes on by the
// hundred, each of the others alone.
class hostile_centre {
 public:
  hostile_centre(asio::io_context& io, std::uint16_t port, const std::vector<bad_pdu>& list)
      : acceptor_(io, {asio::ip::address_v4::loopback(), port}) {
    for (const bad_pdu& each : list) {
      // A good answer to the bind changes what is right for those behind it.
      const bool binds = each.when == moment::binding && is_bind_response(each.octets);
      if (each.when == moment::submitted) continue;
      if (each.then != ending::lives || binds)
        alone_.push_back({each});
      else
        together_[each.when == moment::bound].push_back(each);
    }
    asio::co_spawn(io, accept(), [this](std::exception_ptr error) { ended(error); });
  }

  void stop() { acceptor_.close(); }
  [[nodiscard]] bool done() const { return left() == 0 && open_ == 0; }
  [[nodiscard]] std::size_t left() const { return alone_.size() + together_[0].size() + together_[1].size(); }

  std::size_t tried = 0;
  std::size_t links = 0;
  std::vector<std::string> wrong;

 private:
  using batch = std::vector<bad_pdu>;

  struct link {
    explicit link(tcp::socket given) : socket(std::move(given)), timer(socket.get_executor()) {}
    tcp::socket socket;
    asio::steady_timer timer;
    frame_reader frames;
    bool ended = false;
  };

  static bool is_bind_response(const std::string& octets) {
    const std::uint32_t id = octets.size() < header_size ? 0 : read_header(octets).id;
    return id == 0x80000001 || id == 0x80000002 || id == 0x80000009;
  }

  asio::awaitable<void> accept() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(quietly);
      if (error) co_return;
      ++open_;
      ++links;
      asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), [this](std::exception_ptr failed) {
        --open_;
        ended(failed);
      });
    }
  }

  void ended(std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const std::exception& e) {
      wrong.push_back(std::string("the test itself: ") + e.what());
    }
  }

  batch next(moment when) {
    auto& from = together_[when == moment::bound];
    const auto count = static_cast<std::ptrdiff_t>(std::min(from.size(), batch_max));
    batch taken(from.begin(), from.begin() + count);
    from.erase(from.begin(), from.begin() + count);
    return taken;
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    link with(std::move(socket));
    const auto bind = co_await read(with, 5s);
    if (!bind || bind->id != 0x00000009 || bind->sequence != 1) {
      if (bind) wrong.push_back("the daemon began with something else than its bind");
      co_return;
    }
    if (!alone_.empty()) {
      const batch work{alone_.front()};
      alone_.pop_front();
      if (work.front().when == moment::bound) co_await write(with, pdu_of(0x80000009, 1, std::string(1, '\0')));
      co_await attack(with, work);
      co_return;
    }
    if (const batch work = next(moment::binding); !work.empty()) co_await attack(with, work);
    co_await write(with, pdu_of(0x80000009, 1, std::string(1, '\0')));
    for (batch work = next(moment::bound); !work.empty() && !with.ended; work = next(moment::bound))
      co_await attack(with, work);
  }

  // Sends the batch, and reads until all that must come has come. A temporary status for what must be taken: that PDU
  // again, later.
  asio::awaitable<void> attack(link& with, const batch& work) {
    tried += work.size();
    const ending then = work.front().then;
    std::map<answer, int> expected;
    std::string octets;
    for (const bad_pdu& each : work) {
      octets += each.octets;
      for (const answer& one : each.answers) ++expected[one];
    }
    if (then == ending::lives) {
      octets += pdu_of(0x15, probe_sequence);
      ++expected[{0x80000015, command_status::rok, probe_sequence}];
    }
    co_await write(with, octets);
    const auto missing = [&] {
      return std::ranges::any_of(expected, [](const auto& each) { return each.second > 0; });
    };
    while (then != ending::lives || missing()) {
      const auto came = co_await read(with, then == ending::waits ? 100ms : 10'000ms);
      if (!came) break;
      answer given{came->id, came->status, came->sequence};
      if (--expected[given] >= 0) continue;
      const answer wanted{given.id, command_status::rok, given.sequence};
      const bool for_now = given.status == command_status::rx_t_appn || given.status == command_status::rmsgqful;
      if (!for_now || !expected.contains(wanted) || ++again_ > 500) continue;
      expected.erase(given);
      --expected[wanted];
      for (const bad_pdu& each : work)
        if (each.answers == std::vector{wanted}) together_[1].push_back(each);
    }
    if (then == ending::closes && !with.ended) say(work, "the link was not closed");
    if (then != ending::closes && with.ended) say(work, "the link was closed");
    for (const auto& [one, count] : expected)
      if (count != 0) say(work, fmt::format("{} {}", show(one), count > 0 ? "did not come" : "came"));
  }

  void say(const batch& work, const std::string& what) {
    wrong.push_back(fmt::format("{}{}: {}", work.front().name, work.size() > 1 ? " …" : "", what));
  }

  // The header of the daemon's next answer; its own requests are answered meanwhile. Nothing: the end, or silence.
  asio::awaitable<std::optional<header>> read(link& with, std::chrono::milliseconds patience) {
    using namespace asio::experimental::awaitable_operators;
    for (;;) {
      while (const auto frame = with.frames.next()) {
        const header head = read_header(*frame);
        if ((head.id & response_bit) != 0 || head.id == 0x00000009) co_return head;
        if (head.id == 0x00000004) co_await write(with, pdu_of(0x80000004, head.sequence, std::string("id\0", 3)));
        if (head.id == 0x00000015) co_await write(with, pdu_of(0x80000015, head.sequence));
      }
      const auto space = with.frames.prepare(16'384);
      with.timer.expires_after(patience);
      const auto first = co_await (with.socket.async_read_some(asio::buffer(space.data(), space.size()), quietly) ||
                                   with.timer.async_wait(quietly));
      if (first.index() == 1) co_return std::nullopt;
      const auto [error, size] = std::get<0>(first);
      if (error) {
        with.ended = true;
        co_return std::nullopt;
      }
      with.frames.commit(size);
    }
  }

  static asio::awaitable<void> write(link& with, std::string octets) {
    // The daemon may close behind the first octets of them: what it has answered is read all the same.
    co_await asio::async_write(with.socket, asio::buffer(octets), quietly);
  }

  tcp::acceptor acceptor_;
  std::deque<bad_pdu> alone_;
  std::deque<bad_pdu> together_[2];  // before the bind, behind it
  int open_ = 0;
  int again_ = 0;
};

}  // namespace

TEST_CASE("every bad PDU of the list gets its right answer from the daemon, which then still credits a good text") {
  stand here({.daemon = false, .sandbox = {"--set", "binds = 8"}});
  std::string settings = content(here.config());
  for (const std::string key : {"reconnect_min", "reconnect_max"}) {
    const auto begin = settings.find(key);
    REQUIRE(begin != std::string::npos);
    settings.replace(begin, settings.find('\n', begin) - begin, key + " = \"50ms\"");
  }
  std::ofstream(here.config()) << settings;

  here.centre.stop_listening();
  const auto list = bad_pdus("TOPUP " + here.pin(0));
  {
    hostile_centre hostile(here.io, here.centre.port(), list);
    here.launch_daemon();
    here.until([&] { return hostile.done(); }, "end of the list", 240s);
    hostile.stop();
    here.pass(50ms);
    CHECK(hostile.tried >= 10'000);
    CHECK(hostile.links >= 1'000);
    CHECK(hostile.wrong.size() == 0);
    for (std::size_t i = 0; i < std::min<std::size_t>(hostile.wrong.size(), 20); ++i) MESSAGE(hostile.wrong[i]);
  }
  CHECK_FALSE(here.daemon().exit_status());
  here.centre.listen();
  here.until([&] { return here.centre.binds() == 8; }, "the binds");
  CHECK(has(here.ask("TOPUP " + here.pin(1), here.other), "Confirmed"));
  CHECK(here.balance_of(here.self) == "50.00");  // its PIN stood in a thousand PDUs
  here.check_all_is_well();                      // no PIN in the log, and the books are right
}
