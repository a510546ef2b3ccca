-- What operators do (topup_operator) and what auditors read (topup_auditor): one function for each thing that can be asked
-- for. Functions answer with a word, store/operations.cpp has the sentence for it. Times leave as seconds since 1970.
set local role topup_owner;

-- Who changed a batch, and when. A trigger writes it, so that no way of changing a batch stays unrecorded.
create table topup.batch_change (
  batch  integer not null references topup.batch,
  state  topup.batch_state not null,
  at     timestamptz not null default now(),
  by     text not null default session_user,
  line   bigint generated always as identity primary key
);

create function topup.record_batch_change() returns trigger
language plpgsql security definer set search_path = topup, pg_temp as $$
begin
  if tg_op = 'INSERT' or new.state is distinct from old.state then
    insert into batch_change (batch, state) values (new.id, new.state);
  end if;
  return null;
end $$;
create trigger record_change after insert or update of state on topup.batch
  for each row execute function topup.record_batch_change();

-- Who tried a card that was no longer good: for `trace SERIAL`. Credited messages are found through voucher_end, so that
-- the way of a good top-up pays nothing for this index.
create index message_odd_serial on topup.message (serial) where serial is not null and outcome <> 'credited';

-- Products and batches --------------------------------------------------------------------------------------------------

create function topup.add_product(code text, value_minor bigint, currency text, validity_days integer, brand text)
returns text  -- done, exists
language plpgsql security definer set search_path = topup, pg_temp as $$
begin
  insert into product (code, value_minor, currency, validity_days, brand)
  values (add_product.code, add_product.value_minor, add_product.currency, add_product.validity_days, add_product.brand)
  on conflict do nothing;
  return case when found then 'done' else 'exists' end;
end $$;

create function topup.products()
returns table (code text, value_minor bigint, currency text, validity_days integer, brand text)
language sql stable security definer set search_path = topup, pg_temp as $$
  select code, value_minor, currency, validity_days, brand from product order by code
$$;

-- The moment after the last day of use, in the service's time zone; null: never.
create function topup.end_of_day(day date, zone text) returns timestamptz
language sql stable as $$ select (day + 1)::timestamp at time zone zone $$;

-- Takes the next free serials between `lowest` and `highest`. The lock makes two generators wait for each other until
-- COMMIT and nobody else: holding a stolen batch must not wait for a million new cards.
create function topup.open_batch(product text, count bigint, lowest bigint, highest bigint, expires date, zone text)
returns table (word text, id integer, first_serial bigint, created bigint)  -- done, no_product, expired, no_serials
language plpgsql security definer set search_path = topup, pg_temp as $$
#variable_conflict use_column
declare
  first bigint;
  made integer;
begin
  if not exists (select from product p where p.code = open_batch.product) then
    return query select 'no_product', null::integer, null::bigint, null::bigint; return;
  end if;
  if end_of_day(open_batch.expires, zone) <= now() then
    return query select 'expired', null::integer, null::bigint, null::bigint; return;
  end if;

  perform pg_advisory_xact_lock(hashtext('topup.batch.serials'));
  -- A batch of another serial form may reach into this one from either side, so overlaps count, not only what lies within.
  select coalesce(max(b.last_serial) + 1, lowest) into first
    from batch b where b.first_serial <= highest and b.last_serial >= lowest;
  if first + open_batch.count - 1 > highest then
    return query select 'no_serials', null::integer, first, null::bigint; return;
  end if;

  insert into batch (product, count, first_serial, last_serial, expires)
  values (open_batch.product, open_batch.count, first, first + open_batch.count - 1, open_batch.expires)
  returning batch.id into made;
  return query select 'done', made, first, extract(epoch from now())::bigint;
end $$;

-- Writes vouchers of the batch opened in this same transaction; a batch that exists never grows. Returns the serials
-- written: one that is missing had a PIN that another card has already, and wants a new one.
create function topup.add_vouchers(batch integer, serials bigint[], digests bytea[]) returns setof bigint
language plpgsql security definer set search_path = topup, pg_temp as $$
#variable_conflict use_column
begin
  perform from batch b where b.id = add_vouchers.batch and b.xmin = pg_current_xact_id()::xid
    and b.first_serial <= (select min(s) from unnest(serials) s) and b.last_serial >= (select max(s) from unnest(serials) s);
  if not found then
    raise exception 'vouchers are added only by the transaction that opened their batch, within its serials';
  end if;
  return query
    insert into voucher (serial, digest, batch)
    select s, d, add_vouchers.batch from unnest(serials, digests) as new (s, d)
    on conflict (digest) do nothing
    returning serial;
