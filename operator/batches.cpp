// topupctl batch generate, activate, hold, void, list: cards from the press to the shop, and back when they are stolen.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>

#include "operator/commands.hpp"
#include "operator/print_file.hpp"
#include "operator/show.hpp"
#include "store/digest.hpp"

namespace topupd::operators {
namespace {

struct generate_options {
  std::string product, out, expires;
  std::int64_t count = 0;
};

void judge_date(const std::string& written) {
  int year = 0, month = 0, day = 0, length = 0;
  const bool read = std::sscanf(written.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &length) == 3;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!read || length != 10 || written.size() != 10 || !date.ok())
    throw usage(fmt::format("--expires {}: write the last day of use, as in 2027-12-31", written));
}

// Ctrl-C while cards are made leaves neither a batch nor a file with PINs behind; nor does a limit on the size of
// files, which then is an error of write(2).
volatile sig_atomic_t interrupted = 0;
void watch_for_interruption() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  signal(SIGXFSZ, SIG_IGN);
}

// On a terminal a line that counts; elsewhere a line now and then, when it takes long.
class progress {
 public:
  explicit progress(std::int64_t count) : count_(count) {}
  void operator()(std::int64_t done) {
    const auto now = std::chrono::steady_clock::now();
    if (isatty(STDERR_FILENO)) {
      fmt::print(stderr, "\r{} of {} cards{}", done, count_, done == count_ ? "\n" : "");
    } else if (now - said_ > std::chrono::seconds(10)) {
      fmt::print(stderr, "{} of {} cards\n", done, count_);
      said_ = now;
    }
  }

 private:
  std::int64_t count_;
  std::chrono::steady_clock::time_point said_ = std::chrono::steady_clock::now();
};

boost::json::object fields_of(const store::batch& batch) {
  return {{"batch", batch.id},
          {"product", batch.product},
          {"state", batch.state},
          {"count", batch.count},
          {"first_serial", std::to_string(batch.first_serial)},
          {"last_serial", std::to_string(batch.last_serial)},
          {"expires", or_null(batch.expires)},
          {"redeemed", batch.redeemed},
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

int generate(context& with, const generate_options& options) {
  if (!options.expires.empty()) judge_date(options.expires);
  const config::settings& settings = with.settings_with_secrets();
  const store::product product = find_product(with, options.product);
  const store::operations::new_batch order{.product = options.product,
                                           .count = options.count,
                                           .expires = options.expires,
                                           .serial_form = settings.reading.serial_form,
                                           .pins = settings.reading.pins};
  const store::keyring keys(settings.pin_key);

  watch_for_interruption();
  print_file file(options.out);
  const auto on_card = [&](std::int64_t serial, const parser::pin& pin) {
    if (interrupted) throw store::refused("interrupted; no batch was made");
    file.add(serial, pin, product.value, options.expires);
  };
  // The cards are safely on the disk before the batch exists: there is never a voucher whose card nobody has.
  const store::batch made = [&] {
    try {
      return with.store().generate(order, keys, on_card, progress(options.count), [&] { file.sync(); });
    } catch (const store::in_doubt&) {
      file.keep();
      throw;
    }
  }();
  file.keep();

  if (with.json) {
    boost::json::object answer = fields_of(made);
    answer["file"] = options.out;
    print_json(answer);
    return 0;
  }
  print(fmt::format("batch {}: {} cards of {}, serials {} to {}, inactive", made.id, made.count, made.product,
                    made.first_serial, made.last_serial));
  print(fmt::format("{} has their PINs in clear: print it, destroy it, then topupctl batch activate {}", options.out,
                    made.id));
  return 0;
}

int set_state(context& with, std::int64_t id, const std::string& state) {
  const store::batch batch = with.store().set_batch_state(id, state);
  if (with.json)
    print_json(fields_of(batch));
  else
    print(fmt::format("batch {}: {} cards of {} are {} now", batch.id, batch.count, batch.product, batch.state));
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

void add_change(CLI::App& group, context& with, const std::string& name, const std::string& does,
                const std::string& state) {
  auto id = std::make_shared<std::int64_t>(0);
  CLI::App* command = add_command(group, with, name, does, "batch " + name + " 1",
                                  [&with, id, state] { return set_state(with, *id, state); });
  command->add_option("BATCH", *id, "its number")->required()->check(CLI::Range(1, std::numeric_limits<int>::max()));
}

}  // namespace

void add_batches(CLI::App& to, context& with) {
  CLI::App* group = add_group(to, "batch", "Cards, made and sold by the batch", "batch list");
  auto options = std::make_shared<generate_options>();
  CLI::App* making = add_command(*group, with, "generate", "Make new cards, inactive, and their print file",
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
  add_change(*group, with, "activate", "Put a batch on sale, or back on sale", "active");
  add_change(*group, with, "hold", "Refuse its cards for now, until it is activated again", "held");
  add_change(*group, with, "void", "Refuse its cards for good", "void");
  add_command(*group, with, "list", "List the batches", "batch list", [&with] { return list(with); });
}

}  // namespace topupd::operators
