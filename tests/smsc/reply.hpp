// What the gateway sent to a phone, and the putting together of what came in parts, as a phone does it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "gateway/smpp/pdu.hpp"

namespace topupd::smsc {

struct reply {
  std::string to;
  std::string from;
  std::string octets;  // without headers
  std::uint8_t data_coding = 0;
  std::size_t segments = 1;  // short messages that carried it
  std::string message_id;    // ours, of the last part; empty when that one was not answered
};
std::string readable(const reply& value);            // its text in UTF-8
std::string_view alphabet_name(const reply& value);  // "GSM 03.38", "UCS-2", "other"

class reply_parts {
 public:
  struct added {
    std::optional<reply> whole;  // this was the last part, or all of it
    std::string odd;             // what a phone or a network would stumble over, in words; empty: nothing
  };
  // message: a submit_sm that was taken.
  added add(const smpp::short_message& message, const std::string& message_id);

  // Replies of which a part is missing.
  [[nodiscard]] std::size_t incomplete() const { return begun_.size(); }

 private:
  using name = std::tuple<std::string, std::string, unsigned>;  // to, from, reference
  struct pile {
    unsigned total;
    std::uint8_t data_coding;
    std::map<unsigned, std::string> parts;  // by number, without headers
  };
  std::map<name, pile> begun_;
};

}  // namespace topupd::smsc
