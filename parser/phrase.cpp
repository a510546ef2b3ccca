#include "parser/phrase.hpp"

#include <unicode/dcfmtsym.h>
#include <unicode/locid.h>
#include <unicode/messagepattern.h>
#include <unicode/msgfmt.h>
#include <unicode/timezone.h>

#include <algorithm>
#include <cassert>
#include <mutex>
#include <optional>

#include "parser/dates.hpp"
#include "parser/plain_text.hpp"

namespace topupd::parser {
namespace {

// A pattern of literals and {name}s, as most are, becomes pieces that are put one after the other: 20 times faster than
// MessageFormat, which is kept for plural and select.
struct piece {
  std::string literal;   // comes first
  std::string argument;  // may be empty in the last piece
};
struct phrase {
  std::vector<piece> pieces;
  std::unique_ptr<icu::MessageFormat> icu;  // instead of the pieces
};

icu::UnicodeString wide(std::string_view utf8) {
  return icu::UnicodeString::fromUTF8({utf8.data(), static_cast<int32_t>(utf8.size())});
}
std::string narrow(const icu::UnicodeString& text) {
  std::string utf8;
  return text.toUTF8String(utf8);
}

icu::Locale locale_of(const std::string& language) {
  UErrorCode status = U_ZERO_ERROR;
  auto locale = icu::Locale::forLanguageTag(cldr_locale(language), status);
  locale.setUnicodeKeywordValue("nu", "latn", status);  // the digits of the card, the receipt and the PIN
  return locale;
}

// What is wrong with a pattern, in words; nothing when it is right.
class checker {
 public:
  checker(const std::vector<std::string>& allowed) : allowed_(allowed) {}

  std::optional<std::string> check(const icu::MessagePattern& pattern) {
    for (int32_t i = 0; i < pattern.countParts(); ++i) {
      const auto& part = pattern.getPart(i);
      if (part.getType() != UMSGPAT_PART_TYPE_ARG_START) continue;
      const auto name = narrow(pattern.getSubstring(pattern.getPart(i + 1)));
      if (std::find(allowed_.begin(), allowed_.end(), name) == allowed_.end())
        return "argument {" + name + "} is unknown; known are " + known();
      if (part.getArgType() == UMSGPAT_ARG_TYPE_SIMPLE || part.getArgType() == UMSGPAT_ARG_TYPE_CHOICE)
        return "argument {" + name +
               "} has a format of its own; amounts and dates are formatted already, only plural, " +
               "selectordinal and select may follow the name";
    }
    return std::nullopt;
  }

 private:
  std::string known() const {
    std::string list;
    for (const auto& name : allowed_) list += (list.empty() ? "{" : ", {") + name + "}";
    return list.empty() ? "none" : list;
  }
  const std::vector<std::string>& allowed_;
};

bool is_simple(const icu::MessagePattern& pattern) {
  for (int32_t i = 0; i < pattern.countParts(); ++i) {
    const auto& part = pattern.getPart(i);
    if (part.getType() == UMSGPAT_PART_TYPE_ARG_START && part.getArgType() != UMSGPAT_ARG_TYPE_NONE) return false;
  }
  return true;
}

// SKIP_SYNTAX marks the apostrophes that only quote; everything else between the arguments is literal.
std::vector<piece> cut(const icu::MessagePattern& pattern) {
  const auto& text = pattern.getPatternString();
  std::vector<piece> pieces(1);
  icu::UnicodeString literal;
  int32_t from = 0;
  const auto take = [&](const icu::MessagePattern::Part& part) {
    literal.append(text, from, part.getIndex() - from);
    from = part.getLimit();
  };
  for (int32_t i = 1; i < pattern.countParts(); ++i) {
    const auto& part = pattern.getPart(i);
    switch (part.getType()) {
      case UMSGPAT_PART_TYPE_SKIP_SYNTAX:
      case UMSGPAT_PART_TYPE_INSERT_CHAR:
      case UMSGPAT_PART_TYPE_MSG_LIMIT: take(part); break;
      case UMSGPAT_PART_TYPE_ARG_START:
        take(part);
        pieces.back() = {narrow(literal), narrow(pattern.getSubstring(pattern.getPart(i + 1)))};
        pieces.emplace_back();
        literal.remove();
        break;
      case UMSGPAT_PART_TYPE_ARG_LIMIT: from = part.getLimit(); break;
      default: break;
    }
  }
  pieces.back().literal = narrow(literal);
  return pieces;
}

}  // namespace

struct phrases::tables {
  std::optional<dates> calendar;
  std::string decimal_separator = ".";
  bool chinese = false;
  std::map<std::string, phrase, std::less<>> by_key;
  mutable std::mutex icu_one_at_a_time;

  // "63,40 USD": no grouping, because a group's space or point is misread in a short message, and the code at the end.
  [[nodiscard]] std::string show(const money& amount) const {
    auto text = decimal(amount);
    if (const auto point = text.find('.'); point != std::string::npos) text.replace(point, 1, decimal_separator);
    // Chinese always writes its own unit behind the number; other signs are often missing in a phone's alphabet.
    return text + (chinese && amount.currency == "CNY" ? "元" : " " + amount.currency);
  }
  [[nodiscard]] std::string show(const argument& value) const {
    struct visitor {
      const tables& t;
      std::string operator()(const std::string& text) const { return text; }
      std::string operator()(long long number) const { return std::to_string(number); }
      std::string operator()(const money& amount) const { return t.show(amount); }
      std::string operator()(const parser::day& day) const { return t.calendar->day(day.at); }
      std::string operator()(const parser::moment& moment) const { return t.calendar->moment(moment.at, moment.now); }
    };
    return std::visit(visitor{*this}, value);
  }

