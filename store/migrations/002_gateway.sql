-- What a gateway may do: these functions and nothing else. One call of topup.redeem() is one transaction over all texts that
-- have gathered; everything in it is set-based, because one call per text costs ten times as much (DESIGN.md §3).
--
-- Calls take turns, whichever gateway they come from: each begins by taking the turn and has it until COMMIT. Writing side by
-- side gains nothing (DESIGN.md §3: 54 µs become 97), and so a call sees all that was decided before it, nothing changes while
-- it decides, nobody waits in a circle, and each gets its turn. Operators who change cards or accounts take it, too. Who does not,
-- a charging system that debits an account, is met when the call writes: what it read of the account is proven once more, the
-- call fails as a whole, and the gateway repeats it. Claims never wait for anybody.
set local role topup_owner;

-- A message as a gateway needs it: store::decision. `asked` is the receipt that its text came with, which is another one when
-- the text turned out to be decided before. Where duplicate is null nothing was decided: store::decision::doubtful. Times are
-- seconds since 1970. redeem() leaves out of a text's own decision what the gateway knows from the text: smsc and short_code are
-- null there, and source and sender but for a notice's.
create type topup.decision as (
  asked bigint, receipt bigint, outcome topup.outcome, action topup.action, duplicate boolean, reply_owed boolean,
  smsc text, source text, short_code text, language text, sender bigint,
  target bigint, serial bigint, amount_minor bigint, currency text, balance_minor bigint, balance_currency text,
  valid_until bigint, earlier bigint, earlier_at bigint, until bigint, reason text, got smallint,
  decided_at bigint, batch bigint, lease_no smallint, attempts smallint, extra topup.extra);

create function topup.seconds(at timestamptz) returns bigint
language sql stable as $$ select floor(date_part('epoch', at))::bigint $$;

-- One expression, so that the planner puts it where it is called.
create function topup.whole(m topup.message, asked bigint, duplicate boolean, reply_owed boolean) returns topup.decision
language sql stable as $$
  select row(asked, m.receipt, m.outcome, m.action, duplicate, reply_owed, m.smsc, m.source, m.short_code, m.language, m.sender,
             m.target, m.serial, m.amount_minor, m.currency, m.balance_minor, m.balance_currency,
             topup.seconds(m.valid_until), m.earlier, topup.seconds(m.earlier_at), topup.seconds(m.until), m.reason, m.got,
             topup.seconds(m.received_at), m.batch_no, m.lease_no, m.attempts, m.extra)::topup.decision
$$;

-- The lease that begins: another one than all that somebody may still speak of.
create function topup.next_lease(lease_no smallint) returns smallint
language sql immutable as $$ select (lease_no % 32767 + 1)::smallint $$;

-- Quarters of an hour since 1970. A fingerprint is unique within one; a redelivery is looked for in this one and the last.
create function topup.bucket(at timestamptz) returns integer
language sql stable as $$ select floor(date_part('epoch', at) / 900)::integer $$;

-- Calls take turns. Returns the time from which the turn began: the clock is read then and not at BEGIN, so that of two calls
-- the later one also has the later time, and finds the earlier one's fingerprints in a bucket that it looks into.
create function topup.take_turn() returns timestamptz
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(-1);  -- no other use of advisory locks here is at -1
  return clock_timestamp();
end $$;

-- Guessing -----------------------------------------------------------------------------------------------------------------

-- Hours since 1970, as topup.guess_hour counts them.
create function topup.hour_of(at timestamptz) returns integer
language sql stable as $$ select floor(date_part('epoch', at) / 3600)::integer $$;

-- New wrong PINs of all senders: within 24 hours, within this hour, and in an hour of the last week.
create function topup.guess_rates(moment timestamptz, out day_wrong bigint, out hour_wrong bigint, out usual double precision)
language sql stable set search_path = topup, pg_temp as $$
  select coalesce(sum(h.wrong) filter (where h.hour > hour_of(moment) - 24), 0)::bigint,
         coalesce(sum(h.wrong) filter (where h.hour = hour_of(moment)), 0)::bigint,
         coalesce(sum(h.wrong) filter (where h.hour < hour_of(moment)), 0) / 168.0::double precision
  from guess_hour h where h.hour between hour_of(moment) - 168 and hour_of(moment)
$$;

-- What is done about guessing now: topup.guess_level.
create function topup.guess_level_at(moment timestamptz) returns smallint
language sql stable as $$ select case when until > moment then level else 0::smallint end from topup.guess_level $$;

-- Counts new wrong PINs of all senders. So many within 24 hours as wrong_pins_per_day says: the cap, level 2. More within this
-- hour than alarm_factor times what the last week had in an hour, and more than 50: level 1. A level holds for an hour from the
-- last wrong PIN that called for it.
create function topup.weigh_guesses(moment timestamptz, counted bigint, wrong_pins_per_day bigint, alarm_factor integer) returns void
language plpgsql set search_path = topup, pg_temp as $$
declare
  rates record;
  reached smallint;
begin
  insert into guess_hour as h (hour, wrong) values (hour_of(moment), counted)
    on conflict (hour) do update set wrong = h.wrong + counted;
  delete from guess_hour where hour < hour_of(moment) - 168;
  select * into rates from guess_rates(moment);
  reached := case when rates.day_wrong >= wrong_pins_per_day then 2
                  when rates.hour_wrong > greatest(alarm_factor * rates.usual, 50) then 1 else 0 end;
  update guess_level set level = reached, until = moment + interval '1 hour'
    where reached > 0 and (reached >= level or until <= moment);
end $$;

-- Counts PINs that nobody has. The fifth distinct one of a sender within 24 hours locks the sender for an hour, and so does
-- each new one after it while five lie within the window: each time twice as long as the last, 24 hours at most. The ladder
-- begins anew when a sender has not been locked for 24 hours. A success resets nothing. One is enough instead of five while
-- there is an alarm (guess_level), and when ten that begin alike were tried, by whomever: somebody counts them up. True:
-- somebody is locked now.
create function topup.count_wrong_pins(
  moment timestamptz, senders bigint[], digests bytea[], prefixes integer[], wrong_pins_per_day bigint, alarm_factor integer)
returns boolean
language plpgsql set search_path = topup, pg_temp as $$
declare
  day_ago constant timestamptz := moment - interval '24 hours';
  alarm constant boolean := guess_level_at(moment) > 0;
  guess record;
  counted bigint := 0;
  locked boolean := false;
  allowed integer;
begin
  for guess in select sender, digest, coalesce(prefix, 0) as prefix from unnest(senders, digests, prefixes) as t (sender, digest, prefix) loop
    insert into wrong_pin as w (sender, digest, prefix, at) values (guess.sender, guess.digest, guess.prefix, moment)
      on conflict (sender, digest) do update set at = moment where w.at <= day_ago;
    continue when not found;  -- it was counted already
    counted := counted + 1;
    allowed := 5;
    if alarm or (select count(*) from (select from wrong_pin w where w.prefix = guess.prefix and w.at + interval '24 hours' > moment
                                       limit 11) alike) > 10 then
      allowed := 1;
    end if;
    -- Written so that the index of ages, which holds everybody's guesses, is no way to look for this.
    continue when (select count(*) from wrong_pin w where w.sender = guess.sender and w.at + interval '24 hours' > moment) < allowed;
    insert into sender_lock as l (sender, locked_until, rung) values (guess.sender, moment + interval '1 hour', 1)
      on conflict (sender) do update set
        rung = case when l.locked_until > day_ago then l.rung + 1 else 1 end,
        locked_until = moment + case when l.locked_until > day_ago
                                     then interval '1 hour' * least(24, 2 ^ least(l.rung, 5)) else interval '1 hour' end,
        told = false, unheard = 0
      where l.locked_until <= moment;  -- one lock for all guesses that came together
    locked := true;
  end loop;
  if counted > 0 then
    perform weigh_guesses(moment, counted, wrong_pins_per_day, alarm_factor);
  end if;
  -- What counts no more goes, a little with every guess.
  delete from wrong_pin where ctid = any (array(select ctid from wrong_pin where at <= day_ago order by at limit 16));
  delete from sender_lock
    where ctid = any (array(select ctid from sender_lock where locked_until <= day_ago order by locked_until limit 16));
  return locked;
