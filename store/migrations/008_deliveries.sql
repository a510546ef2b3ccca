-- What becomes of a reply on its way to the phone: SMSCs tell it by delivery receipts (SMPP 3.4 §5.2.12, §5.2.28, appendix B).
-- A receipt may come before the SMSC's answer to the submit_sm is recorded, on another bind or to another gateway, twice, and
-- in any order with others. What is known at the end is the same: `delivered` stands for good, whatever else was said, because
-- it is said when the phone has the reply; of other final states the first stands.
set local role topup_owner;

-- By what name an SMSC will tell of a reply. Also what was told before the reply was known by that name, for an hour: a
-- submit_sm is answered within seconds, and one whose answer was lost is sent again under another name.
create table topup.awaited (
  smsc             text not null,
  smsc_message_id  text not null,
  receipt          bigint,                                    -- of the message: follow_replies() guarantees it
  state            topup.delivery_state,                      -- told before `receipt` was known
  error            text,
  at               timestamptz,
  until            timestamptz not null,                      -- when it may go
  primary key (smsc, smsc_message_id),
  check (receipt is not null or state is not null),
  check ((state is null) = (at is null))
);
create index awaited_until on topup.awaited (until);

-- Replies that did not reach their phone, the newest of each subscriber: sent once more when the subscriber texts again.
create table topup.undelivered (
  sender   bigint primary key,
  receipt  bigint not null,                                   -- of the message: settle_deliveries() guarantees it
  at       timestamptz not null
);
create index undelivered_age on topup.undelivered (at);

-- How long an SMSC tries to reach a phone, and how long a reply is worth being sent again.
create function topup.delivery_time() returns interval language sql immutable as $$ select interval '7 days' $$;
create function topup.resend_time() returns interval language sql immutable as $$ select interval '3 days' $$;

-- What was told of these replies becomes of them. ids: by what name each was told of.
create function topup.settle_deliveries(
  receipts bigint[], ids text[], states topup.delivery_state[], errors text[], ats timestamptz[])
returns void
language plpgsql set search_path = topup, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_bitmapscan = off as $$
declare
  changed record;
begin
  with judged as (
    select distinct on (t.receipt) t.receipt, t.state, t.error, t.at
    from unnest(receipts, ids, states, errors, ats) as t (receipt, id, state, error, at)
    cross join lateral (select x.reply, x.smsc_message_id from message x where x.receipt = t.receipt limit 1) m
    -- A reply that was sent twice failed only when the last one did.
    where t.state = 'delivered' or m.reply = 'sent' and m.smsc_message_id = t.id
    order by t.receipt, t.state = 'delivered' desc, t.at
  ), told as (
    update message m set
      reply = case when j.state = 'delivered' then 'delivered' else 'undelivered' end::reply_state,
      sent_at = coalesce(m.sent_at, j.at),
      extra.delivery = j.state, extra.delivery_error = j.error, extra.delivery_at = seconds(j.at)
    from judged j
    where m.receipt = j.receipt and m.receipt = any (receipts)
      and case when j.state = 'delivered' then m.reply not in ('none', 'delivered') else m.reply = 'sent' end
    returning m.sender, m.receipt, m.reply, j.at, (m.extra).resent_at
  )
  select array_agg(t.receipt) filter (where t.reply = 'delivered') as delivered,
         array_agg(t.sender) filter (where t.reply = 'delivered') as receivers,
         array_agg(t.receipt) filter (where t.reply = 'undelivered' and t.resent_at is null) as failed
  into changed from told t;

  delete from undelivered u where u.sender = any (changed.receivers) and u.receipt = any (changed.delivered);
  insert into undelivered as u (sender, receipt, at)
    select distinct on (m.sender) m.sender, m.receipt, to_timestamp((m.extra).delivery_at)
    from message m where m.receipt = any (changed.failed) order by m.sender, m.receipt desc
    on conflict (sender) do update set receipt = excluded.receipt, at = excluded.at where u.receipt < excluded.receipt;
end $$;

-- What redeem() is told of replies that were sent: by which SMSC, when that is another one than the text's, and whether a
-- delivery receipt was asked for.
create function topup.follow_replies(moment timestamptz, receipts bigint[], ids text[], sent_bys text[], awaiteds boolean[])
returns void
language plpgsql set search_path = topup, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_bitmapscan = off as $$
declare
  early record;