  std::optional<std::string> add(const std::string& key, const std::string& text, const icu::Locale& locale,
                                 const std::vector<std::string>& allowed) {
    UErrorCode status = U_ZERO_ERROR;
    UParseError where{};
    const icu::MessagePattern pattern(wide(text), &where, status);
    if (U_FAILURE(status)) return "is not a message pattern: see before \"" + narrow(where.postContext) + "\"";
    if (auto fault = checker(allowed).check(pattern)) return fault;
    phrase compiled;
    if (is_simple(pattern)) {
      compiled.pieces = cut(pattern);
    } else {
      compiled.icu = std::make_unique<icu::MessageFormat>(wide(text), locale, where, status);
      if (U_FAILURE(status)) return "is not a message pattern: " + std::string(u_errorName(status));
    }
    by_key.insert_or_assign(key, std::move(compiled));
    return std::nullopt;
  }

  [[nodiscard]] std::string format_pieces(const phrase& phrase, const arguments& values) const {
    std::string text;
    text.reserve(160);
    for (const auto& piece : phrase.pieces) {
      text += piece.literal;
      if (piece.argument.empty()) break;
      const auto value =
          std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == piece.argument; });
      assert(value != values.end());
      if (value != values.end()) text += show(value->second);
    }
    return text;
  }

  [[nodiscard]] std::string format_icu(const phrase& phrase, const arguments& values) const {
    std::vector<icu::UnicodeString> names;
    std::vector<icu::Formattable> given;
    for (const auto& [name, value] : values) {
      names.push_back(wide(name));
      const auto* number = std::get_if<long long>(&value);
      given.push_back(number ? icu::Formattable(static_cast<int64_t>(*number)) : icu::Formattable(wide(show(value))));
    }
    const std::lock_guard lock(icu_one_at_a_time);  // MessageFormat builds its plural formats when it first needs them
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeString text;
    phrase.icu->format(names.data(), given.data(), static_cast<int32_t>(names.size()), text, status);
    assert(U_SUCCESS(status));
    return narrow(text);
  }
};

phrases::phrases(std::string language, std::string_view time_zone, const std::map<std::string, std::string>& patterns,
                 const std::map<std::string, std::vector<std::string>>& allowed, std::vector<problem>& problems)
    : tables_(std::make_unique<tables>()) {
  const auto code = std::move(language);
  if (!language_is_known(code)) problems.push_back({"", "language \"" + code + "\" is unknown to ICU"});
  if (!time_zone_is_known(time_zone))
    problems.push_back({"", "time zone \"" + std::string(time_zone) + "\" is unknown to ICU"});
  if (!language_is_known(code) || !time_zone_is_known(time_zone)) return;

  tables_->calendar.emplace(code, time_zone);
  tables_->chinese = code == "zh" || code.starts_with("zh-");
  const auto locale = locale_of(code);
  UErrorCode status = U_ZERO_ERROR;
  const icu::DecimalFormatSymbols symbols(locale, status);
  tables_->decimal_separator =
      to_plain_utf8(symbols.getConstSymbol(icu::DecimalFormatSymbols::kDecimalSeparatorSymbol));

  for (const auto& [key, names] : allowed) {
    const auto pattern = patterns.find(key);
    if (pattern == patterns.end()) {
      problems.push_back({key, "is missing"});
    } else if (auto fault = tables_->add(key, pattern->second, locale, names)) {
      problems.push_back({key, std::move(*fault)});
    }
  }
  for (const auto& [key, pattern] : patterns)
    if (!allowed.contains(key)) problems.push_back({key, "is no phrase of ours"});
}

phrases::~phrases() = default;
phrases::phrases(phrases&&) noexcept = default;
phrases& phrases::operator=(phrases&&) noexcept = default;

std::string phrases::format(std::string_view key, const arguments& values) const {
  const auto found = tables_->by_key.find(key);
  assert(found != tables_->by_key.end());
  if (found == tables_->by_key.end()) return {};
  const auto& phrase = found->second;
  return phrase.icu ? tables_->format_icu(phrase, values) : tables_->format_pieces(phrase, values);
}

bool time_zone_is_known(std::string_view name) {
  const std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(wide(name)));
  return *zone != icu::TimeZone::getUnknown();
}

bool language_is_known(std::string_view code) {
  UErrorCode status = U_ZERO_ERROR;
  const auto locale = icu::Locale::forLanguageTag({code.data(), static_cast<int32_t>(code.size())}, status);
  if (U_FAILURE(status) || locale.isBogus() || *locale.getLanguage() == '\0') return false;
  int32_t count = 0;
  const auto* known = icu::Locale::getAvailableLocales(count);
  return std::any_of(known, known + count,
                     [&](const icu::Locale& l) { return std::string_view(l.getName()) == locale.getName(); });
}

}  // namespace topupd::parser
