-- Accounts: what operators see and correct (topup_operator), and the charging system's door (topup_charging; docs/charging.md).
-- A function answers with a word; store/money.cpp has the sentence for it. Times leave as seconds since 1970, but through the door.
set local role topup_owner;

-- Why an operator moved money: the line of the audit log, by the receipt of the transfer.
create table topup.correction (
  receipt  bigint primary key,
  audit    bigint not null references topup.audit_log
);
create trigger append_only before update or delete or truncate on topup.correction execute function topup.refuse_change();

-- What a charging system asked for, under its own name for it. One that is `open` is part of its account's reserved amounts; a
-- debit is one that was charged at once. Rows stay, so that a reference means one call for good.
create type topup.reservation_state as enum ('open', 'charged', 'released', 'lapsed');
create table topup.reservation (
  reference      text primary key check (length(reference) between 1 and 200),
  msisdn         bigint not null references topup.account,
  amount_minor   bigint not null check (amount_minor > 0),
  balance_minor  bigint not null check (balance_minor >= 0),  -- so much of it from the balance
  bonus_minor    bigint not null check (bonus_minor >= 0),    -- and so much from the bonus
  state          topup.reservation_state not null,
  at             timestamptz not null,
  until          timestamptz check ((until is null) = debited), -- when it lapses
  debited        boolean not null default false,              -- by topup.debit()
  charged_minor  bigint check ((charged_minor is not null) = (state = 'charged') and charged_minor between 0 and amount_minor),
  receipt        bigint check ((receipt is null) = (coalesce(charged_minor, 0) = 0)),  -- of the transfer
  ended_at       timestamptz check ((ended_at is null) = (state = 'open')),
  check (amount_minor = balance_minor + bonus_minor)
);
create index reservation_open on topup.reservation (msisdn) where state = 'open';
create index reservation_due on topup.reservation (until) where state = 'open';
create unique index reservation_receipt on topup.reservation (receipt) where receipt is not null;

-- Bonus that is to lapse one day. A plain top-up changes neither column, so its update stays within the page (HOT).
create index account_bonus_until on topup.account (bonus_until) where bonus_until is not null;

-- What lapses ---------------------------------------------------------------------------------------------------------------

-- Ends an open reservation in another way than by charging it: what it held may be spent again.
create function topup.unreserve(r topup.reservation, state topup.reservation_state, moment timestamptz) returns void
language sql set search_path = topup, pg_temp as $$
  update reservation x set state = unreserve.state, ended_at = moment where x.reference = r.reference;
  update account a set reserved_minor = a.reserved_minor - r.balance_minor,
                       bonus_reserved_minor = a.bonus_reserved_minor - r.bonus_minor
    where a.msisdn = r.msisdn;
$$;

-- Ends what has lapsed of an account: reservations, then what is not reserved of the bonus. To be called wherever either is about
-- to count. Locks the account until COMMIT, and answers with it as it is then; null: there is none.
create function topup.lapse(m bigint, moment timestamptz) returns topup.account
language plpgsql set search_path = topup, pg_temp as $$
declare
  there account;
  old reservation;
begin
  select * into there from account a where a.msisdn = m for update;
  if there.reserved_minor + there.bonus_reserved_minor > 0 then
    for old in select * from reservation r where r.msisdn = m and r.state = 'open' and r.until <= moment loop
      perform unreserve(old, 'lapsed', moment);
      there.reserved_minor := there.reserved_minor - old.balance_minor;
      there.bonus_reserved_minor := there.bonus_reserved_minor - old.bonus_minor;
    end loop;
  end if;
  if there.bonus_until <= moment then
    if there.bonus_minor > there.bonus_reserved_minor then
      perform post(next_receipt(), 1, 'lapse', -m, 5, there.bonus_minor - there.bonus_reserved_minor, there.currency, moment);
    end if;
    update account a set bonus_until = null where a.msisdn = m and a.bonus_minor = 0;
    select * into there from account a where a.msisdn = m;
  end if;
  return there;
end $$;

