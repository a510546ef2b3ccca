#include "operator/font_file.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string_view>

#include "store/operations.hpp"

namespace topupd::operators {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t largest = 64 * 1024 * 1024;

// Big-endian numbers at a place of the file; zero behind its end.
struct octets {
  std::string all;
  [[nodiscard]] std::uint64_t number(std::size_t at, std::size_t length) const {
    std::uint64_t value = 0;
    for (std::size_t i = at; i < at + length; ++i)
      value = value << 8U | (i < all.size() ? static_cast<unsigned char>(all[i]) : 0U);
    return value;
  }
  [[nodiscard]] std::string_view word(std::size_t at) const {
    return at + 4 <= all.size() ? std::string_view(all).substr(at, 4) : "";
  }
};

octets read(const std::string& path, std::size_t at_most) {
  std::ifstream file(path, std::ios::binary);
  octets out;
  out.all.resize(at_most);
  file.read(out.all.data(), static_cast<std::streamsize>(at_most));
  out.all.resize(static_cast<std::size_t>(file.gcount()));
  return out;
}

}  // namespace

bool is_font_collection(const std::string& path) {
  return read(path, 4).word(0) == "ttcf";
}

void judge_font(const std::string& path) {
  if (!std::ifstream(path)) throw store::refused(fmt::format("--font {}: there is no such file to read", path));
  const octets font = read(path, largest);
  const std::size_t start = font.word(0) == "ttcf" ? font.number(12, 4) : 0;
  const auto refuse = [&](std::string_view why) {
    throw store::refused(fmt::format("--font {}: {}: choose a TrueType font (.ttf)", path, why));
  };
  const std::string_view kind = font.word(start);
  if (kind == "OTTO") refuse("its outlines are PostScript's");
  if (kind != "\0\1\0\0"sv && kind != "true") refuse("it is no TrueType font");

  constexpr std::array needed{"OS/2"sv, "cmap"sv, "glyf"sv, "head"sv, "hhea"sv, "hmtx"sv, "loca"sv, "maxp"sv, "name"sv};
  std::size_t found = 0;
  for (std::size_t table = 0; table < font.number(start + 4, 2); ++table) {
    const std::size_t entry = start + 12 + table * 16;
    if (font.number(entry + 8, 4) + font.number(entry + 12, 4) > font.all.size()) refuse("it is not complete");
    for (const std::string_view name : needed)
      if (font.word(entry) == name) ++found;
  }
  if (found != needed.size()) refuse("it lacks tables that a PDF needs");
}

}  // namespace topupd::operators
