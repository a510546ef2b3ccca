// topupctl try: how a text is read. Touches no database; the fields of --json are those of the corpus of texts.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"
#include "parser/reading.hpp"

namespace topupd::operators {
namespace {

struct try_options {
  std::string text, from;
};

// A sender who is nobody: "self" is this one when --from does not say.
parser::msisdn somebody(const parser::numbering_plan& plan) {
  const int length = plan.national_lengths.empty() ? 9 : plan.national_lengths.front();
  const auto number = parser::msisdn::from_e164(plan.country_code + std::string(static_cast<std::size_t>(length), '1'));
  if (!number) throw store::refused("no number can be made of [numbering]: give --from MSISDN");
  return *number;
}

boost::json::object fields_of(const parser::reading& reading) {
  struct {
    boost::json::object operator()(const parser::redeem& redeem) const {
      return {{"reading", "redeem"},
              {"pins", boost::json::array{redeem.pin.last_four()}},
              {"target", redeem.target ? redeem.target->digits() : "self"},
              {"ask", redeem.ask}};
    }
    boost::json::object operator()(const parser::unclear& unclear) const {
      boost::json::object out{{"reading", "unclear"}, {"reason", parser::name(unclear.reason)}};
      if (unclear.reason == parser::unclear_reason::pin_length) out["got"] = unclear.got;
      return out;
    }
    boost::json::object operator()(const parser::balance&) const { return {{"reading", "balance"}}; }
    boost::json::object operator()(const parser::help&) const { return {{"reading", "help"}}; }
    boost::json::object operator()(const parser::confirm&) const { return {{"reading", "confirm"}}; }
    boost::json::object operator()(const parser::cancel&) const { return {{"reading", "cancel"}}; }
    boost::json::object operator()(const parser::ignore&) const { return {{"reading", "ignore"}}; }
  } const fields;
  boost::json::object out = std::visit(fields, reading.request);
  if (!reading.language.empty()) out["language"] = reading.language;
  return out;
}

// From standard input a PIN does not stay in the shell's history.
std::string text_of(const std::string& written) {
  if (written != "-") return written;
  std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

int try_text(context& with, const try_options& options) {
  const parser::rules& rules = with.settings().reading;
  const parser::msisdn sender = options.from.empty() ? somebody(rules.numbers) : with.number(options.from);
  const parser::reading reading = parser::reader(rules).read(text_of(options.text), sender, true);
  boost::json::object fields = fields_of(reading);
  if (with.json) {
    boost::json::array steps;
    for (const parser::step& step : reading.steps)
      steps.push_back(boost::json::object{{"what", step.what}, {"detail", step.detail}});
    fields["steps"] = std::move(steps);
    print_json(fields);
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const parser::step& step : reading.steps) rows.push_back({step.what, step.detail});
  print_table(rows, {});
  std::string line = "=> ";
  line += fields["reading"].as_string().c_str();
  if (const auto* redeem = std::get_if<parser::redeem>(&reading.request))
    line += fmt::format(" PIN ...{} for {}{}", redeem->pin.last_four(),
                        redeem->target ? redeem->target->digits() : "the sender", redeem->ask ? ", after YES" : "");
  if (const auto* unclear = std::get_if<parser::unclear>(&reading.request))
    line += fmt::format(": {}{}", parser::name(unclear->reason),
                        unclear->got ? fmt::format(", got {} digits", unclear->got) : "");
  print(line);
  return 0;
}

}  // namespace

void add_try(CLI::App& to, context& with) {
  auto options = std::make_shared<try_options>();
  CLI::App* command =
      add_command(to, with, "try", "How a text would be read; touches nothing", "try 'TOPUP 4821 7390 5516 2749'",
                  [&with, options] { return try_text(with, *options); });
  command->add_option("TEXT", options->text, "what a subscriber sent; - reads standard input")->required();
  command->add_option("--from", options->from, "the sender")->type_name("MSISDN");
}

}  // namespace topupd::operators
