// Octets of a short message and their data_coding -> header and text; a text -> its octets in parts, and back.
#include "parser/alphabet.hpp"

#include <string>

#include "gateway/user_data_header.hpp"
#include "parser/gsm7.hpp"
#include "parser/rescue.hpp"
#include "parser/utf8.hpp"
#include "script.hpp"

using namespace topupd::parser;
using topupd::fuzz::promise;
namespace gateway = topupd::gateway;

namespace {

// As it is when every octet that is no UTF-8 reads as U+FFFD.
void make_whole(std::string_view utf8, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < utf8.size();) append_utf8(out, next_utf8(utf8, at));
}

std::size_t septets_of(std::string_view utf8) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < utf8.size();)
    count += static_cast<std::size_t>(std::max(1, gsm7().septets(next_utf8(utf8, at))));
  return count;
}

// Each part fits a short message beside its header, is a text by itself, and all of them are the text.
void check_parts(const encoded& out, const std::string& text, alphabet by_default) {
  static std::string all;
  all.clear();
  const bool wide = out.data_coding == 8;
  promise(wide || out.data_coding == 0, "a text leaves in the default alphabet or in UCS-2");
  const std::size_t alone = wide ? 70 : 160, in_part = wide ? 67 : 153;
  const auto total = out.segments();
  for (std::size_t number = 0; number < total; ++number) {
    const auto segment = out.segment(number);
    promise(total == 1 || !segment.empty(), "no part is empty");
    if (wide) {
      promise(segment.size() % 2 == 0, "no UCS-2 unit is cut");
      promise(segment.size() / 2 <= (total == 1 ? alone : in_part), "a part of UCS-2 fits");
      // Not decode(): a part may begin with what would be a byte order mark.
      for (std::size_t i = 0; i < segment.size(); i += 2) all.append(segment.substr(i, 2));
    } else {
      all.append(segment);
      if (by_default == alphabet::gsm7) {
        promise(segment.empty() || segment.back() != gsm7_tables::escape, "no escape sequence is cut");
        promise(segment.size() <= (total == 1 ? alone : in_part), "a part fits");
      }
    }
    if (total > 1 && total <= 255 && (number == 0 || number + 1 == total)) {
      const auto header = gateway::concatenation_header(7, total, number + 1);
      const auto read = gateway::split_user_data(header + std::string(segment));
      promise(read.what == gateway::user_data::kind::part && read.reference == 7, "a part is read as one");
      promise(read.total == static_cast<int>(total) && read.number == static_cast<int>(number) + 1, "the same one");
    }
  }
  promise(all == out.octets, "the parts are the whole");
  if (!wide && total == 1) promise(septets_of(text) <= alone, "what is sent alone fits");

  const auto back = decode(out.octets, out.data_coding, by_default);
  promise(back.has_value(), "what we send is a text");
  if (wide) {
    const bool mark = out.octets.starts_with("\xFF\xFE");
    promise(mark || *back == text, "UCS-2 comes back as it was");
  } else {
    promise(*back == text || rescue(out.octets, by_default == alphabet::latin1), "the default alphabet comes back");
  }
}

}  // namespace

// The first octet is the data_coding; the second chooses the default alphabet, and whether a header is looked for.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static std::string text;
  const auto by_default = static_cast<alphabet>(data[1] % 3);
  std::string_view octets(reinterpret_cast<const char*>(data + 2), size - 2);
  if ((data[1] & 0x40) != 0) {
    const auto read = gateway::split_user_data(octets);
    if (read.what == gateway::user_data::kind::addressed) return 0;
    promise(octets.ends_with(read.text), "the text is what stands behind the header");
    const bool part = read.what == gateway::user_data::kind::part;
    promise(!part || (read.total >= 2 && read.total <= 255 && read.number >= 1 && read.number <= read.total),
            "a part is one of several");
    promise(read.reference >= 0 && read.reference <= 0xFFFF, "a reference has 16 bits");
    octets = read.text;
  }
  const auto decoded = decode(octets, data[0], by_default);
  promise(decoded || (data[0] != 0 && data[0] != 1 && data[0] != 3 && data[0] != 8), "texts are texts");
  if (decoded) {
    make_whole(*decoded, text);
    promise(text == *decoded, "a text is UTF-8");
  } else {
    make_whole(octets, text);
  }
  check_parts(encode(text, by_default), text, by_default);
  return 0;
}