-- The same for whoever has something to lapse, so many accounts at most; how many there were. The daemon does it every minute.
create function topup.lapse_bonuses(at_most integer) returns integer
language plpgsql set search_path = topup, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  due constant bigint[] := array(
    select distinct d.msisdn
    from ((select r.msisdn from reservation r where r.state = 'open' and r.until <= now() order by r.until limit at_most)
          union all
          (select a.msisdn from account a where a.bonus_until <= now() and (a.bonus_minor > a.bonus_reserved_minor or a.bonus_minor = 0)
           order by a.bonus_until limit at_most)) d
    order by d.msisdn limit at_most);
  moment timestamptz;
  m bigint;
begin
  if cardinality(due) > 0 then
    moment := take_turn();
    foreach m in array due loop
      perform lapse(m, moment);
    end loop;
  end if;
  return cardinality(due);
end $$;

-- The charging system's door ------------------------------------------------------------------------------------------------
--
-- Each call locks one account and takes no turn: redeem() proves again what it read of an account when it writes it. The
-- settings: a plan is made once a session, perhaps while the tables are empty.

-- Why an account may not be charged now; null: it may.
create function topup.not_chargeable(a topup.account, moment timestamptz) returns text
language sql immutable as $$
  select case when a.msisdn is null then 'no_account' when a.held then 'held' when a.valid_until <= moment then 'expired' end
$$;

-- What may be spent, balance and bonus together.
create function topup.available(a topup.account, moment timestamptz) returns bigint
language sql immutable as $$
  select case when topup.not_chargeable(a, moment) is not null then 0
              else a.balance_minor - a.reserved_minor
                   + case when a.bonus_until <= moment then 0 else a.bonus_minor - a.bonus_reserved_minor end end
$$;

-- The order is checked before anything is looked up: it is the caller's fault, not an answer.
create function topup.check_order(reference text, amount_minor bigint, at_least bigint) returns void
language plpgsql immutable as $$
begin
  if reference is null or length(reference) not between 1 and 200 then
    raise exception 'reference: give each call a name of 1 to 200 characters' using errcode = 'invalid_parameter_value';
  end if;
  if amount_minor is null or amount_minor < at_least then
    raise exception 'amount_minor: % is not an amount in minor units, as in 125 for 1.25', coalesce(amount_minor::text, 'null')
      using errcode = 'invalid_parameter_value';
  end if;
end $$;

-- Takes so much of the bonus and of the balance, none of it reserved.
create function topup.charge(
  receipt bigint, m bigint, bonus_minor bigint, balance_minor bigint, currency text, moment timestamptz) returns void
language plpgsql set search_path = topup, pg_temp as $$
begin
  if bonus_minor > 0 then
    perform post(receipt, 1, 'charge', -m, 2, bonus_minor, currency, moment);
  end if;
  if balance_minor > 0 then
    perform post(receipt, case when bonus_minor > 0 then 2 else 1 end, 'charge', m, 2, balance_minor, currency, moment);
  end if;
end $$;

-- done, repeated, not_enough, no_account, held, expired, other_call, lapsed
create function topup.reserve(
  msisdn bigint, amount_minor bigint, reference text, lasting interval default '1 hour',
  out word text, out reserved_minor bigint, out available_minor bigint, out until timestamptz)
language plpgsql security definer set search_path = topup, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  moment timestamptz;
  there account;
  earlier reservation;
  bonus bigint;
