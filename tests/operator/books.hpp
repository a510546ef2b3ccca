// A database of its own for each test, in the cluster that tests/cluster started; the server's administrator, who may
// break what no role of ours can; and small books to break.
#pragma once

#include <memory>
#include <pqxx/pqxx>
#include <string>

namespace topupd::tests {

class books {
 public:
  books();  // migrated, empty
  ~books();
  books(const books&) = delete;
  books& operator=(const books&) = delete;

  [[nodiscard]] std::string url(const std::string& user = "") const;
  pqxx::result sql(const std::string& statements);  // as the administrator, committed
  pqxx::connection& administrator() { return *administrator_; }

  // Product TEN, batch 1 on sale with serials …01 to …04, batch 2 still generated with …05. A = 999701234567 redeemed
  // …01 and …02 for itself and …03 for B = 999709876543 (receipts 11, 12, 13), then sent HELP (14) and …03 again (15).
  // From batch 3, serials …06 and …07, C = 999705555555 redeemed both for D = 999706666666 with a wrong PIN between
  // them, in one text (16, 17, 18); D was told (19).
  void fill();

 private:
  std::string name_;
  std::unique_ptr<pqxx::connection> administrator_;
};

}  // namespace topupd::tests
