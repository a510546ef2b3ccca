// An array as PostgreSQL reads it: {1,2,NULL,"text"}. What the store hands over by hundreds. Private to the store.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "parser/msisdn.hpp"
#include "store/digest.hpp"

namespace topupd::store {

class sql_array {
 public:
  void number(std::int64_t value) { fmt::format_to(next(), "{}", value); }
  void word(std::string_view value) {
    next();
    out_ += value;
  }
  void null() { ++nulls_; }  // written before what follows
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
    hex(value);
    out_ += '"';
  }
  void octets(std::span<const voucher_digest> values) {
    next();
    out_ += "\"\\\\x";
    for (const voucher_digest& each : values) hex(each.octets);
    out_ += '"';
  }
  void msisdn(const parser::msisdn& value) { number(static_cast<std::int64_t>(value.number())); }
  std::string done() && {
    write_nulls();
    return std::move(*this).short_of_nulls();
  }
  // Without the nulls at the end: of most calls, "{}".
  std::string short_of_nulls() && { return std::move(out_) + '}'; }

 private:
  template <std::size_t N>
  void hex(const std::array<std::uint8_t, N>& value) {
    for (const std::uint8_t octet : value) {
      out_ += "0123456789abcdef"[octet >> 4];
      out_ += "0123456789abcdef"[octet & 15];
    }
  }
  void separate() {
    if (out_.size() > 1) out_ += ',';
  }
  void write_nulls() {
    for (; nulls_ > 0; --nulls_) {
      separate();
      out_ += "NULL";
    }
  }
  std::back_insert_iterator<std::string> next() {
    write_nulls();
    separate();
    return std::back_inserter(out_);
  }
  std::string out_ = "{";
  int nulls_ = 0;
};

}  // namespace topupd::store