end $$;

-- Money ----------------------------------------------------------------------------------------------------------------------

-- Posts a transfer and keeps the accounts of the subscribers it touches; -msisdn is the bonus of one. Not for the way of every
-- top-up: redeem() writes those by hundreds. Whoever moves between two subscribers has the turn.
create function topup.post(
  receipt bigint, line integer, kind topup.transfer_kind, debit bigint, credit bigint, amount_minor bigint, currency text,
  at timestamptz)
returns void
language plpgsql set search_path = topup, pg_temp as $$
declare
  side record;
  newest bigint;
  links bigint[] := array[null, null];
begin
  for side in select n, account, amount from (values (1, debit, -amount_minor), (2, credit, amount_minor)) as t (n, account, amount)
              where abs(account) >= 1000 order by abs(account) loop
    select a.last_receipt into newest from account a where a.msisdn = abs(side.account) for update;
    if not found then raise exception 'account % does not exist', abs(side.account); end if;
    if newest is distinct from post.receipt then links[side.n] := newest; end if;
    update account a set
      balance_minor = a.balance_minor + case when side.account > 0 then side.amount else 0 end,
      bonus_minor = a.bonus_minor + case when side.account < 0 then side.amount else 0 end,
      last_receipt = post.receipt
    where a.msisdn = abs(side.account);
  end loop;
  insert into transfer (receipt, line, at, kind, debit, credit, amount_minor, currency, previous, debit_previous)
    values (receipt, line, at, kind, debit, credit, amount_minor, currency, links[2], links[1]);
end $$;

-- What stands against a transfer of this amount between subscribers; reason null: nothing. limits: the most in one, in a day and
-- in a month of the time zone, and what must stay. limit_minor: the most that may go, of what was exceeded.
create function topup.weigh_transfer(
  moment timestamptz, giver bigint, receiver bigint, amount_minor bigint, currency text, limits bigint[], time_zone text,
  out reason text, out limit_minor bigint, out balance_minor bigint)
language plpgsql set search_path = topup, pg_temp as $$
declare
  today constant timestamp := date_trunc('day', moment at time zone time_zone);
  from_account account;
  to_account account;
  spent_today bigint;
  spent bigint;
begin
  perform lapse(giver, moment);  -- and what was reserved too long
  select * into from_account from account a where a.msisdn = giver;
  select * into to_account from account a where a.msisdn = receiver;
  balance_minor := coalesce(from_account.balance_minor, 0);
  select sum(m.amount_minor) filter (where m.received_at >= today at time zone time_zone), sum(m.amount_minor)
  into spent_today, spent
  from message m
  where m.sender = giver and m.outcome = 'transferred' and m.received_at >= date_trunc('month', today) at time zone time_zone;
  limit_minor := greatest(balance_minor - coalesce(from_account.reserved_minor, 0) - limits[4], 0);
  reason := case
    when receiver is null or giver = receiver then 'to_oneself'
    when coalesce(amount_minor, 0) <= 0 then 'no_amount'
    when amount_minor > limits[1] then 'above_transfer'
    when from_account.held or to_account.held then 'held_account'
    when from_account.currency <> weigh_transfer.currency or to_account.currency <> weigh_transfer.currency then 'other_currency'
    when from_account.valid_until <= moment then 'account_expired'
    when amount_minor > limit_minor then 'not_enough'
    when amount_minor + coalesce(spent_today, 0) > limits[2] then 'above_day'
    when amount_minor + coalesce(spent, 0) > limits[3] then 'above_month'
  end;
  limit_minor := case reason when 'above_transfer' then limits[1] when 'above_day' then limits[2] when 'above_month' then limits[3]
                             when 'not_enough' then limit_minor end;
end $$;

-- An account for whoever has none yet.
create function topup.open_account(number bigint, currency text, moment timestamptz) returns void
language sql set search_path = topup, pg_temp as $$
  insert into account (msisdn, currency, balance_minor, created_at) values (number, currency, 0, moment) on conflict do nothing
$$;

-- Takes back a sender's last credit or transfer to somebody else within undo_time, the whole text's, and gives it to the sender.
create function topup.undo(
  moment timestamptz, asker bigint, new_receipt bigint, undo_time interval,
  out reason text, out undone bigint, out victim bigint, out amount_minor bigint, out balance_minor bigint, out currency text)
language plpgsql set search_path = topup, pg_temp as $$
declare
  last message;
  members bigint[];
  bonus bigint;
  there account;
begin
  select * into last from message m
  where m.sender = asker and m.outcome in ('credited', 'transferred') and m.target is not null and m.received_at > moment - undo_time
  order by m.receipt desc limit 1;
  if not found then
    reason := 'nothing_to_undo';
    return;
  end if;
  undone := coalesce((last.extra).leader, last.receipt);
  members := array(select m.receipt from message m
                   where m.sender = asker and m.outcome = last.outcome and m.target = last.target
                     and undone in (m.receipt, (m.extra).leader));
  victim := last.target;
  currency := last.currency;
  select sum(t.amount_minor) filter (where t.credit > 0), coalesce(sum(t.amount_minor) filter (where t.credit < 0), 0)
  into amount_minor, bonus from transfer t where t.receipt = any (members);
  perform from account a where a.msisdn in (victim, asker) order by a.msisdn for update;
  perform lapse(victim, moment);
  select * into there from account a where a.msisdn = victim;
  reason := case
    when exists (select from reversal r where r.reversed = any (members)) then 'undone_before'
    when exists (select from account a where a.msisdn = asker and a.currency <> last.currency) then 'nothing_to_undo'
    when exists (select from account a where a.msisdn in (asker, victim) and a.held) then 'held_account'
    when there.balance_minor - there.reserved_minor < amount_minor
         or there.bonus_minor - there.bonus_reserved_minor < bonus then 'spent'
  end;
  if reason is not null then return; end if;
  perform take_back(members, asker, new_receipt, moment);
  select a.balance_minor into balance_minor from account a where a.msisdn = asker;
end $$;

-- What subscribers ask about ---------------------------------------------------------------------------------------------

-- The state of a card by its serial, redeemed or not; null: none has it.
create function topup.card_state_at(asked bigint, moment timestamptz) returns topup.card_state
language sql stable set search_path = topup, pg_temp as $$
  select case when e.serial is not null then 'redeemed' else state_at(r.state, b.ends, moment) end
  from voucher v
  join batch b on b.id = v.batch
  cross join lateral (select g.state from serial_range g where g.first_serial <= v.serial order by g.first_serial desc limit 1) r
  left join redemption e on e.serial = v.serial
  where v.serial = asked
$$;

-- What an account got last, newest first: receipt, amount_minor and seconds since 1970 of each. Calls and what else it paid are
-- passed over; 500 transfers back is far enough.
create function topup.last_credits(account bigint, newest bigint, at_most integer) returns bigint[]
language plpgsql stable set search_path = topup, pg_temp as $$
declare
  past record;
  items bigint[] := '{}';
begin
  for i in 1 .. 500 loop
    exit when newest is null or cardinality(items) >= 3 * at_most;
    select sum(x.amount_minor) filter (where x.credit = account and x.kind in ('topup', 'transfer', 'adjustment')) as amount_minor,
           min(x.at) as at,
           coalesce(min(x.previous) filter (where abs(x.credit) = account),
                    min(x.debit_previous) filter (where abs(x.debit) = account)) as previous
    into past from transfer x where x.receipt = newest;
    if past.amount_minor is not null then
      items := items || array[newest, past.amount_minor, seconds(past.at)];
    end if;
    newest := past.previous;
  end loop;
  return items;
end $$;

-- Of a card, by its serial: never whose it is.
create function topup.card_status(
  asked bigint, moment timestamptz, out reason text, out amount_minor bigint, out currency text, out last_use timestamptz)
language plpgsql stable set search_path = topup, pg_temp as $$
declare
  state constant card_state := card_state_at(asked, moment);
