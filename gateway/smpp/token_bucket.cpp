#include "gateway/smpp/token_bucket.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace topupd::smpp {

namespace {

using namespace std::chrono_literals;
using seconds = std::chrono::duration<double>;

constexpr seconds shortest_pause = 200ms;
constexpr seconds longest_pause = 30s;
constexpr seconds recovery = 60s;
// Where no rate is configured there is none to recover to: this much in a minute, a doubling in ten seconds, then no
// limit.
constexpr double recovery_without_limit = 64;
constexpr double slowest = 1;      // a second
constexpr double rounding = 1e-6;  // of a token: what sums of tenths lose

std::int64_t tenth_of(token_bucket::time_point now) {
  return now.time_since_epoch() / 100ms;
}

}  // namespace

token_bucket::token_bucket(std::uint32_t rate, time_point now) : configured_(rate), tokens_(0), filled_(now) {
  tokens_ = depth(now);
}

std::size_t token_bucket::room(time_point now) const {
  if (now < paused_until_) return 0;
  if (rate(now) == 0) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(tokens(now) + rounding);
}

void token_bucket::take(time_point now) {
  assert(room(now) > 0);
  tokens_ = std::max(0.0, tokens(now) - 1);
  filled_ = now;
  taken_.count(now);
}

token_bucket::time_point token_bucket::room_at(time_point now) const {
  const auto from = std::max(now, paused_until_);
  if (room(from) > 0) return from == now ? time_point::min() : from;
  return from +
         std::chrono::ceil<duration>(seconds((1 - tokens(from)) / rate(from)));  // the rate only grows until then
}

void token_bucket::throttled(double jitter, time_point now) {
  if (lowered_ > 0 && now < std::max(paused_until_, throttled_ + 1s)) return;
  double current = rate(now);
  if (configured_ == 0) {  // what a rate grows to while nothing leaves tells nothing: half of what has left, at most
    const double taken = taken_.total(now);
    current = current > 0 ? std::min(current, taken) : taken;
  }
  lowered_ = std::max(current / 2, configured_ > 0 ? std::min(slowest, configured_) : slowest);
  const auto pause = std::min(longest_pause, shortest_pause * std::exp2(row_) * (1 + jitter));
  if (shortest_pause * std::exp2(row_) < longest_pause) ++row_;
  throttled_ = now;
  paused_until_ = now + std::chrono::round<duration>(pause);
  tokens_ = 1;
  filled_ = paused_until_;
}

void token_bucket::accepted() {
  row_ = 0;
}

// From the pause's end on the rate grows by the same share each second.
double token_bucket::rate(time_point now) const {
  if (!recovering(now)) return configured_;
  const auto target = configured_ > 0 ? configured_ : lowered_ * recovery_without_limit;
  const double done = std::max(seconds(now - paused_until_) / recovery, 0.0);
  return lowered_ * std::pow(target / lowered_, done);
}

bool token_bucket::recovering(time_point now) const {
  return lowered_ > 0 && now < paused_until_ + recovery;
}

double token_bucket::depth(time_point now) const {
  return std::max(rate(now) / 10, 1.0);
}

double token_bucket::tokens(time_point now) const {
  const double gained = std::max(seconds(now - filled_).count(), 0.0) * rate(now);
  return std::min(depth(now), tokens_ + gained);
}

void token_bucket::last_second::count(time_point now) {
  const auto tenth = tenth_of(now);
  if (tenth - newest_ >= tenths) {
    taken_.fill(0);
    newest_ = tenth;
  }
  while (newest_ < tenth) at(++newest_) = 0;
  ++at(newest_);
}

std::uint32_t token_bucket::last_second::total(time_point now) {
  std::uint32_t sum = 0;
  for (auto tenth = std::max(newest_, tenth_of(now)) - tenths + 1; tenth <= newest_; ++tenth) sum += at(tenth);
  return sum;
}

std::uint32_t& token_bucket::last_second::at(std::int64_t tenth) {
  return taken_[static_cast<std::size_t>((tenth % tenths + tenths) % tenths)];
}

}  // namespace topupd::smpp
