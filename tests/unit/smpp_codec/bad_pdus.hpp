// Every way in which a peer's PDU can be bad, each with the one right answer of an ESME (SMPP 3.4; SMPP.md §2).
//
// Generated, so that nothing is left out: every field of every PDU at its least, its most and over; every command id;
// every status in every response; every length; each before the bind, after it, and while a message of ours waits for
// its answer. The list is the same in every run. The octets are written from the tables of SMPP 3.4 and never by our
// packer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/smpp/pdu.hpp"

namespace topupd::smpp::test {

// When the octets come. The ESME's bind_transceiver has sequence 1, and its submit_sm that waits has 2.
enum class moment { binding, bound, submitted };

struct answer {
  std::uint32_t id = 0;
  command_status status = command_status::rok;
  std::uint32_t sequence = 0;
  friend auto operator<=>(const answer&, const answer&) = default;
};

// lives: the link goes on, and answers the next PDU · waits: the PDU is not over yet · closes: after the answers
enum class ending { lives, waits, closes };

struct bad_pdu {
  std::string name;
  moment when = moment::binding;
  std::string octets;
  // What comes back, in this order. A message that can be taken is answered ESME_ROK by whoever takes it.
  std::vector<answer> answers = {};
  ending then = ending::lives;
  std::optional<command_status> outcome = {};  // of our submit_sm; nothing: it still waits, or its end is unknown
};

// text: of the messages in it, 100 characters at most. Sequence numbers are from 0x01000000 on and each its own, but
// where a number is what is tried.
std::vector<bad_pdu> bad_pdus(const std::string& text);

std::string show(const answer& value);  // "80000005 ESME_RINVMSGLEN #16777216"
std::string name(moment when);

}  // namespace topupd::smpp::test
