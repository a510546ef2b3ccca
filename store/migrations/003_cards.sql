-- Cards for those who make and sell them (topup_operator): products, batches, and what becomes of cards; and the second pair
-- of eyes. One function for each thing that can be asked for; it answers with a word, store/cards.cpp has the sentence for it.
-- Times leave as seconds since 1970.
set local role topup_owner;

-- What the service's configuration says -----------------------------------------------------------------------------------

-- A policy as the audit log has it.
create function topup.policy_words(p topup.policy) returns text
language sql immutable as $$
  select format('currency %s, time zone %s, above %s a second operator activates, above %s adjusts',
                p.currency, p.time_zone, p.activate_above_minor, p.adjust_above_minor)
$$;

-- Only `topupctl migrate` may, as the owner. True: it said something else before.
create function topup.set_policy(currency text, time_zone text, activate_above_minor bigint, adjust_above_minor bigint)
returns boolean
language plpgsql set search_path = topup, pg_temp as $$
declare
  new constant policy := row(true, set_policy.currency, set_policy.time_zone, set_policy.activate_above_minor,
                             set_policy.adjust_above_minor);
begin
  update policy p set currency = new.currency, time_zone = new.time_zone, activate_above_minor = new.activate_above_minor,
                      adjust_above_minor = new.adjust_above_minor
    where p is distinct from new;
  if found then
    perform audit('policy', 'policy', '', policy_words(new));
  end if;
  return found;
end $$;

create function topup.find_policy()
returns table (currency text, time_zone text, activate_above_minor bigint, adjust_above_minor bigint)
language sql stable security definer set search_path = topup, pg_temp as $$
  select currency, time_zone, activate_above_minor, adjust_above_minor from policy
$$;

-- Two pairs of eyes -------------------------------------------------------------------------------------------------------

-- What one operator has asked for and another one must agree to. Who they are is what the database knows: its users.
create table topup.approval (
  id              integer generated always as identity primary key,
  action          text not null,                              -- 'batch activate', 'account adjust': carry_out() knows how
  subject         text not null,
  amount_minor    bigint not null,
  currency        text not null,
  reason          text not null,
  arguments       jsonb not null,
  asked_at        timestamptz not null default clock_timestamp(),
  asked_by        text not null default session_user,
  asked_person    text not null default coalesce(current_setting('topup.person', true), ''),
  decision        text check (decision in ('granted', 'refused')),
  decided_at      timestamptz,
  decided_by      text,
  decided_person  text,
  decided_reason  text,
  check (decision is null or (decided_at is not null and decided_by is not null)),
  constraint two_pairs_of_eyes check (decision is distinct from 'granted' or decided_by <> asked_by)
);
create unique index approval_open on topup.approval (action, subject, arguments) where decision is null;

-- A decision is for good, and what was asked for does not change while somebody looks at it.
create function topup.guard_approval() returns trigger
language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.decision is not null or new.decision is null
     or to_jsonb(new) - '{decision,decided_at,decided_by,decided_person,decided_reason}'::text[]
        <> to_jsonb(old) - '{decision,decided_at,decided_by,decided_person,decided_reason}'::text[]
     or new.decided_by <> session_user then
    raise exception 'an approval is decided once, and nothing else about it changes';
  end if;
  return new;
end $$;
create trigger decided_once before update or delete on topup.approval for each row execute function topup.guard_approval();
create trigger append_only before truncate on topup.approval execute function topup.refuse_change();

-- Whether so much is too much for one operator. What is in another currency cannot be compared, so it always is.
create function topup.needs_approval(amount_minor bigint, currency text, above_minor bigint) returns boolean
language sql stable set search_path = topup, pg_temp as $$
  select above_minor > 0 and (abs(amount_minor) > above_minor or needs_approval.currency <> p.currency) from policy p
$$;

-- Puts on file what waits for a second operator; returns its number. What waits already is not put there twice.
create function topup.ask_approval(
  action text, subject text, amount_minor bigint, currency text, reason text, arguments jsonb) returns integer
language plpgsql set search_path = topup, pg_temp as $$
#variable_conflict use_variable
declare
  asked integer;