begin
  reason := case when state is null then 'card_unknown'
                 when state = 'redeemed' then 'card_used'
                 when state = 'active' then 'card_unused'
                 when state = 'expired' then 'card_expired'
                 else 'card_unusable' end;
  select p.value_minor, p.currency, b.ends - interval '1 second' into amount_minor, currency, last_use
  from voucher v join batch b on b.id = v.batch join product p on p.code = b.product where v.serial = asked;
end $$;

-- Of a message, by its receipt, for its sender or whoever it credited; nobody else learns that there is one. A notice's is
-- known to its receiver and to the giver.
create function topup.receipt_status(
  asked bigint, asker bigint,
  out reason text, out amount_minor bigint, out currency text, out target bigint, out at timestamptz)
language plpgsql stable set search_path = topup, pg_temp as $$
declare
  m message;
begin
  select * into m from message x where x.receipt = asked and asker in (x.sender, x.target, (x.extra).giver);
  if not found then
    reason := 'receipt_unknown';
    return;
  end if;
  at := m.received_at;
  if coalesce((m.extra).several.outcome, m.outcome) not in ('credited', 'received', 'transferred') then
    reason := 'receipt_nothing';
    return;
  end if;
  reason := 'receipt_credited';
  amount_minor := coalesce((m.extra).several.total_minor, m.amount_minor);
  currency := coalesce((m.extra).several.currency, m.currency);
  target := case asker when (m.extra).giver then m.sender when m.sender then m.target end;
end $$;

-- Answers ------------------------------------------------------------------------------------------------------------------

-- Whether a sender may be answered now: at most so many times within any 60 minutes, 0 for no limit; of empty texts only the
-- first within an hour. Yes counts.
create function topup.may_answer(moment timestamptz, asked_by bigint, at_most integer, empty boolean) returns boolean
language plpgsql set search_path = topup, pg_temp as $$
declare
  recent timestamptz[];
begin
  select array(select t from unnest(a.times) t where t > moment - interval '1 hour' order by t) into recent
  from answered a where a.sender = asked_by for update;
  if at_most > 0 and cardinality(recent) >= at_most or empty and cardinality(recent) > 0 then
    return false;
  end if;
  insert into answered (sender, times, last) values (asked_by, array[moment], moment)
    on conflict (sender) do update set times = recent || moment, last = moment;
  delete from answered where ctid = any (array(select ctid from answered where last <= moment - interval '1 hour' order by last limit 4));
  return true;
end $$;

-- Texts --------------------------------------------------------------------------------------------------------------------

-- What became of a text about its sender's own credit: a transfer, its YES, an UNDO.
create type topup.settlement as (
  place integer, action topup.action, outcome topup.outcome, reason text, target bigint, amount_minor bigint, currency text,
  balance_minor bigint, earlier bigint, until timestamptz);

-- Does what is to be done about one of these. Of a YES: what its question was about.
create function topup.settle(
  s topup.settlement, moment timestamptz, sender bigint, receipt bigint, service_currency text, time_zone text,
  transfer_limits bigint[], undo_time interval, question_time interval)
returns topup.settlement
language plpgsql set search_path = topup, pg_temp as $$
declare
  found record;
begin
  s.currency := service_currency;
  if s.action = 'undo' then
    select * into found from undo(moment, sender, receipt, undo_time);
    s.outcome := case when found.reason is null then 'undone' else 'not_undone' end;
    s.reason := found.reason;
    s.target := found.victim;
    s.amount_minor := found.amount_minor;
    s.currency := coalesce(found.currency, service_currency);
    s.balance_minor := found.balance_minor;
    s.earlier := found.undone;
  elsif s.action in ('transfer', 'confirm') then
    select * into found from weigh_transfer(moment, sender, s.target, s.amount_minor, service_currency, transfer_limits, time_zone);
    s.balance_minor := case when found.reason is distinct from 'other_currency' then found.balance_minor end;
    s.reason := found.reason;
    if found.reason is not null then
      s.outcome := 'not_transferred';
      s.amount_minor := coalesce(found.limit_minor, s.amount_minor);
    elsif s.action = 'transfer' then
      s.outcome := 'asked';
      s.reason := 'transfer';
      s.until := moment + question_time;
    else
      s.outcome := 'transferred';
      perform open_account(s.target, service_currency, moment);
      perform post(receipt, 1, 'transfer', sender, s.target, s.amount_minor, service_currency, moment);
      s.balance_minor := s.balance_minor - s.amount_minor;
    end if;
  end if;
  return s;
end $$;

-- The bonus of a top-up, and until when it is good; null: without end. What is there already lasts as long.
create function topup.grant_bonus(
  moment timestamptz, account_of bigint, receipt bigint, amount_minor bigint, currency text, until timestamptz)
returns timestamptz
language plpgsql set search_path = topup, pg_temp as $$
declare
  there account;
begin
  select * into there from account a where a.msisdn = account_of;
  if there.bonus_minor > 0 and there.bonus_until <= moment then perform lapse(account_of, moment); end if;
  insert into transfer (receipt, line, at, kind, debit, credit, amount_minor, currency)
    values (receipt, 2, moment, 'bonus', 3, -account_of, amount_minor, currency);
  update account a set
    bonus_minor = a.bonus_minor + grant_bonus.amount_minor,
    bonus_until = case when a.bonus_minor > 0 and a.bonus_until is null or until is null then null
                       when a.bonus_minor > 0 then greatest(a.bonus_until, until) else until end
  where a.msisdn = account_of returning bonus_until into until;
  return until;
end $$;

-- Decides texts and records what the SMSC said to earlier replies. Texts and marks are arrays of equal length each.
--
-- The caller promises: fingerprints are distinct (`copies` counts equal ones that came together); receipts ascend, are its
-- own, and stay with their text when the call is repeated, which `again` says; of one sender only plain redemptions of
-- different vouchers stand in one call. Marks are in order of receipt. The arrays from `leaders` to `newer_thans` and from `sent_by`
-- on may end early: the rest is null.
--
-- A text may take several places, one after the other. The first leads; the others have its receipt in `leaders`, no
-- fingerprint, and a receipt of their own: one for each further voucher, four behind a YES for whatever its question holds,
-- and last, where somebody else's account may change, one for the notice to that one. What is not needed vanishes.
--
-- ages: how many milliseconds ago a text came, at least; mark_ages: how many milliseconds ago that was said of a reply.
-- newer_thans: of a text that was doubtful, the identical message that it is newer than: its link has answered since.
-- transfer_limits: weigh_transfer()'s; undo_time: 0 for never. `olders`: a voucher's digests under older keys, 32 octets each.
create function topup.redeem(
  instance text, lease interval, service_currency text, service_language text, time_zone text, ask_above bigint,
  question_time interval, answers_per_hour integer, transfer_limits bigint[], undo_time interval, wrong_pins_per_day bigint,
  alarm_factor integer, again boolean,
  receipts bigint[], fingerprints bytea[], ages integer[], copies integer[], smscs text[], sources text[], short_codes text[],
  senders bigint[], actions topup.action[], digests bytea[], prefixes integer[], targets bigint[], asks boolean[],
  reasons text[], gots smallint[], languages text[],
  leaders bigint[], given_serials bigint[], expecteds bigint[], abouts bigint[], olders bytea[], newer_thans bigint[],
  marked bigint[], marks text[], mark_ages integer[], smsc_message_ids text[], statuses integer[],
  sent_by text[], awaiteds boolean[], retry_ins integer[], lease_nos smallint[],
  heards boolean[])
