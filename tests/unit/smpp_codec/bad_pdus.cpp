#include "bad_pdus.hpp"

#include <fmt/format.h>
#include <array>

#include "octets.hpp"
#include "pdu_writer.hpp"

namespace topupd::smpp::test {
namespace {

using enum command_status;

constexpr std::uint32_t generic_nack_id = 0x80000000;
constexpr std::uint32_t enquire_link_id = 0x15, unbind_id = 0x06, deliver_sm_id = 0x05;
// Of an ESME's peer, by §4: what it may ask, and what it may answer.
constexpr std::uint32_t known_requests[] = {0x1, 0x2, 0x9, 0x4, 0x5, unbind_id, enquire_link_id};
constexpr std::uint32_t known_responses[] = {0x80000001, 0x80000002, 0x80000009, 0x80000004,
                                             0x80000005, 0x80000006, 0x80000015, generic_nack_id};
constexpr moment moments[] = {moment::binding, moment::bound, moment::submitted};

std::string word32(std::uint64_t number) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xFF);
  return out;
}

bool is_response(std::uint32_t id) {
  return (id & response_bit) != 0;
}

class list {
 public:
  explicit list(std::string text) : text_(std::move(text)) {}

  void command_ids();
  void sequences();
  void statuses();
  void lengths();
  void fields();
  void responses_fields();
  std::vector<bad_pdu> all;

 private:
  // What an ESME makes of a PDU, told by its header, and `refusal`, what is wrong with its body.
  struct fate {
    std::vector<answer> answers;
    ending then = ending::lives;
    std::optional<command_status> outcome = {};
  };
  static fate fate_of_request(std::uint32_t id, std::uint32_t sequence, moment when, command_status refusal);
  static fate fate_of_response(std::uint32_t id, command_status status, std::uint32_t sequence, moment when);

  void add(std::string name, moment when, std::uint32_t id, command_status status, std::uint32_t sequence,
           const std::string& body, command_status refusal = rok);
  void add_at_every_moment(const std::string& name, std::uint32_t id, const std::string& body, command_status refusal);
  // The sequence of an answer to what the ESME has asked; else one that nobody waits for.
  std::uint32_t sequence_for(std::uint32_t id, moment when);

  std::string text_;
  std::uint32_t last_sequence_ = 0x00FFFFFF;
};

// §2.2 says which PDU may come when, §4.3 what is nacked, §5.1.3 with which status.
list::fate list::fate_of_request(std::uint32_t id, std::uint32_t sequence, moment when, command_status refusal) {
  const auto nacked = fate{{{generic_nack_id, rinvcmdid, sequence}}};
  if (id == 0x0000000B || id == 0x00000102) return {};  // outbind, alert_notification: no response to them (§4.1.7)
  if (id == enquire_link_id) return {{{id | response_bit, rok, sequence}}};
  if (id == unbind_id) return {{{id | response_bit, rok, sequence}}, ending::closes};
  if (!is_bind(id) && !is_message(id)) return nacked;
  if (refusal != rok) return {{{id | response_bit, refusal, sequence}}};  // a body is read before it is asked for
  if (id != deliver_sm_id) return nacked;                                 // an SMSC's to take, not ours
  return {{{id | response_bit, when == moment::binding ? rinvbndsts : rok, sequence}}};
}

// A response is never answered. While the bind waits, its own answer ends that, and so does any generic_nack; behind it
// a bind response means that the peer is lost.
list::fate list::fate_of_response(std::uint32_t id, command_status status, std::uint32_t sequence, moment when) {
  const bool refuses = status != rok;
  if (is_bind(id & ~response_bit)) {
    const bool expected = when == moment::binding && sequence == 1;
    return {{}, expected && !refuses ? ending::lives : ending::closes};
  }
  if (id == generic_nack_id && when == moment::binding) return {{}, ending::closes};
  if (when != moment::submitted || sequence != 2) return {};
  if (id == generic_nack_id) return {{}, ending::lives, refuses ? status : runknownerr};
  if (id == 0x80000004) return {{}, ending::lives, status};
  return {};
}