begin
  insert into approval (action, subject, amount_minor, currency, reason, arguments)
    values (action, subject, amount_minor, currency, reason, arguments)
    on conflict do nothing returning id into asked;
  if found then
    perform audit('approval ask', format('approval %s', asked), reason, format('%s of %s', action, subject));
  else
    select a.id into strict asked from approval a
      where (a.action, a.subject, a.arguments) = (ask_approval.action, ask_approval.subject, ask_approval.arguments)
        and a.decision is null;
  end if;
  return asked;
end $$;

-- Does what was agreed to, and says in a line what it did. What cannot be done (any more) raises an exception, whose text the
-- operator reads; nothing of it is kept.
create function topup.carry_out(a topup.approval) returns text
language plpgsql set search_path = topup, pg_temp as $$
declare
  agreed constant text := format('approval %s, asked by %s', a.id, a.asked_by);
begin
  case a.action
    when 'batch activate', 'voucher activate' then
      return carry_out_activation(a.arguments, a.reason, agreed);
    when 'account adjust' then
      return carry_out_adjustment(a.arguments, audit(a.action, a.subject, a.reason, agreed))::text;
  end case;
end $$;

create function topup.grant_approval(id integer)
returns table (word text, action text, subject text, amount_minor bigint, currency text, detail text)
  -- done, no_approval, same_operator (detail: who), decided (detail: how), impossible (detail: why)
language plpgsql security definer set search_path = topup, pg_temp as $$
#variable_conflict use_column
declare
  a approval;
begin
  perform take_turn();
  select * into a from approval x where x.id = grant_approval.id for update;
  if not found then
    word := 'no_approval';
  elsif a.decision is not null then
    word := 'decided';
    detail := a.decision || ' by ' || a.decided_by;
  elsif a.asked_by = session_user then
    word := 'same_operator';
    detail := a.asked_by;
  else
    begin
      detail := carry_out(a);
      update approval x set decision = 'granted', decided_at = clock_timestamp(), decided_by = session_user,
             decided_person = coalesce(current_setting('topup.person', true), ''), decided_reason = ''
        where x.id = a.id;
      word := 'done';
    exception when raise_exception or check_violation then
      word := 'impossible';
      detail := sqlerrm;
    end;
  end if;
  action := a.action;
  subject := a.subject;
  amount_minor := a.amount_minor;
  currency := a.currency;
  return next;
end $$;

-- Whoever asked may take it back, too.
create function topup.refuse_approval(id integer, reason text)
returns table (word text, action text, subject text, amount_minor bigint, currency text, detail text)
  -- done, no_approval, decided (detail: how)
language plpgsql security definer set search_path = topup, pg_temp as $$
#variable_conflict use_column
declare
  a approval;
begin
  select * into a from approval x where x.id = refuse_approval.id for update;
  if not found then
    word := 'no_approval';
  elsif a.decision is not null then
    word := 'decided';
    detail := a.decision || ' by ' || a.decided_by;
  else
    update approval x set decision = 'refused', decided_at = clock_timestamp(), decided_by = session_user,
           decided_person = coalesce(current_setting('topup.person', true), ''), decided_reason = refuse_approval.reason
      where x.id = a.id;
    perform audit('approval refuse', format('approval %s', a.id), refuse_approval.reason, format('%s of %s', a.action, a.subject));
    word := 'done';
  end if;
  action := a.action;
  subject := a.subject;
  amount_minor := a.amount_minor;
  currency := a.currency;
  return next;
end $$;

create function topup.approvals()
returns table (id integer, action text, subject text, amount_minor bigint, currency text, reason text, asked bigint, asked_by text,
               asked_person text, decision text, decided bigint, decided_by text, decided_person text, decided_reason text)
language sql stable security definer set search_path = topup, pg_temp as $$
  select id, action, subject, amount_minor, currency, reason, extract(epoch from asked_at)::bigint, asked_by, asked_person,
         decision, extract(epoch from decided_at)::bigint, decided_by, decided_person, decided_reason
  from approval order by id
$$;

-- Products ----------------------------------------------------------------------------------------------------------------

create function topup.add_product(
  code text, value_minor bigint, currency text, validity_days integer, bonus_minor bigint, bonus_days integer,
  brand text, text text) returns text  -- done, exists
