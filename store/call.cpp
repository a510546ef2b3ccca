#include "store/call.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "store/sql_array.hpp"

namespace topupd::store {
namespace {

constexpr std::size_t longest_error =
    16;  // of an SMSC's own code; it has three characters by the book (SMPP 3.4, appendix B)

std::string_view mark(reply_result::kind what) {
  switch (what) {
    case reply_result::kind::sent: return "sent";
    case reply_result::kind::refused: return "refused";
    case reply_result::kind::deferred: return "deferred";
    case reply_result::kind::release: return "release";
    case reply_result::kind::renew: return "renew";
    case reply_result::kind::heard: return "heard";
  }
  return {};
}

std::string seconds(std::chrono::seconds value) {
  return fmt::format("{} seconds", value.count());
}

// What stands alone, not in an array.
std::string clean(std::string_view value) {
  std::string out{value};
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

template <typename Octets>
std::string hex(const Octets& octets) {
  std::string out = "\\x";
  for (const auto octet : octets) fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<std::uint8_t>(octet));
  return out;
}

std::int64_t small(int value) {
  return std::clamp(value, 0, 32767);
}

// As many as an integer of PostgreSQL holds: 24 days.
std::int64_t milliseconds(std::chrono::milliseconds value) {
  return std::clamp<std::int64_t>(value.count(), 0, std::numeric_limits<std::int32_t>::max());
}

void append(std::vector<std::string>& to, sql_array* begin, sql_array* end) {
  for (sql_array* it = begin; it != end; ++it) to.push_back(std::move(*it).done());
}

// The arrays about texts, in the order of topup.redeem()'s arguments.
class texts_of_call {
 public:
  enum {
    receipts,
    prints,
    ages,
    copies,
    smscs,
    sources,
    short_codes,
    senders,
    actions,
    digests,
    prefixes,
    targets,
    asks,
    reasons,
    gots,
    languages,
    leaders,
    given_serials,
    expecteds,
    abouts,
    olders,
    newer_thans,
    count
  };
  std::chrono::steady_clock::time_point now;
  sql_array arrays[count] = {};

  void add_leader(const item& one) {
    const text& text = one.text;
    arrays[prints].octets(text.print.octets);
    arrays[leaders].null();
    add(one, one.receipt, name(text.action), text.vouchers.empty() ? no_voucher : 0);
    text.serial ? arrays[given_serials].number(*text.serial) : arrays[given_serials].null();
    text.expected_minor ? arrays[expecteds].number(*text.expected_minor) : arrays[expecteds].null();
    text.about ? arrays[abouts].number(text.about->number) : arrays[abouts].null();
    text.newer_than ? arrays[newer_thans].number(text.newer_than->number) : arrays[newer_thans].null();
  }

  // Their fingerprints follow from the leader's; SQL knows how.
  void add_followers(const item& one) {
    const auto [vouchers, notice] = more_places(one.text);
    for (std::size_t i = 0; i < one.more.size(); ++i) {
      arrays[prints].null();
      arrays[leaders].number(one.receipt.number);
      const bool is_notice = notice && i == vouchers;
      const bool has_voucher = !is_notice && i + 1 < one.text.vouchers.size();
      add(one, one.more[i], name(is_notice ? action::notice : one.text.action), has_voucher ? i + 1 : no_voucher);
      for (const auto each : {given_serials, expecteds, abouts, newer_thans}) arrays[each].null();
    }
  }

 private:
  static constexpr auto no_voucher = static_cast<std::size_t>(-1);

  void add_older(const text& text, std::size_t voucher) {
    const std::size_t each = text.older.size() / text.vouchers.size();
    if (each == 0) return arrays[olders].null();
    arrays[olders].octets(std::span(text.older).subspan(voucher * each, each));
  }
  void add(const item& one, const receipt& receipt, std::string_view action, std::size_t voucher) {
    const text& text = one.text;
    arrays[receipts].number(receipt.number);
    // Rounded up: what may be a redelivery is one.
    arrays[ages].number(milliseconds(std::chrono::ceil<std::chrono::milliseconds>(now - text.came)));
    arrays[copies].number(1 + static_cast<std::int64_t>(one.copies.size()));
    arrays[smscs].text(text.smsc);
    arrays[sources].text(text.source);
    arrays[short_codes].text(text.short_code);
    arrays[senders].msisdn(text.sender);
    arrays[actions].word(action);
    if (voucher == no_voucher) {
      for (const auto each : {digests, prefixes, olders}) arrays[each].null();
    } else {
      arrays[digests].octets(text.vouchers[voucher].octets);
      voucher < text.prefixes.size() ? arrays[prefixes].number(text.prefixes[voucher]) : arrays[prefixes].null();
      add_older(text, voucher);
    }
    text.target&& text.target != text.sender ? arrays[targets].msisdn(*text.target) : arrays[targets].null();
    arrays[asks].word(text.ask ? "t" : "f");
    text.reason.empty() ? arrays[reasons].null() : arrays[reasons].text(text.reason);
    text.got == 0 ? arrays[gots].null() : arrays[gots].number(small(text.got));
    arrays[languages].text(text.language);
  }
};

// Those about replies, likewise.
class marks_of_call {
 public:
  enum { marked, marks, ages, ids, statuses, sent_by, awaiteds, retry_ins, leases, heards, count };
  std::chrono::steady_clock::time_point now;
  sql_array arrays[count] = {};

