// topupctl voucher show
#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"
#include "operator/stories.hpp"

namespace topupd::operators {

std::optional<std::int64_t> serial_from(std::string_view written) {
  const std::string digits = digits_of(written);
  if (digits.empty() || digits.size() > 18 || written.starts_with('+')) return std::nullopt;
  std::int64_t serial = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), serial);
  return serial;
}

boost::json::object fields_of(const store::voucher& voucher) {
  boost::json::object out{{"serial", std::to_string(voucher.serial)}, {"state", voucher.state}};
  put(out, "value", voucher.value);
  const auto digits = [](const parser::msisdn& number) { return number.digits(); };
  out["product"] = voucher.product;
  out["batch"] = voucher.batch;
  out["expires"] = or_null(voucher.expires);
  out["redeemed_by"] = or_null(voucher.sender, digits);
  out["account"] = or_null(voucher.account, digits);
  out["receipt"] = or_null(voucher.receipt, [](store::receipt receipt) { return to_string(receipt); });
  out["ended"] = or_null(iso(voucher.ended));
  return out;
}

void show(const store::voucher& voucher) {
  const bool for_another = voucher.account && voucher.sender != voucher.account;
  print_fields({{"serial", std::to_string(voucher.serial)},
                {"state", voucher.state},
                {"value", shown(voucher.value)},
                {"product", voucher.product},
                {"batch", std::to_string(voucher.batch)},
                {"expires", voucher.expires.empty() ? "never" : voucher.expires},
                {"redeemed by", voucher.sender ? voucher.sender->digits() : ""},
                {"for", for_another ? voucher.account->digits() : ""},
                {"at", iso(voucher.ended)},
                {"receipt", voucher.receipt ? to_string(*voucher.receipt) : ""}});
}

namespace {

int show_voucher(context& with, const std::string& written) {
  const auto serial = serial_from(written);
  const auto voucher = serial ? with.store().find_voucher(*serial) : std::nullopt;
  // What was typed may be the PIN: it is not repeated.
  if (!voucher)
    throw store::refused(fmt::format(
        "no such serial: {}; the serial is the number beside the scratch panel, not under it", without_pins(written)));
  if (with.json)
    print_json(fields_of(*voucher));
  else
    show(*voucher);
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
}

}  // namespace topupd::operators
