#include "database.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include "store/migrations.hpp"

namespace topupd::store::test {
namespace {

const std::string template_name = "topup_template";

void once(const std::string& database, const std::string& statement) {
  pqxx::connection connection{"dbname=" + database};
  pqxx::nontransaction{connection}.exec(statement);
}

// Migrated once; copied for each test.
void make_template() {
  static const bool made = [] {
    once("postgres", "create database " + template_name);
    migrate("dbname=" + template_name);
    return true;
  }();
  CHECK(made);
}

text next_text(std::uint64_t sender, action what) {
  static std::uint64_t number = 0;
  ++number;
  fingerprint print;
  for (std::size_t i = 0; i < 8; ++i) print.octets[i] = static_cast<std::uint8_t>(number >> (8 * i));
  text one{.ticket = number,
           .print = print,
           .smsc = "main",
           .source = fmt::format("1.1.{}", sender),
           .short_code = "0.0.12345",
           .sender = msisdn(sender),
           .action = what,
           .language = "en"};
  return one;
}

voucher_digest numbered(std::uint64_t number, std::uint8_t first) {
  voucher_digest digest;
  digest.octets[0] = first;
  for (std::size_t i = 0; i < 8; ++i) digest.octets[31 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return digest;
}

// From the press to this state.
std::vector<std::pair<std::string, std::string>> ways_to(const std::string& state) {
  if (state == "generated") return {};
  if (state == "held") return {{"generated", "active"}, {"active", "held"}};
  return {{"generated", state}};
}

}  // namespace

database::database() {
  static int number = 0;
  make_template();
  name_ = fmt::format("topup_{}", ++number);
  once("postgres", fmt::format("create database {} template {}", name_, template_name));
  connection_ = std::make_unique<pqxx::connection>(url());
}

pqxx::result database::sql(const std::string& statement) {
  try {
    return pqxx::nontransaction{*connection_}.exec(statement);
  } catch (const pqxx::failure&) {
    if (connection_->is_open()) throw;
    connection_ = std::make_unique<pqxx::connection>(url());  // a test has restarted the server
    return pqxx::nontransaction{*connection_}.exec(statement);
  }
}

std::int64_t database::count(const std::string& statement) {
  return sql(statement).at(0)[0].as<std::int64_t>();
}
std::string database::word(const std::string& statement) {
  return sql(statement).at(0)[0].as<std::string>("");
}

std::int64_t database::balance(std::uint64_t number) {
  return count(fmt::format("select coalesce((select balance_minor from topup.account where msisdn = {}), -1)", number));
}
std::int64_t database::bonus(std::uint64_t number) {
  return count(fmt::format("select coalesce((select bonus_minor from topup.account where msisdn = {}), -1)", number));
}

std::int64_t database::print(std::int64_t cards, const batch& of) {
  const std::int64_t first = next_serial_;
  next_serial_ += cards;
  const std::string product = fmt::format("P{}", first);
  sql(fmt::format("insert into topup.product (code, value_minor, currency, validity_days) values ('{}', {}, '{}', {})",
                  product, of.value, of.currency, of.validity_days));
  sql(fmt::format("insert into topup.batch (product, count, first_serial, last_serial) values ('{}', {}, {}, {})",
                  product, cards, first, next_serial_ - 1));
  for (const auto& [was, state] : ways_to(of.state)) change(first, was, state);
  if (!of.expires.empty())
    sql(fmt::format(
        "update topup.batch set expires = '{0}', ends = topup.end_of_day('{0}', '{1}') where first_serial = {2}",
        of.expires, of.zone, first));
  sql(
      fmt::format("insert into topup.voucher (serial, digest, batch) "
                  "select s, decode(lpad(to_hex(s), 64, '0'), 'hex'), (select max(id) from topup.batch) "
                  "from generate_series({}::bigint, {}) s",
                  first, next_serial_ - 1));
  return first;
}

void database::change(std::int64_t card, const std::string& was, const std::string& state) {
  sql(fmt::format(
      "insert into topup.card_change (batch, first_serial, last_serial, was, state) "
      "select id, first_serial, last_serial, '{}', '{}' from topup.batch where {} between first_serial and last_serial",
      was, state, card));
}

void database::pass(const std::string& interval) {
  sql(
      fmt::format("update topup.message set received_at = received_at - interval '{0}', "
                  "bucket = topup.bucket(received_at - interval '{0}'), lease_until = lease_until - interval '{0}'; "
                  "update topup.awaited set at = at - interval '{0}', until = until - interval '{0}'; "
                  "update topup.undelivered set at = at - interval '{0}'; "
                  "update topup.guess_level set until = until - interval '{0}'; "
                  "update topup.guess_hour set hour = hour - (extract(epoch from interval '{0}') / 3600)::integer; "
                  "update topup.question set until = until - interval '{0}'; "
                  "update topup.wrong_pin set at = at - interval '{0}'; "
                  "update topup.part set at = at - interval '{0}'; "
                  "update topup.answered set last = last - interval '{0}', "
                  "times = array(select t - interval '{0}' from unnest(times) t order by t); "
                  "update topup.sender_lock set locked_until = locked_until - interval '{0}'",
                  interval));
}

voucher_digest voucher(std::int64_t serial) {
  return numbered(static_cast<std::uint64_t>(serial), 0);
}
voucher_digest nobodys(int number) {
  return numbered(static_cast<std::uint64_t>(number), 0xFF);
}
parser::msisdn msisdn(std::uint64_t number) {
  return parser::msisdn::from_number(number).value();
}

worker_options options(const database& at, const std::string& instance) {
  worker_options all;
  all.url = at.url();
  all.instance = instance;
  all.answers_per_hour = 0;  // a test asks more than a person does
  return all;
}

text redeem(std::uint64_t sender, const voucher_digest& pin) {
  text one = next_text(sender, action::redeem);
  one.vouchers = {pin};
  return one;
}
text redeem_for(std::uint64_t sender, const voucher_digest& pin, std::uint64_t target) {
  text one = redeem(sender, pin);
  one.target = msisdn(target);
  return one;
}
text ask_for(std::uint64_t sender, const voucher_digest& pin, std::uint64_t target) {
  text one = redeem_for(sender, pin, target);
  one.ask = true;
  return one;
}
text plain(std::uint64_t sender, action what) {
  return next_text(sender, what);
}

gateway::gateway(const database& at, const std::string& instance) : gateway(options(at, instance)) {}
gateway::gateway(worker_options options) : options_(std::move(options)), link_(options_, "test gateway") {}

std::vector<decision> gateway::decide_all(std::vector<text> texts) {
  items_.clear();
  const auto next_receipt = [this] {
    if (left_ == 0) {
      next_ = link_.take_receipts().value;
      left_ = gateway_link::receipts_in_block;
    }
    --left_;
    return receipt{next_++};
  };
  for (text& one : texts) {
    items_.push_back({.text = std::move(one), .receipt = next_receipt()});
    for (auto places = more_places(items_.back().text).all(); places > 0; --places)
      items_.back().more.push_back(next_receipt());
  }
  return call(false);
}

std::vector<decision> gateway::repeat() {
  return call(true);
}

std::vector<decision> gateway::call(bool again) {
  for (int tries = 0; tries < 20; ++tries) {
    auto answer = link_.redeem(items_, {}, again);
    if (answer.fate == fate::raced) continue;
    REQUIRE_MESSAGE(answer.fate == fate::done, answer.why);
    return std::move(answer.value);
  }
  FAIL("raced twenty times");
  return {};
}

void gateway::report(std::vector<reply_result> results) {
  const auto answer = link_.redeem({}, results, false);
  REQUIRE_MESSAGE(answer.fate == fate::done, answer.why);
}

void gateway::note(std::vector<delivery> deliveries) {
  const auto answer = link_.note(deliveries);
  REQUIRE_MESSAGE(answer.fate == fate::done, answer.why);
}

}  // namespace topupd::store::test