begin
  perform check_order(reference, amount_minor, 1);
  if lasting is null or lasting not between interval '1 second' and interval '31 days' then
    raise exception 'lasting: say for how long, as in 1 hour; 31 days at most' using errcode = 'invalid_parameter_value';
  end if;
  perform from account a where a.msisdn = reserve.msisdn for update;
  moment := clock_timestamp();
  there := lapse(reserve.msisdn, moment);
  available_minor := available(there, moment);
  reserved_minor := 0;
  select * into earlier from reservation r where r.reference = reserve.reference;
  if found then
    word := case
      when (earlier.msisdn, earlier.amount_minor, earlier.debited) is distinct from (reserve.msisdn, reserve.amount_minor, false) then 'other_call'
      when earlier.state = 'open' then 'repeated'
      when earlier.state = 'lapsed' then 'lapsed'
      else 'other_call' end;
    if word = 'repeated' then
      reserved_minor := earlier.amount_minor;
      until := earlier.until;
    end if;
    return;
  end if;
  word := coalesce(not_chargeable(there, moment), case when available_minor < amount_minor then 'not_enough' end);
  if word is not null then return; end if;

  bonus := case when there.bonus_until <= moment then 0 else least(there.bonus_minor - there.bonus_reserved_minor, amount_minor) end;
  until := moment + lasting;
  insert into reservation (reference, msisdn, amount_minor, balance_minor, bonus_minor, state, at, until)
    values (reserve.reference, reserve.msisdn, reserve.amount_minor, reserve.amount_minor - bonus, bonus, 'open', moment, reserve.until)
    on conflict do nothing;
  if not found then  -- for another account, at this moment
    word := 'other_call';
    until := null;
    return;
  end if;
  update account a set reserved_minor = a.reserved_minor + reserve.amount_minor - bonus,
                       bonus_reserved_minor = a.bonus_reserved_minor + bonus
    where a.msisdn = reserve.msisdn;
  word := 'done';
  reserved_minor := amount_minor;
  available_minor := available_minor - amount_minor;
end $$;

-- A reservation, found and its account locked, so that nothing changes about them before COMMIT; r.reference null: there is none.
create function topup.take_reservation(reference text, out r topup.reservation, out there topup.account, out moment timestamptz)
language plpgsql set search_path = topup, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off as $$
begin
  select * into r from reservation x where x.reference = take_reservation.reference;
  if not found then return; end if;
  perform from account a where a.msisdn = r.msisdn for update;
  moment := clock_timestamp();
  there := lapse(r.msisdn, moment);
  select * into r from reservation x where x.reference = take_reservation.reference;  -- as it is under the lock
end $$;

-- Charges what a reservation holds, or less: the rest may be spent again. A held account pays for a call that it has made.
-- done, repeated, no_reservation, too_much, other_call, lapsed
create function topup.commit(
  reference text, amount_minor bigint, out word text, out charged_minor bigint, out available_minor bigint)
language plpgsql security definer set search_path = topup, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  taken record;
  moment timestamptz;
  there account;
  r reservation;
  bonus bigint;
  paid bigint;
begin
  perform check_order(reference, amount_minor, 0);
  charged_minor := 0;
  available_minor := 0;
  select * into taken from take_reservation(reference);
  r := taken.r;
  there := taken.there;
  moment := taken.moment;
  if r.reference is null then
    word := 'no_reservation';
    return;
  end if;
  available_minor := available(there, moment);
  word := case
    when r.state = 'lapsed' then 'lapsed'
    when r.state = 'released' then 'no_reservation'
    when r.state = 'charged' and not r.debited and r.charged_minor = amount_minor then 'repeated'
    when r.state = 'charged' then 'other_call'
    when amount_minor > r.amount_minor then 'too_much' end;
  if word = 'repeated' then charged_minor := r.charged_minor; end if;
  if word is not null then return; end if;

  bonus := least(r.bonus_minor, amount_minor);
  update account a set reserved_minor = a.reserved_minor - r.balance_minor,
                       bonus_reserved_minor = a.bonus_reserved_minor - r.bonus_minor
    where a.msisdn = r.msisdn;
  if amount_minor > 0 then
    paid := next_receipt();
    perform charge(paid, r.msisdn, bonus, amount_minor - bonus, there.currency, moment);
  end if;
  update reservation x set state = 'charged', charged_minor = commit.amount_minor, receipt = paid, ended_at = moment
    where x.reference = r.reference;
  there := lapse(r.msisdn, moment);
  word := 'done';
  charged_minor := amount_minor;
  available_minor := available(there, moment);
end $$;

-- Gives back what a reservation holds. done, repeated, no_reservation, other_call, lapsed
create function topup.release(reference text, out word text, out released_minor bigint, out available_minor bigint)
language plpgsql security definer set search_path = topup, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  taken record;
  moment timestamptz;
  there account;
  r reservation;
