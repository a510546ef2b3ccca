-- What a gateway may do: these functions and nothing else. One call of topup.redeem() is one transaction over all texts that
-- have gathered; everything in it is set-based, because one call per text costs ten times as much (DESIGN.md §3).
--
-- Calls take turns, whichever gateway they come from: each begins by taking the turn and has it until COMMIT. Writing side by
-- side gains nothing (DESIGN.md §3: 54 µs become 97), and so a call sees all that was decided before it, nothing changes while
-- it decides, nobody waits in a circle, and each gets its turn. Who writes besides, an operator who voids a voucher, meets the
-- unique keys: the call fails as a whole, and the gateway repeats it. Claims never wait for anybody.
set local role topup_owner;

-- A message as a gateway needs it: store::decision. `asked` is the receipt that its text came with, which is another one when
-- the text turned out to be decided before. Times are seconds since 1970. redeem() leaves out of a text's own decision
-- what the gateway knows from the text: smsc and short_code are null there, and source and sender but for a notice's.
create type topup.decision as (
  asked bigint, receipt bigint, outcome topup.outcome, action topup.action, duplicate boolean, reply_owed boolean,
  smsc text, source text, short_code text, language text, sender bigint,
  target bigint, serial bigint, amount_minor bigint, currency text, balance_minor bigint, balance_currency text,
  valid_until bigint, earlier bigint, earlier_at bigint, until bigint, reason text, got smallint,
  decided_at bigint, batch bigint,
  leader bigint, several topup.several, expected_minor bigint, giver bigint, history bigint[]);

-- What few messages have, in one array: each array that redeem() has to take apart costs every top-up some.
create type topup.extra as (leader bigint, several topup.several, expected_minor bigint, giver bigint, history bigint[]);

create function topup.seconds(at timestamptz) returns bigint
language sql stable as $$ select floor(date_part('epoch', at))::bigint $$;

-- One expression, so that the planner puts it where it is called.
create function topup.whole(m topup.message, asked bigint, duplicate boolean, reply_owed boolean) returns topup.decision
language sql stable as $$
  select row(asked, m.receipt, m.outcome, m.action, duplicate, reply_owed, m.smsc, m.source, m.short_code, m.language, m.sender,
             m.target, m.serial, m.amount_minor, m.currency, m.balance_minor, m.balance_currency,
             topup.seconds(m.valid_until), m.earlier, topup.seconds(m.earlier_at), topup.seconds(m.until), m.reason, m.got,
             topup.seconds(m.received_at), m.batch_no, m.leader, m.several, m.expected_minor, m.giver, m.history)::topup.decision
$$;

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

-- Counts PINs that nobody has. The fifth distinct one of a sender within 24 hours locks the sender for an hour, and so does
-- each new one after it while five lie within the window: each time twice as long as the last, 24 hours at most. The ladder
-- begins anew when a sender has not been locked for 24 hours. A success resets nothing. True: somebody is locked now.
create function topup.count_wrong_pins(moment timestamptz, senders bigint[], digests bytea[]) returns boolean
language plpgsql set search_path = topup, pg_temp as $$
declare
  day_ago constant timestamptz := moment - interval '24 hours';
  guess record;
  locked boolean := false;
begin
  for guess in select sender, digest from unnest(senders, digests) as t (sender, digest) loop
    insert into wrong_pin as w (sender, digest, at) values (guess.sender, guess.digest, moment)
      on conflict (sender, digest) do update set at = moment where w.at <= day_ago;
    continue when not found;  -- it was counted already
    -- Written so that the index of ages, which holds everybody's guesses, is no way to look for this.
    continue when (select count(*) from wrong_pin w where w.sender = guess.sender and w.at + interval '24 hours' > moment) < 5;
    insert into sender_lock as l (sender, locked_until, rung) values (guess.sender, moment + interval '1 hour', 1)
      on conflict (sender) do update set
        rung = case when l.locked_until > day_ago then l.rung + 1 else 1 end,
        locked_until = moment + case when l.locked_until > day_ago
                                     then interval '1 hour' * least(24, 2 ^ least(l.rung, 5)) else interval '1 hour' end,
        told = false
      where l.locked_until <= moment;  -- one lock for all guesses that came together
    locked := true;
  end loop;
  -- What counts no more goes, a little with every guess.
  delete from wrong_pin where ctid = any (array(select ctid from wrong_pin where at <= day_ago order by at limit 16));
  return locked;
