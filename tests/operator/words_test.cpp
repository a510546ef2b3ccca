#include <doctest/doctest.h>

#include <string>

#include "operator/context.hpp"

namespace topupd::tests {

TEST_CASE("what may be a PIN is repeated by its last four digits only") {
  struct row {
    const char* typed;
    const char* shown;
  };
  const row rows[] = {
      {"4821739055162749", "############2749"},
      {"4821 7390 5516 2749", "#### #### #### 2749"},
      {"4821-7390-5516-2749 x", "####-####-####-2749 x"},
      {"voucher 482173905516 not found", "voucher ########5516 not found"},
      {"0701234567", "0701234567"},  // too short for a PIN
      {"8F3K2Q", "8F3K2Q"},
      {"a 12 b 482173905516 c", "a 12 b ########5516 c"},
      {"", ""},
  };
  for (const row& row : rows) CHECK(operators::without_pins(row.typed) == row.shown);
}

TEST_CASE("numbers and serials are read as people write them") {
  CHECK(operators::digits_of("+999 (70) 123-45.67") == "999701234567");
  CHECK(operators::digits_of("1000 0000 0001") == "100000000001");
  CHECK(operators::digits_of("8F3K2Q").empty());
  CHECK(operators::digits_of("").empty());
}

}  // namespace topupd::tests
