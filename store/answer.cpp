#include "store/answer.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace topupd::store {
namespace {

// One row of topup.decision, column by column in its order.
class reader {
 public:
  explicit reader(const pqxx::row& row) : row_(row) {}

  std::optional<std::int64_t> number() {
    const auto field = row_[column_++];
    if (field.is_null()) return std::nullopt;
    return integer({field.c_str(), field.size()});
  }
  std::string_view view() {
    const auto field = row_[column_++];
    return {field.c_str(), field.size()};  // lives as long as the row's result
  }
  std::string string() { return std::string{view()}; }
  bool truth() { return view() == "t"; }
  std::optional<parser::msisdn> msisdn() {
    const auto value = number();
    return value ? parser::msisdn::from_number(static_cast<std::uint64_t>(*value)) : std::nullopt;
  }
  std::optional<receipt> a_receipt() {
    const auto value = number();
    return value ? std::optional{receipt{*value}} : std::nullopt;
  }
  std::optional<std::chrono::sys_seconds> time() {
    const auto value = number();
    return value ? std::optional{std::chrono::sys_seconds{std::chrono::seconds{*value}}} : std::nullopt;
  }

  // What few messages have: topup.extra, as PostgreSQL writes a row:
  // (12,"(3,2,credited,7000,8340,USD)",,,"{1,2,3}",,,,…)
  void extra(decision& out) {
    auto text = view();
    if (text.size() < 2) return;
    text = text.substr(1, text.size() - 2);
    if (const auto number = integer_or_none(field(text))) out.leader = receipt{*number};
    if (const auto inner = field(text); !inner.empty()) out.several = several(inner);
    out.expected_minor = integer_or_none(field(text));
    if (const auto number = integer_or_none(field(text)))
      out.giver = parser::msisdn::from_number(static_cast<std::uint64_t>(*number));
    const auto numbers = numbers_in(field(text));
    for (std::size_t i = 0; i + 2 < numbers.size(); i += 3)
      out.history.push_back({.receipt = {numbers[i]},
                             .amount = {numbers[i + 1], out.amount.currency},
                             .at = std::chrono::sys_seconds{std::chrono::seconds{numbers[i + 2]}}});
    if (const auto minor = integer_or_none(field(text))) out.bonus = {*minor, out.amount.currency};
    if (const auto at = integer_or_none(field(text)))
      out.bonus_until = std::chrono::sys_seconds{std::chrono::seconds{*at}};
    // What follows is about the reply's way to the phone, for operators.
  }

