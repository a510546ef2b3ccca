// topupctl batch import: cards that somebody else made.
#include <fmt/format.h>

#include <memory>

#include "operator/batches.hpp"
#include "operator/card_file.hpp"
#include "operator/commands.hpp"
#include "operator/keys.hpp"
#include "operator/progress.hpp"
#include "operator/show.hpp"
#include "store/digest.hpp"
#include "store/guess_rate.hpp"

namespace topupd::operators {
namespace {

struct import_options {
  std::string product, in, expires;
  bool dry_run = false;
};

// What the file says of its cards must be what they are imported as: faults by line, as card_file does.
class judge {
 public:
  judge(const store::product& product, std::string expires) : product_(product), expires_(std::move(expires)) {}

  void look_at(int line, const card& card) {
    if (card.value && *card.value != product_.value)
      fault(line, fmt::format("the card's value is not the product's, {}", shown(product_.value)));
    if (line == first_line && expires_.empty()) expires_ = card.expires;
    if (!card.expires.empty() ? card.expires != expires_ : !expires_.empty() && !given_)
      fault(line, "the last day of use is another one than the batch's: a batch has one");
  }
  // Throws store::refused when there was a fault.
  void end() const {
    if (count_ == 0) return;
    throw store::refused("the file is not taken:" + faults_ +
                         (count_ > most_told ? fmt::format("\n  and {} more", count_ - most_told) : ""));
  }
  [[nodiscard]] const std::string& expires() const { return expires_; }

  static constexpr int first_line = 2;  // of cards; the first of all names the columns

 private:
  static constexpr int most_told = 20;
  void fault(int line, std::string_view what) {
    if (++count_ > most_told) return;
    faults_ += fmt::format("\n  line {}: {}", line, what);
  }

  const store::product& product_;
  std::string expires_;
  bool given_ = !expires_.empty();
  std::string faults_;
  int count_ = 0;
};

int import(context& with, const import_options& options) {
  if (!options.expires.empty()) judge_date("--expires", options.expires);
  const config::settings& settings = with.settings_with_secrets();
  const store::product product = find_product(with, options.product);
  const store::keyring keys = keys_of_the_cards(with);
  const parser::pin_rules& pins = settings.reading.pins;

  watch_for_interruption();
  judge judge(product, options.expires);
  progress count;
  const auto read = [&](const store::operations::card_taker& take) -> store::operations::import_file {
    int line = judge::first_line;
    const card_file_summary file = read_cards(options.in, pins, [&](const card& card) {
      if (interrupted()) throw store::refused("interrupted; no card was imported");
      judge.look_at(line, card);
      take({line, card.serial, card.pin});
      count(line++ - 1);
    });
    count.end();
    judge.end();
    return {file.sha256, judge.expires()};
  };
  const auto result = with.store().import({.product = options.product,
                                           .check = pins.check,
                                           .wrong_pins_per_day = settings.guessing.wrong_pins_per_day,
                                           .dry_run = options.dry_run},
                                          keys, read);
  const store::batch& batch = result.batch;
  const bool weak = batch.guesses_a_year.value_or(0) > store::most_guesses_a_year;
  if (with.json) {
    boost::json::object answer{{"batch", options.dry_run && !result.before ? boost::json::value() : batch.id},
                               {"product", batch.product},
                               {"count", batch.count},
                               {"first_serial", std::to_string(batch.first_serial)},
                               {"last_serial", std::to_string(batch.last_serial)},
                               {"imported_before", result.before},
                               {"dry_run", options.dry_run}};
    if (batch.guesses_a_year) answer["guesses_a_year"] = *batch.guesses_a_year;
    if (result.before) answer["created"] = iso(batch.created);
    print_json(answer);
    return 0;
  }
  if (result.before) {
    print(fmt::format("this file was imported as batch {} on {}: nothing to do", batch.id, iso(batch.created)));
    return 0;
  }
  const std::string cards = fmt::format("{} cards of {}, serials {} to {}", grouped(batch.count), batch.product,
                                        batch.first_serial, batch.last_serial);
  if (options.dry_run)
    print(fmt::format("{} can be imported; nothing was changed: this was a dry run", cards));
  else
    print(fmt::format("batch {}: {}, generated; topupctl batch activate {} puts them on sale", batch.id, cards,
                      batch.id));
  print(guesses_of(batch, settings.guessing.wrong_pins_per_day));
  if (weak)
    print("warning: these PINs are too easily guessed; lower guessing.wrong_pins_per_day, or have longer ones made");
  return 0;
}

}  // namespace

void add_import(CLI::App& batch_group, context& with) {
  auto options = std::make_shared<import_options>();
  CLI::App* command =
      add_command(batch_group, with, "import", "Take cards that somebody else made, for nobody to redeem yet",
                  "batch import --product TEN --in cards.csv --expires 2027-12-31",
                  [&with, options] { return import(with, *options); });
  command->add_option("--product", options->product, "what each card is worth")->type_name("CODE")->required();
  command
      ->add_option("--in", options->in,
                   "a CSV file with the columns serial,pin and, if there, value,currency,expires; - is standard input")
      ->type_name("FILE")
      ->required();
  command->add_option("--expires", options->expires, "the last day of use, as in 2027-12-31; else as the file says")
      ->type_name("DATE");
  command->add_flag("--dry-run", options->dry_run, "judge the file and change nothing");
}

}  // namespace topupd::operators
