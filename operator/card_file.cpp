#include "operator/card_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>  // explicit_bzero
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

#include "operator/checksum.hpp"
#include "operator/context.hpp"
#include "operator/manifest.hpp"
#include "store/operations.hpp"

namespace topupd::operators {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view columns = "serial,pin,value,currency,expires";
constexpr std::size_t faults_shown = 20;

// What is wrong with one line, without repeating any of it.
struct fault : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The file in lines, and its checksum. The buffer holds PINs: never moved, wiped at the end.
class lines {
 public:
  explicit lines(const std::string& path) : path_(path), buffer_(256 * 1024) {
    descriptor_ = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) refuse();
  }
  ~lines() {
    explicit_bzero(buffer_.data(), buffer_.size());
    close(descriptor_);
  }
  lines(const lines&) = delete;
  lines& operator=(const lines&) = delete;

  // The first octets, to tell what kind of file this is.
  std::string_view look_ahead() {
    while (end_ < 64 && fill()) {
    }
    return rest();
  }
  void skip(std::size_t octets) { begin_ += octets; }

  // The next line without its end, valid until the next call; nothing at the end of the file.
  std::optional<std::string_view> next() {
    while (true) {
      std::string_view text = rest();
      if (const auto stop = text.find('\n'); stop != std::string_view::npos) {
        begin_ += stop + 1;
        ++number_;
        return without_return(text.substr(0, stop));
      }
      if (fill()) continue;
      text = rest();  // it may have moved
      if (text.empty()) return std::nullopt;
      begin_ = end_;
      ++number_;
      return without_return(text);
    }
  }
  [[nodiscard]] std::int64_t number() const { return number_; }
  std::string sha256() { return sum_.hex(); }

 private:
  [[nodiscard]] std::string_view rest() const { return {buffer_.data() + begin_, end_ - begin_}; }
  static std::string_view without_return(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  bool fill() {
    if (begin_ > 0) {
      std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
                buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == buffer_.size())
      throw store::refused(fmt::format("{}, line {}: too long: this is no file of cards", path_, number_ + 1));
    ssize_t got = 0;
    while ((got = read(descriptor_, buffer_.data() + end_, buffer_.size() - end_)) < 0)
      if (errno != EINTR) refuse();
    sum_.add({buffer_.data() + end_, static_cast<std::size_t>(got)});
    end_ += static_cast<std::size_t>(got);
    return got > 0;
  }
  [[noreturn]] void refuse() const {
    throw store::refused(
        fmt::format("cannot read {}: {}", without_pins(path_), std::generic_category().message(errno)));
  }

  std::string path_;
  int descriptor_ = -1;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::int64_t number_ = 0;
  checksum sum_;
};

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

constexpr std::size_t most_fields = 5;
struct fields {
  std::array<std::string_view, most_fields> all;
  std::size_t count = 0;
};
fields split(std::string_view line) {
  fields out;
  while (true) {
    const auto comma = line.find(',');
    std::string_view field = line.substr(0, comma);
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
    if (out.count == most_fields) throw fault("more fields than columns");
    out.all[out.count++] = field;
    if (comma == std::string_view::npos) return out;
    line.remove_prefix(comma + 1);
  }
}

// Which column stands where.
struct heading {
  std::size_t count = 0;
  std::optional<std::size_t> serial, pin, value, currency, expires;
};
std::optional<heading> read_heading(std::string_view line) try {
  const fields names = split(line);
  heading out;
  out.count = names.count;
  for (std::size_t i = 0; i < names.count; ++i) {
    std::optional<std::size_t>* column = names.all[i] == "serial"     ? &out.serial
                                         : names.all[i] == "pin"      ? &out.pin
                                         : names.all[i] == "value"    ? &out.value
                                         : names.all[i] == "currency" ? &out.currency
                                         : names.all[i] == "expires"  ? &out.expires
                                                                      : nullptr;
    if (!column || *column) return std::nullopt;
    *column = i;
  }
  if (!out.serial || !out.pin || out.value.has_value() != out.currency.has_value()) return std::nullopt;
  return out;
} catch (const fault&) {
  return std::nullopt;
}

std::int64_t serial_from(std::string_view written) {
  if (!is_digits(written) || written.size() > 18) throw fault("serial: not 1 to 18 digits");
  std::int64_t serial = 0;
  for (const char c : written) serial = serial * 10 + (c - '0');
  if (serial == 0) throw fault("serial: zero");
  return serial;
}

parser::pin pin_from(std::string_view written, const parser::pin_rules& rules) {
  if (const auto pin = parser::pin::from_digits(written, rules)) return *pin;
  if (!is_digits(written)) throw fault("pin: not digits alone");
  const auto length = static_cast<int>(written.size());
  if (std::find(rules.lengths.begin(), rules.lengths.end(), length) == rules.lengths.end())
    throw fault(fmt::format("pin: {} digits, not {} (pin.lengths)", length, fmt::join(rules.lengths, " or ")));
  throw fault("pin: the check digit is wrong (pin.check_digit)");
}

parser::money value_from(std::string_view amount, std::string_view currency) {
  if (!parser::minor_digits(currency)) throw fault("currency: not a code of ISO 4217, as in USD");
  const auto value = parser::money_from(amount, currency);
  if (!value || value->amount_minor <= 0) throw fault("value: not an amount, as in 10.00");
  return *value;
}

std::string date_from(std::string_view written) {
  if (written.empty()) return {};
  const bool shaped = written.size() == 10 && written[4] == '-' && written[7] == '-' &&
                      is_digits(written.substr(0, 4)) && is_digits(written.substr(5, 2)) &&
                      is_digits(written.substr(8));
  const auto number = [&](std::size_t at) { return (written[at] - '0') * 10 + (written[at + 1] - '0'); };
  if (shaped) {
    const std::chrono::year_month_day date{std::chrono::year(number(0) * 100 + number(2)),
                                           std::chrono::month(static_cast<unsigned>(number(5))),
                                           std::chrono::day(static_cast<unsigned>(number(8)))};
    if (date.ok()) return std::string(written);
  }
  throw fault("expires: not a day, as in 2027-12-31, nor empty");
}

card card_from(std::string_view line, const heading& heading, const parser::pin_rules& rules) {
  const fields all = split(line);
  if (all.count != heading.count) throw fault(fmt::format("{} fields, not {}", all.count, heading.count));
  card out{.serial = serial_from(all.all[*heading.serial]),
           .pin = pin_from(all.all[*heading.pin], rules),
           .value = std::nullopt,
           .expires = {}};
  if (heading.value) out.value = value_from(all.all[*heading.value], all.all[*heading.currency]);
  if (heading.expires) out.expires = date_from(all.all[*heading.expires]);
  return out;
}

// OpenPGP, RFC 4880 §4.2: the first octet of a packet has its highest bit set; §6.2: or it is armoured.
bool is_encrypted(std::string_view begins) {
  if (begins.empty() || begins.starts_with(byte_order_mark)) return false;
  return (static_cast<unsigned char>(begins.front()) & 0x80U) != 0 || begins.starts_with("-----BEGIN PGP");
}

}  // namespace

