// The session under any sequence of PDUs, times and calls. The octets are a script: one for what happens, some for its
// values.
//
// What is promised must hold whatever the peer and the clock do, to a caller who ticks at deadline().
#include "gateway/smpp/session.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "script.hpp"

namespace {

using namespace std::chrono_literals;
namespace smpp = topupd::smpp;
using topupd::fuzz::promise;
using topupd::fuzz::script;

constexpr smpp::command_id kinds[] = {smpp::command_id::bind_receiver,    smpp::command_id::bind_transmitter,
                                      smpp::command_id::bind_transceiver, smpp::command_id::submit_sm,
                                      smpp::command_id::deliver_sm,       smpp::command_id::unbind,
                                      smpp::command_id::enquire_link,     smpp::command_id::generic_nack};
constexpr std::uint32_t strange_ids[] = {0, 0x03, 0x0B, 0x102, 0x103, 0x80000103, 0xFFFFFFFF, 0x05};

class world {
 public:
  explicit world(script& story) : story_(story), options_(options_of(story)), session_(options_, now_) { drain(); }

  void run() {
    while (!story_.done()) {
      step(story_.octet());
      drain();
      promise(session_.room(now_) <= options_.window && in_flight_ <= options_.window, "the window is kept");
    }
    wind_down();
    promise(in_flight_ == 0, "nothing is in flight at the end");
    for (std::size_t ticket = 0; ticket < tickets_; ++ticket) promise(ends_[ticket] == 1, "every ticket ends");
  }

 private:
  static smpp::session_options options_of(script& story) {
    const auto flags = story.octet();
    smpp::session_options options;
    options.role = (flags & 1) != 0 ? smpp::role::smsc : smpp::role::esme;
    options.credentials.kind = kinds[(flags >> 1 & 3) % 3];
    if ((flags & 8) != 0) options.credentials.system_id = "a";
    options.window = story.octet() % 5;
    options.inbox = story.octet() % 5;
    options.response_timeout = std::chrono::seconds(story.octet() % 64);
    options.rate = (flags & 0x10) != 0 ? story.octet() : 0;
    return options;
  }

  void step(std::uint8_t what) {
    switch (what % 11) {
      case 0: return session_.receive(some_pdu(), now_);
      case 1: now_ += std::chrono::milliseconds(story_.octet() * 100); return session_.tick(now_);
      case 2:
      case 3: return submit();
      case 4: return acknowledge();
      case 5:
        if (story_.octet() < 32) session_.unbind(now_);
        return;
      case 6:
        if (const auto status = story_.octet(); status != 0)
          session_.refuse_messages(status < 128 ? std::optional(smpp::command_status{status}) : std::nullopt);
        return;
      case 7: return sleep_to_deadline();
      case 8:
        if (const auto rare = story_.octet(); rare == 1) {
          session_.disconnected();
          closed_ = true;
        } else if (rare == 2) {
          session_.receive_broken_frame(now_);
        }
        return;
      case 9: return session_.throttled(story_.octet() / 255.0, now_);
      case 10: return session_.confirm(confirmations_++, now_);
    }
  }

  smpp::pdu some_pdu() {
    smpp::pdu value;
    const auto what = story_.octet();
    const auto kind = kinds[story_.octet() % std::size(kinds)];
    value.sequence = sequence();
    value.status = smpp::command_status{story_.octet() % 4U};
    switch (what % 10) {
      case 0: {
        smpp::bind body;
        body.kind = kinds[story_.octet() % 3];
        if (story_.octet() % 2 != 0) body.system_id = "a";
        value.body = std::move(body);
        break;
      }
      case 1: value.body = smpp::bind_resp{kind, "b"}; break;
      case 2: {
        smpp::short_message body;
        body.kind = story_.octet() % 4 == 0 ? smpp::command_id::submit_sm : smpp::command_id::deliver_sm;
        value.body = std::move(body);
        break;
      }
      case 3: value.body = smpp::short_message_resp{kind, "c"}; break;
      case 4: value.body = smpp::unbind{}; break;
      case 5: value.body = smpp::unbind_resp{}; break;
      case 6: value.body = smpp::enquire_link{}; break;
      case 7: value.body = smpp::enquire_link_resp{}; break;
      case 8: value.body = smpp::generic_nack{}; break;
      case 9: {
        const auto id = story_.octet();
        value.body = smpp::malformed{id < 128 ? strange_ids[id % std::size(strange_ids)] : id % 32U,
                                     smpp::command_status::rinvmsglen};
        break;
      }
    }
    return value;
  }

  // Mostly small, so that numbers meet; the last ones now and then.
  std::uint32_t sequence() {
    const auto number = story_.octet();
    return number < 250 ? number % 16U : 0xFFFFFF00U + number;
  }

