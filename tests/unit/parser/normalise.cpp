#include "parser/normalise.hpp"

#include <doctest/doctest.h>

namespace topupd::parser {
namespace {

std::string normal(std::string_view utf8) {
  scratch out;
  normalise(utf8, out);
  return out.text;
}

}  // namespace

TEST_CASE("a text is folded to what its writer meant") {
  struct row {
    const char *typed, *read;
  };
  for (const auto& r : {
           row{"TopUp 123", "topup 123"},
           {"Crédit SÍ Nạp", "credit si nap"},            // accents
           {"ＴＯＰ　１２３：", "top 123:"},              // full-width
           {"٤٨ ۴۸ ४८ ৪৮ ๔๘ 𝟒𝟖", "48 48 48 48 48 48"},    // digits of six scripts
           {"4️⃣8️⃣", "48"},                      // keycaps
           {"\u200f\u202a1\u200b2\u00ad3\ufeff", "123"},  // marks that are not seen
           {"شَحْن شـحن", "شحن شحن"},                       // Arabic vowel marks and tatweel
           {"رصید", "رصيد"},                              // Persian yeh
           {"ПОПОЛНИТЬ", "пополнить"},
           {"a\xFF"
            "b",
            "a\xEF\xBF\xBD"
            "b"},
           {"", ""},
       }) {
    CAPTURE(r.typed);
    CHECK(normal(r.typed) == r.read);
  }
  CHECK(normal("রিচার্জ") == "রিচার্জ");  // vowel signs are letters there
}

TEST_CASE("the short way for ASCII gives what the long way gives") {
  std::string all;
  for (char c = 0; c < 127; ++c) all += c;
  const auto longer = normal(all + "é");
  CHECK(normal(all) + "e" == longer);
}

}  // namespace topupd::parser