begin
  perform check_order(reference, 0, 0);
  released_minor := 0;
  available_minor := 0;
  select * into taken from take_reservation(reference);
  r := taken.r;
  there := taken.there;
  moment := taken.moment;
  if r.reference is null then
    word := 'no_reservation';
    return;
  end if;
  word := case r.state when 'open' then 'done' when 'released' then 'repeated' when 'lapsed' then 'lapsed' else 'other_call' end;
  if word = 'done' then
    perform unreserve(r, 'released', moment);
    there := lapse(r.msisdn, moment);
  end if;
  if word in ('done', 'repeated') then released_minor := r.amount_minor; end if;
  available_minor := available(there, moment);
end $$;

-- Charges at once. done, repeated, not_enough, no_account, held, expired, other_call
create function topup.debit(
  msisdn bigint, amount_minor bigint, reference text, out word text, out charged_minor bigint, out available_minor bigint)
language plpgsql security definer set search_path = topup, pg_temp
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  moment timestamptz;
  there account;
  earlier reservation;
  bonus bigint;
  paid bigint;
begin
  perform check_order(reference, amount_minor, 1);
  perform from account a where a.msisdn = debit.msisdn for update;
  moment := clock_timestamp();
  there := lapse(debit.msisdn, moment);
  available_minor := available(there, moment);
  charged_minor := 0;
  select * into earlier from reservation r where r.reference = debit.reference;
  if found then
    word := case when (earlier.msisdn, earlier.amount_minor, earlier.debited) = (debit.msisdn, debit.amount_minor, true)
                 then 'repeated' else 'other_call' end;
    if word = 'repeated' then charged_minor := earlier.charged_minor; end if;
    return;
  end if;
  word := coalesce(not_chargeable(there, moment), case when available_minor < amount_minor then 'not_enough' end);
  if word is not null then return; end if;

  bonus := case when there.bonus_until <= moment then 0 else least(there.bonus_minor - there.bonus_reserved_minor, amount_minor) end;
  paid := next_receipt();
  insert into reservation (reference, msisdn, amount_minor, balance_minor, bonus_minor, state, at, debited, charged_minor, receipt,
                           ended_at)
    values (debit.reference, debit.msisdn, debit.amount_minor, debit.amount_minor - bonus, bonus, 'charged', moment, true,
            debit.amount_minor, paid, moment)
    on conflict do nothing;
  if not found then  -- for another account, at this moment
    word := 'other_call';
    return;
  end if;
  perform charge(paid, debit.msisdn, bonus, amount_minor - bonus, there.currency, moment);
  word := 'done';
  charged_minor := amount_minor;
  available_minor := available_minor - amount_minor;
end $$;

-- What an account has: nothing is locked, and nothing is promised. No row: there is no such account.
create function topup.balance(msisdn bigint)
returns table (balance_minor bigint, bonus_minor bigint, reserved_minor bigint, available_minor bigint, valid_until timestamptz,
               held boolean, currency text)
language sql stable security definer set search_path = topup, pg_temp as $$
  select a.balance_minor, case when a.bonus_until <= now() then a.bonus_reserved_minor else a.bonus_minor end,
         a.reserved_minor + a.bonus_reserved_minor, available(a, now()), a.valid_until, a.held, a.currency
  from account a where a.msisdn = balance.msisdn
$$;

grant execute on function topup.reserve, topup.commit, topup.release, topup.debit, topup.balance to topup_charging;

-- Operators: accounts -------------------------------------------------------------------------------------------------------

create function topup.find_account(msisdn bigint)
returns table (balance_minor bigint, currency text, valid_until bigint, created bigint, bonus_minor bigint, bonus_until bigint,
               reserved_minor bigint, held boolean)
language sql stable security definer set search_path = topup, pg_temp as $$
  select b.balance_minor, b.currency, extract(epoch from b.valid_until)::bigint, extract(epoch from a.created_at)::bigint,
         b.bonus_minor, extract(epoch from case when b.bonus_minor > 0 then a.bonus_until end)::bigint, b.reserved_minor, b.held
  from balance(find_account.msisdn) b join account a on a.msisdn = find_account.msisdn
$$;