language plpgsql security definer set search_path = topup, pg_temp as $$
#variable_conflict use_variable
begin
  insert into product (code, value_minor, currency, validity_days, bonus_minor, bonus_days, brand, text)
    values (code, value_minor, currency, validity_days, bonus_minor, bonus_days, brand, text)
    on conflict do nothing;
  if not found then
    return 'exists';
  end if;
  perform audit('product add', 'product ' || code, '', format('%s %s (minor units)', value_minor, currency)
                || case when bonus_minor > 0 then format(' and %s bonus', bonus_minor) else '' end);
  return 'done';
end $$;

create function topup.products()
returns table (code text, value_minor bigint, currency text, validity_days integer, bonus_minor bigint, bonus_days integer,
               brand text, text text)
language sql stable security definer set search_path = topup, pg_temp as $$
  select code, value_minor, currency, validity_days, bonus_minor, bonus_days, brand, text from product order by code
$$;

-- Cards by their serials --------------------------------------------------------------------------------------------------

-- The cards from `first` to `last`, by ranges of one state: how many can still be redeemed or changed, and how many are
-- redeemed. Serials without gaps need no counting: verify() proves that a batch's cards are its serials.
create function topup.cards_between(first bigint, last bigint, moment timestamptz)
returns table (batch integer, first_serial bigint, last_serial bigint, state topup.card_state, cards bigint, redeemed bigint,
               value_minor bigint, currency text, batch_value_minor bigint)
language sql stable set search_path = topup, pg_temp as $$
  select b.id, piece.first, piece.last, state_at(r.state, b.ends, moment),
         case when b.count = b.last_serial - b.first_serial + 1 then piece.last - piece.first + 1
              else (select count(*) from voucher v where v.serial between piece.first and piece.last) end - ended.redeemed,
         ended.redeemed, p.value_minor, p.currency, b.count * p.value_minor
  from serial_range r
  join batch b on b.id = r.batch
  join product p on p.code = b.product
  cross join lateral (select greatest(r.first_serial, cards_between.first) as first,
                             least(r.last_serial, cards_between.last) as last) piece
  cross join lateral (select count(*) as redeemed from redemption e where e.serial between piece.first and piece.last) ended
  where r.first_serial <= cards_between.last and r.last_serial >= cards_between.first
    and r.first_serial >= coalesce((select g.first_serial from serial_range g where g.first_serial <= cards_between.first
                                    order by g.first_serial desc limit 1), cards_between.first)
  order by r.first_serial
$$;

-- What is done to cards, as operators say it.
create function topup.card_verb(wanted topup.card_state) returns text
language sql immutable as $$ select case wanted when 'active' then 'activate' when 'held' then 'hold' else wanted::text end $$;

-- What becomes, or would become, of so many cards: a line of an answer.
--   changed   they are (in a dry run: would be) as wanted now     already   they were so before
--   redeemed  and stay so                                         refused   nothing leads there from `was`: nothing is changed
--   waiting   nothing is changed before a second operator agrees to `number`, an approval (null in a dry run)
-- One line alone: no_batch, no_card (its serial is `number`), no_reason, several_currencies.
create type topup.card_fate as (
  fate text, was topup.card_state, cards bigint, value_minor bigint, currency text, number bigint);

create type topup.card_piece as (
  fate text, batch integer, first_serial bigint, last_serial bigint, was topup.card_state, cards bigint, redeemed bigint,
  value_minor bigint, currency text, batch_value_minor bigint);

-- Changes the cards of `batch`, or else those from `first` to `last`: all of them or none. `agreed`: who asked, when two have
-- looked; null: one has.
create function topup.apply_to_cards(
  batch integer, first bigint, last bigint, wanted topup.card_state, reason text, dry_run boolean, agreed text)
returns setof topup.card_fate
language plpgsql set search_path = topup, pg_temp as $$
#variable_conflict use_column
declare
  moment constant timestamptz := case when dry_run then clock_timestamp() else take_turn() end;
  action constant text := case when batch is null then 'voucher ' else 'batch ' end || card_verb(wanted);
  subject constant text := case when batch is not null then format('batch %s', batch)
                                when first = last then format('serial %s', first)
                                else format('serials %s to %s', first, last) end;
  pieces card_piece[];
  asked card_piece;
  number bigint;
