// topupctl report daily|batches|liability|failures: the same as the SQL views topup.report_…, as a table, CSV (RFC
// 4180) or JSON.
#include <fmt/format.h>

#include <memory>

#include "operator/commands.hpp"
#include "operator/show.hpp"

namespace topupd::operators {
namespace {

struct report_options {
  std::string name, from, to;
  bool csv = false;
};

constexpr std::string_view minor = "_minor";

bool is_amount(std::string_view column) {
  return column.ends_with(minor);
}
std::string heading(std::string_view column) {
  if (is_amount(column)) column.remove_suffix(minor.size());
  return std::string(column);
}

bool is_date(std::string_view written) {
  if (written.size() != 10) return false;
  for (std::size_t i = 0; i < written.size(); ++i)
    if (i == 4 || i == 7 ? written[i] != '-' : written[i] < '0' || written[i] > '9') return false;
  return true;
}

std::string currency_of(const store::report& report, const std::vector<std::optional<std::string>>& row) {
  for (std::size_t i = 0; i < row.size(); ++i)
    if (report.columns[i] == "currency") return row[i].value_or("");
  return {};
}

// As people read it: amounts with their decimals.
std::vector<std::string> shown_row(const store::report& report, const std::vector<std::optional<std::string>>& row) {
  const std::string currency = currency_of(report, row);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < row.size(); ++i)
    out.push_back(row[i] && is_amount(report.columns[i]) ? parser::decimal({std::stoll(*row[i]), currency})
                                                         : row[i].value_or(""));
  return out;
}

std::string csv_field(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string out = "\"";
  for (const char c : field) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}
void print_csv(const std::vector<std::string>& row) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) line += (i == 0 ? "" : ",") + csv_field(row[i]);
  print(line + "\r");  // a line ends with CRLF (RFC 4180 §2)
}

bool is_number(std::string_view column) {
  for (const std::string_view text : {"day", "currency", "product", "created", "expires_on", "outcome", "reason"})
    if (column == text) return false;
  return true;
}

boost::json::object fields_of(const store::report& report, const std::vector<std::optional<std::string>>& row) {
  boost::json::object out;
  const std::vector<std::string> shown = shown_row(report, row);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string& column = report.columns[i];
    if (is_amount(column)) out[heading(column)] = shown[i];
    if (!row[i])
      out[column] = nullptr;
    else if (is_number(column))
      out[column] = std::stoll(*row[i]);
    else
      out[column] = *row[i];
  }
  return out;
}

int report(context& with, const report_options& options) {
  for (const std::string& day : {options.from, options.to})
    if (!day.empty() && !is_date(day))
      throw usage(fmt::format("{} is no day: write it as 2026-11-22", without_pins(day)));
  if (options.csv && with.json) throw usage("--csv and --json: choose one");
  const store::report found = with.store().report(options.name, options.from, options.to);
  if (with.json) {
    boost::json::array all;
    for (const auto& row : found.rows) all.push_back(fields_of(found, row));
    print_json(all);
    return 0;
  }
  std::vector<std::vector<std::string>> rows(1);
  for (const std::string& column : found.columns) rows.front().push_back(heading(column));
  for (const auto& row : found.rows) rows.push_back(shown_row(found, row));
  if (options.csv) {
    for (const auto& row : rows) print_csv(row);
    return 0;
  }
  std::vector<std::size_t> right;
  for (std::size_t i = 0; i < found.columns.size(); ++i)
    if (is_number(found.columns[i])) right.push_back(i);
  print_table(rows, right);
  return 0;
}

void add_report(CLI::App& group, context& with, const std::string& name, const std::string& does, bool of_days) {
  auto options = std::make_shared<report_options>();
  options->name = name;
  CLI::App* command = add_command(group, with, name, does,
                                  "report " + name + (of_days ? " --from 2026-11-01 --to 2026-11-30 --csv" : " --csv"),
                                  [&with, options] { return report(with, *options); });
  command->add_flag("--csv", options->csv, "answer in CSV (RFC 4180), as auditors and spreadsheets read it");
  if (!of_days) return;
  command->add_option("--from", options->from, "the first day, in the service's time zone")->type_name("DATE");
  command->add_option("--to", options->to, "the last day")->type_name("DATE");
}

}  // namespace

void add_reports(CLI::App& to, context& with) {
  CLI::App* group =
      add_group(to, "report", "What was sold, moved, refused, and is owed", "report daily --from 2026-11-01");
  add_report(*group, with, "daily", "Day by day: credits, bonuses, calls, transfers, reversals, senders, refusals",
             true);
  add_report(*group, with, "batches",
             "Batch by batch: cards by state, what was redeemed, what is open; by the day made", true);
  add_report(*group, with, "liability", "What is owed now: credit, bonus and cards on sale, by currency", false);
  add_report(*group, with, "failures", "Day by day: what texts did not get what they wanted, and why", true);
}

}  // namespace topupd::operators
