// What a kind of SMSC does otherwise than SMPP 3.4 has it: the simulator asks here, and a class beside this one answers
// (osmocom.hpp). As it stands: nothing.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "gateway/smpp/pdu.hpp"
#include "gateway/smpp/stream.hpp"

namespace topupd::smsc {

class quirks {
 public:
  quirks() = default;
  virtual ~quirks() = default;
  quirks(const quirks&) = delete;
  quirks& operator=(const quirks&) = delete;

  // How this SMSC shows a phone's text to the gateway.
  virtual void dress(smpp::short_message& /*text*/) {}
  // A text that was refused for now, or not answered, is delivered again.
  [[nodiscard]] virtual bool delivers_again() const { return true; }

  // The status with which a submit_sm is refused.
  [[nodiscard]] virtual std::optional<smpp::command_status> refusal(const smpp::short_message& /*submit_sm*/) const {
    return std::nullopt;
  }
  [[nodiscard]] virtual std::string message_id(std::uint64_t number) const { return std::to_string(number); }
  // What arrives at the phone of a submit_sm that was taken; nothing: it goes nowhere.
  [[nodiscard]] virtual std::optional<smpp::short_message> at_the_phone(smpp::short_message submit_sm) const {
    return submit_sm;
  }
  // The delivery receipt of one that arrived there. The simulator gives none by itself: tests say what became of a
  // text.
  [[nodiscard]] virtual std::optional<smpp::short_message> receipt(const smpp::short_message& /*submit_sm*/) {
    return std::nullopt;
  }

  // Stands between the gateway and our session where that one is too polite: what the session is to talk through, and
  // the work that must run for it. `complain` is told, in words, what this SMSC did not take of the gateway.
  struct wire {
    smpp::stream session;
    std::optional<boost::asio::awaitable<void>> work;
  };
  virtual wire between(smpp::stream gateway, std::function<void(const std::string&)> /*complain*/) {
    return {std::move(gateway), std::nullopt};
  }
};

}  // namespace topupd::smsc
