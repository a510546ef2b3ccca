#include "tests/simulation/course.hpp"

#include <fmt/format.h>

#include <set>

#include "gateway/link_options.hpp"
#include "parser/alphabet.hpp"
#include "store/digest.hpp"

namespace topupd::simulation {
namespace {

constexpr std::int64_t value_minor = 5000;
constexpr auto trouble_lasts = seconds(60);
constexpr auto quiet_at_most = std::chrono::hours(3);  // a reply that was deferred twice waits for minutes
constexpr int absences = 2;                            // of the database, in a course that has any
constexpr auto answer_within = milliseconds(1500);     // DESIGN.md §2.5

// What may go wrong in this course. Each kind is absent from most, so that a finding has few causes.
struct trouble {
  bool cuts, kills, freezes, away, slow, lost, throttles, defers, mute, gone, outage;
};

class course {
 public:
  course(std::uint32_t seed, parts& shared);
  course_report run();

 private:
  void furnish();
  void send_texts();
  void make_trouble();
  void end_trouble();
  void start(std::size_t number);
  [[nodiscard]] bool settled() const;
  void judge();
  void judge_phone(const std::string& phone);
  void judge_reply(const database::message& row, bool gone);
  [[nodiscard]] std::string body_of(const database::message& row) const;
  // Whether links or gateways break or hang, so that a reply may rightly come twice.
  [[nodiscard]] bool breaks() const {
    return trouble_.cuts || trouble_.kills || trouble_.freezes || trouble_.mute || trouble_.outage;
  }
  void judge_order(const std::string& phone, const std::vector<const database::message*>& rows);
  void object(const std::string& what) { report_.faults.push_back(what); }
  std::string pin_of(std::size_t card) const;
  // At random moments of the time of trouble, about so many.
  void now_and_then(int times, const std::function<void()>& what);

