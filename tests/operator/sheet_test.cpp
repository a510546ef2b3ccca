#include "operator/card_sheet.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "operator/qr_code.hpp"
#include "store/operations.hpp"
#include "tests/operator/paper.hpp"

namespace topupd::tests {
namespace {

using operators::card;
using operators::card_sheet;
using operators::new_file;
using operators::sheet_style;

// Debian's fonts-dejavu-core.
constexpr const char* wide_font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

sheet_style style(const std::vector<std::string>& languages) {
  sheet_style out{
      .brand = "Example Mobile", .short_code = "12345", .care_number = "100", .languages = {}, .font_file = {}};
  for (const std::string& code : languages) out.languages.push_back(*operators::card_words_of(code));
  return out;
}

card card_number(int n) {
  return {100'000'000'000LL + n, pin_number(n), parser::money{1000 + n, "USD"}, "2099-12-31"};
}

std::string groups(const parser::pin& pin) {
  std::string text(pin.reveal());
  for (std::size_t at = 12; at > 0; at -= 4) text.insert(at, " ");
  return text;
}

void make(const std::string& path, const sheet_style& style, int cards) {
  new_file file(path, "a PDF");
  card_sheet sheet(style);
  for (int n = 1; n <= cards; ++n) sheet.add(card_number(n));
  sheet.save(file);
  file.sync();
  file.keep();
}

std::string text_of(const std::string& pdf) {
  return run("pdftotext -layout '" + pdf + "' -").said;
}
std::string refusal(const sheet_style& style) {
  try {
    card_sheet sheet(style);
  } catch (const store::refused& problem) {
    return problem.what();
  }
  return "not refused";
}
bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a printed card says its value, serial, PIN, last day and what to do in two languages") {
  const folder folder;
  make(folder.path("ten.pdf"), style({"en", "es"}), 23);
  CHECK(folder.mode("ten.pdf") == 0600);
  const std::string text = text_of(folder.path("ten.pdf"));
  CHECK(std::count(text.begin(), text.end(), '\f') == 3);  // pages
  for (int n = 1; n <= 23; ++n) {
    CAPTURE(n);
    CHECK(says(text, std::to_string(card_number(n).serial)));
    CHECK_MESSAGE(says(text, groups(pin_number(n))), "the PIN");
    CHECK(says(text, fmt::format("10.{:02} USD", n)));
  }
  for (const char* part : {"Example Mobile", "2099-12-31", "Use by", "Text TOPUP and this PIN to 12345. Help: 100",
                           "Envíe TOPUP y este PIN al 12345. Ayuda: 100"}) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
    CAPTURE(part);
    CHECK(found == 23);
  }
}

TEST_CASE("a telephone that reads the QR code has the text ready to send") {
  const folder folder;
  for (const auto paper : {operators::paper::a4, operators::paper::letter}) {
    sheet_style with = style({"en"});
    with.paper = paper;
    const std::string name = paper == operators::paper::a4 ? "a4" : "letter";
    make(folder.path(name + ".pdf"), with, 14);
    REQUIRE(run("pdftoppm -r 150 -gray -png " + folder.path(name + ".pdf") + " " + folder.path(name)).status == 0);
    std::string read;
    for (const char* page : {"-1.png", "-2.png"})
      read += run("zbarimg --quiet --raw -Sdisable -Sqrcode.enable " + folder.path(name + page) + " 2>/dev/null").said;
    CHECK(std::count(read.begin(), read.end(), '\n') == 14);
    for (int n = 1; n <= 14; ++n)
      CHECK_MESSAGE(says(read, fmt::format("sms:12345?body=TOPUP%20{}\n", pin_number(n).reveal())), name);
  }
}

TEST_CASE("the pages have the size of the paper") {
  const folder folder;
  make(folder.path("a4.pdf"), style({"en"}), 1);
  CHECK(says(run("pdfinfo " + folder.path("a4.pdf")).said, "(A4)"));
  sheet_style with = style({"en"});
  with.paper = operators::paper::letter;
  make(folder.path("letter.pdf"), with, 1);
  CHECK(says(run("pdfinfo " + folder.path("letter.pdf")).said, "(letter)"));
}

TEST_CASE("every language's words are drawn, by the built-in font or by one that has its letters") {
  const folder folder;
  for (const std::string& code : operators::card_languages()) {
    CAPTURE(code);
    sheet_style with = style({code});
    const bool western = code != "ru" && code != "zh" && code != "vi";
    if (!western) {
      CHECK(says(refusal(with), "language " + code));
      CHECK(says(refusal(with), "--font FILE.ttf"));
      with.font_file = wide_font;
    }
    if (code == "zh") {  // DejaVu has none
      CHECK(says(refusal(with), "choose another --font"));
      continue;
    }
    make(folder.path(code + ".pdf"), with, 1);
    const std::string text = text_of(folder.path(code + ".pdf"));
    const operators::card_words words = *operators::card_words_of(code);
    CHECK_MESSAGE(says(text, operators::card_instructions(words, "12345", "100")), text.substr(0, 200));
    CHECK(says(text, words.expires));
    CHECK(says(text, words.serial));
  }
}

TEST_CASE("a name or a font that cannot be drawn is refused") {
  sheet_style russian = style({"en"});
  russian.brand = "Пример";
  CHECK(says(refusal(russian), "service.name"));
  russian.font_file = wide_font;
  CHECK(refusal(russian) == "not refused");

  const folder folder;
  sheet_style with = style({"en"});
  with.font_file = folder.path("none.ttf");
  CHECK(says(refusal(with), "no such file"));
  std::ifstream whole(wide_font, std::ios::binary);
  const std::string font{std::istreambuf_iterator<char>(whole), {}};
  struct row {
    std::string octets;
    const char* said;
  };
  const row rows[] = {
      {"serial,pin\n", "no TrueType font"},    {"", "no TrueType font"},
      {"OTTO" + font.substr(4), "PostScript"}, {font.substr(0, font.size() / 2), "not complete"},
      {font.substr(0, 12), "lacks tables"},    {font.substr(0, 5) + '\3' + font.substr(6), "lacks tables"},
  };
  for (const row& row : rows) {
    CAPTURE(row.said);
    with.font_file = folder.write("other.ttf", row.octets);
    CHECK_MESSAGE(says(refusal(with), row.said), refusal(with));
  }
}

TEST_CASE("without a care number no help is printed, and a card that never expires has no date") {
  const folder folder;
  sheet_style with = style({"en"});
  with.care_number = "";
  {
    new_file file(folder.path("ten.pdf"), "a PDF");
    card_sheet sheet(with);
    card each = card_number(1);
    each.expires = "";
    each.value = parser::money{123'456'789'012, "USD"};  // as wide as its place
    sheet.add(each);
    sheet.save(file);
    file.keep();
  }
  const std::string text = text_of(folder.path("ten.pdf"));
  CHECK_FALSE(says(text, "Help"));
  CHECK_FALSE(says(text, "Use by"));
  CHECK(says(text, "1234567890.12 USD"));
}

TEST_CASE("PINs of every length fit their line and the code") {
  const folder folder;
  new_file file(folder.path("ten.pdf"), "a PDF");
  card_sheet sheet(style({"en"}));
  for (int length = 12; length <= 20; ++length) {
    const std::string digits(static_cast<std::size_t>(length), '8');
    card each = card_number(length);
    each.pin = *parser::pin::from_digits(digits, {.lengths = {length}, .check = parser::check_digit::none});
    sheet.add(each);
  }
  sheet.save(file);
  file.sync();
  REQUIRE(run("pdftoppm -r 150 -gray -png " + folder.path("ten.pdf") + " " + folder.path("ten")).status == 0);
  const std::string read = run("zbarimg --quiet --raw " + folder.path("ten-1.png") + " 2>/dev/null").said;
  for (int length = 12; length <= 20; ++length)
    CHECK(says(read, "TOPUP%20" + std::string(static_cast<std::size_t>(length), '8') + "\n"));
  CHECK(says(text_of(folder.path("ten.pdf")), "8888 8888 8888 8888 8888"));
}

}  // namespace topupd::tests
