// topupctl batch generate, list: cards for the press. What becomes of them later: card_changes.cpp.
#include "operator/batches.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>

#include "operator/commands.hpp"
#include "operator/keys.hpp"
#include "operator/print_file.hpp"
#include "operator/progress.hpp"
#include "operator/show.hpp"
#include "store/digest.hpp"
#include "store/guess_rate.hpp"

namespace topupd::operators {

void judge_date(const std::string& option, const std::string& written) {
  unsigned parts[3] = {};  // year, month, day
  bool read = written.size() == 10 && written[4] == '-' && written[7] == '-';
  for (const std::size_t part : {0U, 1U, 2U}) {
    if (!read) break;
    const char* from = written.data() + (part == 0 ? 0 : 2 + 3 * part);
    const char* to = from + (part == 0 ? 4 : 2);
    const auto [rest, error] = std::from_chars(from, to, parts[part]);
    read = error == std::errc{} && rest == to;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(parts[0])), std::chrono::month(parts[1]),
                                         std::chrono::day(parts[2])};
  if (!read || !date.ok())
    throw usage(fmt::format("{} {}: write the last day of use, as in 2027-12-31", option, written));
}

boost::json::object fields_of(const store::batch& batch) {
  boost::json::object states;
  for (const auto& [state, count] : batch.states) states[state] = count;
  return {{"batch", batch.id},
          {"product", batch.product},
          {"state", batch.state},
          {"states", std::move(states)},
          {"count", batch.count},
          {"first_serial", std::to_string(batch.first_serial)},
          {"last_serial", std::to_string(batch.last_serial)},
          {"expires", or_null(batch.expires)},
          {"redeemed", batch.redeemed},
          {"imported", batch.imported},
          {"created", iso(batch.created)}};
}

store::product find_product(context& with, const std::string& code) {
  const auto all = with.store().products();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const store::product& each) { return each.code == code; });
  if (found == all.end())
    throw store::refused(fmt::format("there is no product {}: see \"topupctl product list\"", code));
  return *found;
}

std::string guesses_of(const store::batch& batch, std::int64_t wrong_pins_per_day) {
  return fmt::format("expected: {:.2g} PINs guessed a year, at {} wrong ones a day; at most {} may be",
                     batch.guesses_a_year.value_or(0), grouped(wrong_pins_per_day), store::most_guesses_a_year);
}

namespace {

struct generate_options {
  std::string product, out, expires;
  std::int64_t count = 0;
  encryption protection;
};

// What the print file cannot do is the end of the batch, too.
template <class Act>
void or_no_batch(Act&& act) {
  try {
    act();
  } catch (const store::refused& problem) {
    throw store::refused(fmt::format("{}; no batch was made", problem.what()));
  }
}

int generate(context& with, const generate_options& options) {
  if (!options.expires.empty()) judge_date("--expires", options.expires);
  const config::settings& settings = with.settings_with_secrets();
  const store::product product = find_product(with, options.product);
  const store::operations::new_batch order{.product = options.product,
                                           .count = options.count,
                                           .expires = options.expires,
                                           .serial_form = settings.reading.serial_form,
                                           .pins = settings.reading.pins,
                                           .wrong_pins_per_day = settings.guessing.wrong_pins_per_day};
  const store::keyring keys = keys_of_the_cards(with);

  watch_for_interruption();
  print_file file(options.out, options.protection);
  const auto on_card = [&](std::int64_t serial, const parser::pin& pin) {
    if (interrupted()) throw store::refused("interrupted; no batch was made");
    or_no_batch([&] { file.add(serial, pin, product.value, options.expires); });
  };
  // The cards are safely on the disk before the batch exists: there is never a voucher whose card nobody has.
  const auto before_commit = [&](const store::batch& batch) {
    file.describe(fmt::format("batch {}", batch.id));
    file.describe(fmt::format("product {}", batch.product));
    or_no_batch([&] { file.sync(); });
  };
  const store::batch made = [&] {
    try {
      return with.store().generate(order, keys, on_card, progress(options.count), before_commit);
    } catch (const store::in_doubt&) {
      file.keep();
      throw;
    }
  }();
  file.keep();

  if (with.json) {
    boost::json::object answer = fields_of(made);
    answer["file"] = options.out;
    answer["guesses_a_year"] = made.guesses_a_year.value_or(0);
    print_json(answer);
    return 0;
  }
  print(fmt::format("batch {}: {} cards of {}, serials {} to {}, generated", made.id, grouped(made.count), made.product,
                    made.first_serial, made.last_serial));
  print(guesses_of(made, order.wrong_pins_per_day));
  print(fmt::format(
      "{} has their PINs{}, then topupctl batch activate {}", options.out,
      options.protection.wanted() ? ", encrypted: hand it to the printer" : " in clear: print it, destroy it",
      made.id));
  return 0;
}

int list(context& with) {
  boost::json::array all;
  std::vector<std::vector<std::string>> rows{
      {"BATCH", "PRODUCT", "STATE", "CARDS", "REDEEMED", "FIRST SERIAL", "EXPIRES"}};
  for (const store::batch& each : with.store().batches()) {
    all.push_back(fields_of(each));
    rows.push_back({std::to_string(each.id), each.product, each.state, std::to_string(each.count),
                    std::to_string(each.redeemed), std::to_string(each.first_serial),
                    each.expires.empty() ? "never" : each.expires});
  }
  if (with.json)
    print_json(all);
  else if (rows.size() == 1)
    print("no batches yet: topupctl batch generate --product CODE --count N --out FILE");
  else
    print_table(rows, {0, 3, 4});
  return 0;
}

}  // namespace

void add_batches(CLI::App& to, context& with) {
  CLI::App* group = add_group(to, "batch", "Cards, made and sold by the batch", "batch list");
  auto options = std::make_shared<generate_options>();
  CLI::App* making =
      add_command(*group, with, "generate", "Make new cards, for nobody to redeem yet, and their print file",
                  "batch generate --product TEN --count 1000 --out cards.csv --expires 2027-12-31",
                  [&with, options] { return generate(with, *options); });
  making->add_option("--product", options->product, "what each card is worth")->type_name("CODE")->required();
  making->add_option("--count", options->count, "how many cards")
      ->type_name("N")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{10'000'000}));
  making->add_option("--out", options->out, "a new CSV file: serial,pin,value,currency,expires")
      ->type_name("FILE")
      ->required();
  making->add_option("--expires", options->expires, "the last day of use, as in 2027-12-31; else never")
      ->type_name("DATE");
  making->add_option("--recipient", options->protection.recipient, "encrypt FILE by gpg to this OpenPGP key")
      ->type_name("KEY");
  making
      ->add_option("--passphrase-file", options->protection.passphrase_file,
                   "encrypt FILE by gpg under the passphrase in this file")
      ->type_name("FILE");
  add_import(*group, with);
  add_batch_changes(*group, with);
  add_command(*group, with, "list", "List the batches", "batch list", [&with] { return list(with); });
  add_sheets(*group, with);
}

}  // namespace topupd::operators