-- The receipts of an account's transfers, newest first, by the chain account.last_receipt -> previous or debit_previous: no
-- index on the ledger is needed.
create function topup.receipts_of(msisdn bigint, at_most integer) returns setof bigint
language sql stable security definer set search_path = topup, pg_temp set enable_hashjoin = off set enable_mergejoin = off as $$
  with recursive chain as (
    select a.last_receipt as receipt, 1 as position from account a where a.msisdn = receipts_of.msisdn and a.last_receipt is not null
    union all
    select before.receipt, c.position + 1
    from chain c
    cross join lateral (
      select case when abs(t.credit) = receipts_of.msisdn then t.previous else t.debit_previous end as receipt
      from transfer t where t.receipt = c.receipt and receipts_of.msisdn in (abs(t.credit), abs(t.debit)) order by t.line limit 1) before
    where c.position < at_most and before.receipt is not null
  )
  select receipt from chain order by position
$$;

-- What happened to an account, newest first. A receipt has a line for the balance and one for the bonus. other: the subscriber on the other side, or who sent the card for
-- this one. by and reason: the operator's.
create function topup.history(msisdn bigint, at_most integer)
returns table (receipt bigint, at bigint, kind text, amount_minor bigint, currency text, of_bonus boolean, serial bigint,
               other bigint, reference text, by text, reason text)
language sql stable security definer set search_path = topup, pg_temp as $$
  select c.receipt, extract(epoch from t.at)::bigint, t.kind::text,
         case when abs(t.credit) = history.msisdn then t.amount_minor else -t.amount_minor end, t.currency,
         -history.msisdn in (t.credit, t.debit), t.serial, coalesce(side.other, case when m.sender <> history.msisdn then m.sender end),
         r.reference, l.by, l.reason
  from receipts_of(history.msisdn, at_most) with ordinality as c (receipt, position)
  join transfer t on t.receipt = c.receipt and history.msisdn in (abs(t.credit), abs(t.debit))
  cross join lateral (select max(abs(s.account)) as other from (values (t.credit), (t.debit)) s (account)
                      where abs(s.account) not in (history.msisdn) and abs(s.account) >= 1000) side
  left join message m on m.receipt = c.receipt and t.kind in ('topup', 'bonus')
  left join reservation r on r.receipt = c.receipt
  left join correction k on k.receipt = c.receipt
  left join audit_log l on l.line = k.audit
  order by c.position, t.line
$$;

-- done, exists
create function topup.add_account(msisdn bigint, currency text) returns text
language plpgsql security definer set search_path = topup, pg_temp as $$
begin
  perform take_turn();
  if exists (select from account a where a.msisdn = add_account.msisdn) then return 'exists'; end if;
  perform open_account(msisdn, currency, now());
  perform audit('account add', 'account ' || msisdn, '', currency);
  return 'done';
end $$;

-- A held account is neither credited nor charged nor transferred from; a call under way is still paid.
-- done, no_account, no_reason, already
create function topup.hold_account(msisdn bigint, held boolean, reason text) returns text
language plpgsql security definer set search_path = topup, pg_temp as $$
begin
  perform take_turn();
  if btrim(reason) = '' then return 'no_reason'; end if;
  if not exists (select from account a where a.msisdn = hold_account.msisdn) then return 'no_account'; end if;
  update account a set held = hold_account.held where a.msisdn = hold_account.msisdn and a.held <> hold_account.held;
  if not found then return 'already'; end if;
  perform audit(case when held then 'account hold' else 'account release' end, 'account ' || msisdn, reason);
  return 'done';
end $$;

-- Operators: corrections ----------------------------------------------------------------------------------------------------

-- Posts an adjustment; `audit` is the line that says why. What cannot be is an exception: the second operator reads it.
create function topup.carry_out_adjustment(arguments jsonb, audit bigint) returns text
language plpgsql set search_path = topup, pg_temp as $$
declare
  m constant bigint := arguments ->> 'msisdn';
  amount constant bigint := arguments ->> 'amount_minor';
  moment constant timestamptz := take_turn();
  there account := lapse(m, moment);
  receipt constant bigint := next_receipt();