returns setof topup.decision
language plpgsql security definer
set search_path = topup, pg_temp
-- A plan is made once a session, perhaps for empty tables, and must be right when they have millions of rows: each table is
-- entered by its key and no other way. So a table is restricted by `key = any (array)`, whatever else joins it, and where a key
-- is the result of another look-up, by a lateral subquery with a limit, which the planner cannot turn around.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_nestloop = off  -- but where there is no other way
set enable_mergejoin = off
set jit = off
as $$
declare
  moment constant timestamptz := take_turn();
  today constant date := (moment at time zone time_zone)::date;
  this_bucket constant integer := bucket(moment);
  total constant integer := cardinality(receipts);
  -- Of texts that were decided before: their place among the texts, and the receipt they have.
  known integer[];
  originals bigint[];
  later boolean[];  -- whether the text came when the SMSC surely had our acknowledgement of that one
  passed bigint[];  -- text by text, the last one of which that is true
  -- What is decided, text by text. Null outcome: decided before.
  outcomes outcome[];
  serials bigint[];
  amounts bigint[];
  currencies text[];
  balances bigint[];
  balance_currencies text[];
  valid_untils timestamptz[];
  earliers bigint[];
  earlier_ats timestamptz[];
  untils timestamptz[];
  replies reply_state[];
  -- Of a credit: the account, its state as read, the transfer before this one, and whether another one follows here.
  accounts bigint[];
  read_receipts bigint[];
  read_balances bigint[];
  previouses bigint[];
  lasts boolean[];
  told bigint[];
  -- Of texts that take several places: the place of the leader, for each. Null where no text of this call does.
  leads integer[];
  extras extra[];  -- null where no message has any
  -- What was transferred, undone, or asked for these, before anything is credited: place by place.
  settled settlement[];
  guess_level constant smallint := guess_level_at(moment);
  counted boolean := false;
  asked_all boolean := false;
  once_more boolean;
  credits integer;
  expected integer;
  written integer;
  i integer;
  question record;
  beside record;
  fact record;
  unheard_of decision;
  flood boolean;
