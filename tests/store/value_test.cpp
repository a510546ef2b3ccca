// Receipts and digests, without a database.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "parser/pin.hpp"
#include "store/digest.hpp"
#include "store/message.hpp"
#include "store/receipt.hpp"

using namespace topupd;
using namespace topupd::store;

TEST_CASE("a receipt is written in 6 symbols up to 2^30, then one more for each 5 bits, and read back") {
  struct row {
    std::int64_t number;
    std::size_t length;
  };
  constexpr auto two_to = [](int k) { return std::int64_t{1} << k; };
  for (const row& row : {row{1, 6},
                         {1024, 6},
                         {two_to(30) - 1, 6},
                         {two_to(30), 7},
                         {two_to(35) - 1, 7},
                         {two_to(35), 8},
                         {two_to(60) - 1, 12},
                         {two_to(60), 13},
                         {INT64_MAX, 13}}) {
    const std::string text = to_string(receipt{row.number});
    CAPTURE(row.number);
    CHECK(text.size() == row.length);
    CHECK(receipt_from(text) == receipt{row.number});
  }
}

TEST_CASE("receipts that follow each other look nothing alike, and no two are the same") {
  std::set<std::string> seen;
  std::string last;
  int alike = 0;
  for (std::int64_t n = 1; n <= 20'000; ++n) {
    const std::string text = to_string(receipt{n});
    CHECK(seen.insert(text).second);
    int same = 0;
    for (std::size_t i = 0; i < last.size(); ++i) same += last[i] == text[i];
    alike += same >= 3;  // of six symbols at the same place
    last = text;
  }
  CHECK(alike < 400);  // by chance it is one in 1,500
}

TEST_CASE("a receipt as people write it is read, and nothing else") {
  const std::string text = to_string(receipt{123'456});
  std::string lower;
  for (const char c : text) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  CHECK(receipt_from(lower) == receipt{123'456});
  for (std::int64_t n = 1; n < 2'000; ++n) {
    std::string confused = to_string(receipt{n});
    for (char& c : confused) c = c == '0' ? 'o' : c == '1' ? (n % 2 ? 'l' : 'I') : c;
    CHECK(receipt_from(confused) == receipt{n});
  }
  for (const char* bad : {"", "8F3K2", "8F3K2Q8F3K2Q8F", "8F3K2U", "8F3 2Q", "8F3K2-", "ZZZZZZZZZZZZZ", "000000"})
    CHECK_FALSE(receipt_from(bad));
}

TEST_CASE(
    "a PIN's digest is HMAC-SHA-256 under the key: RFC 4231 has no 32-octet key, so by openssl's dgst -mac HMAC") {
  std::string key;
  for (int i = 0; i < 32; ++i) key += static_cast<char>(i);
  const keyring keys{secret{key}};
  const auto pin = parser::pin::from_digits("1234567890123456", {.lengths = {16}, .check = parser::check_digit::none});
  REQUIRE(pin);
  std::string hex;
  for (const auto octet : keys.digest(*pin).octets) {
    hex += "0123456789abcdef"[octet >> 4];
    hex += "0123456789abcdef"[octet & 15];
  }
  CHECK(hex == "0a59752ef82805ac59b4433d45d7c310e69c6ed345f07023f8f134b119c53440");
}

TEST_CASE("a fingerprint tells texts apart by what was sent, and by nothing of how it came") {
  const keyring keys{secret{std::string(32, 'k')}};
  const message_identity base{.smsc = "main",
                              .source = "1.1.1",
                              .destination = "2",
                              .data_coding = 0,
                              .esm_class = 0,
                              .sar = "",
                              .octets = "BAL"};
  auto other = [&](auto change) {
    message_identity changed = base;
    change(changed);
    return keys.print(changed);
  };
  const fingerprint same = keys.print(base);
  CHECK(other([](auto&) {}) == same);
  CHECK(other([](auto& m) { m.esm_class = 0x03; }) == same);  // store and forward mode is the SMSC's affair
  CHECK(other([](auto& m) { m.esm_class = 0x40; }) != same);
  CHECK(other([](auto& m) { m.smsc = "other"; }) != same);
  CHECK(other([](auto& m) {
          m.source = "1.1.12";
          m.destination = "";
        }) != same);  // fields do not run together
  CHECK(other([](auto& m) { m.source = "1.1.2"; }) != same);
  CHECK(other([](auto& m) { m.destination = "3"; }) != same);
  CHECK(other([](auto& m) { m.data_coding = 8; }) != same);
  CHECK(other([](auto& m) { m.sar = "1"; }) != same);
  CHECK(other([](auto& m) { m.octets = "BAL "; }) != same);
  CHECK(keyring{secret{std::string(32, 'l')}}.print(base) != same);
}

TEST_CASE("what is sealed opens with the same key and about the same thing only, and any change is noticed") {
  const keyring keys{secret{std::string(32, 'k')}};
  const std::string octets("topup 4821739055162749\0\xFF", 24), about = "group 7, part 1";
  const std::string sealed = keys.seal(octets, about);
  const auto opened = keys.open(sealed, about);
  REQUIRE(opened);
  CHECK(opened->reveal() == octets);
  CHECK(sealed.find("4821739055162749") == std::string::npos);
  CHECK(keys.seal(octets, about) != sealed);  // equal parts do not look alike
  CHECK(keys.open(keys.seal("", about), about)->reveal().empty());
  CHECK_FALSE(keys.open(sealed, "group 7, part 2"));
  CHECK_FALSE(keyring{secret{std::string(32, 'l')}}.open(sealed, about));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string tampered = sealed;
    tampered[i] = static_cast<char>(tampered[i] ^ 1);
    CHECK_FALSE(keys.open(tampered, about));
    CHECK_FALSE(keys.open(sealed.substr(0, i), about));
  }
  CHECK_FALSE(keys.open(sealed + "x", about));
}

TEST_CASE("the words of outcomes and actions are read back") {
  for (int i = 0; i <= static_cast<int>(outcome::received); ++i)
    CHECK(outcome_from(name(static_cast<outcome>(i))) == static_cast<outcome>(i));
  for (int i = 0; i <= static_cast<int>(action::notice); ++i)
    CHECK(action_from(name(static_cast<action>(i))) == static_cast<action>(i));
  CHECK_FALSE(outcome_from("lost"));
}
