// topupctl trace: the whole story of a receipt, a number, or a card.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"
#include "operator/stories.hpp"

namespace topupd::operators {
namespace {

constexpr int at_most = 50;

// What the messages found did to the ledger, and the transfers of `more`, which may have none.
void add_ledger(store::operations& store, story& to, std::vector<store::receipt> more, const std::string& subject) {
  for (const store::message_story& message : to.messages)
    if (std::find(more.begin(), more.end(), message.receipt) == more.end()) more.push_back(message.receipt);
  to.transfers = store.transfers(more);
  to.acts = store.acts(more, subject);
}

story of_receipt(store::operations& store, store::receipt receipt) {
  story out;
  out.messages = store.trace(receipt);
  add_ledger(store, out, {receipt}, {});
  return out;
}

story of_card(store::operations& store, std::int64_t serial) {
  story out;
  out.voucher = store.find_voucher(serial);
  if (!out.voucher) return out;
  out.card = store.card_history(serial);
  out.messages = store.trace_serial(serial);
  std::vector<store::receipt> more;
  if (out.voucher->receipt) more.push_back(*out.voucher->receipt);
  if (out.voucher->reversed_by) more.push_back(*out.voucher->reversed_by);
  add_ledger(store, out, more, {});
  return out;
}

story of_number(store::operations& store, const parser::msisdn& number) {
  story out;
  out.newest_first = true;
  out.account = store.find_account(number);
  const auto locks = store.locks(number, 1);
  if (!locks.empty()) out.lock = locks.front();
  out.messages = store.trace(number, at_most);
  add_ledger(store, out, store.receipts_of(number, at_most), "account " + number.digits());
  return out;
}

bool is_known(const story& found) {
  return found.voucher || found.account || found.lock || !found.messages.empty() || !found.transfers.empty() ||
         !found.acts.empty();
}

// A receipt usually has letters, a serial has its form, a number its prefixes. Digits that could be several are looked
// up as each of them, the likeliest first.
story look_up(context& with, const std::string& written) {
  store::operations& store = with.store();
  const std::string digits = digits_of(written);
  if (digits.empty() || (digits.size() <= 7 && !written.starts_with('+')))
    if (const auto receipt = store::receipt_from(written))
      if (story found = of_receipt(store, *receipt); is_known(found)) return found;
  if (digits.empty()) return {};

  const config::settings& settings = with.settings();
  const auto as_card = [&]() -> story {
    const auto serial = serial_from(written, settings.reading);
    return serial ? of_card(store, *serial) : story{};
  };
  if (has_form(digits, settings.reading.serial_form))
    if (story card = as_card(); is_known(card)) return card;
  if (const auto number = parser::read_number(digits, written.starts_with('+'), settings.reading.numbers))
    if (story found = of_number(store, *number); is_known(found)) return found;
  if (story card = as_card(); is_known(card)) return card;
  if (const auto receipt = store::receipt_from(digits))
    if (story found = of_receipt(store, *receipt); is_known(found)) return found;
  return {};
}

int trace(context& with, const std::string& written) {
  const story found = look_up(with, written);
  if (!is_known(found))
    throw store::refused(
        fmt::format("nothing is known of {}: give a receipt, a number that sent a text, or a card's serial",
                    without_pins(written)));
  if (with.json)
    print_json(fields_of(found));
  else
    tell(found);
  return 0;
}

}  // namespace

void add_trace(CLI::App& to, context& with) {
  auto written = std::make_shared<std::string>();
  add_command(to, with, "trace", "The whole story of a text, a number or a card: asked, decided, moved, answered",
              "trace 8F3K2Q", [&with, written] { return trace(with, *written); })
      ->add_option("RECEIPT|MSISDN|SERIAL", *written, "the name in the reply, a number, or a card's serial")
      ->required();
}

}  // namespace topupd::operators
