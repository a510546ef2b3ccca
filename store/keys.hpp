// Care of the PIN keys, by whoever owns the schema: cards come under the newest key without any PIN, because their
// digest becomes HMAC(newer key, digest). Redeeming goes on meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/digest.hpp"

namespace topupd::store {

struct outdated_batch {
  std::int64_t batch = 0;
  std::vector<std::string> chain;  // of keys, the first one first applied
  std::int64_t cards = 0;
};

// One connection with the owner's rights. Throws unavailable, and refused when the keys are not those of the cards.
class rotation {
 public:
  rotation(const std::string& url, const keyring& keys, const std::string& person);  // keys: to outlive this
  ~rotation();

  std::vector<outdated_batch> outdated();
  // Refused while a gateway is connected that would not find cards under the newest key.
  void refuse_other_gateways();
  // All cards of one batch in one transaction; cards that are done, when somebody else has done it. What on_progress
  // throws comes out of here, and the batch stays as it was.
  void rewrap(const outdated_batch& batch, const std::function<void(std::int64_t done)>& on_progress);

 private:
  struct body;
  std::unique_ptr<body> body_;
};

// Why cards are not found with the keys of these ids, the newest first, and what to do: one line. `chain`: as
// topup.lost_cards() answers it, ids with a space between them.
std::string lost_cards(std::int64_t batch, const std::string& chain, const std::vector<std::string>& ids);
// "{a,b}", as PostgreSQL reads it.
std::string id_array(const std::vector<std::string>& ids);

}  // namespace topupd::store
