// The list of bad PDUs, judged where no socket is: frame_reader, decode() and session together.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "bad_pdus.hpp"
#include "gateway/smpp/codec.hpp"
#include "gateway/smpp/frame.hpp"
#include "gateway/smpp/session.hpp"
#include "octets.hpp"

using namespace topupd::smpp;
using namespace topupd::smpp::test;
using namespace std::chrono_literals;

namespace {

// What a session and its peer see of each other; the session's octets are read by their header alone.
class link {
 public:
  explicit link(moment when) : session_({}, now_) {
    if (when != moment::binding) receive(octets("00 00 00 11 80 00 00 09 00 00 00 00 00 00 00 01 00"), 1'000);
    if (when == moment::submitted) REQUIRE(session_.submit(7, {}, now_));
    drain();
    answers.clear();
  }

  // In reads of `piece` octets at most.
  void receive(std::string_view octets, std::size_t piece) {
    for (; !octets.empty() && !closed; octets.remove_prefix(std::min(piece, octets.size()))) {
      const auto read = octets.substr(0, piece);
      std::ranges::copy(read, frames_.prepare(read.size()).begin());
      frames_.commit(read.size());
      while (const auto frame = frames_.next()) session_.receive(decode(*frame), now_);
      if (frames_.broken()) session_.receive_broken_frame(now_);
      drain();
    }
  }

  std::vector<answer> answers;
  std::optional<command_status> outcome;
  bool closed = false;

 private:
  void drain() {
    while (auto next = session_.poll()) std::visit([this](auto& it) { on(it); }, *next);
  }
  void on(send& it) {
    REQUIRE_FALSE(closed);
    std::string wire;
    encode(it.value, wire);
    const auto word = [&wire](std::size_t at) {
      std::uint32_t value = 0;
      for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(wire[i]);
      return value;
    };
    REQUIRE_EQ(word(0), wire.size());
    answers.push_back({word(4), command_status{word(8)}, word(12)});
  }
  void on(message& it) { session_.acknowledge(it.sequence, command_status::rok); }
  void on(submitted& it) {
    REQUIRE_FALSE(outcome.has_value());
    outcome = it.status;
  }
  void on(bound&) {}
  void on(heard&) {}
  void on(unknown&) {}
  void on(close&) { closed = true; }

  time_point now_{1h};
  session session_;
  frame_reader frames_;
};

std::string show(const std::vector<answer>& answers) {
  std::string out;
  for (const answer& each : answers) out += show(each) + "; ";
  return out;
}

const std::string probe = octets("00 00 00 10 00 00 00 15 00 00 00 00 00 AB CD EF");
const answer probe_answer{0x80000015, command_status::rok, 0x00ABCDEF};

}  // namespace

TEST_CASE("every bad PDU of the list gets its one right answer, and the link goes on or ends as it must") {
  const auto list = bad_pdus("TOPUP 4821739055162749");
  REQUIRE_GE(list.size(), 10'000);
  for (const bad_pdu& each : list) {
    CAPTURE(each.name);
    for (const std::size_t piece : {std::size_t{100'000}, std::size_t{7}}) {
      if (piece < each.octets.size() / 1'000) continue;
      link there(each.when);
      there.receive(each.octets, piece);
      CHECK_EQ(show(there.answers), show(each.answers));
      CHECK_EQ(there.closed, each.then == ending::closes);
      CHECK(there.outcome == each.outcome);
      if (each.then != ending::lives) continue;
      there.answers.clear();
      there.receive(probe, piece);
      CHECK_EQ(show(there.answers), show(std::vector{probe_answer}));
    }
  }
}

TEST_CASE("the list has no name twice, and every answer that an ESME can give") {
  std::set<std::string> names, answers;
  for (const bad_pdu& each : bad_pdus("BAL")) {
    CHECK_MESSAGE(names.insert(each.name).second, each.name);
    for (const answer& one : each.answers) answers.insert(name(one.status));
  }
  CHECK_EQ(answers,
           std::set<std::string>{"ESME_ROK", "ESME_RINVMSGLEN", "ESME_RINVCMDLEN", "ESME_RINVCMDID", "ESME_RINVBNDSTS",
                                 "ESME_RINVSRCADR", "ESME_RINVDSTADR", "ESME_RINVPASWD", "ESME_RINVSYSID"});
}
