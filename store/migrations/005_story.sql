-- What operators and auditors see: a card's, a text's and a number's whole story, locks, health, and the reports.
-- Times leave as seconds since 1970.
set local role topup_owner;

-- Who tried a card that was no longer good: for `trace SERIAL`. Credited messages are found through redemption, so that
-- the way of a good top-up pays nothing for this index.
create index message_odd_serial on topup.message (serial) where serial is not null and outcome <> 'credited';

-- Cards -------------------------------------------------------------------------------------------------------------------

create view topup.voucher_story as
select v.serial, v.batch, b.product, p.value_minor, p.currency,
       case when e.serial is not null then 'redeemed' else topup.state_at(r.state, b.ends, now()) end as state,
       b.expires, e.receipt, e.at as ended_at, m.sender, t.credit as account, x.receipt as reversed_by
from topup.voucher v
join topup.batch b on b.id = v.batch
join topup.product p on p.code = b.product
join lateral (select g.state from topup.serial_range g where g.first_serial <= v.serial order by g.first_serial desc limit 1) r on true
left join topup.redemption e on e.serial = v.serial
left join topup.message m on m.receipt = e.receipt
left join topup.transfer t on t.receipt = e.receipt and t.serial = v.serial
left join topup.reversal x on x.reversed = e.receipt;

create function topup.find_voucher(serial bigint)
returns table (serial bigint, batch integer, product text, value_minor bigint, currency text, state text, expires date,
               receipt bigint, sender bigint, account bigint, ended bigint, reversed_by bigint)
language sql stable security definer set search_path = topup, pg_temp as $$
  select s.serial, s.batch, s.product, s.value_minor, s.currency, s.state::text, s.expires, s.receipt, s.sender, s.account,
         seconds(s.ended_at), s.reversed_by
  from voucher_story s where s.serial = find_voucher.serial
$$;

-- What became of a card's state, from the first; who and why is in the audit log. Its making comes first, and its redemption
-- and its end in time are here too, although they are no changes of anybody.
create function topup.card_history(serial bigint)
returns table (at bigint, was text, state text, by text, person text, reason text, audit bigint)
language sql stable security definer set search_path = topup, pg_temp as $$
  select seconds(h.at), h.was, h.state, h.by, h.person, h.reason, h.audit
  from (
    select b.created_at as at, 0::bigint as line, null::text as was, 'generated'::text as state, b.created_by as by, ''::text as person,
           case when b.imported is null then '' else 'imported' end as reason, null::bigint as audit
    from voucher v join batch b on b.id = v.batch where v.serial = card_history.serial
    union all
    select c.at, c.line, c.was::text, c.state::text, coalesce(l.by, ''), coalesce(l.person, ''), coalesce(l.reason, ''), c.audit
    from voucher v join card_change c on c.batch = v.batch and v.serial between c.first_serial and c.last_serial
    left join audit_log l on l.line = c.audit
    where v.serial = card_history.serial
    union all
    select e.at, 9223372036854775807, 'active', 'redeemed', '', '', '', null from redemption e where e.serial = card_history.serial
    union all
    select b.ends, 9223372036854775807, s.state::text, 'expired', '', '', '', null
    from voucher v join batch b on b.id = v.batch
    cross join lateral (select g.state from serial_range g where g.first_serial <= v.serial order by g.first_serial desc limit 1) s
    where v.serial = card_history.serial and state_at(s.state, b.ends, now()) = 'expired'
      and not exists (select from redemption e where e.serial = v.serial)
  ) h order by h.at, h.line
$$;

-- Money -------------------------------------------------------------------------------------------------------------------

-- An account of the ledger as people call it: the bonus of a subscriber is the account -msisdn there.
create function topup.account_name(account bigint) returns text
language sql stable set search_path = topup, pg_temp as $$
  select case when account >= 1000 then account::text
              when account <= -1000 then 'bonus of ' || -account
              else coalesce((select s.name from system_account s where s.account = account_name.account), account::text) end
$$;

create view topup.transfer_story as
select t.receipt, t.line, topup.seconds(t.at) as at, t.kind::text, topup.account_name(t.debit) as debit,
       topup.account_name(t.credit) as credit, t.amount_minor, t.currency, t.serial, c.reference, x.receipt as reversed_by,
       (select min(r.reversed) from topup.reversal r where r.receipt = t.receipt and t.kind = 'reversal') as reverses
