// topupctl voucher show
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"
#include "operator/stories.hpp"

namespace topupd::operators {

bool has_form(std::string_view digits, std::string_view form) {
  return digits.size() == form.size() &&
         std::equal(digits.begin(), digits.end(), form.begin(),
                    [](char digit, char in_form) { return in_form == '#' || in_form == digit; });
}

std::optional<std::int64_t> serial_from(std::string_view written, const parser::rules& reading) {
  const std::string digits = digits_of(written);
  if (digits.empty() || digits.size() > 18 || written.starts_with('+')) return std::nullopt;
  const auto& lengths = reading.pins.lengths;
  const bool may_be_pin = std::find(lengths.begin(), lengths.end(), static_cast<int>(digits.size())) != lengths.end();
  if (may_be_pin && !has_form(digits, reading.serial_form)) return std::nullopt;
  std::int64_t serial = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), serial);
  return serial;
}

namespace {

int show_voucher(context& with, const std::string& written) {
  const auto serial = serial_from(written, with.settings().reading);
  const auto voucher = serial ? with.store().find_voucher(*serial) : std::nullopt;
  // What was typed may be the PIN: it is not repeated.
  if (!voucher)
    throw store::refused(fmt::format(
        "no such serial: {}; the serial is the number beside the scratch panel, not under it", without_pins(written)));
  const auto history = with.store().card_history(*serial);
  if (with.json) {
    boost::json::object answer = fields_of(*voucher);
    answer["history"] = fields_of(history);
    print_json(answer);
  } else {
    show(*voucher);
    print("history");
    show(history);
  }
  return 0;
}

}  // namespace

void add_vouchers(CLI::App& to, context& with) {
  CLI::App* group = add_group(to, "voucher", "A single card", "voucher show 100000000001");
  auto serial = std::make_shared<std::string>();
  add_command(*group, with, "show", "What a card is worth and what became of it", "voucher show 100000000001",
              [&with, serial] { return show_voucher(with, *serial); })
      ->add_option("SERIAL", *serial, "the number printed openly on the card")
      ->required();
  add_card_changes(*group, with);
}

}  // namespace topupd::operators
