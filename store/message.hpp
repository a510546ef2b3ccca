// What is asked of the store for one text, and what it decided: the values that cross between gateway and store
// threads. The words of the enumerations are those of the SQL types topup.action, topup.outcome and topup.reply_state.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/money.hpp"
#include "parser/msisdn.hpp"
#include "store/digest.hpp"
#include "store/receipt.hpp"

namespace topupd::store {

enum class action {
  redeem,
  confirm,
  cancel,
  balance,
  history,
  status,
  language,
  help,
  unclear,
  transfer,  // of the sender's own credit; only after YES
  undo,      // of the sender's last credit to another number
  notice,    // nobody's text: what somebody is told whose account another one's text has changed
};

// What became of a text. The first that applies is the outcome, in this order.
enum class outcome {
  quarantined,  // the store failed on this text again and again: recorded, alarmed, not tried any more
  locked,       // too many distinct wrong PINs: nothing was looked up; `until`
  unclear,      // nothing was used; `reason`, `got`. Also a serial that is not the voucher's: "wrong_serial"
  help,
  balance,          // `balance`, `valid_until`; no account yet: a balance of zero without validity
  history,          // `history`, newest first; may be empty
  status,           // of a card or of a receipt: `reason` says which of the card_… and receipt_… it is
  language,         // `language` is the sender's from now on
  cancelled,        // NO: the question is gone, the voucher untouched
  no_question,      // YES or NO, and nothing is pending
  not_transferred,  // `reason`: to_oneself, no_amount, above_transfer, above_day, above_month (`amount`: the most),
                    // not_enough
                    // (`amount`: what may go), held_account, other_currency, account_expired
  not_undone,       // `reason`: nothing_to_undo, undone_before, spent, held_account
  unknown_pin,      // counted towards the lock
  not_active,       // it is not on sale yet, or held
  void_voucher,     // void, stolen or damaged
  expired,          // the card's day of expiry is over
  used,             // redeemed by another sender
  other_currency,   // the account keeps another currency; the voucher is untouched
  held_account,     // the operator holds the account; the voucher is untouched
  repeated,         // the same sender redeemed it before, by another text: `earlier`, `earlier_at`
  asked,            // a question is pending until `until`; nothing is spent. `reason`: "check", "differs" (`expected`),
                    // "transfer", or none
  transferred,      // `amount` from the sender to `target`; `balance` is the sender's
  undone,  // `amount` went back from `target` to the sender; `balance` is the sender's, `earlier` the undone receipt
  credited,
  received,    // of a notice: `giver` has credited or transferred `amount` to `sender`; `earlier` is that act's receipt
  taken_back,  // of a notice: `giver` has undone `earlier`, a credit of `amount` to `sender`
};
std::string_view name(outcome value);
std::string_view name(action value);
std::optional<outcome> outcome_from(std::string_view name);
std::optional<action> action_from(std::string_view name);

// One text, read and ready to be decided.
struct text {
  std::uint64_t ticket = 0;  // the gateway's name for it; comes back with the decision, never stored
  fingerprint print;
  std::string smsc;        // configuration's name of the SMSC
  std::string source;      // as it came, "ton.npi.digits": where the reply goes
  std::string short_code;  // the destination as it came, "ton.npi.digits": what the reply comes from
  parser::msisdn sender;
  store::action action = action::help;
  std::vector<voucher_digest> vouchers = {};  // redeem: 1 to most_vouchers, no two the same
  std::vector<voucher_digest> older = {};     // the same under older keys, voucher by voucher: as many for each
  std::vector<std::int32_t> prefixes = {};    // keyring::prefix() of each
  std::optional<parser::msisdn> target = {};  // redeem for another; none is the sender. transfer: the receiver
  std::optional<std::int64_t> serial = {};    // redeem of one voucher: must be its; status: of the card asked about
  // redeem of one: its value in the service's currency, else ask. transfer: the amount; none: not one of that currency
  std::optional<std::int64_t> expected_minor = {};
  std::optional<store::receipt> about = {};  // status: of the message asked about
  bool ask = false;                          // redeem only after YES
  std::string reason = {};                   // unclear: "pin_length"; redeem: "check"; help: "empty"
  int got = 0;                               // unclear: digits found
  std::string language = {};                 // of the reply, unless the sender has chosen one; language: the choice
  // The earliest that it may have come: one that came before the SMSC surely had our ESME_ROK to an identical one
  // is that one, delivered twice.
  std::chrono::steady_clock::time_point came = {};
  // Of one that was doubtful: the identical message that it is newer than, because the link that it came by was not
  // given up by its SMSC before it came.
  std::optional<receipt> newer_than = {};
};
inline constexpr std::size_t most_vouchers = 5;  // in one text

// One transfer of an account's history.
struct past_transfer {
  store::receipt receipt;
  parser::money amount;
  std::chrono::sys_seconds at;
};

// What became of a text with several vouchers, taken together.
struct several {
  int cards = 0;                               // in the text
  int added = 0;                               // credited, or asked about
  store::outcome outcome = outcome::credited;  // the best of them
  parser::money total;                         // of those added
  parser::money balance;                       // afterwards
};

// One message as it stands: the facts its reply is rendered from, so that the same body can be sent again at any time.
struct decision {
  std::uint64_t ticket = 0;  // of the text; 0 when the reply was claimed from another gateway
  store::receipt receipt;
  store::outcome outcome = outcome::quarantined;
  store::action action = action::help;
  bool duplicate = false;   // this text was decided before: acknowledge it, the reply is owed or sent already
  bool reply_owed = false;  // send the reply now: the lease is ours
  // Nothing was decided: this came after the SMSC surely had our ESME_ROK to an identical text, so it is new, or was
  // long on its way by a link that the SMSC has given up. To be offered again when that link has answered since.
  std::shared_ptr<text> doubtful = {};
  std::string smsc;
  std::string source;
  std::string short_code;
  std::string language;
  std::optional<parser::msisdn> sender;
  std::optional<parser::msisdn> target;  // whose account; the sender's own when absent
  std::optional<std::int64_t> serial;    // the voucher's, when one was found
  parser::money amount;                  // credited, asked, repeated: the voucher's value; else what was moved
  parser::money balance;                 // of the account credited (credited) or the sender's (balance, repeated)
  std::optional<std::chrono::sys_seconds> valid_until;  // of that account
  std::optional<store::receipt> earlier;                // repeated
  std::optional<std::chrono::sys_seconds> earlier_at;
  std::optional<std::chrono::sys_seconds> until;  // locked: until when; asked: YES until when
  std::string reason;
  int got = 0;
  parser::money bonus;  // credited: granted besides; balance: what there is. No currency: none
  std::optional<std::chrono::sys_seconds> bonus_until;  // none: without end
  std::optional<std::int64_t>
      expected_minor;                     // asked because the sender expected this value, in the service's currency
  std::optional<parser::msisdn> giver;    // received
  std::optional<store::several> several;  // of the first of several vouchers in one text; its reply is for all
  std::optional<store::receipt> leader;   // of the others, and of a notice: whose reply is theirs
  std::vector<past_transfer> history;     // history: at most three
  std::chrono::sys_seconds decided_at{};  // the database's clock
  std::int64_t batch = 0;                 // which call of the store decided it, for the log
  int lease = 1;                          // which one of its reply this is: each claim begins another
  int attempts = 1;                       // which one to send its reply this is: the SMSC refused the others for now
};

// A part of a long text, kept until the others are there (3GPP TS 23.040 §9.2.3.24.1). Octets are sealed: a PIN may be
// in them.
struct part {
  std::uint64_t ticket = 0;
  fingerprint group;  // of what all its parts have in common: smsc, source, destination, reference and count
  int number = 1;     // from 1
  int total = 2;      // 2 to 255
  fingerprint print;  // of its octets: whether the same part came again, or another text under the same reference
  std::string sealed;
  std::string smsc, source, short_code;
  parser::msisdn sender;
};

// What the SMSC said to a reply.
struct reply_result {
  store::receipt receipt;
  enum class kind {
    sent,
    refused,   // for good: the reply is dead
    deferred,  // refused for now: owed again after `retry_in`, to whoever claims it then
    release,   // not sent: owed again at once, lease given back
    renew,     // in flight: the lease goes on
    heard,     // nothing but that
  } what = kind::sent;
  // The SMSC surely has our ESME_ROK to the text: an identical one that comes after `at`, when the reply is sent, is
  // new.
  bool heard = false;
  int lease = 1;  // decision::lease. What is said of one that is over counts no more, but that it was sent is a fact
  std::string smsc_message_id = {};               // sent: by what a delivery receipt will name it; empty: by nothing
  std::uint32_t status = 0;                       // refused, deferred: command_status
  std::string smsc = {};                          // sent: by which SMSC, when that is another one than the text's
  bool awaited = false;                           // sent: a delivery receipt was asked for
  std::chrono::seconds retry_in{0};               // deferred
  std::chrono::steady_clock::time_point at = {};  // sent, heard: when
};

// The final states of SMPP 3.4 §5.2.28, as a delivery receipt tells them. Others (ENROUTE, ACCEPTED) change nothing.
enum class delivery_state { delivered, expired, deleted, undeliverable, unknown, rejected };
std::string_view name(delivery_state value);
std::optional<delivery_state> delivery_state_from(std::string_view name);

// A delivery receipt: what became of a reply on its way to the phone. May come before the answer to its submit_sm.
struct delivery {
  std::uint64_t ticket = 0;
  std::string smsc;
  std::string smsc_message_id;  // as reply_result has it
  delivery_state state = delivery_state::delivered;
  std::string error = {};  // the SMSC's own code ("err:"), at most 16 characters; for `trace`
};

}  // namespace topupd::store