end $$;

-- What subscribers ask about ---------------------------------------------------------------------------------------------

-- The last second of a card's last day.
create function topup.last_use(expires date, time_zone text) returns timestamptz
language sql stable as $$ select (expires + 1)::timestamp at time zone time_zone - interval '1 second' $$;

-- An account's three newest transfers, from its last_receipt on: receipt, amount_minor and seconds since 1970 of each.
create function topup.last_three(newest bigint) returns bigint[]
language plpgsql stable set search_path = topup, pg_temp as $$
declare
  past record;
  items bigint[] := '{}';
begin
  while newest is not null and cardinality(items) < 9 loop
    select x.amount_minor, x.at, x.previous into past from transfer x where x.receipt = newest and x.line = 1;
    items := items || array[newest, past.amount_minor, seconds(past.at)];
    newest := past.previous;
  end loop;
  return items;
end $$;

-- Of a card, by its serial: never whose it is.
create function topup.card_status(
  asked bigint, today date, time_zone text,
  out reason text, out amount_minor bigint, out currency text, out last_use timestamptz)
language plpgsql stable set search_path = topup, pg_temp as $$
begin
  select case when e.kind = 'redeemed' then 'card_used'
              when e.kind is not null or b.state <> 'active' then 'card_unusable'
              when b.expires < today then 'card_expired'
              else 'card_unused' end,
         p.value_minor, p.currency, topup.last_use(b.expires, time_zone)
  into reason, amount_minor, currency, last_use
  from voucher v join batch b on b.id = v.batch join product p on p.code = b.product
  left join voucher_end e on e.serial = v.serial
  where v.serial = asked;
  reason := coalesce(reason, 'card_unknown');
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
  select * into m from message x where x.receipt = asked and asker in (x.sender, x.target, x.giver);
  if not found then
    reason := 'receipt_unknown';
    return;
  end if;
  at := m.received_at;
  if coalesce((m.several).outcome, m.outcome) not in ('credited', 'received') then
    reason := 'receipt_nothing';
    return;
  end if;
  reason := 'receipt_credited';
  amount_minor := coalesce((m.several).total_minor, m.amount_minor);
  currency := coalesce((m.several).currency, m.currency);
  target := case asker when m.giver then m.sender when m.sender then m.target end;
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

