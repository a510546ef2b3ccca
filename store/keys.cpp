// operations: which keys the cards are under; and rotation.
#include "store/keys.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "store/operations_body.hpp"
#include "store/sql_array.hpp"

namespace topupd::store {
namespace {

constexpr std::int64_t chunk = 10'000;
constexpr std::size_t most_keys = 3;

std::vector<std::string> chain_in(const std::string& words) {
  std::istringstream in{words};
  std::vector<std::string> chain;
  for (std::string id; in >> id;) chain.push_back(id);
  return chain;
}

// bytea in PostgreSQL's hex form: \x and 64 digits.
voucher_digest digest_in(std::string_view hex) {
  voucher_digest digest;
  if (hex.size() != 2 + 2 * digest.octets.size()) throw unavailable("a card's digest has not 32 octets");
  for (std::size_t i = 0; i < digest.octets.size(); ++i)
    std::from_chars(&hex[2 + 2 * i], &hex[2 + 2 * i] + 2, digest.octets[i], 16);
  return digest;
}

}  // namespace

std::string id_array(const std::vector<std::string>& ids) {
  sql_array all;
  for (const std::string& id : ids) all.word(id);
  return std::move(all).done();
}

std::string lost_cards(std::int64_t batch, const std::string& words, const std::vector<std::string>& ids) {
  const std::vector<std::string> chain = chain_in(words);
  if (chain.empty())
    return fmt::format("which PIN key the cards of batch {} were made under is not on record, though that of others is",
                       batch);
  const auto lost = std::find_if(chain.begin(), chain.end(), [&](const std::string& id) {
    return std::find(ids.begin(), ids.end(), id) == ids.end();
  });
  if (lost == chain.end())
    return fmt::format(
        "the cards of batch {} are under the PIN keys {}, in this order: pin.key_file and pin.older_key_files must "
        "name them the last one first, with none between",
        batch, fmt::join(chain, ", "));
  if (ids.size() >= most_keys)
    return fmt::format(
        "the cards of batch {} were made under PIN key {}, which is not configured, and {} keys are, as many as there "
        "can be: put it back, and wait with a new key until \"topupctl key list\" says that the oldest one may go",
        batch, *lost, most_keys);
  if (ids.size() == 1)
    return fmt::format(
        "pin.key_file is not the key of these cards: those of batch {} were made under PIN key {}, and it has {}; put "
        "the right one there, or name its file in pin.older_key_files if this is a new one",
        batch, *lost, ids.front());
  return fmt::format(
      "the cards of batch {} were made under PIN key {}, which is not configured: name its file in pin.older_key_files",
      batch, *lost);
}

// What operators see --------------------------------------------------------------------------------------------------

std::vector<key_chain> operations::key_chains() {
  std::vector<key_chain> out;
  for (const pqxx::row& row : body_->call("select * from topup.key_chains()"))
    out.push_back({.ids = chain_in(text_in(row[0])),
                   .batches = row[1].as<std::int64_t>(),
                   .cards = row[2].as<std::int64_t>(),
                   .open = row[3].as<std::int64_t>(),
                   .needed = row[4].as<bool>()});
  return out;
}

std::string operations::why_cards_are_lost(const keyring& keys) {
  const auto rows = body_->call("select * from topup.find_lost_cards($1)", id_array(keys.ids()));
  return rows.empty() ? std::string{} : lost_cards(rows[0][0].as<std::int64_t>(), text_in(rows[0][1]), keys.ids());
}

std::int64_t operations::gateways_without(const keyring& keys) {
  return body_->call("select topup.gateways_without($1)", keys.ids().front())[0][0].as<std::int64_t>();
}

// Rotation ------------------------------------------------------------------------------------------------------------

struct rotation::body {
  std::string url;
  const keyring& keys;
  std::string person;
  std::unique_ptr<connection> link;

  // Everything that is asked of the database, in one transaction.
  template <class Work>
  auto transact(Work&& work) {
    try {
      pqxx::work transaction{*link};
      auto result = work(transaction);
      transaction.commit();
      return result;
    } catch (const pqxx::failure& problem) {
      if (sqlstate(problem) == "42883")  // no such function
        throw unavailable("the database's schema is not the one this topupctl knows: run \"topupctl migrate\"");
      throw explain(problem, url);
    }
  }

