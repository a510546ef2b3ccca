-- Which PIN keys the cards need, and how cards come under a new one without any PIN: their digest becomes
-- HMAC(newer key, digest). batch.keys has the chain of keys of its digests, the one first applied first. The keys are not here:
-- topupctl computes, batch by batch, and a batch is re-wrapped wholly or not at all.
set local role topup_owner;

-- How long cards that are over are still asked about. Then their key may go, and who texts such a PIN hears that nobody has it.
create function topup.asked_about() returns interval
language sql immutable as $$ select interval '30 days' $$;

-- Whether a card of this batch may be redeemed now or one day, or was over only lately.
create function topup.needs_keys(b topup.batch, moment timestamptz) returns boolean
language sql stable set search_path = topup, pg_temp as $$
  select (coalesce(b.ends > moment - asked_about(), true)
          and exists (select from serial_range r
                      where r.first_serial between b.first_serial and b.last_serial and r.state not in ('void', 'damaged')
                        and exists (select from voucher v
                                    where v.serial between r.first_serial and r.last_serial
                                      and not exists (select from redemption e where e.serial = v.serial))))
         or exists (select from redemption e
                    where e.serial between b.first_serial and b.last_serial and e.at > moment - asked_about())
$$;

-- keyring::knows(): whether cards under this chain are found by whoever has these keys, the newest first.
create function topup.finds(keys text[], chain text[]) returns boolean
language sql immutable as $$
  select exists (
    select from (select array_agg(k order by n desc) from unnest(finds.keys) with ordinality as t (k, n)) as r (oldest_first)
    cross join generate_subscripts(r.oldest_first, 1) i
    where chain <> '{}' and r.oldest_first[i : i + cardinality(chain) - 1] = chain)
$$;

-- Batches that were found to need their keys no more: nothing leads back from there, so nobody counts their cards again.
create table topup.spent_batch (batch integer primary key references topup.batch);

-- The first batch whose cards would not be found with these keys, and its chain; no row: all are. A gateway asks whenever it
-- connects: a chain that is found costs nothing, and one that is spent is looked at once. Batches without a key on record are
-- let pass while none has one.
create function topup.lost_cards(keys text[]) returns table (batch integer, chain text)
language plpgsql set search_path = topup, pg_temp as $$
declare
  recorded constant boolean := exists (select from topup.batch b where b.keys <> '{}');
begin
  insert into spent_batch
    select b.id from topup.batch b
    where case when finds(lost_cards.keys, b.keys) or (b.keys = '{}' and not recorded) then false
               when exists (select from spent_batch s where s.batch = b.id) then false
               else not needs_keys(b, now()) end
    on conflict do nothing;
  return query
    select b.id, array_to_string(b.keys, ' ')
    from topup.batch b
    where not finds(lost_cards.keys, b.keys) and (b.keys <> '{}' or recorded)
      and not exists (select from spent_batch s where s.batch = b.id)
    order by b.id limit 1;
end $$;

create function topup.find_lost_cards(keys text[]) returns table (batch integer, chain text)
language sql security definer set search_path = topup, pg_temp as $$ select * from lost_cards(keys) $$;

-- A line for each chain. open: cards that may be redeemed now or one day.
create function topup.key_chains() returns table (chain text, batches bigint, cards bigint, open bigint, needed boolean)
language sql stable security definer set search_path = topup, pg_temp as $$
  select array_to_string(b.keys, ' '), count(*), sum(b.count)::bigint, sum(left_over.open)::bigint, bool_or(needs_keys(b, now()))
  from batch b
  cross join lateral (
    select coalesce(sum(c.cards) filter (where c.state not in ('void', 'damaged', 'expired')), 0) as open
    from cards_between(b.first_serial, b.last_serial, now()) c) left_over
  group by b.keys
  order by min(b.id)
$$;

-- Gateways -----------------------------------------------------------------------------------------------------------------

