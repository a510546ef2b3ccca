#include "tests/smsc/osmocom.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <span>

#include "gateway/smpp/codec.hpp"
#include "gateway/smpp/frame.hpp"
#include "gateway/smpp/guard.hpp"

namespace topupd::smsc {

namespace asio = boost::asio;
using asio::ip::tcp;
using smpp::command_id;
using smpp::command_status;
using smpp::short_message;

namespace {

constexpr std::uint8_t network_specific = 3, isdn = 1;  // TON, NPI of its subscribers
constexpr std::uint8_t gsm7 = 1;                        // data_coding: unpacked GSM 03.38, whatever SMPP 3.4 calls it
constexpr std::uint8_t binary = 2;

}  // namespace

void osmocom::dress(short_message& text) {
  text.service_type = "CMT";
  text.source.ton = network_specific;
  text.source.npi = isdn;
  text.esm_class |= 0x01;  // datagram mode
  if (text.data_coding == 0) text.data_coding = gsm7;
  text.user_message_reference = ++text_reference_;
}

std::optional<command_status> osmocom::refusal(const short_message& submit_sm) const {
  switch (submit_sm.data_coding) {
    case 0x00:
    case gsm7:
    case binary:
    case 0x04:
    case 0x08: return std::nullopt;
    default: break;
  }
  if ((submit_sm.data_coding & 0xF8) == 0xF0) return std::nullopt;  // GSM 03.38 and its message classes
  return command_status::runknownerr;
}

// Only a subscriber has a phone: what goes to an ESME's address is stored for somebody who never comes.
std::optional<short_message> osmocom::at_the_phone(short_message submit_sm) const {
  if (submit_sm.destination.npi != isdn || submit_sm.destination.digits == short_code_) return std::nullopt;
  if (submit_sm.data_coding == gsm7) submit_sm.data_coding = 0;
  return submit_sm;
}

std::optional<short_message> osmocom::receipt(const short_message& submit_sm) {
  if (submit_sm.registered_delivery == 0) return std::nullopt;
  short_message receipt;
  receipt.service_type = "CMT";
  receipt.source = {network_specific, isdn, submit_sm.destination.digits};
  receipt.destination = submit_sm.source;
  receipt.esm_class = 0x04;  // SMPP 3.4 §5.2.12
  receipt.data_coding = binary;
  receipt.octets = fmt::format(
      "id:{:08} sub:000 dlvrd:000 submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DELIVRD err:000 text:", ++receipts_);
  receipt.user_message_reference = submit_sm.user_message_reference.value_or(0);
  return receipt;
}

// The wire ------------------------------------------------------------------------------------------------------------

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);  // errors as values

// SMPP 3.4 §4.12.1, with ms_availability_status 0: this phone is there now.
std::string alert_notification(const smpp::address& phone) {
  using namespace std::string_view_literals;
  std::string octets("\0\0\0\0\0\0\1\2\0\0\0\0\0\0\0\1"sv);
  octets += static_cast<char>(phone.ton);
  octets += static_cast<char>(phone.npi);
  octets += phone.digits;
  octets += "\0\0\0\0\x04\x22\0\1\0"sv;
  octets[3] = static_cast<char>(octets.size());
  return octets;
}

// Requests that it knows, and does not answer: submit_multi, query_sm, cancel_sm, replace_sm, data_sm, deliver_sm.
bool is_ignored(std::uint32_t id) {
  return id == 0x21 || id == 0x03 || id == 0x08 || id == 0x07 || id == 0x103 || id == 0x05;
}

// Why its libsmpp34 does not unpack this: then it says nothing and goes on. Empty: it does.
std::string_view fault_of(const std::string& octets) {
  const auto value = smpp::decode(octets);
  if (const auto* bind = std::get_if<smpp::bind>(&value.body))
    return bind->interface_version == 0x34 ? "" : "a bind with an interface_version other than 0x34";
  if (std::holds_alternative<smpp::short_message_resp>(value.body))
    return octets.size() > smpp::header_size ? "" : "a deliver_sm_resp without its message_id";
  return std::holds_alternative<smpp::malformed>(value.body) ? "a malformed PDU" : "";
}

// One link: the gateway's octets as OsmoMSC reads them, and ours as it writes them.
class osmocom_wire {
 public:
  osmocom_wire(smpp::stream gateway, smpp::stream session, std::function<void(const std::string&)> complain)
      : gateway_(std::move(gateway)),
        session_(std::move(session)),
        complain_(std::move(complain)),
        queued_(gateway_.get_executor(), asio::steady_timer::time_point::max()) {}

  asio::awaitable<void> run() {
    using namespace asio::experimental::awaitable_operators;
    const auto fault = co_await gateway_.handshake();
    if (fault.empty()) co_await (read_loop() || (take_loop() && write_loop()));
    gateway_.close();
    session_.close();
  }

