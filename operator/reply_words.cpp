#include "operator/reply_words.hpp"

#include <fmt/format.h>

#include "operator/show.hpp"

namespace topupd::operators {
namespace {

std::string status_of(const store::message_story& story) {
  return story.reply_status ? fmt::format(", command_status 0x{:08x}", *story.reply_status) : "";
}

// "expired, error 001, at 2026-11-22T18:00:00Z"
std::string told_of(const store::message_story& story) {
  return fmt::format("{}{}, at {}", story.delivery,
                     story.delivery_error.empty() ? "" : ", error " + story.delivery_error, iso(story.delivery_at));
}

std::string owed(const store::message_story& story, const std::string& by) {
  std::string line = fmt::format("reply owed{}", by);
  if (story.attempts > 1)
    line += fmt::format(", refused by the SMSC for now, attempt {}{}", story.attempts - 1, status_of(story));
  if (story.deferred_until) line += ", again at " + iso(*story.deferred_until);
  if (story.resent) line += fmt::format(", once more since {}: not delivered, {}", iso(*story.resent), told_of(story));
  return line;
}

std::string sent(const store::message_story& story, const std::string& by) {
  std::string line = fmt::format("reply sent {}{}", iso(story.sent), by);
  if (story.attempts > 1) line += fmt::format(" at attempt {}", story.attempts);
  if (!story.sent_by.empty()) line += ", through " + story.sent_by;
  if (!story.smsc_message_id.empty()) line += ", the SMSC calls it " + story.smsc_message_id;
  if (story.reply == "delivered") return line + ", delivered " + iso(story.delivery_at);
  if (story.reply == "undelivered")
    return line + fmt::format(", not delivered{}: {}", story.resent ? " this time either" : "", told_of(story));
  if (story.resent) line += fmt::format(", once more: not delivered before, {}", told_of(story));
  return line;
}

}  // namespace

std::string reply_of(const store::message_story& story) {
  const std::string by = story.lease_owner.empty() ? "" : " by " + story.lease_owner;
  if (story.reply == "none") return story.leader ? "the reply to that one tells of this too" : "no reply";
  if (story.reply == "owed") return owed(story, by);
  if (story.reply == "dead")
    return fmt::format("reply refused by the SMSC for good{}{}", status_of(story),
                       story.attempts > 1 ? fmt::format(", attempt {}", story.attempts) : "");
  return sent(story, by);
}

}  // namespace topupd::operators
