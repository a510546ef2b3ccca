// topupctl trace: what became of a text, a number's texts, or a card.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"
#include "operator/stories.hpp"

namespace topupd::operators {
namespace {

constexpr int at_most = 50;

struct found {
  std::vector<store::message_story> messages;
  std::optional<store::voucher> voucher;
};

bool has_form(std::string_view digits, std::string_view form) {
  return digits.size() == form.size() &&
         std::equal(digits.begin(), digits.end(), form.begin(),
                    [](char digit, char in_form) { return in_form == '#' || in_form == digit; });
}

// A receipt usually has letters, a serial has its form, a number its prefixes. Digits that could be several are looked
// up as each of them, the likeliest first.
found look_up(context& with, const std::string& written) {
  store::operations& store = with.store();
  const std::string digits = digits_of(written);
  if (digits.empty() || (digits.size() <= 7 && !written.starts_with('+')))
    if (const auto receipt = store::receipt_from(written))
      if (auto messages = store.trace(*receipt); !messages.empty()) return {std::move(messages), {}};
  if (digits.empty()) return {};

  const config::settings& settings = with.settings();
  const auto as_serial = [&]() -> found {
    const auto serial = serial_from(written);
    if (!serial) return {};
    return {store.trace_serial(*serial), store.find_voucher(*serial)};
  };
  if (has_form(digits, settings.reading.serial_form))
    if (found card = as_serial(); card.voucher) return card;
  if (const auto number = parser::read_number(digits, written.starts_with('+'), settings.reading.numbers))
    if (auto messages = store.trace(*number, at_most); !messages.empty()) return {std::move(messages), {}};
  if (found card = as_serial(); card.voucher) return card;
  if (const auto receipt = store::receipt_from(digits))
    if (auto messages = store.trace(*receipt); !messages.empty()) return {std::move(messages), {}};
  return {};
}

boost::json::object fields_of(const store::message_story& story) {
  boost::json::object out{
      {"receipt", to_string(story.receipt)}, {"received", iso(story.received)}, {"smsc", story.smsc},
      {"sender", story.sender.digits()},     {"action", story.action},          {"outcome", story.outcome},
      {"reason", or_null(story.reason)}};
  out["target"] = or_null(story.target, [](const parser::msisdn& number) { return number.digits(); });
  out["serial"] = or_null(story.serial, [](std::int64_t serial) { return std::to_string(serial); });
  if (!story.amount.currency.empty()) put(out, "amount", story.amount);
  if (!story.balance.currency.empty()) {
    out["balance"] = parser::decimal(story.balance);
    out["balance_minor"] = story.balance.amount_minor;
    out["balance_currency"] = story.balance.currency;
  }
  out["earlier"] = or_null(story.earlier, [](store::receipt receipt) { return to_string(receipt); });
  out["leader"] = or_null(story.leader, [](store::receipt receipt) { return to_string(receipt); });
  out["giver"] = or_null(story.giver, [](const parser::msisdn& number) { return number.digits(); });
  if (story.cards > 0) {
    out["cards"] = story.cards;
    out["added"] = story.added;
  }
  out["seen"] = story.seen;
  out["reply"] = story.reply;
  out["attempts"] = story.attempts;
  out["sent"] = or_null(iso(story.sent));
  out["smsc_message_id"] = or_null(story.smsc_message_id);
  return out;
}

std::string what_of(const store::message_story& story) {
  std::string line = fmt::format("{} {} {} by {}: {}", story.action, story.giver ? "to" : "from", story.sender.digits(),
                                 story.smsc, story.outcome);
  if (!story.reason.empty()) line += " (" + story.reason + ")";
  return line;
}

// Of several vouchers in one text, and of a notice: where the rest of the story is.
std::string together_of(const store::message_story& story) {
  if (story.cards > 0)
    return fmt::format("the first of {} vouchers in its text, {} added{}", story.cards, story.added,
                       story.total.currency.empty() ? "" : ", together " + shown(story.total));
  if (story.giver) return fmt::format("tells of {} from {}", to_string(*story.leader), story.giver->digits());
  return story.leader ? fmt::format("of the same text as {}", to_string(*story.leader)) : "";
}

std::string money_of(const store::message_story& story) {
  std::string line;
  const auto add = [&](const std::string& part) { line += (line.empty() ? "" : ", ") + part; };
  if (story.serial) add(fmt::format("voucher {}", *story.serial));
  if (!story.amount.currency.empty()) add(shown(story.amount));
  if (story.target && *story.target != story.sender) add("for " + story.target->digits());
  if (!story.balance.currency.empty()) add("balance " + shown(story.balance));
  if (story.earlier && story.outcome == "repeated") add("credited before by " + to_string(*story.earlier));
  if (story.earlier && story.outcome == "status") add("about " + to_string(*story.earlier));
  return line;
}

std::string reply_of(const store::message_story& story) {
  if (story.reply == "none") return story.leader ? "the reply to that one tells of this too" : "no reply";
  if (story.reply == "owed") return fmt::format("reply owed, {} attempts so far", story.attempts);
  if (story.reply == "dead") return "reply refused by the SMSC for good";
  return fmt::format("reply sent {}{}", iso(story.sent),
                     story.smsc_message_id.empty() ? "" : ", the SMSC calls it " + story.smsc_message_id);
}

void tell(const store::message_story& story) {
  print(fmt::format("{}  {}", to_string(story.receipt), iso(story.received)));
  print("  " + what_of(story));
  if (const std::string together = together_of(story); !together.empty()) print("  " + together);
  if (const std::string money = money_of(story); !money.empty()) print("  " + money);
  if (story.seen > 1) print(fmt::format("  delivered {} times by the SMSC, decided once", story.seen));
  print("  " + reply_of(story));
}

int trace(context& with, const std::string& written) {
  const found found = look_up(with, written);
  if (found.messages.empty() && !found.voucher)
    throw store::refused(
        fmt::format("nothing is known of {}: give a receipt, a number that sent a text, or a card's serial",
                    without_pins(written)));
  if (with.json) {
    boost::json::array messages;
    for (const store::message_story& story : found.messages) messages.push_back(fields_of(story));
    boost::json::object answer{{"messages", std::move(messages)}};
    if (found.voucher) answer["voucher"] = operators::fields_of(*found.voucher);
    print_json(answer);
    return 0;
  }
  if (found.voucher) show(*found.voucher);
  bool first = !found.voucher;
  for (const store::message_story& story : found.messages) {
    if (!first) print("");
    tell(story);
    first = false;
  }
  return 0;
}

}  // namespace

void add_trace(CLI::App& to, context& with) {
  auto written = std::make_shared<std::string>();
  add_command(to, with, "trace", "What became of a text, of a number's texts, or of a card", "trace 8F3K2Q",
              [&with, written] { return trace(with, *written); })
      ->add_option("RECEIPT|MSISDN|SERIAL", *written, "the name in the reply, a number, or a card's serial")
      ->required();
}

}  // namespace topupd::operators