end $$;

-- After a COMMIT whose answer was lost: waits until its transaction is over (it held this lock), then says what became of it.
create function topup.batch_was_made(id integer) returns boolean
language plpgsql security definer set search_path = topup, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtext('topup.batch.serials'));
  return exists (select from batch b where b.id = batch_was_made.id);
end $$;

-- inactive -> active, void; active -> held, void; held -> active, void. Void is for good.
create function topup.set_batch_state(id integer, wanted topup.batch_state)
returns table (word text, was topup.batch_state)  -- done, no_batch, not_allowed
language plpgsql security definer set search_path = topup, pg_temp as $$
declare
  state batch_state;
begin
  select b.state into state from batch b where b.id = set_batch_state.id for update;
  if not found then
    return query select 'no_batch', null::batch_state; return;
  end if;
  if (state, wanted) not in (('inactive', 'active'), ('inactive', 'void'), ('active', 'held'), ('active', 'void'),
                             ('held', 'active'), ('held', 'void')) then
    return query select 'not_allowed', state; return;
  end if;
  update batch b set state = wanted where b.id = set_batch_state.id;
  return query select 'done', state;
end $$;

create function topup.batches()
returns table (id integer, product text, state topup.batch_state, count bigint, first_serial bigint, last_serial bigint,
               expires date, redeemed bigint, created bigint)
language sql stable security definer set search_path = topup, pg_temp as $$
  select b.id, b.product, b.state, b.count, b.first_serial, b.last_serial, b.expires,
         (select count(*) from voucher_end e
           where e.serial between b.first_serial and b.last_serial and e.kind = 'redeemed'),
         extract(epoch from b.created_at)::bigint
  from batch b order by b.id
$$;

-- Vouchers and accounts -------------------------------------------------------------------------------------------------

create view topup.voucher_story as
select v.serial, v.batch, b.product, p.value_minor, p.currency, b.state as batch_state, b.expires,
       e.kind as ended_as, e.receipt, e.at as ended_at, m.sender, t.credit as account
from topup.voucher v
join topup.batch b on b.id = v.batch
join topup.product p on p.code = b.product
left join topup.voucher_end e on e.serial = v.serial
left join topup.message m on m.receipt = e.receipt
left join topup.transfer t on t.receipt = e.receipt and t.serial = v.serial;

-- What holds is said in this order: what has happened to the card, then to its batch, then the calendar.
create function topup.find_voucher(serial bigint, zone text)
returns table (serial bigint, batch integer, product text, value_minor bigint, currency text, state text, expires date,
               receipt bigint, sender bigint, account bigint, ended bigint)
language sql stable security definer set search_path = topup, pg_temp as $$
  select s.serial, s.batch, s.product, s.value_minor, s.currency,
         case when s.ended_as is not null then s.ended_as::text
              when s.batch_state = 'void' then 'void'
              when end_of_day(s.expires, zone) <= now() then 'expired'
              else s.batch_state::text end,
         s.expires, s.receipt, s.sender, s.account, extract(epoch from s.ended_at)::bigint
  from voucher_story s where s.serial = find_voucher.serial
$$;

create function topup.find_account(msisdn bigint)
returns table (balance_minor bigint, currency text, valid_until bigint, created bigint)
language sql stable security definer set search_path = topup, pg_temp as $$
  select balance_minor, currency, extract(epoch from valid_until)::bigint, extract(epoch from created_at)::bigint
  from account a where a.msisdn = find_account.msisdn
$$;