void list::add(std::string name, moment when, std::uint32_t id, command_status status, std::uint32_t sequence,
               const std::string& body, command_status refusal) {
  auto made =
      is_response(id) ? fate_of_response(id, status, sequence, when) : fate_of_request(id, sequence, when, refusal);
  all.push_back({.name = fmt::format("{:08X}, {}, {}", id, test::name(when), name),
                 .when = when,
                 .octets = frame(word32(id) + word32(static_cast<std::uint32_t>(status)) + word32(sequence) + body),
                 .answers = std::move(made.answers),
                 .then = made.then,
                 .outcome = made.outcome});
}

std::uint32_t list::sequence_for(std::uint32_t id, moment when) {
  if (is_response(id) && when == moment::submitted) return 2;
  if (is_bind(id & ~response_bit) && is_response(id) && when == moment::binding) return 1;
  return ++last_sequence_;
}

void list::add_at_every_moment(const std::string& name, std::uint32_t id, const std::string& body,
                               command_status refusal) {
  for (const moment when : moments) add(name, when, id, rok, sequence_for(id, when), body, refusal);
}

void list::command_ids() {
  const auto try_id = [this](std::uint32_t id) {
    const bool has_body = is_bind(id) || is_message(id);
    for (const moment when : {moment::binding, moment::bound}) {
      add("nothing but its header", when, id, rok, ++last_sequence_, "", has_body ? rinvmsglen : rok);
      if (!has_body && !is_response(id)) add("with a body", when, id, rok, ++last_sequence_, "any body");
    }
  };
  for (std::uint32_t id = 0; id <= 0x120; ++id) {
    try_id(id);
    try_id(id | response_bit);
  }
  // The ranges that §5.1.2.1 reserves, and the vendors' between them.
  for (const std::uint32_t id : {0x1FFU, 0x200U, 0x10000U, 0x101FFU, 0x10200U, 0x102FFU, 0x10300U, 0x7FFFFFFFU}) {
    try_id(id);
    try_id(id | response_bit);
  }
  for (const std::uint32_t id : known_requests) add_at_every_moment("a good one", id, good_body(id, text_), rok);
}

void list::sequences() {
  for (const std::uint32_t sequence : {0U, 1U, 0x7FFFFFFEU, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFFU}) {
    for (const moment when : {moment::binding, moment::bound}) {
      for (const std::uint32_t id : known_requests)
        add(fmt::format("sequence {}", sequence), when, id, rok, sequence, good_body(id, text_));
      add(fmt::format("sequence {}", sequence), when, 0x103, rok, sequence, "");  // data_sm
      for (const std::uint32_t id : known_responses)
        if (sequence != 1) add(fmt::format("sequence {}", sequence), when, id, rok, sequence, good_body(id, ""));
    }
  }
}

void list::statuses() {
  std::vector<std::uint32_t> codes = {0x100, 0x3FF,  0x400,   0x401,      0x410,      0x4FE,      0x4FF,
                                      0x500, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF};
  for (std::uint32_t code = 0; code <= 0xFF; ++code) codes.push_back(code);
  for (const std::uint32_t code : codes) {
    const command_status status{code};
    for (const moment when : moments)
      for (const std::uint32_t id : known_responses)
        add(test::name(when) + ' ' + smpp::name(status), when, id, status, sequence_for(id, when), good_body(id, ""));
    // A request's status is NULL (§5.1.3), and nobody looks whether it is.
    if (code == 0 || code > 0xFD)
      for (const std::uint32_t id : known_requests)
        add(smpp::name(status), moment::bound, id, status, ++last_sequence_, good_body(id, text_));
  }
}

