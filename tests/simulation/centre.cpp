#include "tests/simulation/centre.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace topupd::simulation {
namespace {

constexpr milliseconds retry_least(50), retry_most(2000);
constexpr int deferrals_at_most = 2;
constexpr auto gives_up_after = seconds(29);  // a gateway, on an answer to its submit_sm

}  // namespace

centre::~centre() {
  for (const auto& each : wires_) each->way->abandon(line::centre);
}

void centre::send(const std::string& phone, const std::string& octets) {
  ++texts;
  const auto ticket = ++last_ticket_;
  text value{.phone = phone, .message = {}, .smsc = 0};
  value.message.source = {1, 1, phone};
  value.message.destination = {0, 1, "12345"};
  value.message.octets = octets;
  texts_.emplace(ticket, std::move(value));
  auto& waiting = of_phone_[phone];
  waiting.push_back(ticket);
  if (waiting.size() == 1) offer(ticket);
}

std::shared_ptr<line> centre::accept(process& gateway, std::size_t smsc, smpp::session_options gateways) {
  if (habit[smsc].down) return nullptr;
  smpp::session_options ours;
  ours.role = smpp::role::smsc;
  ours.window = 16;
  ours.inbox = 4096;
  ours.response_timeout = seconds(5);
  auto to = std::make_shared<wire>();
  to->smsc = smsc;
  to->window = gateways.window;
  to->way = std::make_shared<line>(gateway, host_, std::move(gateways), std::move(ours), habit[smsc].slowest);
  to->way->listen(line::centre, [this, to](smpp::effect& what) { on(to, what); });
  wires_.push_back(to);
  return to->way;
}

void centre::cut_one() {
  if (wires_.empty()) return;
  ++cuts;
  auto& line = *wires_[host_.time().draw(static_cast<std::uint32_t>(wires_.size()))]->way;
  host_.time().chance(0.3) ? line.fail() : line.cut();
}

void centre::cut_all(std::size_t smsc) {
  for (const auto& each : std::vector(wires_)) {
    if (each->smsc != smsc) continue;
    ++cuts;
    each->way->cut();
  }
}

void centre::on(const std::shared_ptr<wire>& from, smpp::effect& what) {
  if (std::holds_alternative<smpp::bound>(what)) {
    from->bound = true;
  } else if (const auto* submit = std::get_if<smpp::message>(&what)) {
    on_submit(from, *submit);
  } else if (const auto* done = std::get_if<smpp::submitted>(&what)) {
    if (const auto sent = from->sent.find(done->ticket); sent != from->sent.end()) {
      slowest_answer = std::max(slowest_answer, host_.time().now() - sent->second);
      from->sent.erase(sent);
    }
    if (done->status == smpp::command_status::rok) {
      settle(done->ticket);
    } else {
      retry(done->ticket);
    }
  } else if (const auto* lost = std::get_if<smpp::unknown>(&what)) {
    from->sent.erase(lost->ticket);
    retry(lost->ticket);
  } else if (std::holds_alternative<smpp::close>(what)) {
    from->bound = false;
    std::erase(wires_, from);
    from->way->cut();
  }
}

void centre::on_submit(const std::shared_ptr<wire>& from, const smpp::message& what) {
  auto& time = host_.time();
  const auto& mood = habit[from->smsc];
  const auto& value = what.value;
  from->open[what.sequence] = time.now();
  std::erase_if(from->open, [&](const auto& each) { return each.second + gives_up_after < time.now(); });
  if (from->open.size() > from->window)
    complain(fmt::format("{} submit_sm in a window of {}", from->open.size(), from->window));
  const auto& phone = value.destination.digits;
  if (time.chance(mood.throttles)) return answer(from, what.sequence, smpp::command_status::rthrottled, {});
  if (time.chance(mood.defers) && deferred_[phone] < deferrals_at_most) {
    ++deferred_[phone];
    return answer(from, what.sequence, smpp::command_status::rsyserr, {});
  }
  if (mood.gone.contains(phone)) return answer(from, what.sequence, smpp::command_status::rinvdstadr, {});
  replies[phone].push_back({value.octets, time.now()});
  const auto id = fmt::format("{:x}", ++last_id_);
  if (value.registered_delivery == 1) receipt_for(from, value, id);
  if (!time.chance(mood.mute)) answer(from, what.sequence, smpp::command_status::rok, id);
}

void centre::answer(const std::shared_ptr<wire>& to, std::uint32_t sequence, smpp::command_status status,
                    const std::string& id) {
  host_.after(host_.time().between(microseconds(50), milliseconds(30)), [to, sequence, status, id] {
    to->open.erase(sequence);
    if (to->way->is_cut()) return;
    to->way->session(line::centre).acknowledge(sequence, status, id);
    to->way->turn(line::centre);
  });
}

void centre::receipt_for(const std::shared_ptr<wire>& from, const smpp::short_message& about, const std::string& id) {
  const auto ticket = ++last_ticket_;
  text value{.phone = about.destination.digits, .message = {}, .smsc = from->smsc, .receipt = true};
  value.message.source = about.destination;
  value.message.destination = about.source;
  value.message.esm_class = 0x04;
  value.message.receipted_message_id = id;
  value.message.message_state = std::uint8_t{2};  // DELIVERED, SMPP 3.4 §5.2.28
  value.message.octets = fmt::format("id:{} sub:001 dlvrd:001 stat:DELIVRD err:000 text:", id);
  texts_.emplace(ticket, std::move(value));
  ++receipts_open;
  const auto least = habit[from->smsc].early_receipts ? duration{} : duration(milliseconds(100));
  host_.after(host_.time().between(least, seconds(3)), [this, ticket] { offer(ticket); });
}

void centre::offer(std::uint64_t ticket) {
  const auto found = texts_.find(ticket);
  if (found == texts_.end()) return;
  std::vector<std::shared_ptr<wire>> ways;
  const auto now = host_.time().now();
  for (const auto& each : wires_) {
    if (each->bound && each->smsc == found->second.smsc && each->way->session(line::centre).room(now) > 0)
      ways.push_back(each);
  }
  if (ways.empty()) return retry(ticket);
  const auto way = ways[host_.time().draw(static_cast<std::uint32_t>(ways.size()))];
  auto message = found->second.message;
  ++deliveries;
  way->sent[ticket] = now;
  way->way->session(line::centre).submit(ticket, std::move(message), now);
  way->way->turn(line::centre);
}

void centre::retry(std::uint64_t ticket) {
  host_.after(host_.time().between(retry_least, retry_most), [this, ticket] { offer(ticket); });
}

void centre::settle(std::uint64_t ticket) {
  const auto found = texts_.find(ticket);
  if (found == texts_.end()) return complain("a text was answered ESME_ROK twice");
  const auto of = std::move(found->second);
  texts_.erase(found);
  if (of.receipt) {
    --receipts_open;
    return;
  }
  ++answered;
  auto& waiting = of_phone_[of.phone];
  waiting.pop_front();
  if (!waiting.empty()) offer(waiting.front());
}

}  // namespace topupd::simulation
