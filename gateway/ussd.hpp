// USSD dialogues over SMPP: what stands on a phone's display, and what an answer to it asks for (SMPP 3.4 §5.3.2.44
// ussd_service_op, §5.3.2.43 its_session_info; SMPP.md §2 "USSD").
//
// "*123*PIN#" is read as a text is. "*123#" begins a dialogue: menu -> "1" -> PIN -> "Add 50.00 USD? 1 Yes 2 No" ->
// "1". Menus live in this process alone and promise nothing: one that is lost is dialled again. What asks for anything
// goes to the store as a text does, and an answer to a menu that another process showed is read as a text, but for a
// bare digit: without its menu it says nothing, and "1" must never be taken for a YES. No PIN is kept here. Sans-I/O:
// the time comes in. One thread: the gateway's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "config/settings.hpp"
#include "gateway/links.hpp"
#include "parser/reading.hpp"
#include "store/digest.hpp"

namespace topupd::gateway {

// By its ussd_service_op or, at a gateway that gives none, its service_type. Nothing is where the SMSC has no USSD.
bool is_ussd(const smpp::short_message& value, const config::smsc& at);
// What its dialogue is named by there, as it came; 0 where it is named by nothing.
std::uint16_t ussd_session_of(const smpp::short_message& value, const config::smsc& at);
// What is typed. data_coding may be that of cell broadcast (3GPP TS 23.038 §5), as at some gateways. Nothing: no text.
std::optional<std::string> ussd_text(std::string_view octets, std::uint8_t data_coding, const config::smsc& at);
// The same words in another dialogue, or at another step of it, are another message: this tells them apart.
std::string ussd_context(const smpp::short_message& value, const config::smsc& at, std::string_view step = {});
// A menu for the phone that sent `to`: a USSR request, which waits for an answer.
smpp::short_message ussd_request(const smpp::short_message& to, const config::smsc& at, std::string_view text);
// One USSD string: 182 septets, or 80 characters of UCS-2 (3GPP TS 23.038 §5, 160 octets).
bool fits_ussd(std::string_view text, const config::smsc& at);

// What stands on a phone: nothing of ours, one of the menus, or a question of the store's.
enum class ussd_display { blank, main, pin, languages, question };

class ussd_dialogues {
 public:
  using time_point = smpp::time_point;
  explicit ussd_dialogues(std::size_t limit = 100'000) : limit_(limit) {}  // above it the oldest is lost

  struct heard {
    std::size_t smsc = 0;
    const config::smsc& at;
    const smpp::short_message& value;
    parser::msisdn sender;
    std::string_view text;     // in UTF-8
    link_id link;              // by which it came
    store::fingerprint print;  // of all that it says, its session and operation too
  };
  struct name {
    std::size_t smsc = 0;
    std::uint64_t sender = 0;
    std::uint16_t session = 0;
    friend bool operator==(const name&, const name&) = default;
  };
  struct place {  // in which dialogue something was asked of the store, and where in it
    ussd_dialogues::name name;
    std::uint64_t number = 0;
    int step = 0;
  };

  // What is to be done now, and that the message is answered ESME_ROK at once unless it is `ask`.
  struct show {
    ussd_display what = ussd_display::main;
    std::string question;  // to be shown again
    std::string language;  // empty: the service's
  };
  struct ask {
    parser::request request;
    std::string language;
    std::string step;  // makes its identity another one than that of the same words at another place; may be empty
    place from;
  };
  struct nothing {};
  using turn = std::variant<show, ask, nothing>;

  // languages: those of the language menu, in its order.
  turn receive(const heard& what, const parser::reader& reader, std::span<const std::string> languages, time_point now);
  // What was asked is decided. acknowledged: the SMSC was told ESME_ROK. question: the one that goes to the phone now;
  // empty: the reply ends the dialogue. language: of the reply.
  void decided(const place& where, bool acknowledged, std::string question, std::string_view language, time_point now);

  [[nodiscard]] std::size_t size() const { return by_age_.size(); }

 private:
  struct step {  // a message that came
    store::fingerprint print;
    link_id link;
    bool acknowledged = false;
    int number = 0;
    ussd_display on = ussd_display::blank;  // what it answered
    bool asked = false;                     // of the store
  };
  struct dialogue {
    ussd_dialogues::name name;
    std::uint64_t number = 0;
    time_point began;
    time_point until;
    std::chrono::milliseconds timeout{0};
    ussd_display on = ussd_display::blank;
    bool over = false;
    std::string question;
    int last_step = -1;
    std::vector<step> steps;  // the latest
  };
  struct hash {
    std::size_t operator()(const name& of) const;
  };
  using dialogues = std::list<dialogue>;  // the one that was silent for longest first

  turn take(dialogue& in, const heard& what, const parser::reader& reader, std::span<const std::string> languages);
  turn repeat(dialogue& in, const step& again, const heard& what, const parser::reader& reader,
              std::span<const std::string> languages);
  [[nodiscard]] turn shown(const dialogue& in) const;
  [[nodiscard]] turn asked(const dialogue& in, const step& at, parser::reading what) const;
  [[nodiscard]] std::string language_of(std::uint64_t sender) const;
  void learn(std::uint64_t sender, std::string_view language);
  dialogue& begin(const name& of, const heard& what, time_point now);
  void touch(dialogues::iterator at, time_point now);
  void forget(dialogues::iterator at);

  std::size_t limit_;
  std::uint64_t count_ = 0;
  dialogues by_age_;
  std::unordered_map<name, dialogues::iterator, hash> by_name_;
  // What who dialled was answered in last: menus are shown before the store is asked, which knows who chose what.
  std::unordered_map<std::uint64_t, std::string> languages_;
  std::deque<std::uint64_t> learnt_;
};

}  // namespace topupd::gateway