from topup.transfer t
left join topup.reversal x on x.reversed = t.receipt
left join topup.reservation c on c.receipt = t.receipt;

create function topup.transfers_of(receipts bigint[]) returns setof topup.transfer_story
language sql stable security definer set search_path = topup, pg_temp as $$
  select s.* from transfer_story s where s.receipt = any (receipts) order by s.receipt, s.line
$$;

-- Trace -------------------------------------------------------------------------------------------------------------------

create view topup.message_story as
select receipt, topup.seconds(received_at) as received, smsc, source, short_code, sender, action::text, outcome::text, language, reason,
       target, serial, amount_minor, currency, balance_minor, coalesce(balance_currency, currency) as balance_currency,
       topup.seconds(valid_until) as valid_until, earlier, topup.seconds(until) as until, seen, heard, reply::text, lease_owner,
       attempts, topup.seconds(sent_at) as sent, smsc_message_id, reply_status,
       (extra).leader, (extra).giver, (extra).several.cards, (extra).several.added, (extra).several.total_minor,
       (extra).several.currency as total_currency, (extra).expected_minor, (extra).bonus_minor, (extra).bonus_until,
       (extra).sent_by, (extra).delivery::text as delivery, (extra).delivery_error, (extra).delivery_at, (extra).resent_at,
       case when reply = 'owed' and lease_owner is null and lease_until > now() then topup.seconds(lease_until) end as deferred_until
from topup.message;

-- What was said to a sender's question, or what question it answers: a sender has one at a time, and the first YES or NO ends it.
create function topup.other_half(m topup.message) returns bigint
language sql stable set search_path = topup, pg_temp as $$
  select case
    when m.outcome = 'asked' then (
      select a.receipt from message a
      where a.sender = m.sender and a.action in ('confirm', 'cancel') and a.outcome not in ('no_question', 'locked')
        and a.received_at between m.received_at and m.until
        and not exists (select from message q where q.sender = m.sender and q.outcome = 'asked' and q.receipt <> m.receipt
                        and q.received_at > m.received_at and q.received_at <= a.received_at)
      order by a.received_at, a.receipt limit 1)
    when m.action in ('confirm', 'cancel') and m.outcome not in ('no_question', 'locked') and (m.extra).leader is null then (
      select q.receipt from message q
      where q.sender = m.sender and q.outcome = 'asked' and m.received_at between q.received_at and q.until
        and not exists (select from message a where a.sender = m.sender and a.action in ('confirm', 'cancel')
                        and a.outcome not in ('no_question', 'locked') and (a.extra).leader is null and a.receipt <> m.receipt
                        and a.received_at >= q.received_at and (a.received_at, a.receipt) < (m.received_at, m.receipt))
      order by q.received_at desc, q.receipt limit 1)
  end
$$;

-- With what goes with it: the other vouchers of its text, the notice to the receiver, the question and its answer, the credit
-- that it repeats or asks about, and what took it back. Nobody but the sender and the receiver has such a message, so that no
-- index on `leader` or `earlier` is needed. Of a receipt without a message, an operator's act or a call: what it took back.
create function topup.trace_receipt(receipt bigint) returns setof topup.message_story
language plpgsql stable security definer set search_path = topup, pg_temp as $$
#variable_conflict use_column
declare
  found bigint[] := array[trace_receipt.receipt];
  whole bigint[];
  people bigint[];
begin
  found := found || array(select r.reversed from reversal r where r.receipt = trace_receipt.receipt);
  -- Twice: what goes with a text, and the whole of the text that this belongs to.
  for step in 1 .. 2 loop
    found := array(select distinct coalesce((m.extra).leader, m.receipt) from message m where m.receipt = any (found));
    people := array(select distinct p.number from message m cross join lateral unnest(array[m.sender, m.target]) as p (number)
                    where m.receipt = any (found) and p.number is not null);
    whole := found || array(select m.receipt from message m where m.sender = any (people) and (m.extra).leader = any (found));
    exit when step = 2;
    found := whole
      || array(select other_half(m) from message m
               where m.receipt = any (whole) and (m.outcome = 'asked' or m.action in ('confirm', 'cancel')))
      || array(select m.earlier from message m where m.receipt = any (whole) and m.earlier is not null)
      || array(select m.receipt from message m where m.sender = any (people) and m.earlier = any (whole))
      || array(select r.receipt from reversal r where r.reversed = any (whole));
  end loop;
  return query select s.* from message_story s where s.receipt = any (whole) order by s.received, s.receipt;
