#include "tests/smsc/phone.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <cstdio>

#include "tests/smsc/command.hpp"

namespace topupd::smsc {

namespace asio = boost::asio;

namespace {

// What comes beside an answer, such as the notice to the phone that was credited, stands behind it and is not taken for
// the answer to the next line.
constexpr std::chrono::milliseconds pause_behind_a_line{100};

}  // namespace

phone::phone(asio::io_context& io, phone_options options)
    : options_(std::move(options)), lines_(io), timer_(io), terminal_(::isatty(STDIN_FILENO) == 1) {}

void phone::hook(smsc::events& events) {
  events.on_reply = [this](const reply& value) {
    show(value);
    prompt();
    if (value.to == awaited_) {
      awaited_.clear();
      timer_.cancel();
    }
  };
  // What the phone shows when its text is not taken and nobody will deliver it again.
  events.on_answered = [](const text& value, std::optional<smpp::command_status> status, bool again) {
    if (again || status == smpp::command_status::rok || !value.message.is_text()) return;
    fmt::print(stderr, "smsc-sim: the text of {} was not taken ({}): try again later\n", value.message.source.digits,
               status ? name(*status) : "no answer");
  };
  events.on_odd = [](const std::string& what) { fmt::print(stderr, "smsc-sim: {}\n", what); };
}

// At a prompt with what an operator pays for, where that is more than one message of the small alphabet.
void phone::show(const reply& value) const {
  const bool prompting = terminal_ && !options_.play;
  fmt::print("{}{} < {}", prompting ? "\r" : "", value.to, readable(value));
  if (prompting && (value.segments > 1 || value.data_coding != 0))
    fmt::print("\x1b[2m  ({}, {} segment{})\x1b[0m", alphabet_name(value), value.segments,
               value.segments > 1 ? "s" : "");
  fmt::print("\n");
}

void phone::prompt() const {
  if (terminal_ && !options_.play) fmt::print("> ");
  static_cast<void>(std::fflush(stdout));
}

asio::awaitable<int> phone::run(simulator& centre) {
  int unanswered = 0;
  if (options_.play && !co_await bound(centre)) {
    fmt::print(stderr, "smsc-sim: no gateway has bound within {} s\n", options_.timeout.count() / 1000);
    co_return 1;
  }
  prompt();
  for (int number = 1;; ++number) {
    const auto line = co_await lines_.next();
    if (!line || *line == "/quit") co_return unanswered;
    if (line->find_first_not_of(" \t") == std::string::npos) {
      prompt();
      continue;
    }
    if (line->front() == '/') {
      fmt::print("{}\n", obey(std::string_view(*line).substr(1), centre));
      prompt();
      continue;
    }
    outgoing text = address(*line);
    if (!fill_in(text.words)) {
      fmt::print(stderr, "smsc-sim: line {}: only {} sample PINs are here\n", number, options_.pins.size());
      ++unanswered;
      continue;
    }
    if (options_.play) awaited_ = text.from;
    centre.deliver(text.from, text.words);
    if (options_.play && !co_await answered(text.from)) {
      fmt::print(stderr, "smsc-sim: line {} was not answered{} within {} s\n", number,
                 centre.incomplete_replies() > 0 ? " in whole" : "", options_.timeout.count() / 1000);
      ++unanswered;
    }
    prompt();
  }
}

// "+999709876543: BAL" comes from that phone, anything else from ours.
phone::outgoing phone::address(const std::string& line) const {
  const std::size_t colon = line.find(':');
  if (line.front() != '+' || colon == std::string::npos || colon < 8) return {options_.number, line};
  const std::string number = line.substr(1, colon - 1);
  if (number.find_first_not_of("0123456789") != std::string::npos) return {options_.number, line};
  const std::size_t words = line.find_first_not_of(' ', colon + 1);
  return {number, words == std::string::npos ? "" : line.substr(words)};
}

// {pin1} -> the first of the sample PINs, wherever it stands. False: there are fewer.
bool phone::fill_in(std::string& words) const {
  for (std::size_t begin = 0; (begin = words.find("{pin", begin)) != std::string::npos;) {
    std::size_t which = 0;
    const char* last = words.data() + words.size();
    const auto [end, error] = std::from_chars(words.data() + begin + 4, last, which);
    if (error != std::errc() || end == last || *end != '}') {
      ++begin;  // some other brace
      continue;
    }
    if (which == 0 || which > options_.pins.size()) return false;
    const auto size = static_cast<std::size_t>(end + 1 - words.data()) - begin;
    words.replace(begin, size, options_.pins[which - 1].reveal());
  }
  return true;
}

asio::awaitable<bool> phone::bound(const simulator& centre) {
  const auto step = std::chrono::milliseconds(20);
  for (auto waited = std::chrono::milliseconds(0); centre.binds() == 0; waited += step) {
    if (waited > options_.timeout) co_return false;
    co_await wait(step);
  }
  co_return true;
}

asio::awaitable<bool> phone::answered(const std::string& number) {
  if (awaited_ == number) co_await wait(options_.timeout);
  const bool came = awaited_.empty();
  co_await wait(pause_behind_a_line);
  co_return came;
}

// Or until the timer is cancelled.
asio::awaitable<void> phone::wait(std::chrono::milliseconds time) {
  timer_.expires_after(time);
  boost::system::error_code ignored;
  co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace topupd::smsc
