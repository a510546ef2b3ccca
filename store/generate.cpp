// operations::generate(): new cards, all in one transaction.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "store/digest_arrays.hpp"
#include "store/guess_rate.hpp"
#include "store/operations_body.hpp"

namespace topupd::store {
namespace {

constexpr std::int64_t chunk = 10'000;  // vouchers a statement

// "1000########" -> 100000000000 to 100099999999.
struct serial_range {
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
};
serial_range serials_of(std::string_view form) {
  const std::size_t fixed = std::min(form.find('#'), form.size());
  const bool counts = fixed < form.size() && form.find_first_not_of('#', fixed) == std::string_view::npos;
  const bool digits = form.substr(0, fixed).find_first_not_of("0123456789") == std::string_view::npos;
  if (!counts || !digits || fixed == 0 || form.front() == '0' || form.size() > 18)
    throw refused(
        fmt::format("serials cannot be counted up in the form \"{}\": set reading.serial to digits that do not "
                    "begin with 0, then # for each digit that counts, as in \"1000########\"",
                    form));
  serial_range range;
  for (const char c : form) {
    range.lowest = range.lowest * 10 + (c == '#' ? 0 : c - '0');
    range.highest = range.highest * 10 + (c == '#' ? 9 : c - '0');
  }
  ++range.lowest;  // the first card is number 1
  return range;
}

// What helps: PINs so long that the guesses come down to what is allowed, or fewer of them a day.
std::string too_easy(const operations::new_batch& order, std::int64_t live, double guesses) {
  const int length = order.pins.lengths.front();
  int longer = length;
  while (guesses_a_year(order.wrong_pins_per_day, live, random_digits(longer, order.pins.check)) > most_guesses_a_year)
    ++longer;
  const auto fewer =
      static_cast<std::int64_t>(static_cast<double>(order.wrong_pins_per_day) * most_guesses_a_year / guesses);
  return fmt::format(
      "with {} cards to be hit and {} wrong PINs a day, {:.2g} of these PINs would be guessed a year, and at most {} "
      "may "
      "be: put {} first in pin.lengths, or set guessing.wrong_pins_per_day to {} or less",
      live, order.wrong_pins_per_day, guesses, most_guesses_a_year, longer, fewer);
}

}  // namespace

batch operations::body::open_batch(pqxx::work& transaction, const new_batch& order, const keyring& keys) {
  const serial_range range = serials_of(order.serial_form);
  const auto row =
      transaction.exec_params1("select * from topup.open_batch($1, $2, $3, $4, nullif($5, '')::date, $6, $7, $8)",
                               order.product, order.count, range.lowest, range.highest, order.expires, time_zone,
                               order.pins.lengths.front(), "{" + keys.ids().front() + "}");
  const std::string word = text_in(row[0]);
  if (word == "no_product")
    throw refused(fmt::format("there is no product {}: see \"topupctl product list\"", order.product));
  if (word == "expired") throw refused(fmt::format("the cards would have expired already: {} is over", order.expires));
  if (word == "no_serials")
    throw refused(
        fmt::format("the form {} has only {} serials left: order fewer cards or give reading.serial a new prefix",
                    order.serial_form, std::max<std::int64_t>(0, range.highest - row[2].as<std::int64_t>() + 1)));
  const auto first = row[2].as<std::int64_t>();
  const auto live = row[4].as<std::int64_t>();
  const double guesses =
      guesses_a_year(order.wrong_pins_per_day, live, random_digits(order.pins.lengths.front(), order.pins.check));
  if (guesses > most_guesses_a_year) throw refused(too_easy(order, live, guesses));
  return {.id = row[1].as<std::int64_t>(),
          .product = order.product,
          .state = "generated",
          .count = order.count,
          .first_serial = first,
          .last_serial = first + order.count - 1,
          .expires = order.expires,
          .created = time_in(row[3]).value_or(moment{}),
          .states = {{"generated", order.count}},
          .guesses_a_year = guesses};
}

// One PIN for each of `count` serials. One that another card has already is thrown away and made again: with 16 digits
// that happens about once in a batch of a million.
std::vector<parser::pin> operations::body::write(pqxx::work& transaction, std::int64_t id, std::int64_t first,
                                                 std::int64_t count, pin_source& source, const keyring& keys) {
  std::vector<parser::pin> pins;
  pins.reserve(static_cast<std::size_t>(count));
  std::vector<std::int64_t> missing;
  for (std::int64_t i = 0; i < count; ++i) {
    pins.push_back(source.next());
    missing.push_back(first + i);
  }
  for (int attempt = 0; !missing.empty(); ++attempt) {
    if (attempt == 100) throw refused("no unused PINs are left of this length: configure longer ones in pin.lengths");
    digest_arrays arrays;
    for (const std::int64_t serial : missing) {
      parser::pin& card = pins[static_cast<std::size_t>(serial - first)];
      if (attempt > 0) card = source.next();
      arrays.add(serial, card, keys);
    }
    std::vector<std::int64_t> written;
    for (const pqxx::row& row :
         transaction.exec_params("select topup.add_vouchers($1, $2, $3, $4)", id, std::move(arrays.serials).done(),
                                 std::move(arrays.digests).done(), std::move(arrays.older).done()))
      written.push_back(row[0].as<std::int64_t>());
    std::sort(written.begin(), written.end());
    std::erase_if(missing,
                  [&](std::int64_t serial) { return std::binary_search(written.begin(), written.end(), serial); });
  }
  return pins;
}

batch operations::generate(const new_batch& order, const keyring& keys,
                           const std::function<void(std::int64_t serial, const parser::pin&)>& on_card,
                           const std::function<void(std::int64_t done)>& on_progress,
                           const std::function<void(const batch&)>& before_commit) {
  batch made;
  try {
    body_->guarded([&] {
      pqxx::work transaction{*body_->link};
      made = body_->open_batch(transaction, order, keys);
      pin_source source(order.pins);
      for (std::int64_t done = 0; done < order.count;) {
        const std::int64_t count = std::min(chunk, order.count - done);
        const std::int64_t first = made.first_serial + done;
        const auto pins = body_->write(transaction, made.id, first, count, source, keys);
        for (std::int64_t i = 0; i < count; ++i) on_card(first + i, pins[static_cast<std::size_t>(i)]);
        done += count;
        if (on_progress) on_progress(done);
      }
      if (before_commit) before_commit(made);
      try {
        transaction.commit();
      } catch (const pqxx::in_doubt_error&) {
        throw in_doubt("");
      }
    });
  } catch (const in_doubt&) {
    body_->settle(made.id);
  }
  return made;
}

// After a COMMIT whose answer was lost, the database is asked what became of it (DESIGN.md §2.3).
void operations::body::settle(std::int64_t id) {
  bool there = false;
  try {
    connect();
    there = call("select topup.batch_was_made($1)", id)[0][0].as<bool>();
  } catch (const unavailable& problem) {
    throw in_doubt(
        fmt::format("the connection broke during COMMIT and batch {} may be made or not: keep the file, and "
                    "throw it away only when \"topupctl batch list\" does not have the batch ({})",
                    id, problem.what()));
  }
  if (!there) throw unavailable("the connection broke during COMMIT; no batch was made: try again");
}

}  // namespace topupd::store