end $$;

-- What the number sent, and what others sent that changed its account; newest first. Its transfers without a text are
-- receipts_of()'s.
create function topup.trace_number(msisdn bigint, at_most integer) returns setof topup.message_story
language sql stable security definer set search_path = topup, pg_temp as $$
  with mine as (
    (select m.receipt from message m where m.sender = trace_number.msisdn order by m.receipt desc limit at_most)
    union
    select h.receipt from receipts_of(trace_number.msisdn, at_most) as h (receipt)
  )
  select s.* from message_story s where s.receipt = any (array(select receipt from mine))
  order by s.received desc, s.receipt desc limit at_most
$$;

create function topup.trace_serial(serial bigint) returns setof topup.message_story
language sql stable security definer set search_path = topup, pg_temp as $$
  with its as (
    select e.receipt from redemption e where e.serial = trace_serial.serial
    union
    select m.receipt from message m where m.serial = trace_serial.serial and m.outcome <> 'credited'
    union  -- what took it back
    select r.receipt from redemption e join reversal r on r.reversed = e.receipt where e.serial = trace_serial.serial
  )
  select s.* from message_story s where s.receipt = any (array(select receipt from its))
  order by s.received, s.receipt
$$;

-- What operators did about these: the corrections that made or took back a receipt, and what was done to `subject`.
create function topup.acts_about(receipts bigint[], subject text)
returns table (line bigint, at bigint, by text, person text, action text, subject text, reason text, detail text, receipt bigint)
language sql stable security definer set search_path = topup, pg_temp as $$
  select l.line, seconds(l.at), l.by, l.person, l.action, l.subject, l.reason, l.detail, k.receipt
  from audit_log l left join correction k on k.audit = l.line
  where l.subject = acts_about.subject or k.receipt = any (receipts)
     or k.receipt = any (array(select r.receipt from reversal r where r.reversed = any (receipts)))
  order by l.line
$$;

-- Locks -------------------------------------------------------------------------------------------------------------------

create view topup.lock_story as
select l.sender, topup.seconds(l.locked_until) as until, l.rung, l.told, l.unheard,
       (select count(*) from topup.wrong_pin w where w.sender = l.sender and w.at > now() - interval '24 hours') as wrong_pins
from topup.sender_lock l where l.locked_until > now();

-- Who is locked now, the longest lock first; of one number when it is given.
create function topup.locks(msisdn bigint, at_most integer) returns setof topup.lock_story
language sql stable security definer set search_path = topup, pg_temp as $$
  select s.* from lock_story s where locks.msisdn is null or s.sender = locks.msisdn order by s.until desc, s.sender limit at_most
$$;

-- The sender may try again at once, with a fresh allowance and at the foot of the ladder.
create function topup.clear_lock(msisdn bigint, reason text)
returns table (word text, was_until bigint, wrong_pins bigint)  -- done, not_locked
language plpgsql security definer set search_path = topup, pg_temp as $$
declare
  lock sender_lock;
begin
  perform take_turn();  -- a gateway that is counting this sender's guesses has counted them, or begins anew
  delete from sender_lock l where l.sender = clear_lock.msisdn returning * into lock;
  delete from wrong_pin w where w.sender = clear_lock.msisdn;
  get diagnostics wrong_pins = row_count;
  word := case when lock.sender is null and wrong_pins = 0 then 'not_locked' else 'done' end;
  was_until := case when lock.locked_until > clock_timestamp() then seconds(lock.locked_until) end;
  if word = 'done' then
    perform audit('locks clear', 'account ' || msisdn, reason,
                  format('%s%s wrong PINs forgotten', 'locked until ' || lock.locked_until || ', ', wrong_pins));
  end if;
  return next;
end $$;

-- Reports -----------------------------------------------------------------------------------------------------------------

-- What did not become what its sender wanted.
create function topup.is_refusal(outcome topup.outcome) returns boolean
language sql immutable as $$
  select outcome in ('quarantined', 'locked', 'unclear', 'no_question', 'not_transferred', 'not_undone', 'unknown_pin', 'not_active',
                     'void_voucher', 'expired', 'used', 'other_currency', 'held_account')
$$;

