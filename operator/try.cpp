// topupctl try: how a text is read. Touches no database; the fields of --json are those of the corpus of texts.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

#include <boost/json/serialize.hpp>

#include "gateway/reply.hpp"
#include "operator/commands.hpp"
#include "operator/show.hpp"
#include "parser/alphabet.hpp"
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
      boost::json::array pins;
      for (const parser::pin& pin : redeem.pins) pins.emplace_back(pin.last_four());
      boost::json::object out{{"reading", "redeem"},
                              {"pins", std::move(pins)},
                              {"target", redeem.target ? redeem.target->digits() : "self"},
                              {"ask", redeem.ask}};
      if (redeem.serial) out["serial"] = std::to_string(*redeem.serial);
      if (!redeem.amount.empty()) out["amount"] = redeem.amount;
      if (redeem.check) out["check"] = true;
      return out;
    }
    boost::json::object operator()(const parser::status& status) const {
      boost::json::object out{{"reading", "status"}};
      if (status.serial) out["serial"] = std::to_string(*status.serial);
      if (!status.receipt.empty()) out["receipt"] = status.receipt;
      return out;
    }
    boost::json::object operator()(const parser::set_language& language) const {
      return {{"reading", "language"}, {"to", language.to}};
    }
    boost::json::object operator()(const parser::transfer& transfer) const {
      return {{"reading", "transfer"}, {"target", transfer.to.digits()}, {"amount", transfer.amount}};
    }
    boost::json::object operator()(const parser::history&) const { return {{"reading", "history"}}; }
    boost::json::object operator()(const parser::unclear& unclear) const {
      boost::json::object out{{"reading", "unclear"}, {"reason", parser::name(unclear.reason)}};
      if (unclear.reason == parser::unclear_reason::pin_length) out["got"] = unclear.got;
      return out;
    }
    boost::json::object operator()(const parser::balance&) const { return {{"reading", "balance"}}; }
    boost::json::object operator()(const parser::help&) const { return {{"reading", "help"}}; }
    boost::json::object operator()(const parser::undo&) const { return {{"reading", "undo"}}; }
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

// The reply as it would leave, less what only the store knows: its text, alphabet and short messages.
struct answer {
  std::string text, alphabet;
  std::size_t segments = 0;
};
std::optional<answer> answer_to(const parser::reading& reading, const parser::msisdn& sender,
                                const config::settings& settings) {
  auto text = gateway::replies(settings).preview(reading, sender);
  if (!text) return std::nullopt;
  const auto name = settings.smscs.empty() ? parser::alphabet::gsm7 : settings.smscs.front().default_alphabet;
  const auto encoded = parser::encode(*text, name);
  const bool wide = encoded.data_coding == 8;
  return answer{.text = std::move(*text), .alphabet = wide ? "ucs2" : "default", .segments = encoded.segments()};
}

std::string summary_of(const boost::json::object& fields) {
  std::string line = "=> ";
  for (const auto& [key, value] : fields) {
    if (key == "reading") {
      line += value.as_string().c_str();
    } else {
      line += fmt::format(" {}={}", std::string_view(key),
                          value.is_string() ? std::string(value.as_string().c_str()) : boost::json::serialize(value));
    }
  }
  return line;
}

int try_text(context& with, const try_options& options) {
  const config::settings settings = with.settings_with_texts();
  const parser::rules& rules = settings.reading;
  const parser::msisdn sender = options.from.empty() ? somebody(rules.numbers) : with.number(options.from);
  const parser::reading reading = parser::reader(rules).read(text_of(options.text), sender, true);
  boost::json::object fields = fields_of(reading);
  const auto answer = answer_to(reading, sender, settings);
  if (with.json) {
    boost::json::array steps;
    for (const parser::step& step : reading.steps)
      steps.push_back(boost::json::object{{"what", step.what}, {"detail", step.detail}});
    fields["steps"] = std::move(steps);
    if (answer)
      fields["reply"] =
          boost::json::object{{"text", answer->text}, {"alphabet", answer->alphabet}, {"segments", answer->segments}};
    print_json(fields);
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const parser::step& step : reading.steps) rows.push_back({step.what, step.detail});
  if (answer) {
    rows.push_back({"reply", answer->text});
    rows.push_back({"sent as", fmt::format("{} alphabet, {} short message{}", answer->alphabet, answer->segments,
                                           answer->segments == 1 ? "" : "s")});
  } else {
    rows.push_back({"reply", "none"});
  }
  print_table(rows, {});
  print(summary_of(fields));
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
