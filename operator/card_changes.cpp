// topupctl batch activate|hold|void|stolen|damaged BATCH, and the same for vouchers by their serials: what becomes of
// cards. The database says what may (topup.card_transition); all of the cards change, or none.
#include <fmt/format.h>

#include <limits>
#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"
#include "operator/stories.hpp"

namespace topupd::operators {
namespace {

struct verb {
  const char* name;
  const char* wanted;
  const char* does;
  bool reason_needed;
};
constexpr verb verbs[] = {
    {"activate", "active", "Put cards on sale, or back on sale", false},
    {"hold", "held", "Refuse cards for now, until they are activated again", false},
    {"void", "void", "Refuse cards for good", true},
    {"stolen", "stolen", "Refuse cards that were stolen; found again, they are held by their serials", true},
    {"damaged", "damaged", "Refuse cards that nobody can read", true},
};

struct change_options {
  std::int64_t batch = 0;
  std::string serials, from, to;
  std::string reason;
  bool dry_run = false;
};

std::string sentence_of(const store::card_fate& fate, const std::string& wanted) {
  const std::string cards = fmt::format("{} card{} of {}", grouped(fate.count), fate.count == 1 ? "" : "s",
                                        grouped(parser::decimal(fate.value)) + " " + fate.value.currency);
  const bool one = fate.count == 1;
  switch (fate.what) {
    case store::card_fate::kind::changed:
    case store::card_fate::kind::waiting: return fmt::format("{} {} -> {}", cards, fate.was, wanted);
    case store::card_fate::kind::already: return fmt::format("{} {} {} already", cards, one ? "is" : "are", fate.was);
    case store::card_fate::kind::redeemed:
      return fmt::format("{} redeemed card{} as {}", grouped(fate.count), one ? " stays" : "s stay",
                         one ? "it is" : "they are");
  }
  return {};
}

const char* word_of(store::card_fate::kind what) {
  switch (what) {
    case store::card_fate::kind::changed: return "changed";
    case store::card_fate::kind::already: return "already";
    case store::card_fate::kind::redeemed: return "redeemed";
    case store::card_fate::kind::waiting: return "waiting";
  }
  return "";
}

void print_json_of(const store::card_change& change, const store::card_changes& made) {
  boost::json::object answer;
  if (change.of.batch) {
    answer["batch"] = *change.of.batch;
  } else {
    answer["first_serial"] = std::to_string(change.of.first);
    answer["last_serial"] = std::to_string(change.of.last);
  }
  answer["wanted"] = change.wanted;
  answer["dry_run"] = change.dry_run;
  if (made.approval)
    answer["approval"] = *made.approval;
  else
    answer["approval"] = nullptr;
  boost::json::array cards;
  for (const store::card_fate& fate : made.fates) {
    boost::json::object one{{"fate", word_of(fate.what)}, {"was", fate.was}, {"count", fate.count}};
    put(one, "value", fate.value);
    cards.push_back(std::move(one));
  }
  answer["cards"] = std::move(cards);
  print_json(answer);
}

int change(context& with, const store::card_change& change) {
  const store::card_changes made = with.store().change_cards(change);
  if (with.json) {
    print_json_of(change, made);
    return 0;
  }
  std::string told;
  bool waits = false;
  for (const store::card_fate& fate : made.fates) {
    told += (told.empty() ? "" : "; ") + sentence_of(fate, change.wanted);
    waits = waits || fate.what == store::card_fate::kind::waiting;
  }
  print(fmt::format("{}: {}", to_string(change.of), told));
  if (made.approval)
    print(fmt::format("a second operator must agree: topupctl approval grant {}", *made.approval));
  else if (waits)
    print("a second operator would have to agree");
  if (change.dry_run) print("nothing was changed: this was a dry run");
  return 0;
}

// "100000000001..100000000010", "100000000001", or --from and --to.
store::cards serials_in(context& with, const change_options& options) {
  const auto serial = [&with](std::string_view written) {
    if (const auto number = serial_from(written, with.settings().reading)) return *number;
    // What was typed may be the PIN: it is not repeated.
    throw usage(
        fmt::format("{} is no serial: it is the number beside the scratch panel, not under it", without_pins(written)));
  };
  const bool range = !options.from.empty() || !options.to.empty();
  if (range == !options.serials.empty() || options.from.empty() != options.to.empty())
    throw usage("say which cards: SERIAL, SERIAL..SERIAL, or --from SERIAL --to SERIAL");
  const std::size_t dots = options.serials.find("..");
  const std::string first = range ? options.from : options.serials.substr(0, dots);
  const std::string last = range ? options.to : dots == std::string::npos ? first : options.serials.substr(dots + 2);
  const store::cards of{.batch = {}, .first = serial(first), .last = serial(last)};
  if (of.first > of.last) throw usage("the first serial is above the last one: write the lower one first");
  return of;
}

void add_common(CLI::App& command, const verb& verb, change_options& options) {
  CLI::Option* reason = command.add_option("--reason", options.reason, "why, for who asks next year")
                            ->check(without_numbers())
                            ->type_name("TEXT");
  if (verb.reason_needed) reason->required();
  command.add_flag("--dry-run", options.dry_run, "tell how many cards and what they are worth, and change nothing");
}

std::string example_of(const std::string& group, const verb& verb, const std::string& which) {
  return fmt::format("{} {} {}{}", group, verb.name, which,
                     verb.reason_needed ? " --reason \"box lost in transit\"" : "");
}

}  // namespace

void add_batch_changes(CLI::App& batch_group, context& with) {
  for (const verb& verb : verbs) {
    auto options = std::make_shared<change_options>();
    CLI::App* command =
        add_command(batch_group, with, verb.name, verb.does, example_of("batch", verb, "1"), [&with, &verb, options] {
          return change(with, {.of = {.batch = options->batch},
                               .wanted = verb.wanted,
                               .reason = options->reason,
                               .dry_run = options->dry_run});
        });
    command->add_option("BATCH", options->batch, "its number")
        ->required()
        ->check(CLI::Range(1, std::numeric_limits<int>::max()));
    add_common(*command, verb, *options);
  }
}

void add_card_changes(CLI::App& voucher_group, context& with) {
  for (const verb& verb : verbs) {
    auto options = std::make_shared<change_options>();
    CLI::App* command = add_command(voucher_group, with, verb.name, verb.does,
                                    example_of("voucher", verb, "100000000001..100000000010"), [&with, &verb, options] {
                                      return change(with, {.of = serials_in(with, *options),
                                                           .wanted = verb.wanted,
                                                           .reason = options->reason,
                                                           .dry_run = options->dry_run});
                                    });
    command->add_option("SERIALS", options->serials, "SERIAL or SERIAL..SERIAL, the number printed openly on the card");
    command->add_option("--from", options->from, "the first of a range")->type_name("SERIAL");
    command->add_option("--to", options->to, "the last of it")->type_name("SERIAL");
    add_common(*command, verb, *options);
  }
}

}  // namespace topupd::operators
