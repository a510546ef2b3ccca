// topupctl product add, product list: what a card is worth, for ever. Products never change.
#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"

namespace topupd::operators {
namespace {

struct add_options {
  std::string code, value, currency, validity = "0d", bonus, brand;
};

// "90d" -> 90
int days_in(std::string_view written) {
  int days = -1;
  const char* end = written.data() + written.size();
  const auto [rest, error] = std::from_chars(written.data(), end, days);
  const bool unit = std::string_view(rest, static_cast<std::size_t>(end - rest)) == "d";
  if (error != std::errc{} || !unit || days < 0 || days > 36'500)
    throw usage(fmt::format("--validity {}: write days, as in 90d; 0d is without end", written));
  return days;
}

void judge_code(std::string_view code) {
  const bool legal = !code.empty() && code.size() <= 32 &&
                     code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
                         std::string_view::npos;
  if (!legal) throw usage("CODE: write 1 to 32 letters, digits, '.', '_' or '-', as in TEN");
}

int add(context& with, const add_options& options) {
  judge_code(options.code);
  const int days = days_in(options.validity);
  if (!options.bonus.empty())
    throw store::refused("--bonus: bonus credit is not built yet; add the product without it");
  const std::string currency = options.currency.empty() ? with.settings().service.currency : options.currency;
  const auto digits = parser::minor_digits(currency);
  if (!digits) throw usage(fmt::format("--currency {}: no such ISO 4217 code, as in USD", currency));
  const auto value = parser::money_from(options.value, currency);
  if (!value || value->amount_minor <= 0)
    throw usage(fmt::format("--value {}: write an amount above 0 with at most {} decimals ({})", options.value, *digits,
                            currency));

  const store::product product{options.code, *value, days, options.brand};
  with.store().add_product(product);
  if (!with.json) {
    print(fmt::format("product {}: {}, {}", product.code, shown(product.value),
                      days == 0 ? "credit without end" : fmt::format("credit valid for {} days", days)));
    return 0;
  }
  boost::json::object answer{{"code", product.code}, {"validity_days", days}, {"brand", product.brand}};
  put(answer, "value", product.value);
  print_json(answer);
  return 0;
}

int list(context& with) {
  boost::json::array all;
  std::vector<std::vector<std::string>> rows{{"CODE", "VALUE", "VALIDITY", "BRAND"}};
  for (const store::product& each : with.store().products()) {
    rows.push_back({each.code, shown(each.value),
                    each.validity_days == 0 ? "without end" : fmt::format("{} days", each.validity_days), each.brand});
    boost::json::object one{{"code", each.code}, {"validity_days", each.validity_days}, {"brand", each.brand}};
    put(one, "value", each.value);
    all.push_back(std::move(one));
  }
  if (with.json)
    print_json(all);
  else if (rows.size() == 1)
    print("no products yet: topupctl product add TEN --value 10.00");
  else
    print_table(rows, {1, 2});
  return 0;
}

}  // namespace

void add_products(CLI::App& to, context& with) {
  CLI::App* group = add_group(to, "product", "What a card is worth", "product list");
  auto options = std::make_shared<add_options>();
  CLI::App* adding =
      add_command(*group, with, "add", "Add a product; it never changes afterwards",
                  "product add TEN --value 10.00 --validity 90d", [&with, options] { return add(with, *options); });
  adding->add_option("CODE", options->code, "its name: letters, digits, '.', '_', '-'")->required();
  adding->add_option("--value", options->value, "what a card is worth, as in 10.00")->type_name("AMOUNT")->required();
  adding->add_option("--currency", options->currency, "ISO 4217; else the service's")->type_name("CODE");
  adding->add_option("--validity", options->validity, "how long the credit lasts, as in 90d; else without end")
      ->type_name("DAYS");
  adding->add_option("--bonus", options->bonus, "not built yet")->type_name("AMOUNT");
  adding->add_option("--brand", options->brand, "for your own order")->type_name("TEXT");
  add_command(*group, with, "list", "List the products", "product list", [&with] { return list(with); });
}

}  // namespace topupd::operators