begin
  if wanted in ('generated', 'redeemed', 'expired') then
    raise exception 'no operator makes a card %', wanted;
  end if;
  if wanted in ('void', 'stolen', 'damaged') and btrim(reason) = '' then
    return next row('no_reason', null, null, null, null, null)::card_fate;
    return;
  end if;
  if batch is not null then
    select b.first_serial, b.last_serial into first, last from batch b where b.id = apply_to_cards.batch;
    if not found then
      return next row('no_batch', null, null, null, null, null)::card_fate;
      return;
    end if;
  else
    -- A range that does not begin and end with a card was mistyped.
    select s into number from unnest(array[first, last]) s where not exists (select from voucher v where v.serial = s) limit 1;
    if found then
      return next row('no_card', null, null, null, null, number)::card_fate;
      return;
    end if;
  end if;

  pieces := array(
    select row(case when c.state = wanted then 'already'
                    when apply_to_cards.batch is not null and c.state = 'stolen' and wanted = 'held' then 'refused'
                    when exists (select from card_transition t where (t.was, t.state) = (c.state, wanted)) then 'changed'
                    else 'refused' end,
               c.batch, c.first_serial, c.last_serial, c.state, c.cards, c.redeemed, c.value_minor, c.currency,
               c.batch_value_minor)::card_piece
    from cards_between(first, last, moment) c);
  -- A batch is held or put on sale without those of its cards that are gone: they stay what they are, and that is told. Stolen
  -- ones come back only when they are named.
  if batch is not null and wanted in ('active', 'held') and exists (select from unnest(pieces) p where p.fate <> 'refused' and p.cards > 0) then
    for i in 1 .. cardinality(pieces) loop
      if pieces[i].was in ('void', 'stolen', 'damaged') then pieces[i].fate := 'already'; end if;
    end loop;
  end if;

  if exists (select from unnest(pieces) p where p.fate = 'refused' and p.cards > 0) then
    return query
      select p.fate, p.was, sum(p.cards)::bigint, sum(p.cards * p.value_minor)::bigint, p.currency, null::bigint
      from unnest(pieces) p where p.fate = 'refused' and p.cards > 0 group by p.fate, p.was, p.currency order by p.was;
    return;
  end if;

  -- A part of a batch needs whom the batch needs: else it would be put on sale in parts.
  number := null;
  select * into asked from unnest(pieces) p
    where wanted = 'active' and agreed is null and p.fate = 'changed' and p.cards > 0
      and needs_approval(p.batch_value_minor, p.currency, (select activate_above_minor from policy)) limit 1;
  if found then
    if exists (select from unnest(pieces) p where p.currency <> asked.currency) then
      return next row('several_currencies', null, null, null, null, null)::card_fate;
      return;
    end if;
    if not dry_run then
      number := ask_approval(action, subject,
        (select sum(p.cards * p.value_minor)::bigint from unnest(pieces) p where p.fate = 'changed'), asked.currency, reason,
        jsonb_build_object('batch', batch, 'first', first, 'last', last));
    end if;
  elsif not dry_run and exists (select from unnest(pieces) p where p.fate = 'changed' and p.cards > 0) then
    number := audit(action, subject, reason, (
      select string_agg(format('%s cards %s -> %s', n.cards, n.was, wanted), ', ' order by n.was)
      from (select p.was, sum(p.cards) as cards from unnest(pieces) p where p.fate = 'changed' and p.cards > 0 group by p.was) n)
      || coalesce('; ' || agreed, ''));
    insert into card_change (batch, first_serial, last_serial, was, state, at, audit)
      select p.batch, p.first_serial, p.last_serial, p.was, wanted, moment, number
      from unnest(pieces) p where p.fate = 'changed' and p.cards > 0 order by p.first_serial;
    number := null;
  end if;

  return query
    select case when p.fate = 'changed' and asked.fate is not null then 'waiting' else p.fate end, p.was, sum(p.cards)::bigint,
           sum(p.cards * p.value_minor)::bigint, p.currency, case when p.fate = 'changed' then number end
    from unnest(pieces) p where p.cards > 0 group by p.fate, p.was, p.currency order by p.fate desc, p.was, p.currency;
  return query
    select 'redeemed', 'redeemed'::card_state, sum(p.redeemed)::bigint, sum(p.redeemed * p.value_minor)::bigint, p.currency, null::bigint
    from unnest(pieces) p where p.redeemed > 0 group by p.currency order by p.currency;
