#include "tests/smsc/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <ctime>
#include <fstream>
#include <stdexcept>

namespace topupd::smsc {

namespace asio = boost::asio;

namespace {

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

}  // namespace

load::load(asio::io_context& io, load_options options) : options_(std::move(options)), timer_(io) {
  if (options_.senders == 0 || options_.senders > options_.pins.size()) options_.senders = options_.pins.size();
  open_.resize(options_.senders);
  begun_.resize(options_.pins.size());
}

void load::hook(smsc::events& events) {
  events.on_sent = [this](const text& value) {
    ++sent_;
    // Ids are counted up from 1 in the order of deliver(), which only this calls.
    if (options_.rate <= 0 && value.attempts == 1) begun_[value.id - 1] = clock::now();
  };
  events.on_reply = [this](const reply& value) { on_reply(value); };
}

void load::deliver(simulator& centre, std::size_t index) {
  const std::size_t phone = index % options_.senders;
  open_[phone].push_back(index);
  centre.deliver(std::to_string(options_.first_phone + phone),
                 options_.keyword + ' ' + std::string(options_.pins[index].reveal()));
  ++delivered_;
}

void load::on_reply(const reply& value) {
  std::uint64_t number = 0;
  std::from_chars(value.to.data(), value.to.data() + value.to.size(), number);
  const std::uint64_t phone = number - options_.first_phone;
  if (phone >= open_.size() || open_[phone].empty()) return;  // a confirmation that came twice
  const std::size_t index = open_[phone].front();
  open_[phone].pop_front();
  last_ = clock::now();
  waits_.add(last_ - begun_[index]);
  if (value.octets.find("Confirmed") != std::string::npos) ++confirmed_;
  if (waits_.count() == options_.pins.size()) timer_.cancel();
}

asio::awaitable<load_report> load::run(simulator& centre) {
  const double cpu_before = cpu_seconds();
  first_ = clock::now();
  last_ = first_;
  const auto end = first_ + options_.timeout;
  const std::size_t texts = options_.pins.size();
  while (waits_.count() < texts && clock::now() < end) {
    const auto now = clock::now();
    // At most 4,096 a turn, so that the links are served between.
    for (std::size_t turn = 0; delivered_ < texts && turn < 4096; ++turn) {
      if (options_.rate > 0) {
        const auto due = first_ + std::chrono::duration_cast<clock::duration>(
                                      std::chrono::duration<double>(static_cast<double>(delivered_) / options_.rate));
        if (due > now) break;
        begun_[delivered_] = due;
      }
      deliver(centre, delivered_);
    }
    timer_.expires_at(delivered_ < texts ? now + std::chrono::milliseconds(1) : end);
    boost::system::error_code woken;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  co_return report(cpu_seconds() - cpu_before, centre.answers());
}

load_report load::report(double cpu_seconds, const latencies& answers) const {
  load_report result;
  result.texts = options_.pins.size();
  result.answered = waits_.count();
  result.confirmed = confirmed_;
  result.sent = sent_;
  result.seconds = std::chrono::duration<double>(last_ - first_).count();
  result.p50_ms = waits_.percentile(0.50);
  result.p99_ms = waits_.percentile(0.99);
  result.p999_ms = waits_.percentile(0.999);
  result.max_ms = waits_.longest();
  result.answer_p999_ms = answers.percentile(0.999);
  result.answer_max_ms = answers.longest();
  result.cpu_us = cpu_seconds * 1e6 / static_cast<double>(std::max<std::size_t>(result.texts, 1));
  return result;
}

std::string to_json(const load_report& r) {
  const double rate = r.seconds > 0 ? static_cast<double>(r.answered) / r.seconds : 0;
  return fmt::format(R"({{"texts":{},"answered":{},"confirmed":{},"sent":{},"seconds":{:.3f},"per_second":{:.0f},)"
                     R"("p50_ms":{:.2f},"p99_ms":{:.2f},"p999_ms":{:.2f},"max_ms":{:.2f},)"
                     R"("answer_p999_ms":{:.1f},"answer_max_ms":{:.1f},"cpu_us":{:.1f}}})",
                     r.texts, r.answered, r.confirmed, r.sent, r.seconds, rate, r.p50_ms, r.p99_ms, r.p999_ms, r.max_ms,
                     r.answer_p999_ms, r.answer_max_ms, r.cpu_us);
}

std::vector<secret> read_pins(const std::string& csv, std::size_t skip, std::size_t at_most) {
  std::ifstream file(csv);
  if (!file) throw std::runtime_error("the cards' file " + csv + " cannot be read");
  std::vector<secret> pins;
  std::string line;
  std::getline(file, line);
  if (line.rfind("serial,pin,", 0) != 0) throw std::runtime_error(csv + " is no file of `topupctl batch generate`");
  for (std::size_t row = 0; pins.size() < at_most && std::getline(file, line); ++row) {
    if (row < skip) continue;
    const std::size_t begin = line.find(',') + 1;
    pins.emplace_back(std::string_view(line).substr(begin, line.find(',', begin) - begin));
  }
  return pins;
}

}  // namespace topupd::smsc
