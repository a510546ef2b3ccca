// topupctl batch cards: a print file as sheets of cards to print and cut.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "operator/card_file.hpp"
#include "operator/card_sheet.hpp"
#include "operator/commands.hpp"
#include "operator/progress.hpp"
#include "operator/show.hpp"

namespace topupd::operators {
namespace {

struct sheet_options {
  std::string in, out, paper = "a4", font;
  std::vector<std::string> languages;  // none: the service's, and English
  std::int64_t from_serial = 0;        // 0: from the first
  std::optional<int> at_most;
};

std::vector<card_words> words_in(std::vector<std::string> codes, const std::string& service_language) {
  if (codes.empty())
    codes =
        service_language == "en" ? std::vector<std::string>{"en"} : std::vector{service_language, std::string("en")};
  if (codes.size() > 2) throw usage("--languages: a card has room for two");
  std::vector<card_words> all;
  for (const std::string& code : codes) {
    const auto words = card_words_of(code);
    const std::string choice = fmt::format("choose from --languages {}", fmt::join(card_languages(), ","));
    if (!words) throw store::refused(fmt::format("a card has no words in the language {}: {}", code, choice));
    if (words->joined)
      throw store::refused(fmt::format(
          "the letters of {} change with their neighbours, which these sheets cannot draw: {}", code, choice));
    all.push_back(*words);
  }
  return all;
}

int make_cards(context& with, const sheet_options& options) {
  const config::settings& settings = with.settings();
  const config::service& service = settings.service;
  card_sheet sheet({.paper = options.paper == "letter" ? paper::letter : paper::a4,
                    .brand = service.name,
                    .short_code = service.short_codes.front(),
                    .care_number = service.care_number,
                    .languages = words_in(options.languages, service.language),
                    .font_file = options.font});
  watch_for_interruption();
  new_file file(options.out, "a PDF of cards");

  const int most = options.at_most.value_or(card_sheet::at_most);
  int made = 0;
  std::optional<std::int64_t> next;  // the first that is not made any more
  bool begun = options.from_serial == 0;
  progress said;
  read_cards(options.in, settings.reading.pins, [&](const card& each) {
    if (interrupted()) throw store::refused("interrupted; no cards were made");
    if (!each.value)
      throw store::refused(options.in + " has no columns value and currency, which stand on a card: add them");
    begun = begun || each.serial == options.from_serial;
    if (!begun || next) return;
    if (made < most) {
      sheet.add(each);
      if (++made % 1'000 == 0) said(made);
      return;
    }
    next = each.serial;
    if (!options.at_most)
      throw store::refused(
          fmt::format("more than {} cards are too many for one PDF: make several, with --at-most {}", most, most));
  });
  if (made == 0) throw store::refused(fmt::format("{} has no card {}", options.in, options.from_serial));
  sheet.save(file);
  file.sync();
  if (interrupted()) throw store::refused("interrupted; no cards were made");
  file.keep();
  said.end();

  const int sheets = (made + card_sheet::cards_on_a_page - 1) / card_sheet::cards_on_a_page;
  if (with.json) {
    print_json(boost::json::object{{"file", options.out},
                                   {"cards", made},
                                   {"sheets", sheets},
                                   {"next_serial", or_null(next ? std::to_string(*next) : "")}});
    return 0;
  }
  print(fmt::format("{} {} on {} {}", made, made == 1 ? "card" : "cards", sheets, sheets == 1 ? "sheet" : "sheets"));
  print(fmt::format("{} has their PINs in clear: print it, then destroy it", options.out));
  if (next) print(fmt::format("the next ones: --from-serial {}", *next));
  return 0;
}

}  // namespace

void add_sheets(CLI::App& batch_group, context& with) {
  auto options = std::make_shared<sheet_options>();
  CLI::App* command =
      add_command(batch_group, with, "cards", "Make sheets of cards to print and cut, as PDF, from a print file",
                  "batch cards --in ten.csv --out ten.pdf --languages es,en\n"
                  "  gpg --decrypt ten.csv.gpg | topupctl batch cards --in - --out ten.pdf",
                  [&with, options] { return make_cards(with, *options); });
  command->add_option("--in", options->in, "the print file, from batch generate; - for standard input")
      ->type_name("FILE")
      ->required();
  command->add_option("--out", options->out, "a new PDF file")->type_name("FILE")->required();
  command
      ->add_option("--languages", options->languages,
                   fmt::format("one or two of {}; else the service's and English", fmt::join(card_languages(), ",")))
      ->type_name("CODES")
      ->delimiter(',');
  command->add_option("--paper", options->paper, "a4 or letter")
      ->type_name("SIZE")
      ->check(CLI::IsMember({"a4", "letter"}))
      ->capture_default_str();
  command->add_option("--font", options->font, "a TrueType font, for letters beyond Western Europe's")
      ->type_name("FILE");
  command->add_option("--from-serial", options->from_serial, "begin with this card")
      ->type_name("SERIAL")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()));
  command->add_option("--at-most", options->at_most, "how many cards; the next one's serial is told")
      ->type_name("N")
      ->check(CLI::Range(1, card_sheet::at_most));
}

}  // namespace topupd::operators
