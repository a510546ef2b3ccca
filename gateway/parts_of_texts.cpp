// How topup_service reads a long text: its parts wait in the store, sealed, until the last one has come.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gateway/reply_path.hpp"
#include "gateway/topup_service.hpp"
#include "gateway/user_data_header.hpp"
#include "store/crash_point.hpp"

namespace topupd::gateway {
namespace {

// What the parts of one message have in common, and those of another have not.
std::string name_of_group(const user_data& part) {
  return fmt::format("{}/{}/{}", part.long_reference ? 16 : 8, part.reference, part.total);
}

// What a sealed part belongs to: it opens as no other.
std::string about_part(const store::fingerprint& group, int number) {
  return fmt::format("{:02x}/{}", fmt::join(group.octets, ""), number);
}

}  // namespace

// A part of a long text waits in the store for the others: half a PIN is never used.
void topup_service::keep(const origin& from, std::size_t smsc, const smpp::short_message& value,
                         const parser::msisdn& sender, const user_data& data, time_point now) {
  const auto& at = links_.settings(smsc);
  const auto group = name_of_group(data);
  const auto print = [&](std::string_view octets) {
    return keys_.print({.smsc = at.name,
                        .source = value.source.digits,
                        .destination = value.destination.digits,
                        .data_coding = value.data_coding,
                        .esm_class = 0,
                        .sar = group,
                        .octets = octets});
  };
  store::part part{.ticket = ++last_ticket_,
                   .group = print({}),
                   .number = data.number,
                   .total = data.total,
                   .print = print(data.text),
                   .sealed = {},
                   .smsc = at.name,
                   .source = to_string(value.source),
                   .short_code = to_string(value.destination),
                   .sender = sender};
  part.sealed = keys_.seal(data.text, about_part(part.group, data.number));
  taken_message taken{.from = from, .smsc = smsc, .came = now};
  taken.part = std::make_unique<part_context>(
      part_context{.group = part.group, .name = group, .sender = sender, .message = value});
  taken.part->message.octets.clear();
  taken.part->message.vendor.reset();  // names the part, not the text
  const auto ticket = part.ticket;
  if (is_taken(store_.keep(std::move(part)), taken)) wait(ticket, std::move(taken));
}

// A part is safe. The last one of a text waits on, under the same ticket, until the text is decided.
void topup_service::kept(std::uint64_t ticket, const std::vector<std::string>& sealed) {
  store::come_by(store::crash_point::part_kept);
  const auto found = pending_.find(ticket);
  if (found == pending_.end() || !found->second.part) return;
  auto& taken = found->second;
  const auto& part = *taken.part;
  if (!sealed.empty()) {
    const auto octets = put_together(part, sealed);
    auto asked = octets ? read(taken.smsc, part.message, part.sender, octets->reveal(),
                               print(taken.smsc, part.message, part.name, octets->reveal()), ticket)
                        : std::nullopt;
    if (asked) {
      taken.part.reset();
      // When it comes again under the same reference its parts were redelivered, however late: its sender's phone
      // would have counted the reference up.
      taken.same_for_ever = true;
      if (!is_taken(store_.offer(std::move(*asked)), taken)) pending_.erase(found);
      return;
    }
    metrics_.ignored();
  }
  log_.info(sealed.empty() ? "topup part" : "topup ignored",
            {{"from", part.sender.digits()},
             {"why", sealed.empty() ? "others are missing" : "no request"},
             {"smsc", links_.settings(taken.smsc).name}});
  acknowledge(taken);
  pending_.erase(found);
}

// Nothing when one was sealed under another key: nobody can read it any more.
std::optional<secret> topup_service::put_together(const part_context& part,
                                                  const std::vector<std::string>& sealed) const {
  std::vector<secret> opened;
  std::size_t size = 0;
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto octets = keys_.open(sealed[i], about_part(part.group, static_cast<int>(i) + 1));
    if (!octets) return std::nullopt;
    size += octets->size();
    opened.push_back(std::move(*octets));
  }
  std::string whole;
  whole.reserve(size);  // it holds a PIN: no copies stay behind as it grows
  for (const auto& each : opened) whole += each.reveal();
  secret kept(whole);
  explicit_bzero(whole.data(), whole.size());
  return kept;
}

}  // namespace topupd::gateway
