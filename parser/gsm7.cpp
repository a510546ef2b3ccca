#include "parser/gsm7.hpp"

#include <unicode/ucnv.h>

#include <cassert>
#include <memory>

namespace topupd::parser {
namespace {

char16_t convert(UConverter* converter, std::string_view octets) {
  std::array<UChar, 4> out{};
  UErrorCode status = U_ZERO_ERROR;
  ucnv_reset(converter);
  const auto length = ucnv_toUChars(converter, out.data(), static_cast<int32_t>(out.size()), octets.data(),
                                    static_cast<int32_t>(octets.size()), &status);
  return U_SUCCESS(status) && length == 1 ? out[0] : gsm7_tables::none;
}

gsm7_tables build() {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UConverter, decltype(&ucnv_close)> converter(ucnv_open("gsm-03.38-2009", &status), &ucnv_close);
  assert(U_SUCCESS(status));  // ICU's data is part of its library
  gsm7_tables tables;
  for (std::uint8_t septet = 0; septet < 128; ++septet) {
    const char octets[2] = {gsm7_tables::escape, static_cast<char>(septet)};
    tables.plain[septet] = convert(converter.get(), {octets + 1, 1});
    if (octets[1] != gsm7_tables::escape) tables.to_plain.emplace(tables.plain[septet], septet);
    // An escape before a septet that the extension table lacks converts to a space and the plain character: two.
    tables.extension[septet] =
        octets[1] == gsm7_tables::escape ? gsm7_tables::none : convert(converter.get(), {octets, 2});
    if (tables.extension[septet] != gsm7_tables::none) tables.to_extension.emplace(tables.extension[septet], septet);
  }
  return tables;
}

}  // namespace

const gsm7_tables& gsm7() {
  static const gsm7_tables tables = build();
  return tables;
}

}  // namespace topupd::parser