-- Day by day, in the service's time zone, what was moved in each currency. Senders and refusals are of all texts: they stand in
-- the line of the currency that the text was about, else in that of the service's.
create view topup.report_daily as
with zone as materialized (select time_zone, currency from topup.policy),
moved as (
  select (t.at at time zone z.time_zone)::date as day, t.currency,
         count(*) filter (where t.kind = 'topup') as topups,
         sum(t.amount_minor) filter (where t.kind = 'topup') as amount_minor,
         sum(t.amount_minor) filter (where t.kind = 'bonus') as bonus_minor,
         count(distinct t.receipt) filter (where t.kind = 'charge') as charges,
         sum(t.amount_minor) filter (where t.kind = 'charge') as charged_minor,
         count(*) filter (where t.kind = 'transfer') as transfers,
         sum(t.amount_minor) filter (where t.kind = 'transfer') as transferred_minor,
         count(distinct t.receipt) filter (where t.kind = 'reversal') as reversals,
         sum(t.amount_minor) filter (where t.kind = 'reversal') as reversed_minor,
         sum(case when t.kind <> 'adjustment' then 0 when t.debit < 1000 and t.debit > -1000 then t.amount_minor else -t.amount_minor end)
           as adjusted_minor
  from topup.transfer t cross join zone z group by 1, 2
), texted as (
  select (m.received_at at time zone z.time_zone)::date as day, coalesce(m.currency, z.currency) as currency,
         count(distinct m.sender) filter (where m.action <> 'notice') as senders,
         count(*) filter (where topup.is_refusal(m.outcome)) as refusals
  from topup.message m cross join zone z group by 1, 2
)
select day, currency, coalesce(topups, 0) as topups, coalesce(amount_minor, 0)::bigint as amount_minor,
       coalesce(bonus_minor, 0)::bigint as bonus_minor, coalesce(charges, 0) as charges,
       coalesce(charged_minor, 0)::bigint as charged_minor,
       coalesce(transfers, 0) as transfers, coalesce(transferred_minor, 0)::bigint as transferred_minor,
       coalesce(reversals, 0) as reversals, coalesce(reversed_minor, 0)::bigint as reversed_minor,
       coalesce(adjusted_minor, 0)::bigint as adjusted_minor, coalesce(senders, 0) as senders, coalesce(refusals, 0) as refusals
from moved full join texted using (day, currency);

-- Batch by batch, how many of its cards are in each state, what those redeemed were worth, and what those on sale are.
create view topup.report_batches as
with pieces as (
  select r.batch, topup.state_at(r.state, b.ends, now()) as state, ended.redeemed,
         case when b.count = b.last_serial - b.first_serial + 1 then r.last_serial - r.first_serial + 1
              else (select count(*) from topup.voucher v where v.serial between r.first_serial and r.last_serial) end
           - ended.redeemed as cards
  from topup.serial_range r
  join topup.batch b on b.id = r.batch
  cross join lateral (select count(*) as redeemed from topup.redemption e where e.serial between r.first_serial and r.last_serial) ended
), counted as (
  select batch, sum(redeemed)::bigint as redeemed,
         coalesce(sum(cards) filter (where state = 'generated'), 0)::bigint as generated,
         coalesce(sum(cards) filter (where state = 'active'), 0)::bigint as active,
         coalesce(sum(cards) filter (where state = 'held'), 0)::bigint as held,
         coalesce(sum(cards) filter (where state = 'void'), 0)::bigint as void,
         coalesce(sum(cards) filter (where state = 'stolen'), 0)::bigint as stolen,
         coalesce(sum(cards) filter (where state = 'damaged'), 0)::bigint as damaged,
         coalesce(sum(cards) filter (where state = 'expired'), 0)::bigint as expired
  from pieces group by batch
)
select b.id as batch, b.product, (b.created_at at time zone z.time_zone)::date as created, b.expires as expires_on, p.currency,
       p.value_minor, b.count as cards, c.generated, c.active, c.held, c.void, c.stolen, c.damaged, c.expired, c.redeemed,
       c.redeemed * p.value_minor as redeemed_value_minor, c.active * p.value_minor as open_value_minor
from topup.batch b join topup.product p on p.code = b.product join counted c on c.batch = b.id cross join topup.policy z;