void list::lengths() {
  const answer broken{generic_nack_id, rinvcmdlen, 0};  // §4.3.1: their sequence cannot be trusted
  const auto raw = [this](std::string name, moment when, std::string octets, std::vector<answer> answers, ending then) {
    all.push_back({.name = test::name(when) + ", " + std::move(name),
                   .when = when,
                   .octets = std::move(octets),
                   .answers = std::move(answers),
                   .then = then});
  };
  for (const moment when : {moment::binding, moment::bound}) {
    for (const std::uint64_t length :
         {0ULL, 1ULL, 4ULL, 8ULL, 15ULL, 70'001ULL, 0x10000000ULL, 0x7FFFFFFFULL, 0x80000000ULL, 0xFFFFFFFFULL}) {
      raw(fmt::format("command_length {} alone", length), when, word32(length), {broken}, ending::closes);
      for (const std::uint32_t id : known_requests)
        raw(fmt::format("{:08X}, command_length {}", id, length), when,
            word32(length) + word32(id) + word32(0) + word32(++last_sequence_) + good_body(id, text_), {broken},
            ending::closes);
    }
    for (std::size_t size = 1; size < 4; ++size)
      raw(fmt::format("{} octets of a command_length", size), when, std::string(size, '\0'), {}, ending::waits);
    raw("the longest PDU, begun", when, word32(70'000) + word32(deliver_sm_id), {}, ending::waits);

    for (const std::uint32_t id : known_requests) {
      const std::string body = good_body(id, text_);
      const std::uint32_t sequence = ++last_sequence_;
      const std::string head = word32(id) + word32(0) + word32(sequence);
      // One octet is left over, and is the first of the next length word, which is far too long, or 0.
      std::vector<answer> answers;
      if (!body.empty())
        answers.push_back({id | response_bit,
                           refusal_of_cut(is_bind(id) ? bind_fields() : message_fields(), body.size() - 1), sequence});
      answers.push_back(broken);
      raw(fmt::format("{:08X}, command_length one short", id), when,
          word32(15 + body.size()) + head + body + word32(16) + word32(enquire_link_id) + word32(0) + word32(7),
          std::move(answers), ending::closes);
      // One octet is missing.
      raw(fmt::format("{:08X}, command_length one long", id), when, word32(17 + body.size()) + head + body, {},
          ending::waits);
    }
  }
}

void list::fields() {
  for (const std::uint32_t id : known_requests) {
    if (!is_bind(id) && !is_message(id)) continue;
    const auto& fields = is_bind(id) ? bind_fields() : message_fields();
    const std::string rest = is_message(id) ? message_text(text_) : "";
    std::string before;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      std::string behind = rest;
      for (std::size_t k = fields.size() - 1; k > i; --k) behind = fields[k].good + behind;
      for (const variant& each : variants_of(fields[i]))
        add_at_every_moment(fmt::format("{} {}", fields[i].name, each.name), id,
                            before + each.octets + (each.to_the_end ? "" : behind), each.refusal);
      before += fields[i].good;
    }
    const std::string whole = before + rest;
    for (std::size_t size = 0; size < whole.size(); ++size)
      add(fmt::format("cut behind {} octets", size), moment::bound, id, rok, ++last_sequence_, whole.substr(0, size),
          refusal_of_cut(fields, size));
    if (!is_message(id)) continue;
    for (const variant& each : variants_of_text(text_))
      add_at_every_moment("text " + each.name, id, before + each.octets, each.refusal);
    for (const variant& each : variants_of_tlvs())
      add(each.name, moment::bound, id, rok, ++last_sequence_, whole + each.octets, each.refusal);
  }
}

// A response is not refused for its body: what cannot be read there is empty.
void list::responses_fields() {
  const std::pair<const char*, std::string> bodies[] = {
      {"no body", ""},
      {"an empty text", octets("00")},
      {"a text of 15", std::string(15, '7') + '\0'},
      {"a text of 16", std::string(16, '7') + '\0'},
      {"a text of 64", std::string(64, '7') + '\0'},
      {"a text of 65", std::string(65, '7') + '\0'},
      {"a text of 60,000", std::string(60'000, '7') + '\0'},
      {"a text without its NULL", "7"},
      {"60,000 octets without a NULL", std::string(60'000, '\xFF')},
      {"a TLV behind it", octets("'4F1A' 00 02 10 00 01 34")},
      {"a TLV past the end", octets("'4F1A' 00 14 01 FF FF")},
      {"an octet behind it", octets("'4F1A' 00 FF")},
  };
  for (const std::uint32_t id : known_responses)
    for (const auto& [name, body] : bodies) add_at_every_moment(name, id, body, rok);
}

}  // namespace

std::vector<bad_pdu> bad_pdus(const std::string& text) {
  list made(text);
  made.command_ids();
  made.sequences();
  made.statuses();
  made.lengths();
  made.fields();
  made.responses_fields();
  return std::move(made.all);
}

std::string show(const answer& value) {
  return fmt::format("{:08X} {} #{}", value.id, smpp::name(value.status), value.sequence);
}

std::string name(moment when) {
  static constexpr std::array names = {"binding", "bound", "submitted"};
  return names.at(static_cast<std::size_t>(when));
}

}  // namespace topupd::smpp::test