  parts& shared_;
  config::settings settings_;
  world world_;
  weather weather_;
  database database_;
  centre centre_;
  trouble trouble_{};
  std::vector<std::unique_ptr<gateway_process>> gateways_;
  std::map<std::string, std::set<std::size_t>> sent_by_;  // cards, by phone
  std::map<std::string, int> texts_of_;
  std::size_t cards_ = 0;
  course_report report_;
};

course::course(std::uint32_t seed, parts& shared)
    : shared_(shared), settings_(shared.settings), world_(seed), database_(world_), centre_(world_) {
  furnish();
}

void course::furnish() {
  const auto often = [this](double share) { return world_.chance(share); };
  trouble_ = {.cuts = often(0.4),
              .kills = often(0.3),
              .freezes = often(0.2),
              .away = often(0.3),
              .slow = often(0.3),
              .lost = often(0.4),
              .throttles = often(0.25),
              .defers = often(0.25),
              .mute = often(0.15),
              .gone = often(0.15),
              .outage = often(0.15)};
  auto smsc = settings_.smscs.front();
  constexpr std::array<std::size_t, 4> windows{1, 4, 16, 64};
  smsc.window = windows[world_.draw(4)];
  smsc.binds = 1 + static_cast<int>(world_.draw(3));
  smsc.throughput = often(0.3) ? 5 + world_.draw(50) : 0;
  smsc.bind = often(0.3) ? config::bind_mode::pair : config::bind_mode::transceiver;
  smsc.receipts = often(0.3) ? config::receipt_policy::all : config::receipt_policy::none;
  if (often(0.3)) {
    smsc.group = "both";
    settings_.smscs = {smsc, smsc};
    settings_.smscs.back().name = "second";
  } else {
    settings_.smscs = {smsc};
  }
  centre_.habit[0].early_receipts = centre_.habit[1].early_receipts = often(0.5);
  for (std::size_t i = 0; i < 1 + world_.draw(2); ++i) gateways_.emplace_back();
  for (std::size_t i = 0; i < gateways_.size(); ++i) start(i);
}

void course::start(std::size_t number) {
  gateways_[number].reset();
  static int instances = 0;
  gateways_[number] = std::make_unique<gateway_process>(world_, shared_, settings_, database_, weather_, centre_,
                                                        fmt::format("gateway-{}-{}", number, ++instances));
}

// Sixteen digits with a check digit, the number of the card in the middle.
std::string course::pin_of(std::size_t card) const {
  const auto digits = fmt::format("4821{:08}739", card);
  return digits + parser::compute_check_digit(digits, settings_.reading.pins.check);
}

void course::now_and_then(int times, const std::function<void()>& what) {
  for (int i = 0; i < times; ++i) world_.after(world_.between(seconds(1), trouble_lasts), what);
}

// A phone's texts differ: the same twice within a quarter of an hour may rightly be taken for a redelivery when a link
// breaks between them.
void course::send_texts() {
  const store::keyring keys(shared_.settings.pin_key);
  const auto phones = 3 + world_.draw(25);
  for (std::uint32_t i = 0; i < phones; ++i) {
    const auto phone = std::to_string(999'703'000'000 + i);
    const auto begin = world_.between(milliseconds(0), trouble_lasts);
    const auto count = 1 + world_.draw(4);
    for (std::uint32_t number = 0; number < count; ++number) {
      std::string text = number == 1 ? "BAL" : "HELP";
      if (number != 1 && number != 3) {
        const bool second_hand = cards_ > 0 && world_.chance(0.15);
        const auto card = second_hand ? world_.draw(static_cast<std::uint32_t>(cards_)) : cards_++;
        const auto pin = parser::pin::from_digits(pin_of(card), settings_.reading.pins);
        database_.add_card(keys.digest(*pin), value_minor);
        if (!sent_by_[phone].insert(card).second) continue;
        text = "TOPUP " + pin_of(card);
      }
      ++texts_of_[phone];
      world_.after(begin + number * world_.between(milliseconds(1), seconds(4)),
                   [this, phone, text] { centre_.send(phone, text); });
    }
  }
}

void course::make_trouble() {
  auto& habit = centre_.habit[0];
  if (trouble_.throttles) habit.throttles = centre_.habit[1].throttles = 0.1;
  if (trouble_.defers) habit.defers = 0.1;
  if (trouble_.mute) habit.mute = 0.05;
  if (trouble_.gone) habit.gone = {"999703000001", "999703000004"};
  centre_.habit[1].gone = habit.gone;
  if (trouble_.slow) weather_.slow_calls = 0.05;
  if (trouble_.lost) weather_.lost_calls = 0.1;
  if (trouble_.cuts) now_and_then(8, [this] { centre_.cut_one(); });
  if (trouble_.kills)
    now_and_then(3, [this] {
      ++report_.kills;
      start(world_.draw(static_cast<std::uint32_t>(gateways_.size())));
    });
  if (trouble_.freezes)
    now_and_then(1, [this] {
      ++report_.freezes;
      gateways_.front()->freeze(world_.between(seconds(1), seconds(40)));
    });
  if (trouble_.away)
    now_and_then(absences, [this] {
      weather_.away = true;
      world_.after(world_.between(milliseconds(100), seconds(15)), [this] { weather_.away = false; });
    });
  if (trouble_.outage)
    now_and_then(1, [this] {
      centre_.habit[0].down = true;
      centre_.cut_all(0);
      world_.after(seconds(20), [this] { centre_.habit[0].down = false; });
    });
}

void course::end_trouble() {
  weather_ = {};
  for (auto& [smsc, habit] : centre_.habit) {
    habit.throttles = habit.defers = habit.mute = 0;
    habit.down = false;
  }
}

bool course::settled() const {
  const auto is_owed = [](const auto& row) { return row.second.reply == database::message::reply_state::owed; };
  return centre_.answered == centre_.texts && centre_.receipts_open == 0 &&
         std::none_of(database_.rows().begin(), database_.rows().end(), is_owed);
}

course_report course::run() {
  world_.run(seconds(5));
  make_trouble();
  send_texts();
  world_.run(trouble_lasts + seconds(20));
  end_trouble();
  for (duration quiet{}; quiet < quiet_at_most && !settled(); quiet += seconds(30)) world_.run(seconds(30));
  world_.run(seconds(5));
  judge();
  return report_;
}

void course::judge() {
  report_.texts = centre_.texts;
  report_.cuts = centre_.cuts;
  report_.faults = centre_.complaints;
  if (centre_.answered != centre_.texts)
    object(fmt::format("{} of {} texts never answered", centre_.texts - centre_.answered, centre_.texts));
  if (centre_.receipts_open > 0) object(fmt::format("{} delivery receipts never answered", centre_.receipts_open));
  if (!trouble_.freezes && centre_.slowest_answer > answer_within + 2 * centre_.habit[0].slowest)
    object(fmt::format("a deliver_sm was answered after {} ms",
                       std::chrono::duration_cast<milliseconds>(centre_.slowest_answer).count()));
  for (const auto& [phone, count] : texts_of_) judge_phone(phone);
  int credits = 0;
  for (const auto& [phone, account] : database_.accounts()) {
    credits += account.credits;
    if (account.balance_minor != account.credits * value_minor) object(phone + " has another balance than its credits");
  }
  if (credits != static_cast<int>(cards_)) object(fmt::format("{} credits for {} cards", credits, cards_));
  const auto window = static_cast<int>(gateway::windows_of(settings_.smscs));
  // What has left while the database was away is not known there, and another gateway may claim it first.
  const int overtaken = trouble_.away && gateways_.size() > 1 ? absences : 0;
  const auto most = window * (report_.cuts + report_.kills + report_.freezes + overtaken + (trouble_.mute ? 100 : 0));
  if (report_.duplicates > most)
    object(fmt::format("{} duplicate replies, at most {} were to be expected", report_.duplicates, most));
}

// One message for each text, and its reply on the phone: at least once, always the same.
void course::judge_phone(const std::string& phone) {
  std::vector<const database::message*> rows;
  for (const auto& [number, row] : database_.rows()) {
    if (row.facts.sender->digits() == phone) rows.push_back(&row);
  }
  if (static_cast<int>(rows.size()) != texts_of_.at(phone))
    object(fmt::format("{} sent {} texts, and {} were decided", phone, texts_of_.at(phone), rows.size()));
  const bool gone = centre_.habit[0].gone.contains(phone);
  std::map<std::string, int> owed;  // a body may answer two texts: "that PIN is used"
  for (const auto* row : rows) {
    ++owed[body_of(*row)];
    judge_reply(*row, gone);
  }
  std::map<std::string, int> arrived;
  for (const auto& each : centre_.replies[phone]) ++arrived[each.octets];
  for (const auto& [body, count] : owed) {
    const int copies = arrived[body];
    if (copies < count && !gone) object(fmt::format("{} got {} of {} replies", phone, copies, count));
    report_.duplicates += std::max(0, copies - count);
    report_.replies += copies;
  }
  if (arrived.size() > owed.size()) object(phone + " got a reply that no message owes");
  judge_order(phone, rows);
}

void course::judge_reply(const database::message& row, bool gone) {
  using enum database::message::reply_state;
  const auto receipt = store::to_string(row.facts.receipt);
  if (row.reply == owed) object("the reply to " + receipt + " is still owed");
  if (row.reply == dead && !gone) object("the reply to " + receipt + " is dead");
  if (row.reply != dead && gone) object("the reply to " + receipt + " was refused for good and is not dead");
  // Else the same text sent again would be taken for a redelivery, though nothing was ever delivered again.
  const bool undisturbed =
      !breaks() && !trouble_.away && !trouble_.slow && !trouble_.lost && row.facts.lease == row.facts.attempts;
  if (undisturbed && !gone && !row.heard) object("the acknowledgement of " + receipt + " is not known to be heard");
  // Where a link broke or hung, the answer to a submit_sm may be lost, and the receipt of its first copy with it.
  const bool awaited = settings_.smscs.front().receipts == config::receipt_policy::all && !breaks();
  if (awaited && !gone && row.reply != delivered) object("the reply to " + receipt + " is not known to be delivered");
}

// Replies to one number leave in the order of its texts, where nobody had to take over or to defer one.
void course::judge_order(const std::string& phone, const std::vector<const database::message*>& rows) {
  if (breaks() || trouble_.defers || trouble_.lost || trouble_.away || trouble_.slow || gateways_.size() > 1) return;
  time_point last{};
  for (const auto* row : rows) {
    if (row->facts.outcome == store::outcome::used) continue;  // looks like another one
    const auto body = body_of(*row);
    for (const auto& each : centre_.replies[phone]) {
      if (each.octets != body) continue;
      if (each.at < last) object(phone + " got its replies in another order than it sent its texts");
      last = std::max(last, each.at);
      break;
    }
  }
}

std::string course::body_of(const database::message& row) const {
  return parser::encode(shared_.replies.render(row.facts), settings_.smscs.front().default_alphabet).octets;
}

}  // namespace

course_report run_course(std::uint32_t seed, parts& shared) {
  try {
    return course(seed, shared).run();
  } catch (const std::exception& failure) {
    course_report report;
    report.faults.emplace_back(failure.what());
    return report;
  }
}

}  // namespace topupd::simulation