  void add(const reply_result& one) {
    using kind = reply_result::kind;
    const bool is_sent = one.what == kind::sent;
    const bool has_status = one.what == kind::refused || one.what == kind::deferred;
    arrays[marked].number(one.receipt.number);
    arrays[marks].word(mark(one.what));
    const bool has_time = one.at != std::chrono::steady_clock::time_point{};
    arrays[ages].number(has_time ? milliseconds(std::chrono::floor<std::chrono::milliseconds>(now - one.at)) : 0);
    is_sent ? arrays[ids].text(one.smsc_message_id) : arrays[ids].null();
    has_status ? arrays[statuses].number(static_cast<std::int32_t>(one.status)) : arrays[statuses].null();
    is_sent && !one.smsc.empty() ? arrays[sent_by].text(one.smsc) : arrays[sent_by].null();
    is_sent&& one.awaited ? arrays[awaiteds].word("t") : arrays[awaiteds].null();
    one.what == kind::deferred ? arrays[retry_ins].number(one.retry_in.count()) : arrays[retry_ins].null();
    one.lease == 1 ? arrays[leases].null() : arrays[leases].number(one.lease);  // most replies have one
    one.heard ? arrays[heards].word("t") : arrays[heards].null();
  }
};

}  // namespace

std::vector<std::string> redeem_arguments(const worker_options& options, std::span<const item> items,
                                          std::span<const reply_result> results, bool again,
                                          std::chrono::steady_clock::time_point now) {
  texts_of_call of{.now = now};
  for (const item& one : items) {
    of.add_leader(one);
    of.add_followers(one);
  }
  marks_of_call about{.now = now};
  for (const reply_result& one : results) about.add(one);
  std::vector<std::string> all{options.instance,
                               seconds(options.lease),
                               options.service_currency,
                               options.service_language,
                               options.time_zone,
                               fmt::format("{}", options.ask_above_minor),
                               seconds(options.question_time),
                               fmt::format("{}", options.answers_per_hour),
                               fmt::format("{{{}}}", fmt::join(options.transfer_limits, ",")),
                               seconds(options.undo_time),
                               fmt::format("{}", options.wrong_pins_per_day),
                               fmt::format("{}", options.alarm_factor),
                               again ? "t" : "f"};
  append(all, std::begin(of.arrays), of.arrays + texts_of_call::leaders);
  for (sql_array* rare = of.arrays + texts_of_call::leaders; rare != std::end(of.arrays); ++rare)
    all.push_back(std::move(*rare).short_of_nulls());
  append(all, about.arrays, about.arrays + marks_of_call::sent_by);
  for (sql_array* rare = about.arrays + marks_of_call::sent_by; rare != std::end(about.arrays); ++rare)
    all.push_back(std::move(*rare).short_of_nulls());
  return all;
}

std::vector<std::string> claim_arguments(const worker_options& options, std::size_t at_most,
                                         const std::vector<std::string>& smscs) {
  sql_array names;
  for (const std::string& name : smscs) names.text(name);
  return {options.instance,
          seconds(options.lease),
          fmt::format("{}", at_most),
          std::move(names).done(),
          options.service_language,
          seconds(options.part_time),
          fmt::format("{}", options.answers_per_hour)};
}

std::vector<std::string> keep_part_arguments(const worker_options& options, const part& one) {
  return {hex(one.group.octets),
          fmt::format("{}", one.number),
          fmt::format("{}", one.total),
          hex(one.print.octets),
          hex(one.sealed),
          clean(one.smsc),
          clean(one.source),
          clean(one.short_code),
          one.sender.digits(),
          seconds(options.part_time)};
}

std::vector<std::string> note_arguments(std::span<const delivery> deliveries) {
  enum { smscs, ids, states, errors, count };
  sql_array about[count];
  for (const delivery& one : deliveries) {
    about[smscs].text(one.smsc);
    about[ids].text(one.smsc_message_id);
    about[states].word(name(one.state));
    one.error.empty() ? about[errors].null() : about[errors].text(std::string_view{one.error}.substr(0, longest_error));
  }
  std::vector<std::string> all;
  append(all, std::begin(about), std::end(about));
  return all;
}

std::vector<std::string> quarantine_arguments(const worker_options& options, const item& bad) {
  const text& text = bad.text;
  return {options.instance,       seconds(options.lease), fmt::format("{}", bad.receipt.number),
          hex(text.print.octets), clean(text.smsc),       clean(text.source),
          clean(text.short_code), text.sender.digits(),   std::string{name(text.action)},
          clean(text.language)};
}

}  // namespace topupd::store
