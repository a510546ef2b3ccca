#include "tests/smsc/reply.hpp"

#include <fmt/format.h>

#include "parser/alphabet.hpp"

namespace topupd::smsc {

namespace {

// What goes over the air in one message: 140 octets, the header among them (3GPP TS 23.040 §9.2.3.24). A septet of the
// GSM alphabet takes seven bits there, and an octet here.
bool fits(const smpp::short_message& message, std::size_t header) {
  constexpr std::size_t on_air = 140;
  if (message.data_coding != 0) return message.octets.size() <= on_air;
  const std::size_t header_septets = (header * 8 + 6) / 7;
  return header_septets + message.octets.size() - header <= on_air * 8 / 7;
}

struct concatenation {
  unsigned reference = 0, total = 0, number = 0;
  std::size_t size = 0;  // of the whole header
};

// Only what the gateway writes: one element, of a reference of 8 bits. Anything else is odd.
std::optional<concatenation> header_of(std::string_view octets) {
  const auto at = [&](std::size_t place) { return static_cast<unsigned>(static_cast<unsigned char>(octets[place])); };
  if (octets.size() < 6 || at(0) != 5 || at(1) != 0 || at(2) != 3) return std::nullopt;
  return concatenation{at(3), at(4), at(5), 6};
}

}  // namespace

std::string readable(const reply& value) {
  const auto shown = parser::decode(value.octets, value.data_coding, parser::alphabet::gsm7);
  return shown ? *shown : "(no text)";
}

std::string_view alphabet_name(const reply& value) {
  return value.data_coding == 0 ? "GSM 03.38" : value.data_coding == 8 ? "UCS-2" : "other";
}

reply_parts::added reply_parts::add(const smpp::short_message& message, const std::string& message_id) {
  reply result{.to = message.destination.digits,
               .from = message.source.digits,
               .octets = message.octets,
               .data_coding = message.data_coding,
               .message_id = message_id};
  const auto odd = [&](const std::string& what) { return fmt::format("a reply to {}: {}", result.to, what); };
  if (!message.has_udh()) {
    const auto judged = fits(message, 0) ? std::string() : odd("longer than one message, and not in parts");
    return {std::move(result), judged};
  }
  const auto header = header_of(message.octets);
  if (!header) return {{}, odd("a header that no phone reads")};
  if (header->total < 2 || header->number < 1 || header->number > header->total)
    return {{}, odd(fmt::format("part {} of {}", header->number, header->total))};

  std::string said;
  if (!fits(message, header->size)) said = odd(fmt::format("part {} is too long", header->number));
  const pile nothing{header->total, message.data_coding, {}};
  const auto place = begun_.try_emplace({result.to, result.from, header->reference}, nothing).first;
  auto& gathered = place->second;
  if (gathered.total != nothing.total || gathered.data_coding != nothing.data_coding) {
    said = odd(fmt::format("part {} of {} under the reference of another text", header->number, header->total));
    gathered = nothing;
  }
  if (!gathered.parts.emplace(header->number, message.octets.substr(header->size)).second)
    said = odd(fmt::format("part {} came twice", header->number));
  if (gathered.parts.size() < gathered.total) return {{}, said};

  result.octets.clear();
  for (const auto& [number, octets] : gathered.parts) result.octets += octets;
  result.segments = gathered.total;
  begun_.erase(place);
  return {std::move(result), said};
}

}  // namespace topupd::smsc
