#include "tests/smsc/journal.hpp"

#include <boost/json.hpp>
#include <chrono>
#include <stdexcept>

namespace topupd::smsc {

namespace json = boost::json;

namespace {

json::object entry(std::string_view what) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {{"at_ms", std::chrono::duration_cast<std::chrono::milliseconds>(now).count()}, {"what", what}};
}

}  // namespace

journal::journal(const std::string& path) : file_(path, std::ios::app) {
  if (!file_) throw std::runtime_error("the journal " + path + " cannot be written");
}

void journal::sent(const text& value) {
  auto line = entry("deliver_sm");
  line["text"] = value.id;
  line["from"] = value.message.source.digits;
  line["attempt"] = value.attempts;
  file_ << json::serialize(line) << std::endl;  // flushed: somebody follows it
}

void journal::answered(const text& value, std::optional<smpp::command_status> status, bool again) {
  auto line = entry("deliver_sm_resp");
  line["text"] = value.id;
  line["status"] = status ? name(*status) : "none";
  line["again"] = again;
  file_ << json::serialize(line) << std::endl;
}

void journal::replied(const reply& value) {
  auto line = entry("submit_sm");
  line["to"] = value.to;
  line["text"] = readable(value);
  line["alphabet"] = alphabet_name(value);
  line["segments"] = value.segments;
  line["message_id"] = value.message_id;
  file_ << json::serialize(line) << std::endl;
}

void journal::odd(const std::string& what) {
  auto line = entry("odd");
  line["is"] = what;
  file_ << json::serialize(line) << std::endl;
}

void journal::link(const std::string& what) {
  auto line = entry("link");
  line["is"] = what;
  file_ << json::serialize(line) << std::endl;
}

void journal::card(const std::string& phone, const std::string& serial) {
  auto line = entry("card");
  line["from"] = phone;
  line["serial"] = serial;
  file_ << json::serialize(line) << std::endl;
}

void journal::fault(const std::string& what, std::chrono::milliseconds lasts, std::size_t on_their_way) {
  auto line = entry("fault");
  line["is"] = what;
  line["lasts_ms"] = lasts.count();
  line["on_their_way"] = on_their_way;
  file_ << json::serialize(line) << std::endl;
}

void record(events& of, journal& to) {
  of.on_sent = [then = of.on_sent, &to](const text& value) {
    if (then) then(value);
    to.sent(value);
  };
  of.on_answered = [then = of.on_answered, &to](const text& value, std::optional<smpp::command_status> status,
                                                bool again) {
    if (then) then(value, status, again);
    to.answered(value, status, again);
  };
  of.on_reply = [then = of.on_reply, &to](const reply& value) {
    to.replied(value);
    if (then) then(value);
  };
  of.on_odd = [then = of.on_odd, &to](const std::string& what) {
    to.odd(what);
    if (then) then(what);
  };
  of.on_link = [then = of.on_link, &to](const std::string& what) {
    if (then) then(what);
    to.link(what);
  };
}

}  // namespace topupd::smsc
