#include "store/gateway_link.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <pqxx/binarystring>
#include <pqxx/nontransaction>
#include <pqxx/prepared_statement>
#include <sstream>

#include "store/answer.hpp"
#include "store/crash_point.hpp"
#include "store/keys.hpp"
#include "store/migrations.hpp"

namespace topupd::store {
namespace {

// A call is one statement and its own transaction: libpq answers only when COMMIT has been acknowledged, and one that
// is broken off earlier is a broken connection (PostgreSQL 15, §55.2.3). Begin, call and commit apart would cost two
// more trips.
constexpr const char* redeem_statement = "redeem";
constexpr const char* quarantine_statement = "quarantine";
constexpr const char* claim_statement = "claim";
constexpr const char* keep_part_statement = "keep_part";
constexpr const char* note_statement = "note";
constexpr const char* take_receipts_statement = "take_receipts";

constexpr std::chrono::seconds check_limit{30};  // at the start; cards may be many

std::string placeholders(int count) {
  std::string all = "$1";
  for (int i = 2; i <= count; ++i) all += fmt::format(",${}", i);
  return all;
}

// Whose fault a failed statement is (PostgreSQL, Appendix A). Only what lies in a text may be held against it: a full
// disk, a missing right or a server that shuts down would fail with any other text as well.
fate fate_of(const std::string& state) {
  if (state.starts_with("40") || state == "23505")
    return fate::raced;  // unique_violation: somebody else wrote it first
  for (const std::string_view texts_own : {"22", "23", "P0"})
    if (state.starts_with(texts_own)) return fate::refused;
  return fate::away;
}

applied_migrations migrations_in(const std::string& lines) {
  applied_migrations there;
  std::istringstream in{lines};
  int version = 0;
  for (std::string checksum; in >> version >> checksum;) there[version] = checksum;
  return there;
}

}  // namespace

gateway_link::gateway_link(const worker_options& options, const std::string& name, const server& last)
    : options_(options), connection_(open(options.url, role::gateway, name, last)), limit_(connection_->sock()) {
  try {
    const time_limit::scope within{limit_, check_limit};
    check();
    // A call that hangs is broken off and repeated: by the server first, which then gives the turn to somebody else.
    // Its limit never reaches COMMIT itself (DESIGN.md §7), ours does. And the server must not wait for ever, with
    // everybody's turn in its hand, for a gateway that vanished to take its answer.
    pqxx::nontransaction{*connection_}.exec(
        fmt::format("set statement_timeout = {}; set tcp_user_timeout = '10s'", options.call_limit.count() * 4 / 5));
    connection_->prepare(redeem_statement, "select * from topup.redeem(" + placeholders(45) + ")");
    connection_->prepare(quarantine_statement, "select * from topup.quarantine(" + placeholders(10) + ")");
    connection_->prepare(claim_statement, "select * from topup.claim(" + placeholders(7) + ")");
    connection_->prepare(keep_part_statement, "select topup.keep_part(" + placeholders(10) + ")");
    connection_->prepare(note_statement, "select topup.note_deliveries(" + placeholders(4) + ")");
    connection_->prepare(take_receipts_statement, "select topup.take_receipts()");
  } catch (const std::exception& problem) {
    throw explain(problem, options.url);
  }
}

void gateway_link::check() {
  pqxx::nontransaction session{*connection_};
  pqxx::result facts;
  try {
    facts = session.exec_params("select * from topup.startup_facts($1, $2)", options_.time_zone,
                                id_array(options_.key_ids));
  } catch (const std::exception& problem) {
    const std::string state = sqlstate(problem);
    if (state == "22023")  // invalid_parameter_value
      throw unavailable(
          fmt::format("PostgreSQL does not know the time zone \"{}\": correct service.time_zone", options_.time_zone));
    if (state == "3F000" || state == "42883" || state == "42501")  // no schema, no function, no right to use them
      throw unavailable("the database has no schema that this program knows: run \"topupctl migrate\"");
    throw;
  }
  const pqxx::row fact = facts.at(0);
  const char* off = !fact[0].as<bool>() ? "fsync" : !fact[1].as<bool>() ? "full_page_writes" : nullptr;
  if (fact[2].as<std::string>() == "off") off = "synchronous_commit";
  if (off)
    throw unavailable(
        fmt::format("PostgreSQL runs with {} = off and would lose credits in a crash: set it to on", off));
  if (const std::string problem = schema_problem(migrations_in(fact[4].as<std::string>(""))); !problem.empty())
    throw unavailable(problem);
  if (!fact[5].is_null())
    throw unavailable(lost_cards(fact[5].as<std::int64_t>(), fact[6].as<std::string>(), options_.key_ids));
}

called<pqxx::result> gateway_link::call(const std::string& statement, const std::vector<std::string>& arguments) {
  const server& here = connection_->at();
  try {
    connection_->warned();
    const time_limit::scope within{limit_, options_.call_limit};
    pqxx::nontransaction session{*connection_};
    pqxx::result rows = session.exec_prepared(statement, pqxx::prepare::make_dynamic_params(arguments));
    if (!connection_->warned()) return {fate::done, rows, {}};
    unanswered_ = here;
    return {fate::away, {}, "PostgreSQL warned about a COMMIT: whether the standby has it is not known"};
  } catch (const std::exception& problem) {
    if (limit_.passed()) {
      unanswered_ = here;
      return {fate::away, {}, fmt::format("PostgreSQL on {}:{} did not answer in time", here.host, here.port)};
    }
    const fate fate = connection_->is_open() ? fate_of(sqlstate(problem)) : fate::away;
    return {fate, {}, explain(problem, options_.url).what()};
  }
}

called<std::vector<decision>> gateway_link::redeem(std::span<const item> items, std::span<const reply_result> results,
                                                   bool again) {
  come_by(crash_point::before_call);
  const auto answer =
      call(redeem_statement, redeem_arguments(options_, items, results, again, std::chrono::steady_clock::now()));
  if (answer.fate != fate::done) return {answer.fate, {}, answer.why};
  come_by(crash_point::behind_commit);
  auto decisions = decisions_of(answer.value, items);
  if (decisions.empty() && !items.empty())
    return {fate::away, {}, "topup.redeem() did not answer each text: run \"topupctl doctor\""};
  return {fate::done, std::move(decisions), {}};
}

called<std::vector<decision>> gateway_link::quarantine(const item& bad) {
  const auto answer = call(quarantine_statement, quarantine_arguments(options_, bad));
  if (answer.fate != fate::done || answer.value.empty()) return {answer.fate, {}, answer.why};
  return {fate::done, decisions_of(answer.value, {&bad, 1}), {}};
}

called<std::vector<decision>> gateway_link::claim(std::size_t at_most, const std::vector<std::string>& smscs) {
  const auto answer = call(claim_statement, claim_arguments(options_, at_most, smscs));
  if (answer.fate != fate::done) return {answer.fate, {}, answer.why};
  if (!answer.value.empty()) come_by(crash_point::claimed);
  return {fate::done, decisions_of(answer.value), {}};
}

called<std::vector<std::string>> gateway_link::keep(const part& one) {
  const auto answer = call(keep_part_statement, keep_part_arguments(options_, one));
  if (answer.fate != fate::done) return {answer.fate, {}, answer.why};
  std::vector<std::string> sealed;
  for (const auto& row : answer.value) sealed.push_back(pqxx::binarystring(row[0]).str());
  return {fate::done, std::move(sealed), {}};
}

called<bool> gateway_link::note(std::span<const delivery> deliveries) {
  const auto answer = call(note_statement, note_arguments(deliveries));
  return {answer.fate, answer.fate == fate::done, answer.why};
}

called<std::int64_t> gateway_link::take_receipts() {
  const auto answer = call(take_receipts_statement, {});
  if (answer.fate != fate::done) return {answer.fate, 0, answer.why};
  return {fate::done, answer.value.at(0)[0].as<std::int64_t>(), {}};
}

bool gateway_link::alive() const {
  pollfd socket{.fd = connection_->sock(), .events = POLLIN, .revents = 0};
  // Nobody has asked anything: what there is to read is the end, or a server that says good-bye.
  return connection_->is_open() && poll(&socket, 1, 0) == 0;
}

void gateway_link::cut() noexcept {
  shutdown(connection_->sock(), SHUT_RDWR);  // the number stays the connection's until it is closed
}

}  // namespace topupd::store
