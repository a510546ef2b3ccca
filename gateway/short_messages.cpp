#include "gateway/short_messages.hpp"

#include "gateway/smpp/delivery_receipt.hpp"
#include "gateway/user_data_header.hpp"
#include "gateway/ussd.hpp"
#include "parser/alphabet.hpp"

namespace topupd::gateway {
namespace {

constexpr std::uint8_t udhi = 0x40;               // esm_class, SMPP 3.4 §5.2.12
constexpr std::uint8_t ton_international = 1;     // §5.2.5
constexpr std::uint8_t npi_isdn = 1;              // §5.2.6
constexpr std::uint8_t ussr_request = 2;          // ussd_service_op, §5.3.2.44: the dialogue waits for an answer
constexpr std::uint8_t pssr_response = 17;        // and this ends it
constexpr std::uint16_t end_of_session = 0x0001;  // its_session_info, §5.3.2.43: bit 0 of the second octet

bool is_notice(const store::decision& facts) {
  return facts.outcome == store::outcome::received || facts.outcome == store::outcome::taken_back;
}

std::uint8_t registered_delivery(config::receipt_policy policy) {
  switch (policy) {
    case config::receipt_policy::none: return 0;
    case config::receipt_policy::all: return 1;      // §5.2.17, bits 1-0: success or failure
    case config::receipt_policy::failure: return 2;  // failure
  }
  return 0;
}

smpp::short_message envelope(const store::decision& facts, const config::smsc& by) {
  smpp::short_message message;
  message.kind = smpp::command_id::submit_sm;
  message.service_type = by.service_type;
  message.source = reply_path_from(facts.short_code).to;
  if (by.source_ton >= 0) message.source.ton = static_cast<std::uint8_t>(by.source_ton);
  if (by.source_npi >= 0) message.source.npi = static_cast<std::uint8_t>(by.source_npi);
  message.destination = reply_path_from(facts.source).to;
  return message;
}

// As parts of `of`, which has everything but the text.
std::vector<smpp::short_message> parts_of(const parser::encoded& text, const smpp::short_message& of,
                                          config::concatenation how, std::int64_t receipt) {
  const auto total = how == config::concatenation::payload ? 1 : text.segments();
  std::vector<smpp::short_message> parts(total, of);
  if (total == 1) {
    parts.front().octets = text.octets;
    parts.front().as_payload = text.segments() > 1;
    return parts;
  }
  for (std::size_t i = 0; i < total; ++i) {
    auto& part = parts[i];
    if (how == config::concatenation::udh) {
      part.esm_class = udhi;
      part.octets = concatenation_header(static_cast<unsigned>(receipt & 0xFF), total, i + 1);
    } else {
      part.sar_msg_ref_num = static_cast<std::uint16_t>(receipt & 0xFFFF);
      part.sar_total_segments = static_cast<std::uint8_t>(total);
      part.sar_segment_seqnum = static_cast<std::uint8_t>(i + 1);
    }
    part.octets += text.segment(i);
  }
  return parts;
}

}  // namespace

smpp::address address_of(const parser::msisdn& number, const config::smsc& at, const parser::numbering_plan& plan) {
  auto digits = number.digits();
  switch (at.number_format) {
    case config::number_format::e164: break;
    case config::number_format::plus: digits.insert(0, 1, '+'); break;
    case config::number_format::national:
      digits = parser::as_dialled(number, plan);
      // A number abroad has no national form.
      if (digits.starts_with('+')) return {.ton = ton_international, .npi = npi_isdn, .digits = digits.substr(1)};
      break;
  }
  return {.ton = at.number_ton, .npi = at.number_npi, .digits = std::move(digits)};
}

std::vector<smpp::short_message> short_messages(std::string_view text, const store::decision& facts,
                                                const config::smsc& by, const parser::numbering_plan& plan) {
  auto message = envelope(facts, by);
  if ((is_notice(facts) || facts.smsc != by.name) && facts.sender)
    message.destination = address_of(*facts.sender, by, plan);
  const auto encoded = parser::encode(text, by.default_alphabet);
  message.data_coding = encoded.data_coding;
  auto parts = parts_of(encoded, message, by.concatenation, facts.receipt.number);
  auto& last = parts.back();
  last.registered_delivery = registered_delivery(by.receipts);
  if (last.registered_delivery != 0 && by.receipt_match == config::receipt_match::user_message_reference)
    last.user_message_reference = static_cast<std::uint16_t>(facts.receipt.number & 0xFFFF);
  return parts;
}

std::optional<smpp::short_message> ussd_message(std::string_view text, const store::decision& facts,
                                                const config::smsc& at) {
  const auto [to, session, dialled] = reply_path_from(facts.source);
  if (!session || at.ussd == config::ussd_session::none || !fits_ussd(text, at)) return std::nullopt;
  const bool goes_on = is_question(facts);
  const auto encoded = parser::encode(text, at.default_alphabet);
  auto message = envelope(facts, at);
  message.service_type = "USSD";
  message.source = dialled;
  message.data_coding = encoded.data_coding;
  message.octets = encoded.octets;
  message.ussd_service_op = goes_on ? ussr_request : pssr_response;
  switch (at.ussd) {
    case config::ussd_session::its_session_info:
      message.its_session_info = goes_on ? *session : static_cast<std::uint16_t>(*session | end_of_session);
      break;
    case config::ussd_session::user_message_reference: message.user_message_reference = *session; break;
    case config::ussd_session::source:
    case config::ussd_session::none: break;
  }
  return message;
}

bool is_question(const store::decision& facts) {
  return (facts.several ? facts.several->outcome : facts.outcome) == store::outcome::asked;
}

bool is_ussd(const std::vector<smpp::short_message>& parts) {
  return !parts.empty() && parts.front().ussd_service_op.has_value();
}

std::string name_in_receipts(const smpp::short_message& last, std::string_view message_id, const config::smsc& by) {
  using smpp::receipt_key, smpp::receipt_match;
  constexpr auto here = smpp::id_in::submit_sm_resp;
  switch (by.receipt_match) {
    case config::receipt_match::decimal_of_hex: return receipt_key(message_id, here, receipt_match::decimal_of_hex);
    case config::receipt_match::hex_of_decimal: return receipt_key(message_id, here, receipt_match::hex_of_decimal);
    case config::receipt_match::user_message_reference:
      if (last.registered_delivery != 0 && last.user_message_reference)
        return receipt_key(last.destination.digits, *last.user_message_reference);
      break;
    case config::receipt_match::message_id: break;
  }
  return receipt_key(message_id, here, receipt_match::message_id);
}

}  // namespace topupd::gateway