  void submit() {
    if (tickets_ == ends_.size()) return;
    const auto room = session_.room(now_);
    const auto again_at = session_.room_at();
    const bool taken = session_.submit(tickets_, {}, now_);
    promise(taken == (room > 0), "submit() takes what room() says");
    // Who waits for the rate is not woken in vain.
    if (!taken && again_at > now_ && story_.octet() % 2 != 0) {
      now_ = again_at;
      session_.tick(now_);
      promise(session_.room_at() <= now_, "nobody is woken in vain");
    }
    if (!taken) return;
    promise(!closed_ && session_.can_submit(), "only a bound transmitter submits");
    ends_[tickets_++] = 0;
    ++in_flight_;
  }

  void sleep_to_deadline() {
    const auto deadline = session_.deadline();
    if (deadline == smpp::time_point::max()) return;
    if (deadline > now_) now_ = deadline;
    session_.tick(now_);
  }

  // With nobody answering, ticking at the deadlines ends every session; a cut ends it otherwise.
  void wind_down() {
    session_.refuse_messages(smpp::command_status::rx_t_appn);
    for (int wakes = 0; session_.deadline() != smpp::time_point::max(); ++wakes) {
      promise(wakes < 100, "a session comes to its end");
      sleep_to_deadline();
      drain();
    }
    session_.disconnected();
    drain();
  }

  // Answered at once when it was handed out, and nothing happens when it was not.
  void acknowledge() {
    const auto number = sequence();
    const bool waits = !closed_ && handed_out(number) > 0;
    session_.acknowledge(number, smpp::command_status{story_.octet()}, "id");
    if (waits) answering_ = number;
    drain();
    promise(!answering_, "a message that waits is answered");
  }

  void drain() {
    const auto most = 100 + confirmations_ - heard_;  // one answer may confirm all of them
    for (smpp::ticket effects = 0; auto next = session_.poll(); ++effects) {
      promise(effects < most, "poll() comes to an end");
      promise(!ended_, "nothing follows a close");
      std::visit([this](const auto& it) { on(it); }, *next);
    }
    promise(!session_.poll(), "the end of poll() is the end");
  }

  void on(const smpp::send& it) {
    if (const auto* answer = std::get_if<smpp::short_message_resp>(&it.value.body)) {
      if (answering_) {
        promise((answer->kind == smpp::command_id::deliver_sm) == (options_.role == smpp::role::esme),
                "answers are of our kind");
        promise(it.value.sequence == *std::exchange(answering_, std::nullopt), "an answer has its number");
        --handed_out(it.value.sequence);
        --inbox_;
      } else {
        promise(it.value.status != smpp::command_status::rok, "ESME_ROK is only ever the caller's word");
      }
    }
    if (const auto* ours = std::get_if<smpp::short_message>(&it.value.body)) {
      promise((ours->kind == smpp::command_id::submit_sm) == (options_.role == smpp::role::esme), "so are messages");
      promise(it.value.sequence >= 1 && it.value.sequence <= 0x7FFFFFFF, "a sequence is in its range");
    }
  }
  void on(const smpp::bound&) {
    promise(!bound_, "a session is bound once");
    bound_ = true;
  }
  void on(const smpp::message& it) {
    promise(bound_ && inbox_ < options_.inbox, "a message needs a bind, and place in the inbox");
    ++inbox_;
    ++handed_out(it.sequence);
  }
  void on(const smpp::submitted& it) { end(it.ticket); }
  void on(const smpp::heard& it) {
    promise(it.ticket >= heard_ && it.ticket < confirmations_, "what was asked for is heard once, in its order");
    heard_ = it.ticket + 1;
  }
  void on(const smpp::unknown& it) { end(it.ticket); }
  void on(const smpp::close&) { closed_ = ended_ = true; }

  void end(smpp::ticket name) {
    promise(name < tickets_ && ++ends_[name] == 1, "a ticket ends once");
    --in_flight_;
  }

  // How often the message of that number was handed out and not yet answered: one of those that sequence() gives.
  int& handed_out(std::uint32_t number) { return handed_out_[number < 16 ? number : 16 + (number & 7)]; }

  script& story_;
  smpp::time_point now_{1h};
  smpp::session_options options_;
  smpp::session session_;
  std::array<std::uint8_t, 256> ends_{};  // by ticket
  std::size_t tickets_ = 0;
  std::array<int, 24> handed_out_{};
  std::size_t in_flight_ = 0;
  smpp::ticket confirmations_ = 0, heard_ = 0;
  bool bound_ = false;
  std::size_t inbox_ = 0;  // handed out and not yet answered
  std::optional<std::uint32_t> answering_;
  bool closed_ = false;  // by the session or by the world
  bool ended_ = false;   // by the session: its last effect
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  script story(data, size);
  world(story).run();
  return 0;
}