begin
  -- A reply was sent; refused, for good or for now; not tried (release): owed again at once; or in flight still. And perhaps our
  -- acknowledgement was heard, or nothing but that is said. But for what was sent or heard, which is a fact, only the lease's
  -- owner may say so, and only of this lease: a gateway that was frozen and goes on says nothing about a reply that another one
  -- has taken over since, and what it gave back before it claimed the reply again is not given back by that now. When it was
  -- is reckoned from when the call came, before it waited for its turn.
  if cardinality(marked) > 0 then
    update message m set
      reply = case r.mark when 'sent' then 'sent' when 'refused' then 'dead' else m.reply end::reply_state,
      sent_at = case when r.mark = 'sent' or r.mark = 'heard' and m.sent_at is not null
                     then now() - r.age * interval '1 millisecond' else m.sent_at end,
      heard = m.heard or coalesce(r.heard, false),
      smsc_message_id = case when r.mark = 'heard' then m.smsc_message_id else r.smsc_message_id end,
      reply_status = case when r.mark in ('release', 'renew', 'heard') then m.reply_status else r.status end,
      lease_until = case r.mark when 'release' then moment when 'renew' then moment + lease
                                when 'deferred' then moment + r.retry_in * interval '1 second' else m.lease_until end,
      lease_owner = case when r.mark <> 'deferred' then m.lease_owner end,
      attempts = m.attempts + (r.mark = 'deferred')::integer
    from unnest(marked, marks, mark_ages, smsc_message_ids, statuses, retry_ins, lease_nos, heards)
           as r (receipt, mark, age, smsc_message_id, status, retry_in, lease_no, heard)
    where m.receipt = r.receipt and m.receipt = any (marked)
      and (r.mark = 'heard'
           or m.reply::text = 'owed'  -- as a text, so that the index of owed replies is no way to look for these
           and (r.mark = 'sent' or m.lease_owner = instance and m.lease_no = coalesce(r.lease_no, 1)));
    if sent_by <> '{}' or true = any (awaiteds) then
      perform follow_replies(moment, marked, smsc_message_ids, sent_by, awaiteds);
    end if;
  end if;
  if total = 0 then return; end if;

  if array_remove(leaders, null) <> '{}' then
    for i in 1 .. total loop
      leads[i] := case when leaders[i] is null then i else leads[i - 1] end;
    end loop;
  end if;

  -- Which of these texts were decided before? An identical one within 15 minutes, or, when an unknown COMMIT is repeated,
  -- our own. But one that came when the SMSC surely had our acknowledgement of an identical one is no redelivery: the subscriber
  -- has sent BAL once more. The new text goes on under a fingerprint of its own, which follows from the two, so that it is known
  -- in turn. When a text came is reckoned from when the call came, before it waited for its turn.
  loop
    select array_agg(t.n), array_agg(m.receipt), array_agg(m.heard and m.sent_at < now() - t.age * interval '1 millisecond')
    into known, originals, later
    from unnest(fingerprints, ages) with ordinality as t (fingerprint, age, n)
    cross join lateral (select m.receipt, m.heard, m.sent_at from message m
                        where m.bucket in (this_bucket, this_bucket - 1) and m.fingerprint = t.fingerprint
                          and m.received_at > moment - interval '15 minutes' limit 1) as m;
    exit when (true = any (later)) is not true;
    for i in 1 .. cardinality(known) loop
      continue when later[i] is not true;
      passed[known[i]] := originals[i];
      fingerprints[known[i]] := substr(sha256(fingerprints[known[i]] || int8send(originals[i])), 1, 16);
    end loop;
  end loop;
  if again then
    select array_agg(d.n), array_agg(d.receipt) into known, originals
    from (select distinct on (n) n, receipt
          from (select t.n, m.receipt from unnest(receipts) with ordinality as t (receipt, n)
                join message m on m.receipt = t.receipt where m.receipt = any (receipts)
                union all
                select * from unnest(known, originals)) as both_ways (n, receipt)
          order by n, receipt = receipts[n] desc) as d;
  end if;

  -- Decided before: written again, always, because only a COMMIT of ours tells that the earlier one has reached the standby
  -- (DESIGN.md §2.2). Whoever asks takes over the reply when its lease has lapsed, or was given to him by the call that is
  -- repeated here. Else it is in somebody's hands; perhaps his own, and sent a moment ago.
  if known is not null then
    return query
      update message m set
        seen = m.seen + case when m.receipt = receipts[t.n] then 0 else copies[t.n] end,
        lease_owner = case when m.lease_until <= moment then instance else m.lease_owner end,
        lease_no = case when m.lease_until <= moment or m.receipt = receipts[t.n] and m.lease_owner = instance
                        then next_lease(m.lease_no) else m.lease_no end,
        lease_until = case when m.lease_until <= moment or m.receipt = receipts[t.n] and m.lease_owner = instance
                           then moment + lease else m.lease_until end
      from unnest(known, originals) as t (n, receipt)
      where m.receipt = t.receipt and m.receipt = any (originals)
      returning (whole(m, receipts[t.n], m.receipt <> receipts[t.n],
                       m.reply = 'owed' and m.lease_owner = instance and m.lease_until = moment + lease)).*;
    foreach i in array known loop
      actions[i] := null;
      digests[i] := null;
    end loop;
  end if;
  -- New, then? Or a redelivery that was long on its way, by a link that the SMSC has given up, or in a call that outlives its
  -- gateway. As long as the link has not answered since, nothing is decided.
  if passed is not null then
    for i in 1 .. total loop
      continue when passed[i] is null or newer_thans[i] = passed[i] or i = any (known);
      return query select (whole(m, receipts[i], null, false)).* from message m where m.receipt = passed[i];
      actions[i] := null;
      digests[i] := null;
    end loop;
  end if;
  if leads is not null then
    for i in 1 .. total loop
      continue when leads[i] = i;
      if actions[leads[i]] is null then
        actions[i] := null;
        digests[i] := null;
      else
        fingerprints[i] := substr(sha256(fingerprints[leads[i]] || int4send(i - leads[i])), 1, 16);
      end if;
    end loop;
  end if;
  if array_remove(actions, null) = '{}' then return; end if;
  if exists (select from undelivered limit 1) then
    perform send_once_more(moment, array(select t.sender from unnest(senders, actions) as t (sender, action) where t.action is not null));
  end if;

  -- YES and NO use up the sender's question; to a locked sender's YES nothing is looked up.
  if 'confirm' = any (actions) or 'cancel' = any (actions) then
    for question in
      select q.sender, q.digests, q.target, q.amount_minor, t.n, t.action, q.until > moment as pending
      from unnest(senders, actions, leaders) with ordinality as t (sender, action, leader, n)
      join question q on q.sender = t.sender
      where q.sender = any (senders) and t.leader is null
        and (t.action = 'cancel'
             or t.action = 'confirm'
                and not exists (select from sender_lock l where l.sender = t.sender and l.locked_until > moment limit 1))
    loop
      delete from question q where q.sender = question.sender;
      continue when not question.pending;
      if question.amount_minor is not null then
        settled := settled || row(question.n, question.action, case question.action when 'cancel' then 'cancelled' end, 'transfer',
                                  question.target, question.amount_minor, null, null, null, null)::settlement;
        continue;
      end if;
      digests[question.n] := question.digests[1];  -- of a cancel: shows that there was one
      targets[question.n] := question.target;
      for i in 2 .. cardinality(question.digests) loop
        exit when question.action = 'cancel';
        digests[question.n + i - 1] := question.digests[i];
        targets[question.n + i - 1] := question.target;
      end loop;
    end loop;
    for i in 1 .. total loop
      if actions[i] = 'confirm' and digests[i] is null and leads[i] <> i then actions[i] := null; end if;
    end loop;
  end if;

  -- Digests under older keys: the one that a card has is its name.
  if array_remove(olders, null) <> '{}' then
    for fact in
      select t.n, v.digest
      from unnest(olders) with ordinality as t (older, n)
      cross join lateral generate_series(1, length(t.older), 32) as g (first)
      cross join lateral (select v.digest from voucher v where v.digest = substr(t.older, g.first, 32) limit 1) v
    loop
      if digests[fact.n] is not null then digests[fact.n] := fact.digest; end if;
    end loop;
  end if;

  -- What is about the sender's own credit is done first, one by one, so that what is credited below finds accounts as these
  -- leave them. Until then such a text counts as one that needs nothing.
  if settled is not null or 'transfer' = any (actions) or 'undo' = any (actions) then
    for i in 1 .. total loop
      if actions[i] in ('transfer', 'undo') then
        settled := settled || row(i, actions[i], null, null, targets[i], expecteds[i], service_currency, null, null, null)::settlement;
      end if;
    end loop;
    for i in 1 .. cardinality(settled) loop
      settled[i] := settle(settled[i], moment, senders[settled[i].place], receipts[settled[i].place], service_currency, time_zone,
                           transfer_limits, undo_time, question_time);
      actions[settled[i].place] := 'unclear';
      expecteds[settled[i].place] := null;
    end loop;
  end if;

  -- In an alarm, who has sent a wrong PIN within a day is not looked up any more, and at the cap, who is no customer: a lock like
  -- any other, said once.
  if guess_level > 0 and 'redeem' = any (actions) then
    insert into sender_lock as l (sender, locked_until)
      select distinct t.sender, g.until
      from unnest(senders, actions) as t (sender, action) cross join topup.guess_level g
      where t.action = 'redeem'
        and (exists (select from wrong_pin w where w.sender = t.sender and w.at + interval '24 hours' > moment)
             or guess_level >= 2 and not exists (select from account a where a.msisdn = t.sender))
      on conflict (sender) do update set locked_until = excluded.locked_until, told = false, unheard = 0
        where l.locked_until <= moment;
  end if;

  -- A serial or a value beside the PIN must be the voucher's. An unknown PIN is that and nothing else; a locked sender is told
  -- nothing; and whoever has redeemed the voucher himself is told so whatever stands beside it.
  if array_remove(given_serials, null) <> '{}' or array_remove(expecteds, null) <> '{}' then
    for beside in
      select t.n, t.serial <> v.serial as wrong_serial,
             t.expected is not null and (t.expected <> p.value_minor or p.currency <> service_currency) as differs
      from unnest(senders, actions, digests, given_serials, expecteds) with ordinality
             as t (sender, action, digest, serial, expected, n)
      cross join lateral (select * from voucher v where v.digest = t.digest and t.action = 'redeem' limit 1) v
      cross join lateral (select b.product from batch b where b.id = v.batch limit 1) b
      cross join lateral (select * from product p where p.code = b.product limit 1) p
      left join lateral (select e.receipt from redemption e where e.serial = v.serial limit 1) e on true
      left join lateral (select u.sender from message u where u.receipt = e.receipt limit 1) u on true
      left join lateral (select l.sender from sender_lock l where l.sender = t.sender and l.locked_until > moment limit 1) l on true
      where (t.serial is not null or t.expected is not null) and l.sender is null and u.sender is distinct from t.sender
    loop
      if beside.wrong_serial then
        actions[beside.n] := 'unclear';
        reasons[beside.n] := 'wrong_serial';
        digests[beside.n] := null;
      elsif beside.differs then
        asks[beside.n] := true;
        reasons[beside.n] := 'differs';
        extras := coalesce(extras, array_fill(null::extra, array[total]));
        extras[beside.n].expected_minor := expecteds[beside.n];
      end if;
    end loop;
  end if;

  loop
    -- Reads and decides. Each level adds what the next one needs, and is kept apart from it, because the planner would otherwise
    -- write out a level's expressions wherever the next one names them. `credited` stands for: nothing against it so far. The
    -- order of the WHENs is that of topup.outcome, but for one thing: whoever redeemed a voucher is told so even when its batch
    -- was held or has expired since (DESIGN.md §2.2).
    with found as materialized (
      select t.n, t.receipt, t.sender, t.action, t.ask, coalesce(t.target, t.sender) as account,
             l.locked_until, v.serial, p.value_minor, p.currency, p.validity_days, e.receipt as ended_by, e.at as ended_at,
             case
               when t.action is null or t.action = 'notice' then null
               when l.sender is not null then 'locked'
               when t.action not in ('redeem', 'confirm', 'cancel') then t.action::text
               when t.action = 'cancel' and t.digest is not null then 'cancelled'
               when t.digest is null then 'no_question'
               when v.serial is null then 'unknown_pin'
               when u.sender = t.sender then 'repeated'
               when r.state in ('generated', 'held') then 'not_active'
               when r.state <> 'active' then 'void_voucher'
               when b.ends <= moment then 'expired'
               when e.serial is not null then 'used'
               else 'credited'
             end::outcome as outcome
      from unnest(receipts, senders, actions, digests, targets, asks) with ordinality
             as t (receipt, sender, action, digest, target, ask, n)
      left join lateral (select * from sender_lock l where l.sender = t.sender and t.action in ('redeem', 'confirm')
                         and l.locked_until > moment limit 1) l on true
      left join lateral (select * from voucher v where v.digest = t.digest and t.action in ('redeem', 'confirm')
                         and l.sender is null limit 1) v on true
      left join lateral (select * from batch b where b.id = v.batch limit 1) b on true
      left join lateral (select * from product p where p.code = b.product limit 1) p on true
      left join lateral (select g.state from serial_range g where g.first_serial <= v.serial
                         order by g.first_serial desc limit 1) r on true
      left join lateral (select * from redemption e where e.serial = v.serial limit 1) e on true
      left join lateral (select u.sender from message u where u.receipt = e.receipt limit 1) u on true
    ), weighed as materialized (
      select f.n, f.receipt, f.sender, f.account, f.locked_until, f.serial, f.value_minor, f.currency, f.validity_days,
             f.ended_by, f.ended_at, a.balance_minor, a.currency as account_currency, a.valid_until, a.last_receipt,
             case
               when f.outcome is distinct from 'credited' then f.outcome
               when a.currency <> f.currency then 'other_currency'
               -- An account that is opened here has the currency of the first voucher for it.
               when f.currency <> first_value(f.currency) over (partition by f.outcome = 'credited', f.account order by f.n)
                 then 'other_currency'
               when a.held then 'held_account'
               when f.action = 'redeem'
                    and (f.ask or ask_above > 0 and (f.value_minor > ask_above or f.currency <> service_currency)) then 'asked'
               else 'credited'
             end::outcome as outcome
      from found f
      left join lateral (select * from account a
                         where a.msisdn = case when f.outcome in ('repeated', 'balance') then f.sender
                                               when f.outcome = 'credited' then f.account end limit 1) a on true
    ), judged as materialized (
      -- Of several texts for one voucher the first is credited.
      select w.n, w.receipt, w.sender, w.account, w.locked_until, w.serial, w.value_minor, w.currency, w.validity_days,
             w.ended_at, w.balance_minor, w.account_currency, w.valid_until, w.last_receipt,
             case
               when w.outcome is distinct from 'credited' or row_number() over voucher = 1 then w.outcome
               when first_value(w.sender) over voucher = w.sender then 'repeated'
               else 'used'
             end as outcome,
             case when w.outcome = 'credited' then first_value(w.receipt) over voucher else w.ended_by end as earlier
      from weighed w
      window voucher as (partition by w.outcome = 'credited', w.serial order by w.n)
    ), summed as materialized (
      select j.*, (sum(j.value_minor) over so_far)::bigint as sum_minor, lag(j.receipt) over account as lag_receipt,
             lead(j.receipt) over account is null as last,
             -- To the last second of a day in the service's time zone; the later of two ends stays; no end is the latest.
             max(case when j.validity_days > 0
                      then (today + j.validity_days + 1)::timestamp at time zone time_zone - interval '1 second'
                      else 'infinity' end) over so_far as new_end
      from judged j
      window account as (partition by j.outcome = 'credited', j.account order by j.n),
             so_far as (account rows unbounded preceding)
    )
    select array_agg(s.outcome), array_agg(s.serial),
           array_agg(case when s.outcome in ('credited', 'asked', 'repeated', 'other_currency') then s.value_minor end),
           array_agg(case when s.outcome = 'balance' then coalesce(s.account_currency, service_currency)
                          when s.outcome in ('credited', 'asked', 'repeated', 'other_currency') then s.currency end),
           array_agg(case when s.outcome = 'credited' then coalesce(s.balance_minor, 0) + s.sum_minor
                          when s.outcome in ('balance', 'repeated') then coalesce(s.balance_minor, 0)
                          when s.outcome = 'other_currency' then s.balance_minor end),
           array_agg(case when s.outcome in ('repeated', 'other_currency')
                          then nullif(coalesce(s.account_currency, service_currency), s.currency) end),
           array_agg(case when s.outcome = 'credited'
                          then nullif(greatest(s.new_end, case when s.balance_minor is not null
                                                               then coalesce(s.valid_until, 'infinity') end), 'infinity')
                          when s.outcome in ('balance', 'repeated') then s.valid_until end),
           array_agg(case when s.outcome = 'repeated' then s.earlier end),
           array_agg(case when s.outcome = 'repeated' then coalesce(s.ended_at, moment) end),
           array_agg(case when s.outcome = 'locked' then s.locked_until
                          when s.outcome = 'asked' then moment + question_time end),
           array_agg(case when s.outcome <> 'locked' then 'owed'::reply_state else 'none' end),
           array_agg(case when s.outcome = 'credited' then s.account end),
           array_agg(s.last_receipt), array_agg(s.balance_minor), array_agg(coalesce(s.lag_receipt, s.last_receipt)),
           array_agg(s.last),
           count(*) filter (where s.outcome = 'credited'), count(*) filter (where s.outcome = 'credited' and s.last)
    into outcomes, serials, amounts, currencies, balances, balance_currencies, valid_untils, earliers, earlier_ats, untils,
         replies, accounts, read_receipts, read_balances, previouses, lasts, credits, expected
    from (select * from summed order by n) as s;

    once_more := false;
    -- A wrong PIN that locks its sender is answered as locked, and so is whatever else of that sender came with it.
    if not counted and 'unknown_pin' = any (outcomes) then
      counted := true;
      once_more := count_wrong_pins(
        moment,
        array(select sender from unnest(senders, outcomes) as t (sender, outcome) where outcome = 'unknown_pin'),
        array(select digest from unnest(digests, outcomes) as t (digest, outcome) where outcome = 'unknown_pin'),
        array(select prefix from unnest(prefixes, outcomes) as t (prefix, outcome) where outcome = 'unknown_pin'),
        wrong_pins_per_day, alarm_factor);
    end if;
    -- One text, one question: when one of its vouchers is asked about, all are.
    if leads is not null and not asked_all and 'asked' = any (outcomes) then
      asked_all := true;
      for i in 1 .. total loop
        if outcomes[i] = 'credited' and actions[i] = 'redeem'
           and exists (select from unnest(leads, outcomes) as t (lead, outcome) where lead = leads[i] and outcome = 'asked') then
          asks[i] := true;
          once_more := true;
        end if;
      end loop;
    end if;
    exit when not once_more;
  end loop;

  -- A locked sender is told once, then there is silence.
  if 'locked' = any (outcomes) then
    with now_told as (
      update sender_lock set told = true
      where not sender_lock.told and sender = any (array(
        select sender from unnest(senders, outcomes) as t (sender, outcome) where outcome = 'locked'))
      returning sender
    )
    select array_agg(sender) into told from now_told;
    for i in 1 .. total loop
      if outcomes[i] = 'locked' and senders[i] = any (told) then
        replies[i] := 'owed';
        told := array_remove(told, senders[i]);
      end if;
    end loop;
    -- What a locked sender goes on sending is counted, and only the first of it kept: a flood fills no table.
    for i in 1 .. total loop
      continue when outcomes[i] is distinct from 'locked' or replies[i] <> 'none';
      if leads is null or leads[i] = i then
        update sender_lock l set unheard = l.unheard + 1 where l.sender = senders[i] returning l.unheard > 10 into flood;
      else
        flood := outcomes[leads[i]] is null;
      end if;
      continue when not flood;
      outcomes[i] := null;
      continue when leads[i] <> i;
      unheard_of.asked := receipts[i];
      unheard_of.receipt := receipts[i];
      unheard_of.outcome := 'locked';
      unheard_of.action := actions[i];
      unheard_of.duplicate := false;
      unheard_of.reply_owed := false;
      unheard_of.decided_at := seconds(moment);
      unheard_of.attempts := 1;
      return next unheard_of;
    end loop;
  end if;
  if settled is not null then
    for i in 1 .. cardinality(settled) loop
      fact := settled[i];
      actions[fact.place] := fact.action;
      outcomes[fact.place] := fact.outcome;
      reasons[fact.place] := fact.reason;
      targets[fact.place] := fact.target;
      amounts[fact.place] := fact.amount_minor;
      currencies[fact.place] := fact.currency;
      balances[fact.place] := fact.balance_minor;
      earliers[fact.place] := fact.earlier;
      untils[fact.place] := fact.until;
    end loop;
  end if;
  if 'asked' = any (outcomes) then
    -- CHECK tells until when the card can be used.
    for i in 1 .. total loop
      continue when outcomes[i] is distinct from 'asked' or reasons[i] is distinct from 'check';
      select b.ends - interval '1 second' as last_use into fact
      from voucher v join batch b on b.id = v.batch where v.serial = serials[i];
      valid_untils[i] := fact.last_use;
    end loop;
  end if;
  if 'language' = any (outcomes) then
    insert into subscriber (msisdn, language)
      select sender, language from unnest(senders, languages, outcomes) as t (sender, language, outcome)
      where outcome = 'language'
      on conflict (msisdn) do update set language = excluded.language;
  end if;
  if exists (select from subscriber limit 1) then
    select array_agg(coalesce(s.language, t.language) order by t.n) into languages
    from unnest(senders, languages) with ordinality as t (sender, language, n)
    left join lateral (select s.language from subscriber s where s.msisdn = t.sender limit 1) s on true;
  end if;
  if 'history' = any (outcomes) then
    extras := coalesce(extras, array_fill(null::extra, array[total]));
    for i in 1 .. total loop
      continue when outcomes[i] is distinct from 'history';
      select currency, last_credits(msisdn, last_receipt, 3) as items into fact from account where msisdn = senders[i];
      currencies[i] := fact.currency;
      extras[i].history := fact.items;
    end loop;
  end if;
  if 'balance' = any (outcomes) then
    for i in 1 .. total loop
      continue when outcomes[i] is distinct from 'balance';
      select last_credits(msisdn, last_receipt, 1) as item, bonus_minor, bonus_until into fact from account where msisdn = senders[i];
      continue when not found;
      amounts[i] := fact.item[2];
      earlier_ats[i] := to_timestamp(fact.item[3]);
      continue when fact.bonus_minor = 0 or fact.bonus_until <= moment;
      extras := coalesce(extras, array_fill(null::extra, array[total]));
      extras[i].bonus_minor := fact.bonus_minor;
      extras[i].bonus_until := seconds(fact.bonus_until);
    end loop;
  end if;
  if 'status' = any (outcomes) then
    for i in 1 .. total loop
      continue when outcomes[i] is distinct from 'status';
      if abouts[i] is null then
        select * into fact from card_status(given_serials[i], moment);
        serials[i] := given_serials[i];
        valid_untils[i] := fact.last_use;
      else
        select * into fact from receipt_status(abouts[i], senders[i]);
        earliers[i] := abouts[i];
        earlier_ats[i] := fact.at;
        targets[i] := fact.target;
      end if;
      reasons[i] := fact.reason;
      amounts[i] := fact.amount_minor;
      currencies[i] := fact.currency;
    end loop;
  end if;

  -- Several vouchers of one text have one reply, which tells of them together; and the receiver of somebody's credit is told.
  if leads is not null then
    extras := coalesce(extras, array_fill(null::extra, array[total]));
    for fact in
      select t.lead, count(t.outcome)::integer as cards, max(t.outcome) as best,
             (count(*) filter (where t.outcome in ('credited', 'asked')))::integer as added,
             (sum(t.amount) filter (where t.outcome in ('credited', 'asked')))::bigint as total_minor,
             max(t.balance) filter (where t.outcome = 'credited') as balance_minor,  -- after the last of them: it only grows
             max(t.currency) filter (where t.outcome in ('credited', 'asked')) as currency,
             (array_agg(t.valid_until order by t.n desc) filter (where t.outcome = 'credited'))[1] as valid_until,
             max(t.until) as until,
             max(t.n) filter (where t.action = 'notice') as notice
      from unnest(leads, actions, outcomes, amounts, currencies, balances, valid_untils, untils) with ordinality
             as t (lead, action, outcome, amount, currency, balance, valid_until, until, n)
      group by t.lead having count(*) > 1
    loop
      if fact.cards > 1 then
        extras[fact.lead].several :=
          row(fact.cards, fact.added, fact.best, fact.total_minor, fact.balance_minor, fact.currency)::several;
        untils[fact.lead] := coalesce(untils[fact.lead], fact.until);  -- the question's, when it is about the others
      end if;
      continue when fact.notice is null or targets[fact.lead] is null
                    or fact.best is null or fact.best not in ('credited', 'transferred', 'undone');
      i := fact.notice;
      outcomes[i] := case fact.best when 'undone' then 'taken_back' else 'received' end;
      replies[i] := 'owed';
      extras[i].giver := senders[fact.lead];
      earliers[i] := case fact.best when 'undone' then earliers[fact.lead] else receipts[fact.lead] end;
      senders[i] := targets[fact.lead];
      sources[i] := '1.1.' || senders[i];  -- E.164 (SMPP 3.4 §5.2.5, §5.2.6)
      targets[i] := null;
      amounts[i] := case fact.best when 'credited' then fact.total_minor else amounts[fact.lead] end;
      currencies[i] := case fact.best when 'credited' then fact.currency else currencies[fact.lead] end;
      balances[i] := case fact.best when 'credited' then fact.balance_minor
                                    else (select a.balance_minor from account a where a.msisdn = senders[i]) end;
      valid_untils[i] := fact.valid_until;
      languages[i] := coalesce((select s.language from subscriber s where s.msisdn = senders[i]), service_language);
    end loop;
    for i in 1 .. total loop
      continue when leads[i] = i;
      extras[i].leader := leaders[i];
      if actions[i] is distinct from 'notice' or outcomes[i] is null then replies[i] := 'none'; end if;
    end loop;
  end if;
  -- Credits are always answered, and their receivers; whatever else, so many times an hour.
  if credits < total then
    for i in 1 .. total loop
      continue when replies[i] is distinct from 'owed' or outcomes[i] in ('credited', 'received', 'transferred', 'undone', 'taken_back')
                    or ((extras[i]).several).outcome is not distinct from 'credited';
      if (answers_per_hour > 0 or reasons[i] = 'empty')
         and not may_answer(moment, senders[i], answers_per_hour, outcomes[i] = 'help' and reasons[i] is not distinct from 'empty') then
        replies[i] := 'none';
      end if;
    end loop;
  end if;

  -- A question waits for its YES only when it is asked: one that goes unsaid leaves what was asked before.
  if 'asked' = any (outcomes) then
    insert into question (sender, digests, target, amount_minor, receipt, until)
      select distinct on (sender) sender, array_agg(digest order by n), target,
             max(amount) filter (where action = 'transfer'), coalesce(leader, receipt), until
      from unnest(senders, actions, digests, targets, amounts, receipts, leaders, untils, outcomes) with ordinality
             as t (sender, action, digest, target, amount, receipt, leader, until, outcome, n)
      where outcome = 'asked' and replies[coalesce(leads[n::integer], n::integer)] = 'owed'
      group by sender, target, coalesce(leader, receipt), until order by sender, max(n) desc
      on conflict (sender) do update set digests = excluded.digests, target = excluded.target, amount_minor = excluded.amount_minor,
                                         receipt = excluded.receipt, until = excluded.until;
  end if;

  -- Writes what was decided. Each write proves once more what was read: a unique key, or the account's last state.
  if credits > 0 then
    insert into redemption (serial, receipt, at)
      select serial, receipt, moment from unnest(serials, receipts, accounts) as t (serial, receipt, account)
      where account is not null order by serial;

    update account a set balance_minor = t.balance, valid_until = t.valid_until, last_receipt = t.receipt
      from (select * from unnest(accounts, balances, valid_untils, receipts, read_receipts, read_balances, lasts)
                            as t (account, balance, valid_until, receipt, read_receipt, read_balance, last)
            where account is not null and last and read_balance is not null) as t
      where a.msisdn = t.account and a.msisdn = any (accounts)
        and a.last_receipt is not distinct from t.read_receipt and a.balance_minor = t.read_balance;
    get diagnostics written = row_count;
    if written < expected then
      insert into account (msisdn, currency, balance_minor, valid_until, last_receipt, created_at)
        select account, currency, balance, valid_until, receipt, moment
        from unnest(accounts, currencies, balances, valid_untils, receipts, read_balances, lasts)
               as t (account, currency, balance, valid_until, receipt, read_balance, last)
        where account is not null and last and read_balance is null;
      get diagnostics i = row_count;
      if written + i < expected then
        raise exception 'an account changed meanwhile' using errcode = 'serialization_failure';
      end if;
    end if;

    insert into transfer (receipt, at, debit, credit, amount_minor, currency, serial, previous)
      select receipt, moment, 1, account, amount, currency, serial, previous
      from unnest(receipts, accounts, amounts, currencies, serials, previouses)
             as t (receipt, account, amount, currency, serial, previous)
      where account is not null;

    if exists (select from product where bonus_minor > 0) then
      for fact in
        select t.n, t.account, t.receipt, t.valid_until, p.bonus_minor, p.bonus_days, p.currency
        from unnest(accounts, receipts, serials, valid_untils) with ordinality as t (account, receipt, serial, valid_until, n)
        cross join lateral (select * from voucher v where v.serial = t.serial limit 1) v
        cross join lateral (select b.product from batch b where b.id = v.batch limit 1) b
        cross join lateral (select * from product p where p.code = b.product limit 1) p
        where t.account is not null and p.bonus_minor > 0 order by t.n
      loop
        extras := coalesce(extras, array_fill(null::extra, array[total]));
        extras[fact.n].bonus_minor := fact.bonus_minor;
        extras[fact.n].bonus_until := seconds(grant_bonus(moment, fact.account, fact.receipt, fact.bonus_minor, fact.currency,
          case when fact.bonus_days > 0
               then (today + fact.bonus_days + 1)::timestamp at time zone time_zone - interval '1 second' else fact.valid_until end));
      end loop;
    end if;
  end if;

  return query
    insert into message as m (
      receipt, received_at, bucket, fingerprint, sender, source, short_code, smsc, action, outcome, language, reason, got,
      target, serial, amount_minor, balance_minor, currency, balance_currency, valid_until, earlier, earlier_at, until, batch_no,
      seen, reply, lease_until, lease_owner, extra)
    select t.receipt, moment, this_bucket, t.fingerprint, t.sender, t.source, t.short_code, t.smsc, t.action, t.outcome,
           t.language, t.reason, t.got, t.target, t.serial, t.amount, t.balance, t.currency, t.balance_currency, t.valid_until,
           t.earlier, t.earlier_at, t.until, pg_current_xact_id()::text::bigint, t.copies, t.reply, moment + lease, instance,
           extras[t.n]
    from unnest(receipts, fingerprints, senders, sources, short_codes, smscs, actions, outcomes, languages, reasons, gots,
                targets, serials, amounts, balances, currencies, balance_currencies, valid_untils, earliers, earlier_ats,
                untils, copies, replies) with ordinality
           as t (receipt, fingerprint, sender, source, short_code, smsc, action, outcome, language, reason, got, target, serial,
                 amount, balance, currency, balance_currency, valid_until, earlier, earlier_at, until, copies, reply, n)
    where t.outcome is not null
    returning m.receipt, m.receipt, m.outcome, m.action, false, m.reply = 'owed', null::text,
              case when (m.extra).leader is not null then m.source end, null::text, m.language,
              case when (m.extra).leader is not null then m.sender end, m.target, m.serial, m.amount_minor, m.currency,
              m.balance_minor, m.balance_currency,
              seconds(m.valid_until), m.earlier, seconds(m.earlier_at), seconds(m.until), m.reason, m.got,
              seconds(m.received_at), m.batch_no, m.lease_no, m.attempts, m.extra;
