// Every way to cut a text's groups of digits into PINs, numbers, serials and amounts. Private to parser/digits.cpp.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "parser/digits.hpp"
#include "parser/reading.hpp"

namespace topupd::parser {

struct group {
  std::size_t begin;  // in digit_reading::all
  std::size_t end;
  bool joins;  // only separators stand between it and the group before
  bool plus;
  bool starred;   // '*' or '#' before it
  bool pointed;   // '.' or ',' before it
  bool currency;  // a currency's sign or code beside it
};

using parts = std::vector<part>;

class cutter {
 public:
  // in_front: the text begins with digits; transfer: it moves the sender's own credit. `all` and `rules` live longer.
  cutter(std::string_view all, std::vector<group> groups, bool in_front, bool transfer, const rules& rules);

  // What the cuts may have besides whole PINs, numbers and serials.
  enum class with { nothing, amounts, halves };
  // Every cut into legal parts, the first few of them.
  std::vector<parts> legal_cuts(with what);
  // The cut with the least wrong in it.
  [[nodiscard]] parts nearest_cut() const;

 private:
  struct amount_groups {
    std::size_t groups;
    std::size_t decimals;
  };
  bool find_cuts(std::size_t at);
  template <class Follow>
  void follow_halves(std::size_t at, Follow& follow);
  [[nodiscard]] bool is_pin_length(std::size_t length) const;
  [[nodiscard]] bool is_pin(std::string_view digits) const;
  [[nodiscard]] bool is_near_pin(std::size_t length, bool joined) const;
  [[nodiscard]] bool is_serial(std::size_t begin, std::size_t end) const;
  [[nodiscard]] bool is_short_code(std::size_t at) const;
  [[nodiscard]] std::optional<amount_groups> amount_at(std::size_t at) const;
  [[nodiscard]] std::optional<part_kind> front_kind(std::size_t at) const;
  [[nodiscard]] std::string_view span(std::size_t begin, std::size_t end) const;
  [[nodiscard]] bool may_span(std::size_t begin, std::size_t end) const;
  [[nodiscard]] std::optional<msisdn> number(std::size_t begin, std::size_t end) const;
  [[nodiscard]] std::optional<msisdn> creditable(std::string_view digits) const;

  std::string_view all_;
  std::vector<group> groups_;
  bool in_front_;  // the text begins with digits
  bool transfer_;
  const rules& rules_;
  std::size_t shortest_pin_ = static_cast<std::size_t>(-1) / 2;
  std::size_t longest_pin_ = 0;

  with with_ = with::nothing;
  std::vector<bool> dead_ends_;
  std::vector<parts> found_;
  parts path_;
};

}  // namespace topupd::parser
