#include "tests/operator/rich_books.hpp"

namespace topupd::tests {
namespace {

constexpr const char* everything = R"(
  set local search_path = topup;
  insert into product (code, value_minor, currency, bonus_minor) values ('PLUS', 2000, 'USD', 300);
  insert into batch (product, count, first_serial, last_serial, created_at)
    values ('PLUS', 4, 100000000011, 100000000014, now() - interval '3 days');
  insert into voucher (serial, digest, batch)
    select s, sha256(s::text::bytea), 4 from generate_series(100000000011, 100000000014) s;
  insert into card_change (batch, first_serial, last_serial, was, state, at, audit)
    values (4, 100000000011, 100000000014, 'generated', 'active', now() - interval '2 days', audit('batch activate', 'batch 4'));
  insert into card_change (batch, first_serial, last_serial, was, state, audit)
    values (4, 100000000014, 100000000014, 'active', 'void', audit('voucher void', 'serial 100000000014', 'torn'));

  select open_account(m, 'USD', now() - interval '1 hour') from unnest(array[999702222222, 999703333333]) m;
  insert into redemption (serial, receipt, at)
    values (100000000011, 30, now() - interval '30 minutes'), (100000000012, 31, now() - interval '29 minutes');
  insert into transfer (receipt, at, kind, debit, credit, amount_minor, currency, serial, previous)
    values (30, now() - interval '30 minutes', 'topup', 1, 999702222222, 2000, 'USD', 100000000011, null),
           (31, now() - interval '29 minutes', 'topup', 1, 999702222222, 2000, 'USD', 100000000012, 30);
  update account set balance_minor = 4000, last_receipt = 31 where msisdn = 999702222222;
  select grant_bonus(now() - interval '30 minutes', 999702222222, 30, 300, 'USD', null);
  select grant_bonus(now() - interval '29 minutes', 999702222222, 31, 300, 'USD', null);
  select post(33, 1, 'transfer', 999702222222, 999703333333, 500, 'USD', now() - interval '20 minutes');
  select post(35, 1, 'transfer', 999702222222, 999703333333, 300, 'USD', now() - interval '15 minutes');
  select post(36, 1, 'reversal', 999703333333, 999702222222, 300, 'USD', now() - interval '14 minutes');
  insert into reversal (reversed, receipt, at) values (35, 36, now() - interval '14 minutes');

  insert into message (receipt, received_at, bucket, fingerprint, sender, source, short_code, smsc, action, outcome, reason, language,
                       target, serial, amount_minor, balance_minor, currency, balance_currency, earlier, until, reply, lease_owner,
                       sent_at, smsc_message_id, heard, extra)
    select receipt, now() - ago * interval '1 minute', 1, sha256(receipt::text::bytea), sender, '1.1.' || sender, '0.0.12345', 'main',
           action::action, outcome::outcome, reason, 'en', target, serial, amount, balance, 'USD',
           case when receipt = 39 then 'EUR' end, earlier,
           case when outcome = 'asked' then now() - ago * interval '1 minute' + interval '15 minutes' end, 'sent', 'gw-1',
           now() - ago * interval '1 minute', 'sm' || receipt, true,
           case when leader is not null then row(leader, null, null, giver, null, null, null, null, null, null, null, null)::extra
                when serial is not null then row(null, null, null, null, null, 300, null, null, null, null, null, null)::extra end
    from (values
      (30, 30, 999702222222, 'redeem', 'credited', null, null::bigint, 100000000011, 2000, 2000, null::bigint, null::bigint, null::bigint),
      (31, 29, 999702222222, 'redeem', 'credited', null, null, 100000000012, 2000, 4000, null, null, null),
      (32, 21, 999702222222, 'transfer', 'asked', 'transfer', 999703333333, null, 500, 4000, null, null, null),
      (33, 20, 999702222222, 'confirm', 'transferred', 'transfer', 999703333333, null, 500, 3500, null, null, null),
      (34, 20, 999703333333, 'notice', 'received', null, null, null, 500, 500, 33, 33, 999702222222),
      (35, 15, 999702222222, 'confirm', 'transferred', 'transfer', 999703333333, null, 300, 3200, null, null, null),
      (38, 15, 999703333333, 'notice', 'received', null, null, null, 300, 800, 35, 35, 999702222222),
      (36, 14, 999702222222, 'undo', 'undone', null, 999703333333, null, 300, 3500, 35, null, null),
      (37, 14, 999703333333, 'notice', 'taken_back', null, null, null, 300, 500, 35, 36, 999702222222),
      (39, 2, 999703333333, 'redeem', 'asked', 'check', null, 100000000013, 2000, 700, null, null, null))
      m (receipt, ago, sender, action, outcome, reason, target, serial, amount, balance, earlier, leader, giver);
  insert into question (sender, digests, receipt, until)
    values (999703333333, array[sha256('100000000013')], 39, now() + interval '13 minutes');

  -- The reply of 30 left by another SMSC and arrived, that of 38 did not; of 37 nothing was told yet.
  select follow_replies(now(), array[30, 37, 38]::bigint[], array['sm30', 'sm37', 'sm38'], array['backup'], array[true, true, true]);
  select note_deliveries(array['main', 'backup'], array['sm38', 'sm30'], array['undeliverable', 'delivered']::delivery_state[],
                         array['00b', '000']);

  select reverse_redemption(31, null, 'only', 'wrong number', false);
  select adjust_account(999702222222, 50, 'USD', 'goodwill');
  select topup.reserve(999702222222, 100, 'call-1'), topup.debit(999702222222, 70, 'call-2'), topup.reserve(999702222222, 80, 'call-3');
  select topup.commit('call-3', 60);
  insert into approval (action, subject, amount_minor, currency, reason, arguments, asked_by)
    values ('batch activate', 'batch 4', 8000, 'USD', 'new shop', '{}', 'somebody else');
  update approval set decision = 'granted', decided_at = now(), decided_by = session_user;

  insert into wrong_pin (sender, digest, prefix, at)
    select 999704444444, sha256(n::text::bytea), n, now() - interval '1 minute' from generate_series(1, 5) n;
  insert into sender_lock (sender, locked_until, rung, told, unheard) values (999704444444, now() + interval '59 minutes', 1, true, 2);
  insert into guess_hour (hour, wrong) values (hour_of(now()), 5);
)";

}  // namespace

void enrich(books& books) {
  books.sql(everything);
}

}  // namespace topupd::tests