-- Decides texts and records what the SMSC said to earlier replies. Texts and marks are arrays of equal length each.
--
-- The caller promises: fingerprints are distinct (`copies` counts equal ones that came together); receipts ascend, are its
-- own, and stay with their text when the call is repeated, which `again` says; of one sender only plain redemptions of
-- different vouchers stand in one call. Marks are in order of receipt. The arrays from `leaders` to `abouts` may end early: the
-- rest is null.
--
-- A text may take several places, one after the other. The first leads; the others have its receipt in `leaders`, no
-- fingerprint, and a receipt of their own: one for each further voucher, four behind a YES for whatever its question holds,
-- and last, where somebody else's account may be credited, one for the notice to the receiver. What is not needed vanishes.
create function topup.redeem(
  instance text, lease interval, service_currency text, service_language text, time_zone text, ask_above bigint,
  question_time interval, answers_per_hour integer, again boolean,
  receipts bigint[], fingerprints bytea[], copies integer[], smscs text[], sources text[], short_codes text[],
  senders bigint[], actions topup.action[], digests bytea[], targets bigint[], asks boolean[],
  reasons text[], gots smallint[], languages text[],
  leaders bigint[], given_serials bigint[], expecteds bigint[], abouts bigint[],
  marked bigint[], marks text[], smsc_message_ids text[], statuses integer[])
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
  over boolean[];
  just_heard constant bigint[] :=
    array(select receipt from unnest(marked, marks) as t (receipt, mark) where mark = 'heard');
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
begin
  if array_remove(leaders, null) <> '{}' then
    for i in 1 .. total loop
      leads[i] := case when leaders[i] is null then i else leads[i - 1] end;
    end loop;
  end if;

  -- Which of these texts were decided before? An identical one within 15 minutes, or, when an unknown COMMIT is repeated,
  -- our own. But an identical one whose acknowledgement the SMSC surely has is no redelivery: the subscriber has sent BAL
  -- once more. The new text goes on under a fingerprint of its own, which follows from the two, so that it is known in turn.
  if total > 0 then
    loop
      select array_agg(t.n), array_agg(m.receipt), array_agg(m.heard or m.receipt = any (just_heard))
      into known, originals, over
      from unnest(fingerprints) with ordinality as t (fingerprint, n)
      cross join lateral (select m.receipt, m.heard from message m
                          where m.bucket in (this_bucket, this_bucket - 1) and m.fingerprint = t.fingerprint
                            and m.received_at > moment - interval '15 minutes' limit 1) as m;
      exit when (true = any (over)) is not true;
      for i in 1 .. cardinality(known) loop
        continue when not over[i];
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
  end if;
  -- A reply was sent, and perhaps our acknowledgement heard; refused for good; not tried (release): owed again at once; or in flight still.
  if cardinality(marked) > 0 then
    update message m set
      reply = case when r.mark in ('sent', 'heard') then 'sent' when r.mark = 'refused' then 'dead' else 'owed' end::reply_state,
      sent_at = case when r.mark in ('sent', 'heard') then moment end,
      heard = r.mark = 'heard',
      smsc_message_id = r.smsc_message_id,
      reply_status = r.status,
      lease_until = case r.mark when 'release' then moment when 'renew' then moment + lease else m.lease_until end
    from unnest(marked, marks, smsc_message_ids, statuses) as r (receipt, mark, smsc_message_id, status)
    where m.receipt = r.receipt and m.receipt = any (marked)
      and m.reply::text = 'owed'  -- as a text, so that the index of owed replies is no way to look for these
      and (r.mark not in ('release', 'renew') or m.lease_owner = instance);
  end if;
  if total = 0 then return; end if;

  -- Decided before: written again, always, because only a COMMIT of ours tells that the earlier one has reached the standby
  -- (DESIGN.md §2.2). Whoever asks takes over the reply when its lease has lapsed, or was given to him by the call that is
  -- repeated here. Else it is in somebody's hands; perhaps his own, and sent a moment ago.
  if known is not null then
    return query
      update message m set
        seen = m.seen + case when m.receipt = receipts[t.n] then 0 else copies[t.n] end,
        lease_owner = case when m.lease_until <= moment then instance else m.lease_owner end,
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

  -- YES and NO use up the sender's question; to a locked sender's YES nothing is looked up.
  if 'confirm' = any (actions) or 'cancel' = any (actions) then
    for question in
      select q.sender, q.digests, q.target, t.n, t.action, q.until > moment as pending
      from unnest(senders, actions, leaders) with ordinality as t (sender, action, leader, n)
      join question q on q.sender = t.sender
      where q.sender = any (senders) and t.leader is null
        and (t.action = 'cancel'
             or t.action = 'confirm'
                and not exists (select from sender_lock l where l.sender = t.sender and l.locked_until > moment limit 1))
    loop
      delete from question q where q.sender = question.sender;
      continue when not question.pending;
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
      left join lateral (select e.receipt from voucher_end e where e.serial = v.serial limit 1) e on true
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
               when e.kind = 'redeemed' and u.sender = t.sender then 'repeated'
               when b.state in ('inactive', 'held') then 'not_active'
               when b.state = 'void' or e.kind = 'void' then 'void_voucher'
               when b.expires < today then 'expired'
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
      left join lateral (select * from voucher_end e where e.serial = v.serial limit 1) e on true
      left join lateral (select u.sender from message u where u.receipt = e.receipt limit 1) u on true
    ), weighed as materialized (
      select f.n, f.receipt, f.sender, f.account, f.locked_until, f.serial, f.value_minor, f.currency, f.validity_days,
             f.ended_by, f.ended_at, a.balance_minor, a.currency as account_currency, a.valid_until, a.last_receipt,
             x.amount_minor as last_amount, x.at as last_at,
             case
               when f.outcome is distinct from 'credited' then f.outcome
               when a.currency <> f.currency then 'other_currency'
               -- An account that is opened here has the currency of the first voucher for it.
               when f.currency <> first_value(f.currency) over (partition by f.outcome = 'credited', f.account order by f.n)
                 then 'other_currency'
               when f.action = 'redeem'
                    and (f.ask or ask_above > 0 and (f.value_minor > ask_above or f.currency <> service_currency)) then 'asked'
               else 'credited'
             end::outcome as outcome
      from found f
      left join lateral (select * from account a
                         where a.msisdn = case when f.outcome in ('repeated', 'balance') then f.sender
                                               when f.outcome = 'credited' then f.account end limit 1) a on true
      left join lateral (select * from transfer x
                         where x.receipt = case when f.outcome = 'balance' then a.last_receipt end and x.line = 1
                         limit 1) x on true
    ), judged as materialized (
      -- Of several texts for one voucher the first is credited.
      select w.n, w.receipt, w.sender, w.account, w.locked_until, w.serial, w.value_minor, w.currency, w.validity_days,
             w.ended_at, w.balance_minor, w.account_currency, w.valid_until, w.last_receipt, w.last_amount, w.last_at,
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
           array_agg(case when s.outcome = 'balance' then s.last_amount
                          when s.outcome in ('credited', 'asked', 'repeated', 'other_currency') then s.value_minor end),
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
           array_agg(case when s.outcome = 'repeated' then coalesce(s.ended_at, moment)
                          when s.outcome = 'balance' then s.last_at end),
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
        array(select digest from unnest(digests, outcomes) as t (digest, outcome) where outcome = 'unknown_pin'));
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
  end if;
  if 'asked' = any (outcomes) then
    -- CHECK tells until when the card can be used.
    for i in 1 .. total loop
      continue when outcomes[i] is distinct from 'asked' or reasons[i] is distinct from 'check';
      select last_use(b.expires, time_zone) as last into fact
      from voucher v join batch b on b.id = v.batch where v.serial = serials[i];
      valid_untils[i] := fact.last;
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
      select currency, last_three(last_receipt) as items into fact from account where msisdn = senders[i];
      currencies[i] := fact.currency;
      extras[i].history := fact.items;
    end loop;
  end if;
  if 'status' = any (outcomes) then
    for i in 1 .. total loop
      continue when outcomes[i] is distinct from 'status';
      if abouts[i] is null then
        select * into fact from card_status(given_serials[i], today, time_zone);
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
      continue when fact.notice is null or fact.best is distinct from 'credited' or targets[fact.lead] is null;
      i := fact.notice;
      outcomes[i] := 'received';
      replies[i] := 'owed';
      extras[i].giver := senders[fact.lead];
      earliers[i] := receipts[fact.lead];
      senders[i] := targets[fact.lead];
      sources[i] := '1.1.' || senders[i];  -- E.164 (SMPP 3.4 §5.2.5, §5.2.6)
      targets[i] := null;
      amounts[i] := fact.total_minor;
      balances[i] := fact.balance_minor;
      currencies[i] := fact.currency;
      valid_untils[i] := fact.valid_until;
      languages[i] := coalesce((select s.language from subscriber s where s.msisdn = senders[i]), service_language);
    end loop;
    for i in 1 .. total loop
      continue when leads[i] = i;
      extras[i].leader := leaders[i];
      if outcomes[i] is distinct from 'received' then replies[i] := 'none'; end if;
    end loop;
  end if;
  -- Credits are always answered, and their receivers; whatever else, so many times an hour.
  if credits < total then
    for i in 1 .. total loop
      continue when replies[i] is distinct from 'owed' or outcomes[i] in ('credited', 'received')
                    or ((extras[i]).several).outcome is not distinct from 'credited';
      if (answers_per_hour > 0 or reasons[i] = 'empty')
         and not may_answer(moment, senders[i], answers_per_hour, outcomes[i] = 'help' and reasons[i] is not distinct from 'empty') then
        replies[i] := 'none';
      end if;
    end loop;
  end if;

  -- A question waits for its YES only when it is asked: one that goes unsaid leaves what was asked before.
  if 'asked' = any (outcomes) then
    insert into question (sender, digests, target, receipt, until)
      select distinct on (sender) sender, array_agg(digest order by n), target, coalesce(leader, receipt), until
      from unnest(senders, digests, targets, receipts, leaders, untils, outcomes) with ordinality
             as t (sender, digest, target, receipt, leader, until, outcome, n)
      where outcome = 'asked' and replies[coalesce(leads[n::integer], n::integer)] = 'owed'
      group by sender, target, coalesce(leader, receipt), until order by sender, max(n) desc
      on conflict (sender) do update set digests = excluded.digests, target = excluded.target, receipt = excluded.receipt,
                                         until = excluded.until;
  end if;

  -- Writes what was decided. Each write proves once more what was read: a unique key, or the account's last state.
  if credits > 0 then
    insert into voucher_end (serial, kind, receipt, at)
      select serial, 'redeemed', receipt, moment from unnest(serials, receipts, accounts) as t (serial, receipt, account)
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
  end if;

  return query
    insert into message as m (
      receipt, received_at, bucket, fingerprint, sender, source, short_code, smsc, action, outcome, language, reason, got,
      target, serial, amount_minor, balance_minor, currency, balance_currency, valid_until, earlier, earlier_at, until, batch_no,
      seen, reply, lease_until, lease_owner, leader, several, expected_minor, giver, history)
    select t.receipt, moment, this_bucket, t.fingerprint, t.sender, t.source, t.short_code, t.smsc, t.action, t.outcome,
           t.language, t.reason, t.got, t.target, t.serial, t.amount, t.balance, t.currency, t.balance_currency, t.valid_until,
           t.earlier, t.earlier_at, t.until, pg_current_xact_id()::text::bigint, t.copies, t.reply, moment + lease, instance,
           t.leader, t.several, t.expected_minor, t.giver, t.history
    from unnest(receipts, fingerprints, senders, sources, short_codes, smscs, actions, outcomes, languages, reasons, gots,
                targets, serials, amounts, balances, currencies, balance_currencies, valid_untils, earliers, earlier_ats,
                untils, copies, replies, extras)
           as t (receipt, fingerprint, sender, source, short_code, smsc, action, outcome, language, reason, got, target, serial,
                 amount, balance, currency, balance_currency, valid_until, earlier, earlier_at, until, copies, reply,
                 leader, several, expected_minor, giver, history)
    where t.outcome is not null
    returning m.receipt, m.receipt, m.outcome, m.action, false, m.reply = 'owed', null::text,
              case when m.leader is not null then m.source end, null::text, m.language,
              case when m.leader is not null then m.sender end, m.target, m.serial, m.amount_minor, m.currency,
              m.balance_minor, m.balance_currency,
              seconds(m.valid_until), m.earlier, seconds(m.earlier_at), seconds(m.until), m.reason, m.got,
              seconds(m.received_at), m.batch_no, m.leader, m.several, m.expected_minor, m.giver, m.history;
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
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing;
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
      values (nextval('receipt_block') * 1024, bucket(now()), old.group_print, old.sender, old.source, old.short_code, old.smsc,
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
    update message m set lease_until = now() + lease, lease_owner = instance, attempts = least(m.attempts + 1, 32767)
    where m.receipt = any (array(
      select due.receipt from message due
      where due.reply = 'owed' and due.lease_until <= now() and (cardinality(smscs) = 0 or due.smsc = any (smscs))
      order by due.lease_until limit at_most for update skip locked))
    returning (whole(m, m.receipt, false, true)).*;
end $$;

-- The first of 1024 receipts that are the caller's alone. COMMIT need not wait for the disk here: a message that uses one waits
-- for its own, and what stands before it in the log is then safe too.
create function topup.take_receipts() returns bigint
language plpgsql security definer set search_path = topup, pg_temp as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  return nextval('receipt_block') * 1024;
end $$;

-- What a gateway must know before it takes a text. migrations: one line each, "version checksum". A time zone that this server
-- does not know is an error here, where it can be said.
create function topup.startup_facts(time_zone text)
returns table (fsync boolean, full_page_writes boolean, synchronous_commit text, server_time bigint, migrations text)
language sql stable security definer set search_path = topup, pg_temp as $$
  select current_setting('fsync')::boolean, current_setting('full_page_writes')::boolean, current_setting('synchronous_commit'),
         seconds(now()),
         (select string_agg(version || ' ' || checksum, E'\n' order by version) from migration)
  where now() at time zone time_zone is not null
$$;

revoke execute on all functions in schema topup from public;
grant execute on function topup.redeem, topup.quarantine, topup.keep_part, topup.claim, topup.take_receipts, topup.startup_facts to topup_gateway;