end $$;

-- A text on which redeem() fails whenever it is tried is recorded and answered, so that the SMSC does not send it for ever.
-- Nothing is looked up, and nothing is used.
create function topup.quarantine(
  instance text, lease interval, receipt bigint, fingerprint bytea, smsc text, source text, short_code text, sender bigint,
  action topup.action, language text)
returns setof topup.decision
language plpgsql security definer set search_path = topup, pg_temp as $$
declare
  moment constant timestamptz := take_turn();
begin
  return query
    insert into message as m (receipt, received_at, bucket, fingerprint, sender, source, short_code, smsc, action, outcome,
                              language, batch_no, reply, lease_until, lease_owner)
    values (receipt, moment, bucket(moment), fingerprint, sender, source, short_code, smsc, action, 'quarantined',
            language, pg_current_xact_id()::text::bigint, 'owed', moment + lease, instance)
    on conflict do nothing
    returning (whole(m, m.receipt, false, true)).*;
end $$;

-- Parts of long texts ------------------------------------------------------------------------------------------------------

-- Keeps a part until the others are there, and returns all of them in order when it is the last one missing, or comes again.
-- Under the same reference another part of the same number begins another text: what there was of the old one goes, and so
-- does what is older than part_time.
create function topup.keep_part(
  group_print bytea, number smallint, total smallint, print bytea, sealed bytea, smsc text, source text, short_code text,
  sender bigint, part_time interval)