 private:
  // The next field of a row, its quotes taken off: numbers, words, and rows and arrays of these, so nothing is escaped.
  static std::string_view field(std::string_view& text) {
    const bool quoted = text.starts_with('"');
    if (quoted) text.remove_prefix(1);
    const auto end = std::min(text.find(quoted ? '"' : ','), text.size());
    const auto found = text.substr(0, end);
    text.remove_prefix(std::min(end + (quoted ? 2 : 1), text.size()));
    return found;
  }
  // "(3,2,credited,7000,8340,USD)"
  static store::several several(std::string_view text) {
    text = text.substr(1, text.size() - 2);
    store::several all;
    all.cards = static_cast<int>(integer(field(text)));
    all.added = static_cast<int>(integer(field(text)));
    all.outcome = outcome_from(field(text)).value_or(outcome::quarantined);
    all.total.amount_minor = integer(field(text));
    all.balance.amount_minor = integer(field(text));
    all.total.currency = all.balance.currency = field(text);
    return all;
  }
  // "{1,2,3}"
  static std::vector<std::int64_t> numbers_in(std::string_view text) {
    std::vector<std::int64_t> all;
    while (text.size() > 2) {
      text.remove_prefix(1);
      const auto end = text.find_first_of(",}");
      all.push_back(integer(text.substr(0, end)));
      text.remove_prefix(end);
    }
    return all;
  }
  static std::optional<std::int64_t> integer_or_none(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional{integer(text)};
  }
  static std::int64_t integer(std::string_view text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }
  const pqxx::row& row_;
  pqxx::row::size_type column_ = 0;
};

struct answer {
  std::int64_t asked;  // the receipt that the text came with; a duplicate's decision has the first one's
  store::decision decision;
  bool doubtful = false;
};

answer answer_of(const pqxx::row& row) {
  reader next{row};
  answer all{.asked = next.number().value_or(0), .decision = {}};
  decision& out = all.decision;
  out.receipt = next.a_receipt().value_or(receipt{});
  out.outcome = outcome_from(next.view()).value_or(outcome::quarantined);
  out.action = action_from(next.view()).value_or(action::help);
  const auto duplicate = next.view();
  all.doubtful = duplicate.empty();
  out.duplicate = duplicate == "t";
  out.reply_owed = next.truth();
  out.smsc = next.string();
  out.source = next.string();
  out.short_code = next.string();
  out.language = next.string();
  out.sender = next.msisdn();
  out.target = next.msisdn();
  out.serial = next.number();
  out.amount.amount_minor = next.number().value_or(0);
  out.amount.currency = next.string();
  out.balance.amount_minor = next.number().value_or(0);
  out.balance.currency = next.string();
  if (out.balance.currency.empty()) out.balance.currency = out.amount.currency;
  out.valid_until = next.time();
  out.earlier = next.a_receipt();
  out.earlier_at = next.time();
  out.until = next.time();
  out.reason = next.string();
  out.got = static_cast<int>(next.number().value_or(0));
  out.decided_at = next.time().value_or(std::chrono::sys_seconds{});
  out.batch = next.number().value_or(0);
  out.lease = static_cast<int>(next.number().value_or(1));
  out.attempts = static_cast<int>(next.number().value_or(1));
  next.extra(out);
  return all;
}

void fill_in(decision& out, const text& from) {
  out.ticket = from.ticket;
  if (out.smsc.empty()) out.smsc = from.smsc;
  if (out.source.empty()) out.source = from.source;
  if (out.short_code.empty()) out.short_code = from.short_code;
  if (out.language.empty()) out.language = from.language;
  if (!out.sender) out.sender = from.sender;
}

std::shared_ptr<text> newer(text one, const receipt& than) {
  one.newer_than = than;
  return std::make_shared<text>(std::move(one));
}

}  // namespace

std::vector<decision> decisions_of(const pqxx::result& rows) {
  std::vector<decision> all;
  all.reserve(rows.size());
  for (const auto& row : rows) all.push_back(answer_of(row).decision);
  return all;
}

std::vector<decision> decisions_of(const pqxx::result& rows, std::span<const item> items) {
  std::vector<answer> answers;
  answers.reserve(rows.size());
  for (const auto& row : rows) answers.push_back(answer_of(row));
  std::sort(answers.begin(), answers.end(), [](const answer& a, const answer& b) { return a.asked < b.asked; });

  std::vector<decision> all;
  all.reserve(answers.size());
  auto next = answers.begin();
  for (const item& one : items) {
    if (next == answers.end() || next->asked != one.receipt.number) return {};
    decision& own = next->decision;
    fill_in(own, one.text);
    if (next->doubtful) own.doubtful = newer(one.text, own.receipt);
    for (const text& copy : one.copies) {
      all.push_back(own);
      all.back().ticket = copy.ticket;
      all.back().duplicate = true;
      if (next->doubtful) all.back().doubtful = newer(copy, own.receipt);
      all.back().reply_owed = false;  // the first one's decision has it
    }
    all.push_back(std::move(own));
    // Those of its other places that were needed.
    const auto last = one.more.empty() ? one.receipt.number : one.more.back().number;
    for (++next; next != answers.end() && next->asked <= last; ++next) {
      fill_in(next->decision, one.text);
      all.push_back(std::move(next->decision));
    }
  }
  if (next != answers.end()) return {};
  return all;
}

}  // namespace topupd::store
