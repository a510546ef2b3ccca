// OsmoMSC as an SMSC: SMPP.md §3, and osmo-msc's source (smpp_smsc.c, smpp_openbsc.c, smpp_utils.c).
//
// Of its 5 s for the answer to a deliver_sm nothing stands here: they are the simulator's own response_timeout.
#pragma once

#include <string>

#include "tests/smsc/quirks.hpp"

namespace topupd::smsc {

class osmocom final : public quirks {
 public:
  static constexpr std::size_t write_queue = 10;  // PDUs; then it drops

  explicit osmocom(std::string short_code) : short_code_(std::move(short_code)) {}

  void dress(smpp::short_message& text) override;
  [[nodiscard]] bool delivers_again() const override { return false; }  // the phone is told to try later
  [[nodiscard]] std::optional<smpp::command_status> refusal(const smpp::short_message& submit_sm) const override;
  [[nodiscard]] std::string message_id(std::uint64_t) const override { return "msg_id_not_implemented"; }
  [[nodiscard]] std::optional<smpp::short_message> at_the_phone(smpp::short_message submit_sm) const override;
  [[nodiscard]] std::optional<smpp::short_message> receipt(const smpp::short_message& submit_sm) override;
  wire between(smpp::stream gateway, std::function<void(const std::string&)> complain) override;

 private:
  std::string short_code_;
  std::uint8_t text_reference_ = 0;  // TP-MR of a phone's text (3GPP TS 23.040 §9.2.3.6)
  std::uint64_t receipts_ = 0;
};

}  // namespace topupd::smsc