begin
  if there.msisdn is null then raise exception 'account % does not exist', m; end if;
  if there.balance_minor - there.reserved_minor + amount < 0 then
    raise exception 'account % has % %, of which % are reserved: % cannot be taken (minor units)',
      m, there.balance_minor, there.currency, there.reserved_minor, -amount;
  end if;
  perform post(receipt, 1, 'adjustment', case when amount < 0 then m else 4 end, case when amount < 0 then 4 else m end, abs(amount),
               there.currency, moment);
  insert into correction (receipt, audit) values (receipt, audit);
  return format('account %s: %s%s, %s now (minor units, %s)', m, case when amount > 0 then '+' end, amount,
                there.balance_minor + amount, there.currency);
end $$;

-- Adds to a balance, or takes from it what is not reserved. A large amount waits for a second operator: `approval`.
-- done, waiting, no_account, no_reason, other_currency, not_enough
create function topup.adjust_account(
  msisdn bigint, amount_minor bigint, currency text, reason text,
  out word text, out approval integer, out receipt bigint, out balance_minor bigint, out reserved_minor bigint, out held boolean)
language plpgsql security definer set search_path = topup, pg_temp as $$
declare
  arguments constant jsonb := jsonb_build_object('msisdn', msisdn, 'amount_minor', amount_minor);
  subject constant text := 'account ' || msisdn;
  moment constant timestamptz := take_turn();
  there account := lapse(msisdn, moment);
begin
  if amount_minor is null or amount_minor = 0 then
    raise exception 'an adjustment has an amount' using errcode = 'invalid_parameter_value';
  end if;
  balance_minor := there.balance_minor;
  reserved_minor := there.reserved_minor;
  held := there.held;
  word := case when there.msisdn is null then 'no_account'
               when coalesce(btrim(reason), '') = '' then 'no_reason'
               when there.currency <> currency then 'other_currency'
               when there.balance_minor - there.reserved_minor + amount_minor < 0 then 'not_enough'
               when needs_approval(amount_minor, currency, (select p.adjust_above_minor from policy p)) then 'waiting'
               else 'done' end;
  if word = 'waiting' then
    approval := ask_approval('account adjust', subject, amount_minor, currency, reason, arguments);
  elsif word = 'done' then
    perform carry_out_adjustment(arguments, audit('account adjust', subject, reason, format('%s %s (minor units)', amount_minor, currency)));
    select a.balance_minor, a.last_receipt into balance_minor, receipt from account a where a.msisdn = adjust_account.msisdn;
  end if;
end $$;

-- Gives back what these credits gave, to `receiver`, or, when null, to where it came from; as transfers of one receipt. The
-- validity of credit and bonus comes along.
create function topup.take_back(members bigint[], receiver bigint, receipt bigint, moment timestamptz) returns void
language plpgsql set search_path = topup, pg_temp as $$
declare
  line record;
  there account;
  amount bigint;
begin
  if receiver is not null then
    select a.* into there from account a where a.msisdn = (
      select abs(t.credit) from transfer t where t.receipt = any (members) limit 1);
    perform open_account(receiver, there.currency, moment);
    perform lapse(receiver, moment);
    if exists (select from transfer t where t.receipt = any (members) and t.credit < 0) then
      update account a set bonus_until = case when a.bonus_minor = 0 or there.bonus_until is null then there.bonus_until
                                              else greatest(a.bonus_until, there.bonus_until) end
        where a.msisdn = receiver and (a.bonus_minor = 0 or a.bonus_until is not null);
    end if;
  end if;
  for line in select t.*, row_number() over (order by t.receipt, t.line) as n from transfer t where t.receipt = any (members) loop
    perform post(receipt, line.n::integer, 'reversal', line.credit, coalesce(sign(line.credit)::bigint * receiver, line.debit),
                 line.amount_minor, line.currency, moment);
    if line.credit > 0 then amount := coalesce(amount, 0) + line.amount_minor; end if;
  end loop;
  insert into reversal (reversed, receipt, at) select unnest(members), take_back.receipt, moment;
  if receiver is not null then
    update account a set valid_until = case when a.balance_minor = amount then there.valid_until
                                            else greatest(a.valid_until, there.valid_until) end
      where a.msisdn = receiver and (a.valid_until is not null or a.balance_minor = amount);
  end if;
end $$;