-- Each gateway's session shows by a lock which key is its newest, so that no card is re-wrapped under one that a gateway
-- lacks: it would tell the card's owner that nobody has such a PIN. Locks of two numbers: 1 and a key, or 2 for the moment in
-- which gateways connect or a batch is finished.
create function topup.show_key(newest text) returns void
language sql set search_path = topup, pg_temp as $$
  select pg_advisory_xact_lock_shared(2, 0);
  select pg_advisory_lock_shared(1, hashtext(newest)) where newest is not null;
$$;

create function topup.gateways_without(newest text) returns bigint
language sql stable security definer set search_path = topup, pg_temp as $$
  select count(distinct l.pid)
  from pg_locks l
  where l.locktype = 'advisory' and l.classid = 1 and l.objsubid = 2
    and l.database = (select oid from pg_database where datname = current_database())
    and l.objid <> (hashtext(newest)::bigint & 4294967295)::oid
$$;

-- Rotation -----------------------------------------------------------------------------------------------------------------

-- Batches to re-wrap: found, and not under the newest key.
create function topup.outdated_batches(keys text[]) returns table (batch integer, chain text, cards bigint)
language sql stable set search_path = topup, pg_temp as $$
  select b.id, array_to_string(b.keys, ' '), b.count
  from batch b
  where finds(outdated_batches.keys, b.keys) and b.keys[cardinality(b.keys)] <> outdated_batches.keys[1]
  order by b.id
$$;

-- Takes a batch to be re-wrapped until COMMIT; false: somebody else has re-wrapped it. Whoever changes the state of its cards
-- meanwhile does not wait.
create function topup.take_batch(batch integer, chain text[]) returns boolean
language plpgsql set search_path = topup, pg_temp as $$
begin
  perform from batch b where b.id = take_batch.batch and b.keys = chain for no key update;
  return found;
end $$;

-- The batch's bounds as values, because a join would make the index be read from its beginning each time.
create function topup.cards_after(batch integer, serial bigint, at_most integer) returns table (serial bigint, digest bytea)
language sql stable set search_path = topup, pg_temp as $$
  select v.serial, v.digest
  from voucher v
  where v.serial > cards_after.serial
    and v.serial >= (select b.first_serial from topup.batch b where b.id = cards_after.batch)
    and v.serial <= (select b.last_serial from topup.batch b where b.id = cards_after.batch)
  order by v.serial limit at_most
$$;

create function topup.rewrap_cards(serials bigint[], digests bytea[]) returns bigint
language sql set search_path = topup, pg_temp as $$
  with done as (
    update voucher v set digest = n.digest from unnest(serials, digests) as n (serial, digest) where v.serial = n.serial
    returning 1)
  select count(*) from done
$$;

-- From here to COMMIT no text is decided and no gateway connects: a moment. redeem() reads a card more than once, and must find
-- the same digest each time. Answers with gateways that lack the key, and with the digests that questions wait for.
create function topup.stop_to_rewrap(newest text) returns table (gateways bigint, waiting bytea[])
language plpgsql set search_path = topup, pg_temp as $$
begin
  perform pg_advisory_xact_lock(2, 0);
  perform take_turn();
  return query select gateways_without(newest), array(select distinct d from question q cross join unnest(q.digests) d);
end $$;

-- `became` has what each of `waiting` is if it is of this batch; others stay as they are.
create function topup.finish_batch(batch integer, chain text[], waiting bytea[], became bytea[]) returns void
language plpgsql set search_path = topup, pg_temp as $$
begin
  update question q
    set digests = array(
      select coalesce(v.digest, d.digest)
      from unnest(q.digests) with ordinality as d (digest, n)
      left join unnest(waiting, became) as w (was, digest) on w.was = d.digest
      left join voucher v on v.digest = w.digest and v.batch = finish_batch.batch
      order by d.n)
    where q.digests && waiting;
  update topup.batch b set keys = chain where b.id = finish_batch.batch;
  perform audit('key rotate', format('batch %s', batch), '', 'under ' || array_to_string(chain, ', then '));
end $$;

-- Re-wrapping is the owner's, like migrating: whoever sees digests and has the keys can search for PINs.
grant execute on function topup.find_lost_cards, topup.key_chains, topup.gateways_without to topup_operator, topup_auditor;
