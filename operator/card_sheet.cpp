#include "operator/card_sheet.hpp"

#include <fmt/format.h>
#include <hpdf.h>
#include <hpdf_fontdef.h>
#include <string.h>  // explicit_bzero

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <type_traits>

#include "operator/font_file.hpp"
#include "operator/qr_code.hpp"
#include "parser/utf8.hpp"
#include "store/operations.hpp"

namespace topupd::operators {
namespace {

// Points, 1/72 inch. A card is as large as a bank card (ISO/IEC 7810 ID-1: 85.6 by 54 mm), or a little less high.
constexpr float card_width = 242.6F, card_height = 153.0F, least_margin = 20.0F;
constexpr int columns = 2, rows = card_sheet::cards_on_a_page / columns;
constexpr float padding = 11.0F, qr_side = 74.0F;

// libhpdf's memory, each piece behind its size, so that it can be wiped. Alignment as malloc's.
constexpr std::size_t front = alignof(std::max_align_t);
void* take_memory(HPDF_UINT size) {
  void* piece = std::malloc(front + size);
  if (!piece) return nullptr;
  new (piece) std::size_t(size);
  return static_cast<char*>(piece) + front;
}
void wipe_memory(void* memory) {
  if (!memory) return;
  char* piece = static_cast<char*>(memory) - front;
  explicit_bzero(memory, *std::launder(reinterpret_cast<std::size_t*>(piece)));
  std::free(piece);
}

// A string that is wiped.
struct scratch {
  std::string text;
  ~scratch() { explicit_bzero(text.data(), text.capacity()); }
};

// Windows-1252, which the built-in fonts have.
std::optional<char> western(char32_t character) {
  if (character < 0x80 || (character >= 0xA0 && character <= 0xFF)) return static_cast<char>(character);
  using namespace std::string_view_literals;
  constexpr std::u32string_view upper = U"€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ"sv;
  static_assert(upper.size() == 0x20);
  const auto at = upper.find(character);
  if (character == 0 || at == std::u32string_view::npos) return std::nullopt;
  return static_cast<char>(0x80 + at);
}

}  // namespace

struct card_sheet::document {
  explicit document(const sheet_style& style);

  void start_page();
  void draw(const card& each, float left, float top);
  void draw_code(std::string_view text, float left, float top);
  // At most `width` wide: set smaller when it must be. y is the base line.
  void write(HPDF_Font font, float size, float width, float x, float y, const std::string& text);
  // What the text font takes: its own encoding, or UTF-8. Throws refused, naming what the text is.
  std::string drawable(const std::string& text, const std::string& name) const;
  void check() const;

  HPDF_STATUS failure = HPDF_OK;
  std::unique_ptr<std::remove_pointer_t<HPDF_Doc>, void (*)(HPDF_Doc)> owned;
  HPDF_Doc pdf = owned.get();
  HPDF_FontDef embedded = nullptr;  // the font file, which the document owns
  HPDF_Font text_font = nullptr, bold_font = nullptr, digit_font = nullptr, pin_font = nullptr;
  HPDF_Page page = nullptr;
  float page_width = 0, page_height = 0, height = 0, left_margin = 0, top_margin = 0;
  int on_page = card_sheet::cards_on_a_page;

