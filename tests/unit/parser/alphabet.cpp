#include "parser/alphabet.hpp"

#include <doctest/doctest.h>

namespace topupd::parser {
namespace {

using namespace std::string_literals;

std::string ucs2(std::u16string_view text) {
  std::string octets;
  for (char16_t unit : text) {
    octets += static_cast<char>(unit >> 8);
    octets += static_cast<char>(unit & 0xFF);
  }
  return octets;
}

std::string text_of(const std::string& octets, int data_coding, alphabet by_default = alphabet::gsm7) {
  return decode(octets, static_cast<std::uint8_t>(data_coding), by_default).value_or("not a text");
}

}  // namespace

TEST_CASE("data_coding tells how octets are read") {
  struct row {
    std::string octets;
    int data_coding;
    const char* text;
  };
  for (const auto& r : {
           row{"TOPUP 4821739055162749", 0x00, "TOPUP 4821739055162749"},
           {"\x00\x02\x05\x7F\x1B\x65"s, 0x00, "@$éà€"},  // TS 23.038 §6.2.1 and its extension
           {"\x1B\x28 \x1B\x29 \x1B\x3D", 0x00, "{ } ~"},
           {"a\x1B\x41 \x1B\x1B.", 0x00, "aA  ."},  // unknown extensions: the plain character, a space
           {"\x1B", 0x00, ""},
           {"ab\xE9", 0x00, "ab\xEF\xBF\xBD"},  // no septet
           {"a_b@c$", 0x01, "a_b@c$"},          // IA5
           {"a\x11"
            "b\x00"s,
            0x01, "a_b@"},  // GSM 03.38 under 1, as Osmocom and node-smpp send it
           {"Cr\xE9"
            "dit",
            0x03, "Crédit"},
           {ucs2(u"充值 48"), 0x08, "充值 48"},
           {ucs2(u"a😀"), 0x08, "a😀"},                         // a surrogate pair
           {ucs2(u"a") + "\xD8\x3D", 0x08, "a\xEF\xBF\xBD"},  // half of one
           {ucs2(u"ab") + "\x00"s, 0x08, "ab\xEF\xBF\xBD"},   // half a character
           {"\xFF\xFE"
            "a\x00"s,
            0x08,
            "\xEF\xBB\xBF"
            "a"},                 // little-endian, and says so
           {"abc", 0x10, "abc"},  // class 0
           {"\x02", 0xF1, "$"},
           {ucs2(u"值"), 0x18, "值"},
           {"abc", 0x02, "not a text"},
           {"abc", 0x04, "not a text"},
           {"abc", 0x14, "not a text"},  // 8-bit data, class 0
           {"abc", 0x20, "not a text"},  // compressed
           {"abc", 0xF5, "not a text"},  // 8-bit data, class 1: port-addressed, WAP push
           {"abc", 0xC8, "not a text"},  // message waiting
           {"abc", 0x0D, "not a text"},
       }) {
    CAPTURE(r.text);
    CAPTURE(r.data_coding);
    CHECK(text_of(r.octets, r.data_coding) == r.text);
  }
}

TEST_CASE("the default alphabet is what the SMSC's profile says") {
  const std::string octets = "\x24@_ ab\xE9";
  CHECK(text_of(octets, 0, alphabet::gsm7) == "¤¡§ ab\xEF\xBF\xBD");
  CHECK(text_of(octets, 0, alphabet::ascii) == "$@_ ab\xEF\xBF\xBD");
  CHECK(text_of(octets, 0, alphabet::latin1) == "$@_ abé");
  CHECK(alphabet_from("latin1") == alphabet::latin1);
  CHECK_FALSE(alphabet_from("utf8"));
}

TEST_CASE("UCS-2 and UTF-8 under the default alphabet are recognised, and what is neither is left alone") {
  for (const auto by_default : {alphabet::gsm7, alphabet::ascii, alphabet::latin1}) {
    CHECK(text_of("充值 4821", 0, by_default) == "充值 4821");
    CHECK(text_of("Crédit 4821", 0, by_default) == "Crédit 4821");
    CHECK(text_of(ucs2(u"TOPUP 4821739055162749"), 0, by_default) == "TOPUP 4821739055162749");
    CHECK(text_of(ucs2(u"充值 4821739055162749"), 0, by_default) == "充值 4821739055162749");
    CHECK(text_of(ucs2(u"شحن ٤٨٢١"), 0, by_default) == "شحن ٤٨٢١");
  }
  CHECK(text_of(ucs2(u"رصيد"), 0) == "رصيد");
  CHECK(text_of(ucs2(u"余额查询"), 0) == "余额查询");
  CHECK(text_of("Cr\xE9"
                "dit 48217390551",
                0) ==
        "Cr\xEF\xBF\xBD"
        "dit 48217390551");                          // Latin-1 is not UCS-2, though its length is even
  CHECK(text_of("\x00\x00\x00\x00"s, 0) == "@@@@");  // padding
  CHECK(text_of("TOPUP 4821\x00\x00\x00\x00"s, 0) == "TOPUP 4821@@@@");
  CHECK(text_of("\n1\n2\n3"s, 0) == "\n1\n2\n3");
}

TEST_CASE("a text leaves in its shortest form, and its segments are counted as the air counts them") {
  struct row {
    std::string text;
    int data_coding;
    std::size_t octets;
    std::size_t segments;
  };
  const auto times = [](int n, const char* s) {
    std::string all;
    for (int i = 0; i < n; ++i) all += s;
    return all;
  };
  for (const auto& r : {
           row{"8F3K2Q Confirmed.", 0, 17, 1},
           {"", 0, 0, 1},
           {"5 €", 0, 4, 1},
           {times(160, "a"), 0, 160, 1},
           {times(161, "a"), 0, 161, 2},
           {times(306, "a"), 0, 306, 2},
           {times(307, "a"), 0, 307, 3},
           {times(80, "€"), 0, 160, 1},
           {times(153, "€"), 0, 306, 3},  // 76 fit a part of 153: an escape pair is never split
           {"已充值", 8, 6, 1},
           {times(70, "值"), 8, 140, 1},
           {times(71, "值"), 8, 142, 2},
           {times(67, "😀"), 8, 268, 3},  // 33 fit a part of 67: a surrogate pair is never split
       }) {
    CAPTURE(r.text);
    const auto out = encode(r.text, alphabet::gsm7);
    CHECK(int{out.data_coding} == r.data_coding);
    CHECK(out.octets.size() == r.octets);
    CHECK(out.segments() == r.segments);
    CHECK(text_of(out.octets, out.data_coding) == r.text);
    std::string parts;  // each is a text of its own: nothing in it is half a character
    for (std::size_t i = 0; i < out.segments(); ++i) parts += text_of(std::string(out.segment(i)), out.data_coding);
    CHECK(parts == r.text);
  }
  CHECK(int{encode("ção", alphabet::latin1).data_coding} == 0);
  CHECK(int{encode("ção", alphabet::ascii).data_coding} == 8);
  CHECK(int{encode("ção", alphabet::gsm7).data_coding} == 8);  // it has only the capital Ç
}

TEST_CASE("every octet of the default alphabet survives the way there and back") {
  std::string octets;
  for (char c = 0; c < 127; ++c)
    if (c != 0x1B) octets += c;
  octets += '\x7F';
  CHECK(encode(text_of(octets, 0), alphabet::gsm7).octets == octets);
}

}  // namespace topupd::parser
