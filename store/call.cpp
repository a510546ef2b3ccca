#include "store/call.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

namespace topupd::store {
namespace {

// An array as PostgreSQL reads it: {1,2,NULL,"text"}.
class sql_array {
 public:
  void number(std::int64_t value) { fmt::format_to(next(), "{}", value); }
  void word(std::string_view value) { fmt::format_to(next(), "{}", value); }
  void null() { word("NULL"); }
  // Only printable ASCII goes through: nothing that an SMSC sends may make the whole call fail.
  void text(std::string_view value) {
    next();
    out_ += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c >= ' ' && c <= '~' ? c : '?';
    }
    out_ += '"';
  }
  template <std::size_t N>
  void octets(const std::array<std::uint8_t, N>& value) {
    next();
    out_ += "\"\\\\x";
    for (const std::uint8_t octet : value) {
      out_ += "0123456789abcdef"[octet >> 4];
      out_ += "0123456789abcdef"[octet & 15];
    }
    out_ += '"';
  }
  void msisdn(const parser::msisdn& value) { number(static_cast<std::int64_t>(value.number())); }
  std::string done() && { return std::move(out_) + '}'; }

 private:
  std::back_insert_iterator<std::string> next() {
    if (out_.size() > 1) out_ += ',';
    return std::back_inserter(out_);
  }
  std::string out_ = "{";
};

std::string_view mark(reply_result::kind what) {
  switch (what) {
    case reply_result::kind::sent: return "sent";
    case reply_result::kind::heard: return "heard";
    case reply_result::kind::refused: return "refused";
    case reply_result::kind::release: return "release";
    case reply_result::kind::renew: return "renew";
  }
  return {};
}

std::string seconds(std::chrono::seconds value) {
  return fmt::format("{} seconds", value.count());
}

std::int64_t small(int value) {
  return std::clamp(value, 0, 32767);
}

void append(std::vector<std::string>& to, sql_array* begin, sql_array* end) {
  for (sql_array* it = begin; it != end; ++it) to.push_back(std::move(*it).done());
}

// One row of topup.decision, column by column in its order.
class reader {
 public:
  explicit reader(const pqxx::row& row) : row_(row) {}

  std::optional<std::int64_t> number() {
    const auto field = row_[column_++];
    if (field.is_null()) return std::nullopt;
    std::int64_t value = 0;
    std::from_chars(field.c_str(), field.c_str() + field.size(), value);
    return value;
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

 private:
  const pqxx::row& row_;
  pqxx::row::size_type column_ = 0;
};

struct answer {
  std::int64_t asked;  // the receipt that the text came with; a duplicate's decision has the first one's
  store::decision decision;
};

answer answer_of(const pqxx::row& row) {
  reader next{row};
  answer all{.asked = next.number().value_or(0), .decision = {}};
  decision& out = all.decision;
  out.receipt = next.a_receipt().value_or(receipt{});
  out.outcome = outcome_from(next.view()).value_or(outcome::quarantined);
  out.action = action_from(next.view()).value_or(action::help);
  out.duplicate = next.truth();
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

}  // namespace

std::vector<std::string> redeem_arguments(const worker_options& options, std::span<const item> items,
                                          std::span<const reply_result> results, bool again) {
  enum {
    receipts,
    prints,
    copies,
    smscs,
    sources,
    short_codes,
    senders,
    actions,
    digests,
    targets,
    asks,
    reasons,
    gots,
    languages,
    count
  };
  sql_array of[count];
  for (const item& one : items) {
    const text& text = one.text;
    of[receipts].number(one.receipt.number);
    of[prints].octets(text.print.octets);
    of[copies].number(1 + static_cast<std::int64_t>(one.copies.size()));
    of[smscs].text(text.smsc);
    of[sources].text(text.source);
    of[short_codes].text(text.short_code);
    of[senders].msisdn(text.sender);
    of[actions].word(name(text.action));
    text.action == action::redeem&& text.voucher ? of[digests].octets(text.voucher->octets) : of[digests].null();
    text.target&& text.target != text.sender ? of[targets].msisdn(*text.target) : of[targets].null();
    of[asks].word(text.ask ? "t" : "f");
    text.reason.empty() ? of[reasons].null() : of[reasons].text(text.reason);
    text.got == 0 ? of[gots].null() : of[gots].number(small(text.got));
    of[languages].text(text.language);
  }
  enum { marked, marks, ids, statuses, mark_count };
  sql_array about[mark_count];
  for (const reply_result& one : results) {
    using kind = reply_result::kind;
    about[marked].number(one.receipt.number);
    about[marks].word(mark(one.what));
    one.what == kind::sent || one.what == kind::heard ? about[ids].text(one.smsc_message_id) : about[ids].null();
    one.what == kind::refused ? about[statuses].number(static_cast<std::int32_t>(one.status)) : about[statuses].null();
  }
  std::vector<std::string> all{options.instance,
                               seconds(options.lease),
                               options.service_currency,
                               options.time_zone,
                               fmt::format("{}", options.ask_above_minor),
                               seconds(options.question_time),
                               again ? "t" : "f"};
  append(all, std::begin(of), std::end(of));
  append(all, std::begin(about), std::end(about));
  return all;
}

std::vector<std::string> claim_arguments(const worker_options& options, std::size_t at_most) {
  sql_array smscs;
  for (const std::string& name : options.smscs) smscs.text(name);
  return {options.instance, seconds(options.lease), fmt::format("{}", at_most), std::move(smscs).done()};
}

std::vector<std::string> quarantine_arguments(const worker_options& options, const item& bad) {
  const text& text = bad.text;
  const auto clean = [](std::string_view value) {
    std::string out{value};
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return out;
  };
  std::string print = "\\x";
  for (const std::uint8_t octet : text.print.octets) fmt::format_to(std::back_inserter(print), "{:02x}", octet);
  return {options.instance,
          seconds(options.lease),
          fmt::format("{}", bad.receipt.number),
          print,
          clean(text.smsc),
          clean(text.source),
          clean(text.short_code),
          text.sender.digits(),
          std::string{name(text.action)},
          clean(text.language)};
}

std::vector<decision> decisions_of(const pqxx::result& rows) {
  std::vector<decision> all;
  all.reserve(rows.size());
  for (const auto& row : rows) all.push_back(answer_of(row).decision);
  return all;
}

std::vector<decision> decisions_of(const pqxx::result& rows, std::span<const item> items) {
  std::vector<answer> answers;
  answers.reserve(items.size());
  for (const auto& row : rows) answers.push_back(answer_of(row));
  std::sort(answers.begin(), answers.end(), [](const answer& a, const answer& b) { return a.asked < b.asked; });

  std::vector<decision> all;
  if (answers.size() != items.size()) return all;
  all.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (answers[i].asked != items[i].receipt.number) return {};
    decision& own = answers[i].decision;
    fill_in(own, items[i].text);
    for (const text& copy : items[i].copies) {
      all.push_back(own);
      all.back().ticket = copy.ticket;
      all.back().duplicate = true;
      all.back().reply_owed = false;  // the first one's decision has it
    }
    all.push_back(std::move(own));
  }
  return all;
}

}  // namespace topupd::store