  std::string brand, serial, expires, short_code;
  std::vector<std::string> instructions;
};

card_sheet::document::document(const sheet_style& style)
    : owned(HPDF_NewEx(
                [](HPDF_STATUS error, HPDF_STATUS, void* failed) {
                  if (auto& first = *static_cast<HPDF_STATUS*>(failed); first == HPDF_OK) first = error;
                },
                take_memory, wipe_memory, 0, &failure),
            HPDF_Free),
      short_code(style.short_code) {
  if (!pdf) throw std::runtime_error("no memory for a PDF");
  HPDF_SetCompressionMode(pdf, HPDF_COMP_ALL);
  digit_font = HPDF_GetFont(pdf, "Helvetica", "WinAnsiEncoding");
  bold_font = HPDF_GetFont(pdf, "Helvetica-Bold", "WinAnsiEncoding");
  pin_font = HPDF_GetFont(pdf, "Courier-Bold", "WinAnsiEncoding");
  text_font = digit_font;
  check();

  if (!style.font_file.empty()) {
    judge_font(style.font_file);
    const char* file = style.font_file.c_str();
    HPDF_UseUTFEncodings(pdf);
    const char* name = is_font_collection(style.font_file) ? HPDF_LoadTTFontFromFile2(pdf, file, 0, HPDF_TRUE)
                                                           : HPDF_LoadTTFontFromFile(pdf, file, HPDF_TRUE);
    if (failure == HPDF_TTF_CANNOT_EMBEDDING_FONT)
      throw store::refused(fmt::format("--font {}: its maker does not allow it in a PDF: choose another", file));
    if (!name) throw store::refused(fmt::format("--font {}: libhpdf cannot read it: choose another", file));
    text_font = HPDF_GetFont(pdf, name, "UTF-8");
    check();
    embedded = static_cast<HPDF_FontAttr>(text_font->attr)->fontdef;
  }

  brand = drawable(style.brand, "service.name");
  serial = drawable(style.languages.front().serial, "language " + style.languages.front().code);
  expires = drawable(style.languages.front().expires, "language " + style.languages.front().code);
  for (const card_words& each : style.languages)
    instructions.push_back(
        drawable(card_instructions(each, style.short_code, style.care_number), "language " + each.code));

  const bool a4 = style.paper == paper::a4;
  page_width = a4 ? 595.28F : 612.0F;
  page_height = a4 ? 841.89F : 792.0F;
  height = std::min(card_height, (page_height - 2 * least_margin) / rows);
  left_margin = (page_width - columns * card_width) / 2;
  top_margin = (page_height - static_cast<float>(rows) * height) / 2;
}

void card_sheet::document::check() const {
  if (failure != HPDF_OK) throw std::runtime_error(fmt::format("libhpdf cannot make the PDF: error 0x{:04X}", failure));
}

std::string card_sheet::document::drawable(const std::string& text, const std::string& name) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t character = parser::next_utf8(text, at);
    if (embedded) {
      const bool has =
          character <= 0xFFFF && HPDF_TTFontDef_GetGlyphid(embedded, static_cast<HPDF_UINT16>(character)) != 0;
      if (!has) throw store::refused(fmt::format("{}: the font has not all its letters: choose another --font", name));
      parser::append_utf8(out, character);
    } else if (const auto octet = western(character)) {
      out += *octet;
    } else {
      throw store::refused(
          fmt::format("{}: its letters are not in the built-in font: add --font FILE.ttf, a font that has them", name));
    }
  }
  return out;
}

void card_sheet::document::start_page() {
  page = HPDF_AddPage(pdf);
  check();
  HPDF_Page_SetWidth(page, page_width);
  HPDF_Page_SetHeight(page, page_height);
  on_page = 0;

  constexpr std::array<HPDF_UINT16, 1> dashes{3};
  HPDF_Page_SetLineWidth(page, 0.4F);
  HPDF_Page_SetGrayStroke(page, 0.6F);
  HPDF_Page_SetDash(page, dashes.data(), 1, 0);
  for (int i = 0; i <= columns; ++i) {
    const float x = left_margin + static_cast<float>(i) * card_width;
    HPDF_Page_MoveTo(page, x, 0);
    HPDF_Page_LineTo(page, x, page_height);
  }
  for (int i = 0; i <= rows; ++i) {
    const float y = top_margin + static_cast<float>(i) * height;
    HPDF_Page_MoveTo(page, 0, y);
    HPDF_Page_LineTo(page, page_width, y);
  }
  HPDF_Page_Stroke(page);
}

void card_sheet::document::write(HPDF_Font font, float size, float width, float x, float y, const std::string& text) {
  HPDF_Page_SetFontAndSize(page, font, size);
  if (const float wanted = HPDF_Page_TextWidth(page, text.c_str()); wanted > width)
    HPDF_Page_SetFontAndSize(page, font, size * width / wanted);
  HPDF_Page_BeginText(page);
  HPDF_Page_TextOut(page, x, y, text.c_str());
  HPDF_Page_EndText(page);
}

