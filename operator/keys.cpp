// topupctl key list, new, rotate: the PIN keys by their ids, never their octets.
#include "operator/keys.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string.h>  // explicit_bzero

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

#include "operator/commands.hpp"
#include "operator/new_file.hpp"
#include "operator/progress.hpp"
#include "operator/show.hpp"
#include "store/keys.hpp"
#include "store/pin_source.hpp"

namespace topupd::operators {
namespace {

using ids = std::vector<std::string>;

store::keyring keyring_of(const config::settings& settings) {
  return store::keyring(settings.pin_key, settings.older_pin_keys);
}

boost::json::array array_of(const ids& chain) {
  boost::json::array out;
  for (const std::string& id : chain) out.emplace_back(id);
  return out;
}

// key list ------------------------------------------------------------------------------------------------------------

// Which setting names it; empty: none.
std::string place_of(const std::string& id, const ids& configured) {
  const auto at = std::find(configured.begin(), configured.end(), id) - configured.begin();
  if (static_cast<std::size_t>(at) == configured.size()) return {};
  return at == 0 ? "pin.key_file" : fmt::format("pin.older_key_files, {}", at == 1 ? "first" : "second");
}

// A key and all cards that are not found without it.
struct key_facts {
  std::string id;
  std::int64_t batches = 0, cards = 0, open = 0;
  bool needed = false;
};

std::vector<key_facts> facts_of(const std::vector<store::key_chain>& chains, const ids& configured) {
  ids all = configured;
  for (const store::key_chain& chain : chains)
    for (const std::string& id : chain.ids)
      if (std::find(all.begin(), all.end(), id) == all.end()) all.push_back(id);
  std::vector<key_facts> out;
  for (const std::string& id : all) {
    key_facts key{.id = id, .needed = id == configured.front()};
    for (const store::key_chain& chain : chains) {
      if (std::find(chain.ids.begin(), chain.ids.end(), id) == chain.ids.end()) continue;
      key.batches += chain.batches;
      key.cards += chain.cards;
      key.open += chain.open;
      key.needed |= chain.needed;
    }
    out.push_back(key);
  }
  return out;
}

std::string advice(const key_facts& key, const ids& configured) {
  if (place_of(key.id, configured).empty()) return key.needed ? "IS MISSING" : "gone, and nobody needs it";
  if (key.id == configured.front()) return "of new cards";
  return key.needed ? "must stay" : "may be taken out";
}

int list(context& with) {
  const store::keyring keys = keyring_of(with.settings_with_secrets());
  const auto chains = with.store().key_chains();
  boost::json::array all, wrapped;
  std::vector<std::vector<std::string>> key_rows{{"KEY", "CONFIGURED AS", "BATCHES", "CARDS", "NOT REDEEMED", ""}};
  std::vector<std::vector<std::string>> chain_rows{{"CARDS UNDER", "BATCHES", "CARDS", "NOT REDEEMED"}};
  for (const key_facts& key : facts_of(chains, keys.ids())) {
    const std::string place = place_of(key.id, keys.ids());
    all.push_back(boost::json::object{{"key", key.id},
                                      {"configured", or_null(place)},
                                      {"batches", key.batches},
                                      {"cards", key.cards},
                                      {"open", key.open},
                                      {"may_be_taken_out", !key.needed}});
    key_rows.push_back({key.id, place.empty() ? "-" : place, grouped(key.batches), grouped(key.cards),
                        grouped(key.open), advice(key, keys.ids())});
  }
  for (const store::key_chain& chain : chains) {
    wrapped.push_back(boost::json::object{{"keys", array_of(chain.ids)},
                                          {"batches", chain.batches},
                                          {"cards", chain.cards},
                                          {"open", chain.open},
                                          {"needed", chain.needed},
                                          {"found", keys.knows(chain.ids)}});
    chain_rows.push_back({chain.ids.empty() ? "no key on record" : fmt::format("{}", fmt::join(chain.ids, ", then ")),
                          grouped(chain.batches), grouped(chain.cards), grouped(chain.open)});
  }
  if (with.json) {
    print_json(boost::json::object{{"keys", std::move(all)}, {"chains", std::move(wrapped)}});
  } else {
    print_table(key_rows, {2, 3, 4});
    print("");
    print_table(chain_rows, {1, 2, 3});
  }
  if (const std::string lost = with.store().why_cards_are_lost(keys); !lost.empty()) throw store::refused(lost);
  return 0;
}

// key new -------------------------------------------------------------------------------------------------------------

int make(context& with, const std::string& path) {
  std::array<std::uint8_t, 32> octets{};
  std::array<char, 65> line{};
  store::fill_with_random(octets);
  constexpr std::string_view hex = "0123456789abcdef";
  for (std::size_t i = 0; i < octets.size(); ++i) {
    line[2 * i] = hex[octets[i] >> 4U];
    line[2 * i + 1] = hex[octets[i] & 0xFU];
  }
  line.back() = '\n';
  const std::string id =
      store::keyring(secret({reinterpret_cast<const char*>(octets.data()), octets.size()})).ids().front();
  explicit_bzero(octets.data(), octets.size());
  new_file file(path, "a key");
  file.write({line.data(), line.size()});
  explicit_bzero(line.data(), line.size());
  file.sync();
  file.keep();
  if (with.json) {
    print_json(boost::json::object{{"key", id}, {"file", path}});
    return 0;
  }
  print(fmt::format("{} has the new PIN key {}: keep a copy where no backup of the database is", path, id));
  print(
      "then name it in pin.key_file, the one until now first in pin.older_key_files, restart each topupd, and run "
      "\"topupctl key rotate\"");
  return 0;
}

// key rotate ----------------------------------------------------------------------------------------------------------

int say_nothing_to_do(context& with, const ids& configured) {
  if (with.json) {
    print_json(boost::json::object{
        {"key", configured.front()}, {"batches", boost::json::array()}, {"cards", 0}, {"dry_run", false}});
    return 0;
  }
  print(fmt::format("no card is left to come under PIN key {}{}", configured.front(),
                    configured.size() == 1 ? ": name a new key in pin.key_file, and this one in pin.older_key_files, "
                                             "to change keys (\"topupctl key new\" makes one)"
                                           : ""));
  return 0;
}

int rotate(context& with, bool dry_run) {
  const config::settings& settings = with.settings_with_secrets();
  const store::keyring keys = keyring_of(settings);
  store::rotation rotation(settings.store.url, keys, context::person());
  const auto batches = rotation.outdated();
  if (batches.empty()) return say_nothing_to_do(with, keys.ids());
  if (!dry_run) rotation.refuse_other_gateways();

  std::int64_t cards = 0;
  boost::json::array all;
  for (const store::outdated_batch& batch : batches) {
    cards += batch.cards;
    all.push_back(boost::json::object{{"batch", batch.batch}, {"keys", array_of(batch.chain)}, {"cards", batch.cards}});
    if (dry_run && !with.json)
      print(fmt::format("batch {}: {} cards under {}", batch.batch, grouped(batch.cards),
                        fmt::join(batch.chain, ", then ")));
  }
  if (!dry_run) {
    watch_for_interruption();
    progress count(cards);
    std::int64_t before = 0;
    std::size_t whole = 0;
    for (const store::outdated_batch& batch : batches) {
      rotation.rewrap(batch, [&](std::int64_t done) {
        if (interrupted())
          throw store::refused(
              fmt::format("interrupted: {} of {} batches are done, the others as they were; run it "
                          "again to go on",
                          whole, batches.size()));
        count(before + done);
      });
      before += batch.cards;
      ++whole;
    }
  }
  if (with.json) {
    print_json(boost::json::object{
        {"key", keys.ids().front()}, {"batches", std::move(all)}, {"cards", cards}, {"dry_run", dry_run}});
    return 0;
  }
  print(fmt::format("{} cards of {} batch{} {} under PIN key {}", grouped(cards), batches.size(),
                    batches.size() == 1 ? "" : "es", dry_run ? "would come" : "are", keys.ids().front()));
  if (!dry_run) print("their older keys must stay configured until \"topupctl key list\" says that they may go");
  return 0;
}

}  // namespace

store::keyring keys_of_the_cards(context& with) {
  store::keyring keys = keyring_of(with.settings_with_secrets());
  if (const std::string lost = with.store().why_cards_are_lost(keys); !lost.empty()) throw store::refused(lost);
  return keys;
}

void add_keys(CLI::App& to, context& with) {
  CLI::App* group = add_group(to, "key", "The keys that PINs are digested under", "key list");
  add_command(*group, with, "list", "The keys by id, the cards that need them, and which may be taken out", "key list",
              [&with] { return list(with); });

  auto path = std::make_shared<std::string>();
  add_command(*group, with, "new", "Make a key file: 64 hexadecimal digits, readable by you alone",
              "key new --out /etc/topupd/pin-2027.key", [&with, path] { return make(with, *path); })
      ->add_option("--out", *path, "a file that does not exist yet")
      ->required();

  auto dry_run = std::make_shared<bool>(false);
  add_command(*group, with, "rotate", "Bring all cards under the newest key; redeeming goes on", "key rotate --dry-run",
              [&with, dry_run] { return rotate(with, *dry_run); })
      ->add_flag("--dry-run", *dry_run, "say what would be done");
}

}  // namespace topupd::operators