begin
  update message m set extra.sent_by = t.sent_by
  from unnest(receipts, ids, sent_bys) as t (receipt, id, sent_by)
  where m.receipt = t.receipt and m.receipt = any (receipts) and t.sent_by <> m.smsc
    and m.reply in ('sent', 'delivered') and m.smsc_message_id is not distinct from t.id;

  -- In the order of their names, as note_deliveries() writes them, so that nobody waits in a circle. An SMSC that begins its
  -- ids anew means the newest reply by them.
  with sent as (
    select distinct on (2, 3) m.receipt, coalesce(t.sent_by, m.smsc) as smsc, t.id
    from unnest(receipts, ids, sent_bys, awaiteds) as t (receipt, id, sent_by, awaited)
    cross join lateral (select x.receipt, x.smsc from message x where x.receipt = t.receipt limit 1) m
    where t.awaited and t.id <> '' order by 2, 3, m.receipt desc
  ), known as (
    insert into awaited as a (smsc, smsc_message_id, receipt, until)
      select s.smsc, s.id, s.receipt, moment + delivery_time() from sent s order by s.smsc, s.id
      on conflict (smsc, smsc_message_id) do update set
        receipt = excluded.receipt, until = excluded.until,
        state = case when a.receipt is null and a.until > moment then a.state end,
        error = case when a.receipt is null and a.until > moment then a.error end,
        at = case when a.receipt is null and a.until > moment then a.at end
      returning a.receipt, a.smsc_message_id as id, a.state, a.error, a.at
  )
  select array_agg(k.receipt) as receipts, array_agg(k.id) as ids, array_agg(k.state) as states, array_agg(k.error) as errors,
         array_agg(k.at) as ats
  into early from known k where k.state is not null;
  if early.receipts is not null then
    perform settle_deliveries(early.receipts, early.ids, early.states, early.errors, early.ats);
  end if;
end $$;

-- Delivery receipts, in the order in which they came. Always writes: only then does COMMIT tell that what it found is on the
-- standby, too, and the receipts may be acknowledged (DESIGN.md §2.2).
create function topup.note_deliveries(smscs text[], ids text[], states topup.delivery_state[], errors text[]) returns void
language plpgsql security definer
set search_path = topup, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  moment constant timestamptz := clock_timestamp();
  found record;
begin
  with told as (
    select distinct on (t.smsc, t.id) t.smsc, t.id, t.state, t.error
    from unnest(smscs, ids, states, errors) with ordinality as t (smsc, id, state, error, n)
    order by t.smsc, t.id, t.state = 'delivered' desc, t.n
  ), kept as (
    insert into awaited as a (smsc, smsc_message_id, state, error, at, until)
      select t.smsc, t.id, t.state, t.error, moment, moment + interval '1 hour' from told t order by t.smsc, t.id
      on conflict (smsc, smsc_message_id) do update set
        state = case when a.receipt is null and excluded.state = 'delivered' then excluded.state else a.state end,
        error = case when a.receipt is null and excluded.state = 'delivered' then excluded.error else a.error end
      returning a.smsc, a.smsc_message_id as id, a.receipt
  )
  select array_agg(k.receipt) as receipts, array_agg(k.id) as ids, array_agg(t.state) as states, array_agg(t.error) as errors,
         array_agg(moment) as ats
  into found from kept k join told t using (smsc, id) where k.receipt is not null;
  if found.receipts is not null then
    perform settle_deliveries(found.receipts, found.ids, found.states, found.errors, found.ats);
  end if;

  -- What counts no more goes, a little with every call: twice as much as may come.
  delete from awaited where ctid = any (array(
    select ctid from awaited where until <= moment order by until limit 2 * cardinality(ids) + 16 for update skip locked));
  delete from undelivered where ctid = any (array(
    select ctid from undelivered where at <= moment - resend_time() order by at limit 16 for update skip locked));
end $$;

-- Texts of these subscribers came: of each the newest reply that did not arrive is owed once more, to whoever claims next.
create function topup.send_once_more(moment timestamptz, senders bigint[]) returns void
language plpgsql set search_path = topup, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_bitmapscan = off as $$
declare
  theirs bigint[];
begin
  with taken as (
    delete from undelivered u where u.sender = any (senders) returning u.receipt, u.at
  )
  select array_agg(t.receipt) into theirs from taken t where t.at > moment - resend_time();
  update message m set reply = 'owed', lease_until = moment, lease_owner = null, attempts = 1,
    extra.resent_at = seconds(moment)
  where m.receipt = any (theirs) and m.reply = 'undelivered' and (m.extra).resent_at is null;
end $$;

grant execute on function topup.note_deliveries to topup_gateway;