// Each row's dark runs as rectangles of one path, in a system of coordinates where a module is 1 by 1: small, and sharp
// on every printer.
void card_sheet::document::draw_code(std::string_view text, float left, float top) {
  const qr_code code(text);
  const float module = qr_side / static_cast<float>(code.side() + 2 * qr_code::quiet_zone);
  HPDF_Page_GSave(page);
  HPDF_Page_Concat(page, module, 0, 0, module, left + qr_code::quiet_zone * module, top - qr_code::quiet_zone * module);
  for (int row = 0; row < code.side(); ++row)
    for (int column = 0; column < code.side(); ++column) {
      const int from = column;
      while (column < code.side() && code.is_dark(column, row)) ++column;
      if (column > from)
        HPDF_Page_Rectangle(page, static_cast<float>(from), static_cast<float>(-row - 1),
                            static_cast<float>(column - from), 1);
    }
  HPDF_Page_Fill(page);
  HPDF_Page_GRestore(page);
}

void card_sheet::document::draw(const card& each, float left, float top) {
  const float x = left + padding, width = card_width - 2 * padding;
  const float beside_code = width - qr_side;
  write(text_font == digit_font ? bold_font : text_font, 12, beside_code, x, top - 23, brand);
  write(bold_font, 27, beside_code, x, top - 54,
        fmt::format("{} {}", parser::decimal(*each.value), each.value->currency));
  const auto named = [&](float y, const std::string& name, const std::string& value) {
    write(text_font, 8, beside_code / 2.6F, x, y, name);
    write(digit_font, 8, beside_code, x + beside_code / 2.6F + 4, y, value);
  };
  named(top - 70, serial, std::to_string(each.serial));
  if (!each.expires.empty()) named(top - 81, expires, each.expires);

  const scratch uri{text_to_send(short_code, each.pin)};
  draw_code(uri.text, left + card_width - qr_side - padding / 2, top - padding / 2);

  scratch groups;
  groups.text.reserve(32);  // in one place
  const std::string_view digits = each.pin.reveal();
  for (std::size_t at = 0; at < digits.size(); at += 4) {
    if (at > 0) groups.text += ' ';
    groups.text += digits.substr(at, 4);
  }
  write(digit_font, 8, 20, x, top - 105, "PIN");
  write(pin_font, 16, width - 20, x + 20, top - 106, groups.text);

  float y = top - 125;
  for (const std::string& text : instructions) {
    write(text_font, 8, width, x, y, text);
    y -= 12;
  }
}

card_sheet::card_sheet(const sheet_style& style) : document_(std::make_unique<document>(style)) {}
card_sheet::~card_sheet() = default;

void card_sheet::add(const card& each) {
  document& to = *document_;
  if (to.on_page == cards_on_a_page) to.start_page();
  const auto column = static_cast<float>(to.on_page % columns), row = static_cast<float>(to.on_page / columns);
  to.draw(each, to.left_margin + column * card_width, to.page_height - to.top_margin - row * to.height);
  ++to.on_page;
  to.check();
}

void card_sheet::save(new_file& into) {
  document& from = *document_;
  HPDF_SaveToStream(from.pdf);
  from.check();
  HPDF_ResetStream(from.pdf);
  std::array<HPDF_BYTE, 64 * 1024> buffer{};
  while (true) {
    HPDF_UINT32 size = buffer.size();
    const HPDF_STATUS status = HPDF_ReadFromStream(from.pdf, buffer.data(), &size);
    if (size > 0) into.write({reinterpret_cast<const char*>(buffer.data()), size});
    if (status == HPDF_STREAM_EOF || (status == HPDF_OK && size == 0)) break;
    if (status != HPDF_OK) from.check();
  }
  explicit_bzero(buffer.data(), buffer.size());
}

std::string text_to_send(std::string_view short_code, const parser::pin& pin) {
  std::string text = fmt::format("sms:{}?body=TOPUP%20", short_code);
  text.reserve(128);  // in one place, for whoever wipes it
  return text += pin.reveal();
}

}  // namespace topupd::operators