returns setof bytea
language plpgsql security definer set search_path = topup, pg_temp as $$
#variable_conflict use_column
begin
  -- Two parts may come at once, by two binds: the second must see the first.
  perform pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0));
  if exists (select from part p where p.group_print = $1
             and (p.at <= now() - $10 or p.number = $2 and p.print <> $4)) then
    delete from part p where p.group_print = $1;
  end if;
  insert into part (group_print, number, total, print, sealed, smsc, source, short_code, sender)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict on constraint part_pkey do update set sealed = part.sealed;  -- written again, for COMMIT to tell (DESIGN.md §2.2)
  if (select count(*) from part p where p.group_print = $1) = $3 then
    return query select p.sealed from part p where p.group_print = $1 order by p.number;
  end if;
end $$;

-- What is older than part_time goes. Whose text is not complete by then is told so, once; that needs the turn, because it
-- counts answers as redeem() does, and when that is not free, the next claim does it.
create function topup.sweep_parts(language text, part_time interval, answers_per_hour integer) returns void
language plpgsql set search_path = topup, pg_temp as $$
declare
  old record;
begin
  if not exists (select from part where at <= now() - part_time limit 1) then return; end if;
  for old in
    select g.group_print, count(*) as there, min(p.total) as total, min(p.sender) as sender, min(p.source) as source,
           min(p.short_code) as short_code, min(p.smsc) as smsc
    from (select distinct d.group_print from (select group_print from part where at <= now() - part_time order by at limit 1024) d) g
    join part p on p.group_print = g.group_print
    group by g.group_print having max(p.at) <= now() - part_time
  loop
    continue when old.there < old.total and not pg_try_advisory_xact_lock(-1);
    continue when not pg_try_advisory_xact_lock(hashtextextended(encode(old.group_print, 'hex'), 0));
    delete from part p where p.group_print = old.group_print;
    continue when not found or old.there = old.total;
    insert into message (receipt, bucket, fingerprint, sender, source, short_code, smsc, action, outcome, language, reason, reply,
                         lease_until)
      values (next_receipt(), bucket(now()), old.group_print, old.sender, old.source, old.short_code, old.smsc,
              'unclear', 'unclear', coalesce((select s.language from subscriber s where s.msisdn = old.sender), $1), 'in_parts',
              case when answers_per_hour = 0 or may_answer(now(), old.sender, answers_per_hour, false) then 'owed'
                   else 'none' end::reply_state, now())
      on conflict do nothing;
  end loop;
