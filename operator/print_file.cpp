#include "operator/print_file.hpp"

#include <fmt/format.h>
#include <string.h>  // explicit_bzero

#include <utility>

#include "operator/manifest.hpp"
#include "store/operations.hpp"

namespace topupd::operators {
namespace {

constexpr std::size_t capacity = 64 * 1024;

}  // namespace

print_file::print_file(std::string path, const encryption& with)
    : file_(std::move(path), "a print file"), manifest_(manifest_name(file_.path()), "a manifest") {
  if (with.wanted()) encryptor_.emplace(with, file_.descriptor());
  buffer_.reserve(capacity);
  append("serial,pin,value,currency,expires\n");
}

print_file::~print_file() {
  explicit_bzero(buffer_.data(), buffer_.capacity());
}

void print_file::describe(std::string_view word) {
  described_ += fmt::format("{} · ", word);
}

void print_file::add(std::int64_t serial, const parser::pin& pin, const parser::money& value,
                     std::string_view expires) {
  append(fmt::format("{},", serial));
  append(pin.reveal());
  append(fmt::format(",{},{},{}\n", parser::decimal(value), value.currency, expires));

  if (cards_++ == 0) first_serial_ = serial;
  last_serial_ = serial;
  std::int64_t& total = value_minor_[value.currency];
  if (__builtin_add_overflow(total, value.amount_minor, &total))
    throw store::refused("the cards are worth more than can be counted: make fewer");
}

void print_file::append(std::string_view octets) {
  if (buffer_.size() + octets.size() > capacity) flush();
  buffer_.insert(buffer_.end(), octets.begin(), octets.end());
}

void print_file::flush() {
  const std::string_view octets(buffer_.data(), buffer_.size());
  sum_.add(octets);
  if (encryptor_)
    encryptor_->write(octets);
  else
    file_.write(octets);
  explicit_bzero(buffer_.data(), buffer_.size());
  buffer_.clear();
}

std::string print_file::totals() const {
  std::string text = fmt::format("{}{} cards", described_, cards_);
  for (const auto& [currency, minor] : value_minor_)
    text += fmt::format(" · {} {}", parser::decimal({minor, currency}), currency);
  if (cards_ > 0) text += fmt::format(" · serials {} to {}", first_serial_, last_serial_);
  return text;
}

void print_file::sync() {
  flush();
  const std::string clear = sum_.hex();
  if (encryptor_) encryptor_->finish();
  manifest_.write(
      manifest_text(file_.path(), encryptor_ ? file_.sha256() : clear, encryptor_ ? clear : "", {totals()}));
  file_.sync();
  manifest_.sync();
}

void print_file::keep() noexcept {
  file_.keep();
  manifest_.keep();
}

}  // namespace topupd::operators