end $$;

create function topup.change_cards(
  batch integer, first bigint, last bigint, wanted topup.card_state, reason text, dry_run boolean)
returns setof topup.card_fate
language sql security definer set search_path = topup, pg_temp as $$
  select * from apply_to_cards(batch, first, last, wanted, reason, dry_run, null)
$$;

create function topup.carry_out_activation(arguments jsonb, reason text, agreed text) returns text
language plpgsql set search_path = topup, pg_temp as $$
declare
  batch constant integer := arguments ->> 'batch';
  of card_fate;
  told text := '';
begin
  for of in
    select * from apply_to_cards(batch, (arguments ->> 'first')::bigint, (arguments ->> 'last')::bigint, 'active', reason, false,
                                 agreed)
  loop
    if of.fate = 'refused' then
      raise exception '% cards are % now and cannot become active', of.cards, of.was;
    end if;
    told := concat_ws(', ', nullif(told, ''), case of.fate
      when 'changed' then format('%s cards %s -> active', of.cards, of.was)
      when 'redeemed' then format('%s redeemed cards stay as they are', of.cards)
      when 'already' then case of.was when 'active' then format('%s cards were active already', of.cards)
                                      else format('%s %s cards stay as they are', of.cards, of.was) end end);
  end loop;
  return told;
end $$;

-- Making batches ----------------------------------------------------------------------------------------------------------

-- The moment after the last day of use, in the service's time zone; null: never. Where clocks skip midnight it is when they
-- skip it, and where they show midnight twice it is the first one: PostgreSQL reads the second.
create function topup.end_of_day(day date, zone text) returns timestamptz
language sql stable as $$
  select case when ((midnight - interval '1 hour') at time zone zone)::date > day then midnight - interval '1 hour'
              else midnight end
  from (select (day + 1)::timestamp at time zone zone as midnight) m
$$;

-- The cards that a guess may hit, in time: all that can be redeemed now or may be one day, with PINs of this length or of an
-- unknown one.
create function topup.live_cards(pin_length integer) returns bigint
language sql stable set search_path = topup, pg_temp as $$
  select coalesce(sum(c.cards), 0)::bigint
  from cards_between(0, 9223372036854775807, now()) c join batch b on b.id = c.batch
  where c.state not in ('void', 'damaged', 'expired') and coalesce(b.pin_length, live_cards.pin_length) = live_cards.pin_length
$$;

-- Takes the next free serials between `lowest` and `highest`. The lock makes two makers of cards wait for each other until
-- COMMIT and nobody else: holding a stolen batch must not wait for a million new cards. `live`: how many cards guesses may
-- hit, these included.
create function topup.open_batch(
  product text, count bigint, lowest bigint, highest bigint, expires date, zone text, pin_length integer, keys text[])
returns table (word text, id integer, first_serial bigint, created bigint, live bigint)  -- done, no_product, expired, no_serials
language plpgsql security definer set search_path = topup, pg_temp as $$
#variable_conflict use_column
begin
  if cardinality(keys) = 0 then raise exception 'a batch says under which keys its digests are'; end if;
  if not exists (select from product p where p.code = open_batch.product) then
    return query select 'no_product', null::integer, null::bigint, null::bigint, null::bigint; return;
  end if;
  if end_of_day(open_batch.expires, zone) <= now() then
    return query select 'expired', null::integer, null::bigint, null::bigint, null::bigint; return;
  end if;

  perform pg_advisory_xact_lock(hashtext('topup.batch.serials'));
  -- A batch of another serial form may reach into this one from either side, so overlaps count, not only what lies within.
  select coalesce(max(b.last_serial) + 1, lowest) into first_serial
    from batch b where b.first_serial <= highest and b.last_serial >= lowest;
  if first_serial + open_batch.count - 1 > highest then
    return query select 'no_serials', null::integer, first_serial, null::bigint, null::bigint; return;
  end if;

  insert into batch (product, count, first_serial, last_serial, expires, ends, pin_length, keys)
    values (open_batch.product, open_batch.count, open_batch.first_serial, open_batch.first_serial + open_batch.count - 1,
            open_batch.expires, end_of_day(open_batch.expires, zone), open_batch.pin_length, open_batch.keys)
    returning batch.id into open_batch.id;
  perform audit('batch generate', format('batch %s', open_batch.id), '',
                format('%s cards of %s from serial %s', open_batch.count, open_batch.product, open_batch.first_serial));
  return query select 'done', open_batch.id, open_batch.first_serial, extract(epoch from now())::bigint, live_cards(pin_length);