end $$;

-- Owed replies whose lease has lapsed, oldest first; now they are this instance's. Never waits: what another gateway is
-- claiming at this moment is left to it. smscs: only of these; none: of all. Sweeps on the way.
create function topup.claim(
  instance text, lease interval, at_most integer, smscs text[], service_language text, part_time interval, answers_per_hour integer)
returns setof topup.decision
language plpgsql security definer
set search_path = topup, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
begin
  perform sweep_parts(service_language, part_time, answers_per_hour);
  return query
    update message m set lease_until = now() + lease, lease_owner = instance, lease_no = next_lease(m.lease_no)
    where m.receipt = any (array(
      select due.receipt from message due
      where due.reply = 'owed' and due.lease_until <= now() and (cardinality(smscs) = 0 or due.smsc = any (smscs))
      order by due.lease_until limit at_most for update skip locked))
    returning (whole(m, m.receipt, false, true)).*;
end $$;

-- The first of 1024 receipts that are the caller's alone. A standby that became the primary without having heard of this block
-- would give it to another gateway as well, and the texts of one would pass for the other's. So COMMIT waits for the standby here,
-- too: it does when something was written to the log, which drawing from a sequence often is not.
create function topup.take_receipts() returns bigint
language plpgsql security definer set search_path = topup, pg_temp as $$
begin
  perform pg_logical_emit_message(true, 'topup', 'receipts');
  return nextval('receipt_block') * 2048;
end $$;

-- What a gateway must know before it takes a text. migrations: one line each, "version checksum". A time zone that this server
-- does not know is an error here, where it can be said.
-- `keys`: ids of the gateway's PIN keys, the newest first. lost_batch: one whose cards these do not find, and the chain of keys
-- that it needs. show_key() and lost_cards(): 007_keys.sql.
create function topup.startup_facts(time_zone text, keys text[])
returns table (fsync boolean, full_page_writes boolean, synchronous_commit text, server_time bigint, migrations text,
               lost_batch integer, lost_chain text)
language plpgsql security definer set search_path = topup, pg_temp as $$
begin
  perform show_key(keys[1]);
  return query
    select current_setting('fsync')::boolean, current_setting('full_page_writes')::boolean, current_setting('synchronous_commit'),
           seconds(now()),
           (select string_agg(m.version || ' ' || m.checksum, E'\n' order by m.version) from migration m),
           lost.batch, lost.chain
    from (select) one left join lost_cards(keys) lost on true
    where now() at time zone time_zone is not null;
end $$;

grant execute on function topup.redeem, topup.quarantine, topup.keep_part, topup.claim, topup.take_receipts, topup.startup_facts to topup_gateway;
