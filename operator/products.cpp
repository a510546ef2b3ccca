// topupctl product add, product list: what a card is worth, for ever. Products never change.
#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"

namespace topupd::operators {
namespace {

struct add_options {
  std::string code, value, currency, validity = "0d", bonus, bonus_validity, brand, text;
};

// "90d" -> 90
int days_in(std::string_view option, std::string_view written) {
  int days = -1;
  const char* end = written.data() + written.size();
  const auto [rest, error] = std::from_chars(written.data(), end, days);
  const bool unit = std::string_view(rest, static_cast<std::size_t>(end - rest)) == "d";
  if (error != std::errc{} || !unit || days < 0 || days > 36'500)
    throw usage(fmt::format("{} {}: write days, as in 90d; 0d is without end", option, written));
  return days;
}

void judge_code(std::string_view code) {
  const bool legal = !code.empty() && code.size() <= 32 &&
                     code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
                         std::string_view::npos;
  if (!legal || without_pins(code) != code)
    throw usage("CODE: write 1 to 32 letters, digits, '.', '_' or '-', as in TEN");
}

parser::money amount_in(std::string_view option, const std::string& written, const std::string& currency) {
  const auto digits = parser::minor_digits(currency);
  if (!digits) throw usage(fmt::format("--currency {}: no such ISO 4217 code, as in USD", currency));
  const auto amount = parser::money_from(written, currency);
  if (!amount || amount->amount_minor <= 0 || amount->amount_minor > most_minor)
    throw usage(fmt::format("{} {}: write an amount above 0, not absurdly large, with at most {} decimals ({})", option,
                            without_pins(written), *digits, currency));
  return *amount;
}

boost::json::object fields_of(const store::product& product) {
  boost::json::object out{{"code", product.code},
                          {"validity_days", product.validity_days},
                          {"brand", product.brand},
                          {"text", product.text}};
  put(out, "value", product.value);
  put(out, "bonus", product.bonus);
  out["bonus_days"] = product.bonus_days;
  return out;
}

std::string bonus_of(const store::product& product) {
  if (product.bonus.amount_minor == 0) return {};
  return shown(product.bonus) + (product.bonus_days == 0 ? "" : fmt::format(" for {} days", product.bonus_days));
}

int add(context& with, const add_options& options) {
  judge_code(options.code);
  if (options.bonus.empty() && !options.bonus_validity.empty())
    throw usage("--bonus-validity: there is no bonus; give --bonus 1.00 as well");
  const std::string currency = options.currency.empty() ? with.settings().service.currency : options.currency;
  store::product product{.code = options.code,
                         .value = amount_in("--value", options.value, currency),
                         .validity_days = days_in("--validity", options.validity),
                         .brand = options.brand,
                         .bonus = {0, currency},
                         .text = options.text};
  if (!options.bonus.empty()) product.bonus = amount_in("--bonus", options.bonus, currency);
  if (!options.bonus_validity.empty()) product.bonus_days = days_in("--bonus-validity", options.bonus_validity);

  with.store().add_product(product);
  if (with.json) {
    print_json(fields_of(product));
    return 0;
  }
  const std::string bonus = bonus_of(product);
  print(fmt::format("product {}: {}, {}{}", product.code, shown(product.value),
                    product.validity_days == 0 ? "credit without end"
                                               : fmt::format("credit valid for {} days", product.validity_days),
                    bonus.empty() ? "" : fmt::format(", and a bonus of {}", bonus)));
  return 0;
}

int list(context& with) {
  boost::json::array all;
  std::vector<std::vector<std::string>> rows{{"CODE", "VALUE", "VALIDITY", "BONUS", "BRAND", "TEXT"}};
  for (const store::product& each : with.store().products()) {
    rows.push_back({each.code, shown(each.value),
                    each.validity_days == 0 ? "without end" : fmt::format("{} days", each.validity_days),
                    bonus_of(each), each.brand, each.text});
    all.push_back(fields_of(each));
  }
  if (with.json)
    print_json(all);
  else if (rows.size() == 1)
    print("no products yet: topupctl product add TEN --value 10.00");
  else
    print_table(rows, {1, 2, 3});
  return 0;
}

}  // namespace

void add_products(CLI::App& to, context& with) {
  CLI::App* group = add_group(to, "product", "What a card is worth", "product list");
  auto options = std::make_shared<add_options>();
  CLI::App* adding = add_command(*group, with, "add", "Add a product; it never changes afterwards",
                                 "product add TEN --value 10.00 --validity 90d --bonus 1.00 --bonus-validity 7d",
                                 [&with, options] { return add(with, *options); });
  adding->add_option("CODE", options->code, "its name: letters, digits, '.', '_', '-'")->required();
  adding->add_option("--value", options->value, "what a card is worth, as in 10.00")->type_name("AMOUNT")->required();
  adding->add_option("--currency", options->currency, "ISO 4217; else the service's")->type_name("CODE");
  adding->add_option("--validity", options->validity, "how long the credit lasts, as in 90d; else without end")
      ->type_name("DAYS");
  adding->add_option("--bonus", options->bonus, "granted besides, and spent first, as in 1.00")->type_name("AMOUNT");
  adding
      ->add_option("--bonus-validity", options->bonus_validity,
                   "how long the bonus lasts, as in 7d; else as the credit")
      ->type_name("DAYS");
  adding->add_option("--brand", options->brand, "for your own order")->check(without_numbers())->type_name("TEXT");
  adding->add_option("--text", options->text, "what else there is to say of it")
      ->check(without_numbers())
      ->type_name("TEXT");
  add_command(*group, with, "list", "List the products", "product list", [&with] { return list(with); });
}

}  // namespace topupd::operators