-- Takes back the credit of a card that is not spent, its bonus too. The card stays redeemed. A receipt that stands for several
-- cards of one text is refused as `several` unless `which` says: all of these, or only the one.
-- done, no_credit, no_reason, several, reversed (by `receipt`, `at`, `who`: an operator, or nobody for UNDO), same_account, other_currency, spent, bonus_spent.
-- `others`: credits of the same text that stay as they are.
create function topup.reverse_redemption(
  credit bigint, receiver bigint, which text, reason text, dry_run boolean,
  out word text, out msisdn bigint, out amount_minor bigint, out bonus_minor bigint, out currency text, out receipt bigint,
  out at bigint, out who text, out reversed bigint[], out others bigint[], out spendable_minor bigint, out held boolean,
  out receiver_held boolean)
language plpgsql security definer set search_path = topup, pg_temp as $$
declare
  moment constant timestamptz := take_turn();
  first message;
  text_of bigint[];
  there account;
  line bigint;
begin
  select t.credit, t.currency into msisdn, currency from transfer t where t.receipt = reverse_redemption.credit and t.kind = 'topup' limit 1;
  if not found then
    word := 'no_credit';
    return;
  end if;
  select * into first from message m where m.receipt = reverse_redemption.credit;
  text_of := array(
    select m.receipt from message m
    where m.sender = first.sender and m.outcome = 'credited' and coalesce((m.extra).leader, m.receipt) = coalesce((first.extra).leader, first.receipt)
    order by m.receipt);
  select v.receipt, extract(epoch from v.at)::bigint,
         coalesce((select l.by from correction k join audit_log l on l.line = k.audit where k.receipt = v.receipt), '')
  into receipt, at, who from reversal v where v.reversed = reverse_redemption.credit;
  if which = 'all' then
    reversed := array(select r from unnest(text_of) r where not exists (select from reversal v where v.reversed = r) order by r);
    if reversed <> '{}' then receipt := null; end if;
  else
    reversed := array[reverse_redemption.credit];
  end if;
  others := array(select r from unnest(text_of) r
                  where r <> all (reversed) and not exists (select from reversal v where v.reversed = r) order by r);
  if receipt is not null then
    word := 'reversed';
    return;
  end if;
  if coalesce(btrim(reason), '') = '' then word := 'no_reason'; end if;
  if which = '' and others <> '{}' and (first.extra).leader is null then word := coalesce(word, 'several'); end if;
  if dry_run then
    select * into there from account a where a.msisdn = reverse_redemption.msisdn;
  else
    there := lapse(msisdn, moment);
  end if;
  held := there.held;
  spendable_minor := there.balance_minor - there.reserved_minor;
  select sum(t.amount_minor) filter (where t.credit > 0), coalesce(sum(t.amount_minor) filter (where t.credit < 0), 0)
  into amount_minor, bonus_minor from transfer t where t.receipt = any (reversed);
  select a.held into receiver_held from account a where a.msisdn = receiver;
  word := coalesce(word, case
    when receiver = msisdn then 'same_account'
    when exists (select from account a where a.msisdn = receiver and a.currency <> there.currency) then 'other_currency'
    when spendable_minor < amount_minor then 'spent'
    when bonus_minor > case when there.bonus_until <= moment then 0 else there.bonus_minor - there.bonus_reserved_minor end
      then 'bonus_spent'
    else 'done' end);
  if word <> 'done' or dry_run then return; end if;

  receipt := next_receipt();
  at := seconds(moment);
  who := session_user;
  line := audit('redemption reverse', format('receipt #%s', reverse_redemption.credit), reason,
                format('account %s: -%s %s and -%s bonus (minor units)%s%s', msisdn, amount_minor, currency, bonus_minor,
                       coalesce(', to account ' || receiver, ''),
                       case when cardinality(reversed) > 1 then format(', %s cards', cardinality(reversed)) else '' end));
  perform take_back(reversed, receiver, receipt, moment);
  insert into correction (receipt, audit) values (reverse_redemption.receipt, line);
end $$;

grant execute on function topup.find_account, topup.receipts_of, topup.history to topup_operator, topup_auditor;
grant execute on function topup.add_account, topup.hold_account, topup.adjust_account, topup.reverse_redemption to topup_operator;