  void refuse(std::int64_t gateways) const {
    if (gateways > 0)
      throw refused(fmt::format(
          "{} connection{} of a topupd whose pin.key_file is not {}: it would not find the cards. Restart each topupd "
          "with the same keys as here, then rotate",
          gateways, gateways == 1 ? " is" : "s are", keys.ids().front()));
  }

  // Re-wraps the cards that come after `serial`, and moves it to the last of them; how many they were.
  std::int64_t rewrap_some(pqxx::work& transaction, const outdated_batch& batch, std::int64_t& serial) const {
    sql_array serials, digests;
    std::int64_t count = 0;
    for (const pqxx::row& row :
         transaction.exec_params("select * from topup.cards_after($1, $2, $3)", batch.batch, serial, chunk)) {
      serial = row[0].as<std::int64_t>();
      ++count;
      serials.number(serial);
      digests.octets(keys.rewrap(digest_in(row[1].c_str()), batch.chain).octets);
    }
    const auto row = transaction.exec_params1("select topup.rewrap_cards($1, $2)", std::move(serials).done(),
                                              std::move(digests).done());
    if (row[0].as<std::int64_t>() != count) throw unavailable("cards vanished while they were re-wrapped");
    return count;
  }

  void finish(pqxx::work& transaction, const outdated_batch& batch) const {
    transaction.exec_params("select set_config('topup.person', $1, true)", person);
    sql_array waiting, became;
    for (const pqxx::row& row : transaction.exec_params(
             "select gateways, unnest(coalesce(nullif(waiting, '{}'), '{null}')) from topup.stop_to_rewrap($1)",
             keys.ids().front())) {
      refuse(row[0].as<std::int64_t>());
      if (row[1].is_null()) continue;
      const voucher_digest digest = digest_in(row[1].c_str());
      waiting.octets(digest.octets);
      became.octets(keys.rewrap(digest, batch.chain).octets);
    }
    std::vector<std::string> chain = batch.chain;
    auto at = std::find(keys.ids().rbegin(), keys.ids().rend(), chain.back());
    while (++at != keys.ids().rend()) chain.push_back(*at);
    transaction.exec_params("select topup.finish_batch($1, $2, $3, $4)", batch.batch, id_array(chain),
                            std::move(waiting).done(), std::move(became).done());
  }
};

rotation::rotation(const std::string& url, const keyring& keys, const std::string& person)
    : body_(new body{url, keys, person, open(url, role::owner, "topupctl key rotate")}) {}
rotation::~rotation() = default;

std::vector<outdated_batch> rotation::outdated() {
  return body_->transact([this](pqxx::work& transaction) {
    const std::string ids = id_array(body_->keys.ids());
    const auto lost = transaction.exec_params("select * from topup.lost_cards($1)", ids);
    if (!lost.empty()) throw refused(lost_cards(lost[0][0].as<std::int64_t>(), text_in(lost[0][1]), body_->keys.ids()));
    std::vector<outdated_batch> out;
    for (const pqxx::row& row : transaction.exec_params("select * from topup.outdated_batches($1)", ids))
      out.push_back({row[0].as<std::int64_t>(), chain_in(text_in(row[1])), row[2].as<std::int64_t>()});
    return out;
  });
}

void rotation::refuse_other_gateways() {
  body_->refuse(body_->transact([this](pqxx::work& transaction) {
    return transaction.exec_params1("select topup.gateways_without($1)", body_->keys.ids().front())[0]
        .as<std::int64_t>();
  }));
}

void rotation::rewrap(const outdated_batch& batch, const std::function<void(std::int64_t done)>& on_progress) {
  body_->transact([&](pqxx::work& transaction) {
    const auto taken =
        transaction.exec_params1("select topup.take_batch($1, $2)", batch.batch, id_array(batch.chain))[0].as<bool>();
    std::int64_t serial = 0, done = 0;
    while (taken) {
      const std::int64_t count = body_->rewrap_some(transaction, batch, serial);
      if (count == 0) break;
      done += count;
      if (on_progress) on_progress(done);
    }
    if (taken) body_->finish(transaction, batch);
    return taken;
  });
}

}  // namespace topupd::store