end $$;

-- Writes vouchers of the batch opened in this same transaction; a batch that exists never grows. Returns the serials
-- written: one that is missing had a PIN that another card has already, and wants a new one. `older`: what else the digests of
-- the same PINs may be, of cards made under other keys; as many for each.
create function topup.add_vouchers(batch integer, serials bigint[], digests bytea[], older bytea[]) returns setof bigint
language plpgsql security definer set search_path = topup, pg_temp as $$
#variable_conflict use_column
declare
  each constant integer := cardinality(older) / cardinality(digests);
begin
  perform from batch b where b.id = add_vouchers.batch and b.xmin = pg_current_xact_id()::xid
    and b.first_serial <= (select min(s) from unnest(serials) s) and b.last_serial >= (select max(s) from unnest(serials) s);
  if not found then
    raise exception 'vouchers are added only by the transaction that opened their batch, within its serials';
  end if;
  if each = 0 then
    return query
      insert into voucher (serial, digest, batch)
      select s, d, add_vouchers.batch from unnest(serials, digests) as new (s, d)
      on conflict (digest) do nothing
      returning serial;
  else
    return query
      insert into voucher (serial, digest, batch)
      select s, d, add_vouchers.batch from unnest(serials, digests) with ordinality as new (s, d, n)
      where not exists (select from voucher v where v.digest = any (older[(n - 1) * each + 1 : n * each]))
      on conflict (digest) do nothing
      returning serial;
  end if;
end $$;

-- After a COMMIT whose answer was lost: waits until its transaction is over (it held this lock), then says what became of it.
create function topup.batch_was_made(id integer) returns boolean
language plpgsql security definer set search_path = topup, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtext('topup.batch.serials'));
  return exists (select from batch b where b.id = batch_was_made.id);
end $$;

-- A line for each state in which a batch has cards.
create function topup.batches()
returns table (id integer, product text, count bigint, first_serial bigint, last_serial bigint, expires date, imported boolean,
               created bigint, state text, cards bigint)
language sql stable security definer set search_path = topup, pg_temp as $$
  select b.id, b.product, b.count, b.first_serial, b.last_serial, b.expires, b.imported is not null,
         extract(epoch from b.created_at)::bigint, s.state, s.cards
  from batch b
  cross join lateral (
    select each.state::text, sum(each.cards)::bigint as cards
    from cards_between(b.first_serial, b.last_serial, now()) c
    cross join lateral (values (c.state, c.cards), ('redeemed', c.redeemed)) each (state, cards)
    where each.cards > 0 group by each.state) s
  order by b.id, s.state
$$;

-- Cards that somebody else made -------------------------------------------------------------------------------------------

-- What an import has read of its file, until it is judged as a whole in the same transaction: nobody else ever sees a row.
create unlogged table topup.import_card (
  line    integer not null,                                   -- of the file
  serial  bigint not null,
  digest  bytea not null,
  older   bytea[] not null,                                   -- see add_vouchers()
  xact    xid8 not null default pg_current_xact_id()          -- an import sees its own rows alone: nobody slips a card into it
);

create function topup.import_cards(lines integer[], serials bigint[], digests bytea[], older bytea[]) returns void
language sql security definer set search_path = topup, pg_temp as $$
  insert into import_card (line, serial, digest, older)
  select l, s, d, older[(n - 1) * (cardinality(older) / cardinality(digests)) + 1 : n * (cardinality(older) / cardinality(digests))]
  from unnest(lines, serials, digests) with ordinality as new (l, s, d, n)
