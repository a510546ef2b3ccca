// A phone at standard input: type a text, see the SMS come back. At a terminal it is a prompt; else it plays the lines
// given, each sent when the one before was answered. A long line goes in parts, as from any phone.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "tests/smsc/lines.hpp"
#include "tests/smsc/simulator.hpp"

namespace topupd::smsc {

struct phone_options {
  std::string number = "999701234567";  // E.164 digits
  bool play = false;
  std::chrono::milliseconds timeout{30'000};  // play: for the bind, and for each reply
  std::vector<secret> pins;                   // {pin1}, {pin2} …
};

class phone {
 public:
  phone(boost::asio::io_context& io, phone_options options);
  void hook(smsc::events& events);  // before the simulator is made with them

  // Until the end of the input. Returns how many lines of a play were not answered.
  boost::asio::awaitable<int> run(simulator& centre);

 private:
  struct outgoing {
    std::string from;
    std::string words;
  };
  [[nodiscard]] outgoing address(const std::string& line) const;
  bool fill_in(std::string& words) const;
  boost::asio::awaitable<bool> bound(const simulator& centre);
  boost::asio::awaitable<bool> answered(const std::string& number);
  boost::asio::awaitable<void> wait(std::chrono::milliseconds time);
  void show(const reply& value) const;
  void prompt() const;

  phone_options options_;
  lines lines_;
  boost::asio::steady_timer timer_;
  std::string awaited_;  // play: the phone whose reply is waited for; empty when it came
  bool terminal_;
};

}  // namespace topupd::smsc