-- What is owed to subscribers and to whoever bought cards, by currency. expired_minor: the part of the credit whose validity is
-- over. reserved_minor: the part of credit and bonus that is set aside for calls under way.
create view topup.report_liability as
with credit as (
  select a.currency, count(*) as accounts, sum(a.balance_minor)::bigint as credit_minor,
         coalesce(sum(a.balance_minor) filter (where a.valid_until <= now()), 0)::bigint as expired_minor,
         coalesce(sum(a.bonus_minor) filter (where a.bonus_until is null or a.bonus_until > now()), 0)::bigint as bonus_minor,
         sum(a.reserved_minor + a.bonus_reserved_minor)::bigint as reserved_minor
  from topup.account a group by a.currency
), on_sale as (
  select b.currency, sum(b.active)::bigint as cards, sum(b.open_value_minor)::bigint as cards_value_minor
  from topup.report_batches b group by b.currency
)
select currency, coalesce(accounts, 0) as accounts, coalesce(credit_minor, 0) as credit_minor, coalesce(expired_minor, 0) as expired_minor,
       coalesce(bonus_minor, 0) as bonus_minor, coalesce(reserved_minor, 0) as reserved_minor, coalesce(cards, 0) as cards,
       coalesce(cards_value_minor, 0) as cards_value_minor,
       coalesce(credit_minor, 0) + coalesce(bonus_minor, 0) + coalesce(cards_value_minor, 0) as total_minor
from credit full join on_sale using (currency);

-- Day by day, what texts did not get what they wanted and why, which replies the SMSC refused for good or did not bring to the
-- phone, and what became of those that were sent once more.
create view topup.report_failures as
select (m.received_at at time zone z.time_zone)::date as day, f.outcome, f.reason, count(*) as texts
from topup.message m
cross join topup.policy z
cross join lateral (
  select m.outcome::text as outcome, coalesce(m.reason, '') as reason where topup.is_refusal(m.outcome)
  union all
  select 'reply_refused', coalesce('command_status 0x' || lpad(to_hex(m.reply_status), 8, '0'), '') where m.reply = 'dead'
  union all
  select 'reply_not_delivered', (m.extra).delivery::text where (m.extra).delivery <> 'delivered'
  union all
  select 'reply_resent', m.reply::text where (m.extra).resent_at is not null
) f
group by 1, 2, 3;

-- For whoever may not read the views. Days and ids come as text, nulls as null.
create function topup.daily_report(first date, last date) returns setof topup.report_daily
language sql stable security definer set search_path = topup, pg_temp as $$
  select * from report_daily where day between coalesce(first, '-infinity') and coalesce(last, 'infinity') order by day, currency
$$;
create function topup.batches_report(first date, last date) returns setof topup.report_batches
language sql stable security definer set search_path = topup, pg_temp as $$
  select * from report_batches where created between coalesce(first, '-infinity') and coalesce(last, 'infinity') order by batch
$$;
create function topup.liability_report() returns setof topup.report_liability
language sql stable security definer set search_path = topup, pg_temp as $$
  select * from report_liability order by currency
$$;
create function topup.failures_report(first date, last date) returns setof topup.report_failures
language sql stable security definer set search_path = topup, pg_temp as $$
  select * from report_failures where day between coalesce(first, '-infinity') and coalesce(last, 'infinity')
  order by day, outcome, reason
$$;

-- Health and rights -------------------------------------------------------------------------------------------------------

create function topup.health()
returns table (server_version text, schema_version integer, fsync boolean, full_page_writes boolean,
               synchronous_commit boolean, now_epoch double precision, owed_replies bigint, logged_in_as text,
               standbys text, commit_waits_for text)
language sql volatile security definer set search_path = topup, pg_temp as $$
  select current_setting('server_version'), (select max(version) from migration), current_setting('fsync')::boolean,
         current_setting('full_page_writes')::boolean, current_setting('synchronous_commit') <> 'off',
         extract(epoch from clock_timestamp())::double precision,
         (select count(*) from message where reply = 'owed'), session_user::text,
         current_setting('synchronous_standby_names'), current_setting('synchronous_commit')
$$;

grant execute on function
  topup.find_voucher, topup.card_history, topup.transfers_of, topup.trace_receipt, topup.trace_number, topup.trace_serial, topup.acts_about, topup.locks, topup.daily_report, topup.batches_report, topup.liability_report,
  topup.failures_report, topup.health
  to topup_operator, topup_auditor;
grant execute on function topup.clear_lock to topup_operator;
-- What the views above call is executed with their reader's rights.
grant execute on function topup.state_at, topup.seconds, topup.account_name, topup.is_refusal to topup_auditor;

-- Auditors read everything, and write nothing. What is added later is theirs to read as well.
grant select on all tables in schema topup to topup_auditor;
alter default privileges for role topup_owner in schema topup grant select on tables to topup_auditor;
