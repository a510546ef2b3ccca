// The simulator against a gateway of ten lines on the same thread, over loopback.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "tests/smsc/simulator.hpp"

#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/smsc/load.hpp"

namespace asio = boost::asio;
using namespace topupd;
using namespace std::chrono_literals;
using smpp::command_status;

namespace {

// Answers each text with `status` and, when that is ESME_ROK, with a confirmation. Binds again when the link is lost.
struct gateway {
  asio::io_context& io;
  std::uint16_t port;
  std::vector<command_status> statuses;  // of the first texts; then ESME_ROK
  std::optional<smpp::connection> link;
  std::vector<smpp::short_message> texts;
  std::vector<command_status> submitted;
  std::vector<std::string> says = {"8F3K2Q Confirmed."};  // to each text; more than one: in parts
  int binds = 0;
  bool running = true;

  void begin() {
    asio::co_spawn(io, run(), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }

  asio::awaitable<void> run() {
    while (running) {
      asio::ip::tcp::socket socket(io);
      boost::system::error_code error;
      socket.connect({asio::ip::address_v4::loopback(), port}, error);
      if (error) {
        asio::steady_timer later(io, 5ms);
        co_await later.async_wait(asio::use_awaitable);
        continue;
      }
      smpp::session_options options;
      options.credentials.system_id = "topup";
      options.credentials.password = secret("secret");
      smpp::connection_handlers handlers;
      handlers.on_bound = [this](const std::string&) { ++binds; };
      handlers.on_message = [this](std::uint32_t sequence, const smpp::short_message& value) {
        answer(sequence, value);
      };
      handlers.on_submitted = [this](smpp::ticket, command_status status, const std::string&) {
        submitted.push_back(status);
      };
      handlers.on_unknown = [](smpp::ticket) {};
      handlers.on_room = [] {};
      link.emplace(std::move(socket), options, handlers);
      co_await link->run();
    }
  }

  void answer(std::uint32_t sequence, const smpp::short_message& value) {
    texts.push_back(value);
    const auto status = texts.size() <= statuses.size() ? statuses[texts.size() - 1] : command_status::rok;
    link->acknowledge(sequence, status);
    if (status != command_status::rok) return;
    smpp::short_message reply;
    reply.kind = smpp::command_id::submit_sm;
    reply.source = value.destination;
    reply.destination = value.source;
    for (std::size_t part = 0; part < says.size(); ++part) {
      const auto number = static_cast<char>(part + 1);
      if (says.size() > 1) reply.octets = {5, 0, 3, 9, static_cast<char>(says.size()), number};
      if (says.size() > 1) reply.esm_class = 0x40;
      reply.octets += says[part];
      link->submit(texts.size(), reply);
    }
  }
};

struct field {
  asio::io_context io{1};
  std::vector<smsc::reply> replies;
  std::vector<std::string> odd;
  std::vector<std::string> answers;  // "1 ESME_ROK"
  smsc::simulator centre;
  gateway peer;
  std::unique_ptr<gateway> second;

  explicit field(std::vector<command_status> statuses = {}, smsc::options options = {.retry_delay = 5ms})
      : centre(io, std::move(options), listeners()), peer{io, centre.port(), std::move(statuses), {}, {}, {}} {
    peer.begin();
  }
  ~field() {
    peer.running = false;
    if (second) second->running = false;
    centre.stop(false);
    until([this] { return centre.stopped(); });
  }

  smsc::events listeners() {
    smsc::events events;
    events.on_reply = [this](const smsc::reply& value) { replies.push_back(value); };
    events.on_odd = [this](const std::string& what) { odd.push_back(what); };
    events.on_answered = [this](const smsc::text& text, std::optional<command_status> status, bool) {
      answers.push_back(std::to_string(text.id) + ' ' + (status ? name(*status) : "none"));
    };
    return events;
  }

