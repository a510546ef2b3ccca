// operations::import(): cards that somebody else made, all in one transaction.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "store/digest_arrays.hpp"
#include "store/guess_rate.hpp"
#include "store/operations_body.hpp"

namespace topupd::store {
namespace {

constexpr std::size_t chunk = 10'000;  // cards a statement

// What was read goes to the database in chunks, and into a batch when all of it is good.
class staging {
 public:
  staging(pqxx::work& transaction, const keyring& keys, parser::check_digit check)
      : transaction_(transaction), keys_(keys), check_(check) {}

  void add(const operations::imported_card& card) {
    lines_.number(card.line);
    arrays_.add(card.serial, card.pin, keys_);
    const auto length = static_cast<int>(card.pin.reveal().size());
    if (shortest_ == 0 || length < shortest_) shortest_ = length;
    longest_ = std::max(longest_, length);
    if (++waiting_ == chunk) flush();
  }
  void flush() {
    if (waiting_ == 0) return;
    transaction_.exec_params("select topup.import_cards($1, $2, $3, $4)", std::exchange(lines_, {}).done(),
                             std::move(arrays_.serials).done(), std::move(arrays_.digests).done(),
                             std::move(arrays_.older).done());
    arrays_ = {};
    waiting_ = 0;
  }
  // None when the PINs are of several lengths.
  [[nodiscard]] std::optional<int> length() const {
    return shortest_ == longest_ ? std::optional(shortest_) : std::nullopt;
  }
  [[nodiscard]] int random_digits() const { return store::random_digits(shortest_, check_); }

 private:
  pqxx::work& transaction_;
  const keyring& keys_;
  parser::check_digit check_;
  digest_arrays arrays_;
  sql_array lines_;
  std::size_t waiting_ = 0;
  int shortest_ = 0, longest_ = 0;
};

std::string sentence_of(const std::string& what) {
  if (what == "serial_twice") return "this serial stands in an earlier line, too";
  if (what == "pin_twice") return "this PIN stands in an earlier line, too";
  if (what == "serial_known") return "there is a card with this serial already";
  return "there is a card with this PIN already";
}

// "{2,17}" -> "2", "17"
std::vector<std::string> elements_of(const pqxx::field& field) {
  std::vector<std::string> out;
  pqxx::array_parser parser = field.as_array();
  for (auto [kind, value] = parser.get_next(); kind != pqxx::array_parser::juncture::done;
       std::tie(kind, value) = parser.get_next())
    if (kind == pqxx::array_parser::juncture::string_value) out.push_back(value);
  return out;
}

// A line for each fault, as many as there are told, and how many more there are.
std::string faults_in(const pqxx::row& row) {
  const auto count = row[7].as<std::size_t>();
  const auto lines = elements_of(row[8]), what = elements_of(row[9]);
  std::string all = "the file is not taken:";
  for (std::size_t i = 0; i < lines.size() && i < what.size(); ++i)
    all += fmt::format("\n  line {}: {}", lines[i], sentence_of(what[i]));
  if (count > lines.size()) all += fmt::format("\n  and {} more", count - lines.size());
  return all;
}

void refuse_import(const std::string& word, const operations::new_import& order, const std::string& expires,
                   const pqxx::row& row) {
  if (word == "no_product")
    throw refused(fmt::format("there is no product {}: see \"topupctl product list\"", order.product));
  if (word == "expired") throw refused(fmt::format("the cards have expired already: {} is over", expires));
  if (word == "overlap")
    throw refused(fmt::format("the serials {} to {} reach into those of batch {}: import the file in parts that do not",
                              row[3].as<std::int64_t>(), row[4].as<std::int64_t>(), row[1].as<std::int64_t>()));
  if (word == "faults") throw refused(faults_in(row));
}

}  // namespace

operations::import_result operations::import(const new_import& order, const keyring& keys,
                                             const std::function<import_file(const card_taker&)>& read) {
  return body_->guarded([&]() -> import_result {
    pqxx::work transaction{*body_->link};
    staging staged(transaction, keys, order.check);
    const import_file file = read([&](const imported_card& card) { staged.add(card); });
    staged.flush();
    const auto row = transaction.exec_params1(
        "select * from topup.finish_import($1, nullif($2, '')::date, $3, $4, $5, decode($6, 'hex'))", order.product,
        file.expires, body_->time_zone, staged.length(), "{" + keys.ids().front() + "}", file.sha256);
    const std::string word = text_in(row[0]);
    refuse_import(word, order, file.expires, row);
    import_result out;
    out.before = word == "imported";
    out.batch.id = row[1].as<std::int64_t>();
    out.batch.product = order.product;
    out.batch.state = "generated";
    out.batch.count = row[2].as<std::int64_t>();
    out.batch.first_serial = row[3].as<std::int64_t>();
    out.batch.last_serial = row[4].as<std::int64_t>();
    out.batch.expires = file.expires;
    out.batch.created = time_in(row[5]).value_or(moment{});
    out.batch.states = {{"generated", out.batch.count}};
    out.batch.imported = true;
    if (!out.before)
      out.batch.guesses_a_year =
          guesses_a_year(order.wrong_pins_per_day, row[6].as<std::int64_t>(), staged.random_digits());
    if (!order.dry_run && !out.before) transaction.commit();
    return out;
  });
}

}  // namespace topupd::store