 private:
  // A length word in one read, and then the rest. The first octets of a word that comes in two are lost, and with them
  // the place where the next PDU begins.
  asio::awaitable<void> read_loop() {
    std::string pdu;
    for (;;) {
      pdu.resize(4);
      const auto [error, size] = co_await gateway_.read_some(pdu);
      if (error) co_return;
      if (size < 4) co_return complain_("a length word came in two reads");
      std::size_t length = 0;
      for (const char octet : pdu) length = length << 8 | static_cast<unsigned char>(octet);
      if (length < smpp::header_size || length > 0xFFFF) co_return complain_("a length out of bounds");
      pdu.resize(length);
      for (std::size_t read = 4; read < length;) {
        const auto [failure, more] = co_await gateway_.read_some(std::span(pdu).subspan(read));
        if (failure) co_return;
        read += more;
      }
      if (!is_for_session(pdu)) continue;
      const auto lost = co_await session_.write(pdu);
      if (lost) co_return;
    }
  }

  bool is_for_session(const std::string& pdu) {
    const auto head = smpp::read_header(pdu);
    const bool is_response = (head.id & smpp::response_bit) != 0;
    const auto id = command_id{head.id};
    if (is_ignored(head.id)) return complain_("a request that it does not implement"), false;
    if (id == command_id::generic_nack) complain_("a generic_nack");
    if (!is_response && id != command_id::submit_sm && id != command_id::unbind && id != command_id::enquire_link &&
        id != command_id::bind_receiver && id != command_id::bind_transmitter && id != command_id::bind_transceiver) {
      std::string nack;  // its sequence is read where the length stands
      smpp::encode({command_status::rinvcmdid, head.length, smpp::generic_nack{}}, nack);
      enqueue(std::move(nack));
      return false;
    }
    const auto fault = fault_of(pdu);
    if (!fault.empty()) complain_(std::string(fault));
    return fault.empty();
  }

  // What the session writes, as long as there is room for it.
  asio::awaitable<void> take_loop() {
    smpp::frame_reader frames;
    for (;;) {
      const auto space = frames.prepare(std::size_t{64} * 1024);
      const auto [error, size] = co_await session_.read_some(space);
      if (error) break;
      frames.commit(size);
      while (const auto frame = frames.next()) enqueue(std::string(*frame));
    }
    over_ = true;
    queued_.cancel();
  }

  void enqueue(std::string pdu) {
    if (queue_.size() == osmocom::write_queue) return complain_("the write queue is full: a PDU is dropped");
    queue_.push_back(std::move(pdu));
    queued_.cancel();
  }

  asio::awaitable<void> write_loop() {
    for (;;) {
      if (queue_.empty() && over_) co_return;
      if (queue_.empty()) {
        co_await queued_.async_wait(quietly);
        continue;
      }
      const std::string pdu = as_written(std::move(queue_.front()));
      queue_.pop_front();
      const auto error = co_await gateway_.write(pdu);
      if (error) co_return;
    }
  }

  // A bind_receiver is answered as if it were a bind_transmitter. Before a phone's text comes the news that the phone
  // is there.
  static std::string as_written(std::string pdu) {
    constexpr std::size_t last_of_id = 7;
    const auto id = smpp::read_header(pdu).id;
    if (id == smpp::response_id(command_id::bind_receiver)) pdu[last_of_id] = 2;
    if (id != smpp::request_id(command_id::deliver_sm)) return pdu;
    const auto value = smpp::decode(pdu);
    const auto* text = std::get_if<short_message>(&value.body);
    return text == nullptr ? pdu : alert_notification(text->source) + pdu;
  }

  smpp::stream gateway_;
  smpp::stream session_;
  std::function<void(const std::string&)> complain_;
  std::deque<std::string> queue_;
  asio::steady_timer queued_;  // cancelled: the queue has something, or nothing more will come
  bool over_ = false;
};

asio::awaitable<void> run(std::unique_ptr<osmocom_wire> wire) {
  co_await wire->run();
}

std::pair<smpp::stream, smpp::stream> two_ends(const asio::any_io_executor& executor) {
  tcp::acceptor door(executor, {asio::ip::address_v4::loopback(), 0});
  tcp::socket one(executor);
  one.connect(door.local_endpoint());
  tcp::socket other = door.accept();
  return {smpp::stream(std::move(one)), smpp::stream(std::move(other))};
}

}  // namespace

quirks::wire osmocom::between(smpp::stream gateway, std::function<void(const std::string&)> complain) {
  auto [ours, sessions] = two_ends(gateway.get_executor());
  auto link = std::make_unique<osmocom_wire>(std::move(gateway), std::move(ours), std::move(complain));
  return {std::move(sessions), run(std::move(link))};
}

}  // namespace topupd::smsc