  template <class Condition>
  bool until(Condition condition) {
    for (int turn = 0; turn < 2000 && !condition(); ++turn) io.run_one_for(10ms);
    return condition();
  }
};

}  // namespace

TEST_CASE("a text is delivered, taken and answered") {
  field here;
  here.centre.deliver("999701234567", "BAL");
  REQUIRE(here.until([&] { return here.replies.size() == 1 && here.centre.unanswered() == 0; }));
  CHECK(here.replies[0].to == "999701234567");
  CHECK(here.replies[0].from == "12345");
  CHECK(smsc::readable(here.replies[0]) == "8F3K2Q Confirmed.");
  CHECK(here.peer.texts[0].octets == "BAL");
  CHECK(here.peer.texts[0].source == smpp::address{1, 1, "999701234567"});
}

TEST_CASE("a temporary status brings the same octets again, a permanent one does not") {
  field here({command_status::rx_t_appn, command_status::rmsgqful, command_status::rx_p_appn});
  here.centre.deliver("999701234567", "first");
  REQUIRE(here.until([&] { return here.centre.unanswered() == 0; }));
  CHECK(here.answers == std::vector<std::string>{"1 ESME_RX_T_APPN", "1 ESME_RMSGQFUL", "1 ESME_RX_P_APPN"});
  for (const auto& each : here.peer.texts) CHECK(each.octets == "first");
  CHECK(here.centre.counters().refused == 1);
}

TEST_CASE("a phone's texts keep their order, also when the first must be delivered again") {
  field here({command_status::rx_t_appn});
  here.centre.deliver("999701234567", "one");
  here.centre.deliver("999701234567", "two");
  here.centre.deliver("999709876543", "other");
  REQUIRE(here.until([&] { return here.centre.unanswered() == 0; }));
  std::vector<std::string> order;
  for (const auto& each : here.peer.texts) order.push_back(each.octets);
  CHECK(order == std::vector<std::string>{"one", "other", "one", "two"});
}

TEST_CASE("a phone in haste waits for nobody: its texts go over every bind at once") {
  field here;
  here.second.reset(new gateway{here.io, here.centre.port(), {}, {}, {}, {}});
  here.second->begin();
  REQUIRE(here.until([&] { return here.centre.binds() == 2; }));
  here.centre.faults.hasty = true;
  here.centre.deliver("999701234567", "one");
  here.centre.deliver("999701234567", "two");
  CHECK(here.centre.counters().sent == 2);
  REQUIRE(here.until([&] { return here.centre.unanswered() == 0; }));
  CHECK(here.peer.texts.size() == 1);
  CHECK(here.second->texts.size() == 1);
}

TEST_CASE("a long text leaves in parts, the next long one of the phone under the next reference") {
  field here;
  const std::string text(200, 'a');
  CHECK(here.centre.deliver("999701234567", text) == 1);
  CHECK(here.centre.deliver("999701234567", text) == 3);
  CHECK(here.centre.deliver("999709876543", text) == 5);
  REQUIRE(here.until([&] { return here.centre.unanswered() == 0; }));
  std::vector<std::string> references;
  for (const auto& each : here.peer.texts) references.push_back(each.source.digits.substr(3, 3) + each.octets[3]);
  CHECK(references == std::vector<std::string>{"701\1", "709\1", "701\1", "709\1", "701\2", "701\2"});
}

TEST_CASE("whatever is given goes as it stands") {
  field here;
  smpp::short_message odd;
  odd.source = {5, 0, "Bank"};
  odd.esm_class = 0x04;
  odd.data_coding = 0xF5;
  odd.octets = std::string("\0\xFF", 2);
  here.centre.deliver(odd);
  REQUIRE(here.until([&] { return here.centre.unanswered() == 0; }));
  const auto& came = here.peer.texts.at(0);
  CHECK(came.source == odd.source);
  CHECK(came.destination.digits == "12345");
  CHECK(came.esm_class == odd.esm_class);
  CHECK(came.data_coding == odd.data_coding);
  CHECK(came.octets == odd.octets);
}

TEST_CASE("a reply in parts is one reply; one whose part is missing is none") {
  field here;
  here.peer.says = {"8F3K2Q Con", "firmed."};
  here.centre.deliver("999701234567", "BAL");
  REQUIRE(here.until([&] { return here.replies.size() == 1; }));
  CHECK(smsc::readable(here.replies[0]) == "8F3K2Q Confirmed.");
  CHECK(here.replies[0].segments == 2);
  CHECK(here.odd.empty());

  here.centre.faults.lose_at_submit = 2;
  here.centre.deliver("999709876543", "BAL");
  REQUIRE(here.until([&] { return here.peer.binds == 2; }));
  CHECK(here.replies.size() == 1);
  CHECK(here.centre.incomplete_replies() == 1);
}

TEST_CASE("an answer that is lost with the link brings the text again on the next one") {
  field here;
  here.centre.faults.cut_before_answer = 1;
  here.centre.deliver("999701234567", "BAL");
  REQUIRE(here.until([&] { return here.centre.unanswered() == 0; }));
  CHECK(here.peer.binds == 2);
  CHECK(here.peer.texts.size() == 2);
  CHECK(here.answers == std::vector<std::string>{"1 none", "1 ESME_ROK"});
}

TEST_CASE("a throttled reply is refused with ESME_RTHROTTLED") {
  field here;
  here.centre.throttle(1h);
  here.centre.deliver("999701234567", "BAL");
  REQUIRE(here.until([&] { return !here.peer.submitted.empty(); }));
  CHECK(here.peer.submitted[0] == command_status::rthrottled);
  CHECK(here.centre.counters().replies == 0);
}

TEST_CASE("a mute centre takes replies and never answers them") {
  field here;
  here.centre.faults.mute = true;
  here.centre.deliver("999701234567", "BAL");
  REQUIRE(here.until([&] { return here.replies.size() == 1 && here.centre.unanswered() == 0; }));
  CHECK(here.peer.submitted.empty());
}

TEST_CASE("refused binds and garbage come as often as told, and then it behaves") {
  field here;
  here.centre.faults.refuse_binds = 2;
  REQUIRE(here.until([&] { return here.peer.binds == 1; }));
  here.centre.faults.spoil_links = 8;
  here.centre.cut();
  REQUIRE(here.until([&] { return here.centre.faults.spoil_links == 0 && here.centre.binds() == 1; }));
  here.centre.deliver("999701234567", "BAL");
  CHECK(here.until([&] { return here.replies.size() == 1; }));
}

TEST_CASE("after its time away it listens on the same port") {
  field here;
  REQUIRE(here.until([&] { return here.centre.binds() == 1; }));
  here.centre.go_away(30ms);
  REQUIRE(here.until([&] { return here.centre.binds() == 0; }));
  CHECK(here.until([&] { return here.centre.binds() == 1; }));
}
