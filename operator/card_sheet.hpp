// Cards on paper: a PDF of sheets with two by five cards each, and lines to cut along. On each card its brand, value,
// serial, PIN in groups of four, last day of use, how to use it in one or two languages, and a QR code that opens the
// text ready to send: sms:12345?body=TOPUP%20… (RFC 5724). The one place that knows libhpdf, whose memory is wiped
// as it is freed (what zlib keeps while it compresses is not).
//
// Letters beyond Western Europe's (Windows-1252) need a TrueType font, which becomes part of the PDF.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "operator/card_file.hpp"
#include "operator/card_words.hpp"
#include "operator/new_file.hpp"

namespace topupd::operators {

enum class paper { a4, letter };

struct sheet_style {
  operators::paper paper = operators::paper::a4;
  std::string brand;
  std::string short_code;
  std::string care_number;            // empty: none
  std::vector<card_words> languages;  // one or two; the first also names serial and date
  std::string font_file;              // .ttf or .ttc; empty: Helvetica
};

class card_sheet {
 public:
  static constexpr int cards_on_a_page = 10;
  // About 5 KB of memory for each card until it is saved.
  static constexpr int at_most = 20'000;

  // Throws store::refused: a language or name that the font cannot draw, a font that is none or may not be embedded.
  explicit card_sheet(const sheet_style& style);
  ~card_sheet();
  card_sheet(const card_sheet&) = delete;
  card_sheet& operator=(const card_sheet&) = delete;

  void add(const card& each);  // precondition: it has a value
  void save(new_file& into);   // once, at the end

 private:
  struct document;
  std::unique_ptr<document> document_;
};

// "sms:12345?body=TOPUP%204821739055162749"
std::string text_to_send(std::string_view short_code, const parser::pin& pin);

}  // namespace topupd::operators