$$;

-- Makes a batch of what was read. `file`: the SHA-256 of the file, so that it is imported once. Words: done, imported (as
-- batch `id`), no_product, expired, overlap (with batch `id`), faults: then `lines` of the file, 20 at most, are faulty by
-- `what`: serial_twice, pin_twice, serial_known, pin_known; `faults` has how many there are.
create function topup.finish_import(
  product text, expires date, zone text, pin_length integer, keys text[], file bytea)
returns table (word text, id integer, count bigint, first_serial bigint, last_serial bigint, created bigint, live bigint,
               faults bigint, lines integer[], what text[])
language plpgsql security definer set search_path = topup, pg_temp as $$
#variable_conflict use_column
begin
  if cardinality(keys) = 0 then raise exception 'a batch says under which keys its digests are'; end if;
  perform pg_advisory_xact_lock(hashtext('topup.batch.serials'));
  select b.id, b.count, b.first_serial, b.last_serial, extract(epoch from b.created_at)::bigint
    into id, count, first_serial, last_serial, created from batch b where b.imported = file;
  if found then
    word := 'imported';
    return next;
    return;
  end if;
  if not exists (select from product p where p.code = finish_import.product) then
    word := 'no_product';
    return next;
    return;
  end if;
  if end_of_day(finish_import.expires, zone) <= now() then
    word := 'expired';
    return next;
    return;
  end if;

  select count(*), min(i.serial), max(i.serial) into count, first_serial, last_serial from import_card i
    where i.xact = pg_current_xact_id();
  with faulty as (
    select i.line, case when i.serial_number > 1 then 'serial_twice' when i.digest_number > 1 then 'pin_twice'
                        when exists (select from voucher v where v.serial = i.serial) then 'serial_known'
                        when exists (select from voucher v where v.digest = any (i.older || i.digest)) then 'pin_known' end as what
    from (select c.*, row_number() over (partition by c.serial order by c.line) as serial_number,
                 row_number() over (partition by c.digest order by c.line) as digest_number from import_card c
          where c.xact = pg_current_xact_id()) i
  ), first_ones as (select f.line, f.what from faulty f where f.what is not null order by f.line limit 20)
  select (select count(*) from faulty f where f.what is not null), array_agg(o.line order by o.line), array_agg(o.what order by o.line)
    into faults, lines, what from first_ones o;
  if faults > 0 then
    word := 'faults';
    return next;
    return;
  end if;
  select b.id into id from batch b
    where b.first_serial <= finish_import.last_serial and b.last_serial >= finish_import.first_serial order by b.first_serial limit 1;
  if found then
    word := 'overlap';
    return next;
    return;
  end if;

  word := 'done';
  created := extract(epoch from now())::bigint;
  insert into batch (product, count, first_serial, last_serial, expires, ends, pin_length, keys, imported)
    values (finish_import.product, finish_import.count, finish_import.first_serial, finish_import.last_serial,
            finish_import.expires, end_of_day(finish_import.expires, zone), finish_import.pin_length, finish_import.keys, file)
    returning batch.id into finish_import.id;
  insert into voucher (serial, digest, batch) select i.serial, i.digest, finish_import.id from import_card i
    where i.xact = pg_current_xact_id() order by i.serial;
  live := live_cards(pin_length);
  delete from import_card where xact = pg_current_xact_id() or xact < pg_snapshot_xmin(pg_current_snapshot());
  perform audit('batch import', format('batch %s', finish_import.id), '',
                format('%s cards of %s from serial %s to %s, SHA-256 %s', count, finish_import.product, first_serial, last_serial,
                       encode(file, 'hex')));
  return next;
end $$;

grant execute on function topup.add_product, topup.open_batch, topup.add_vouchers, topup.batch_was_made, topup.change_cards,
  topup.grant_approval, topup.refuse_approval, topup.import_cards, topup.finish_import to topup_operator;
grant execute on function topup.products, topup.batches, topup.approvals, topup.find_policy to topup_operator, topup_auditor;