-- An account's transfers, newest first, by the chain account.last_receipt -> previous: no index on the ledger is needed.
create function topup.history(msisdn bigint, at_most integer)
returns table (receipt bigint, at bigint, kind text, amount_minor bigint, currency text, serial bigint, sender bigint)
language sql stable security definer set search_path = topup, pg_temp as $$
  with recursive chain as (
    select t.*, 1 as position
    from account a join transfer t on t.receipt = a.last_receipt and t.credit = a.msisdn
    where a.msisdn = history.msisdn
    union all
    select t.*, c.position + 1
    from chain c join transfer t on t.receipt = c.previous and t.credit = c.credit
    where c.position < at_most
  )
  select c.receipt, extract(epoch from c.at)::bigint, c.kind, c.amount_minor, c.currency, c.serial, m.sender
  from chain c left join message m on m.receipt = c.receipt
  order by c.position
$$;

-- Trace -----------------------------------------------------------------------------------------------------------------

create view topup.message_story as
select receipt, extract(epoch from received_at)::bigint as received, smsc, sender, action::text, outcome::text, reason,
       target, serial, amount_minor, currency, balance_minor, coalesce(balance_currency, currency) as balance_currency, seen,
       reply::text, attempts, extract(epoch from sent_at)::bigint as sent, smsc_message_id, earlier,
       leader, giver, (several).cards, (several).added, (several).total_minor, (several).currency as total_currency
from topup.message;

-- With what goes with it: the other vouchers of its text, and the notice to the receiver. Nobody but the sender and the
-- receiver has such a message, so that no index on `leader` is needed.
create function topup.trace_receipt(receipt bigint) returns setof topup.message_story
language sql stable security definer set search_path = topup, pg_temp as $$
  with first as (
    select l.receipt, l.sender, l.target
    from message m join message l on l.receipt = coalesce(m.leader, m.receipt) where m.receipt = trace_receipt.receipt
  )
  select s.* from message_story s
  where s.receipt = any (array(
    select f.receipt from first f
    union
    select m.receipt from first f join message m on m.sender in (f.sender, f.target) and m.leader = f.receipt))
  order by s.receipt
$$;

-- What the number sent, and what others sent that credited it; newest first.
create function topup.trace_number(msisdn bigint, at_most integer) returns setof topup.message_story
language sql stable security definer set search_path = topup, pg_temp as $$
  with mine as (
    (select m.receipt from message m where m.sender = trace_number.msisdn order by m.receipt desc limit at_most)
    union
    select h.receipt from history(trace_number.msisdn, at_most) h
  )
  select s.* from message_story s where s.receipt = any (array(select receipt from mine))
  order by s.received desc, s.receipt desc limit at_most
$$;

create function topup.trace_serial(serial bigint) returns setof topup.message_story
language sql stable security definer set search_path = topup, pg_temp as $$
  with its as (
    select e.receipt from voucher_end e where e.serial = trace_serial.serial
    union
    select m.receipt from message m where m.serial = trace_serial.serial and m.outcome <> 'credited'
  )
  select s.* from message_story s where s.receipt = any (array(select receipt from its))
  order by s.received, s.receipt
$$;

-- Health and rights -----------------------------------------------------------------------------------------------------

create function topup.health()
returns table (server_version text, schema_version integer, fsync boolean, full_page_writes boolean,
               synchronous_commit boolean, now_epoch double precision, owed_replies bigint, logged_in_as text)
language sql volatile security definer set search_path = topup, pg_temp as $$
  select current_setting('server_version'), (select max(version) from migration), current_setting('fsync')::boolean,
         current_setting('full_page_writes')::boolean, current_setting('synchronous_commit') <> 'off', extract(epoch from clock_timestamp())::double precision,
         (select count(*) from message where reply = 'owed'), session_user::text
$$;

revoke all on all functions in schema topup from public;
grant execute on function
  topup.add_product, topup.open_batch, topup.add_vouchers, topup.batch_was_made, topup.set_batch_state
  to topup_operator;
grant execute on function
  topup.products, topup.end_of_day, topup.batches, topup.find_voucher, topup.find_account, topup.history,
  topup.trace_receipt, topup.trace_number, topup.trace_serial, topup.health
  to topup_operator, topup_auditor;

-- Auditors read everything, and write nothing. What is added later is theirs to read as well.
grant select on all tables in schema topup to topup_auditor;
alter default privileges for role topup_owner in schema topup grant select on tables to topup_auditor;
