// The session under any sequence of PDUs, times and calls. The octets are a script: one for what happens, some for its
// values.
//
// What must hold, whatever the peer and the clock do: the window is never exceeded; every ticket that was taken ends in
// exactly one `submitted` or `unknown`; a message is handed out only when there is place in the inbox, and answered at
// most once; poll() comes to an end; nothing follows a `close`; and the caller who ticks at deadline() is not called
// for ever.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "gateway/smpp/session.hpp"

namespace {

using namespace std::chrono_literals;
namespace smpp = topupd::smpp;

void must(bool holds) {
  if (!holds) std::abort();
}

class script {
 public:
  script(const std::uint8_t* data, std::size_t size) : at_(data), left_(size) {}
  [[nodiscard]] bool done() const { return left_ == 0; }
  std::uint8_t octet() {
    if (left_ == 0) return 0;
    --left_;
    return *at_++;
  }

 private:
  const std::uint8_t* at_;
  std::size_t left_;
};

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
      must(session_.room() <= options_.window && in_flight_ <= options_.window);
    }
    wind_down();
    for (const auto& [ticket, ends] : ends_) must(ends == 1);
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
    return options;
  }

  void step(std::uint8_t what) {
    switch (what % 9) {
      case 0: return session_.receive(some_pdu(), now_);
      case 1: now_ += std::chrono::milliseconds(story_.octet() * 100); return session_.tick(now_);
      case 2:
      case 3: return submit();
      case 4: return session_.acknowledge(sequence(), smpp::command_status{story_.octet()}, "id");
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
        } else if (rare == 2) {
          session_.receive_broken_frame(now_);
        }
        return;
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
    const auto room = session_.room();
    const bool taken = session_.submit(next_ticket_, {}, now_);
    must(taken == (room > 0));
    if (!taken) return;
    must(!closed_);
    ends_[next_ticket_++] = 0;
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
      must(wakes < 100);
      sleep_to_deadline();
      drain();
    }
    session_.disconnected();
    drain();
  }

  void drain() {
    for (int effects = 0; auto next = session_.poll(); ++effects) {
      must(effects < 100);
      must(!closed_);
      std::visit([this](const auto& it) { on(it); }, *next);
    }
    must(!session_.poll());
  }

  void on(const smpp::send& it) {
    if (const auto* answer = std::get_if<smpp::short_message_resp>(&it.value.body)) {
      // ROK is only ever the caller's word, and one for each message.
      if (it.value.status != smpp::command_status::rok) return;
      must(answer->kind ==
           (options_.role == smpp::role::esme ? smpp::command_id::deliver_sm : smpp::command_id::submit_sm));
      const auto waiting = handed_out_.find(it.value.sequence);
      must(waiting != handed_out_.end() && waiting->second-- > 0);
    }
    if (const auto* ours = std::get_if<smpp::short_message>(&it.value.body)) {
      must(ours->kind !=
           (options_.role == smpp::role::esme ? smpp::command_id::deliver_sm : smpp::command_id::submit_sm));
      must(it.value.sequence >= 1 && it.value.sequence <= 0x7FFFFFFF);
    }
  }
  void on(const smpp::bound&) {
    must(!bound_);
    bound_ = true;
  }
  void on(const smpp::message& it) {
    must(bound_);
    ++handed_out_[it.sequence];
  }
  void on(const smpp::submitted& it) { end(it.ticket); }
  void on(const smpp::unknown& it) { end(it.ticket); }
  void on(const smpp::close&) { closed_ = true; }

  void end(smpp::ticket name) {
    must(++ends_.at(name) == 1);
    --in_flight_;
  }

  script& story_;
  smpp::time_point now_{1h};
  smpp::session_options options_;
  smpp::session session_;
  std::map<smpp::ticket, int> ends_;
  std::map<std::uint32_t, int> handed_out_;
  smpp::ticket next_ticket_ = 1;
  std::size_t in_flight_ = 0;
  bool bound_ = false;
  bool closed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  script story(data, size);
  world(story).run();
  return 0;
}