card_file_summary read_cards(const std::string& path, const parser::pin_rules& pins,
                             const std::function<void(const card&)>& on_card) {
  lines file(path);
  const std::string_view begins = file.look_ahead();
  if (is_encrypted(begins))
    throw store::refused(
        fmt::format("{} is encrypted: decrypt it first: gpg --decrypt {} | topupctl … --in -", path, path));
  if (begins.starts_with(byte_order_mark)) file.skip(byte_order_mark.size());

  const auto first = file.next();
  const auto heading = read_heading(first.value_or(std::string_view{}));
  if (!heading)
    throw store::refused(fmt::format(
        "{}, line 1: the columns are not named: write {}; only serial and pin must be there", path, columns));

  card_file_summary found;
  found.has_values = heading->value.has_value();
  found.has_expires = heading->expires.has_value();
  std::vector<std::string> faults;
  std::size_t more = 0;
  std::int64_t empty_line = 0;
  while (const auto line = file.next()) {
    try {
      if (line->empty()) {
        if (empty_line == 0) empty_line = file.number();
        continue;
      }
      if (empty_line != 0) throw fault(fmt::format("stands behind an empty line, {}", empty_line));
      const card each = card_from(*line, *heading, pins);
      found.lowest = found.cards == 0 ? each.serial : std::min(found.lowest, each.serial);
      found.highest = std::max(found.highest, each.serial);
      ++found.cards;
      if (faults.empty()) on_card(each);
    } catch (const fault& problem) {
      if (faults.size() < faults_shown)
        faults.push_back(fmt::format("line {}: {}", file.number(), problem.what()));
      else
        ++more;
    }
  }
  found.sha256 = file.sha256();

  const manifest_verdict verdict = path == "-" ? manifest_verdict::none : judge_by_manifest(path, found.sha256);
  if (verdict == manifest_verdict::differs)
    faults.insert(faults.begin(), "checksum differs: the file is not the one that was generated");
  if (!faults.empty()) {
    if (more > 0) faults.push_back(fmt::format("and {} more", more));
    throw store::refused(fmt::format("{} is not taken:\n  {}", path, fmt::join(faults, "\n  ")));
  }
  if (found.cards == 0) throw store::refused(path + " has no card in it");
  found.manifest_agrees = verdict == manifest_verdict::agrees;
  return found;
}

}  // namespace topupd::operators
