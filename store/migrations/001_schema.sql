-- The ledger, the cards and the messages. What may never happen is forbidden here; the functions come in 002 and 003.
-- Rows on the way of every message are kept lean (DESIGN.md §3): where a foreign key is left out, the line says who
-- guarantees it instead, and topup.verify() checks it.

-- Nobody logs in as one of these roles; people and daemons are members of them. Whoever migrates owns the schema through
-- topup_owner, and gets the others too, because a small site has one user for everything. A careful one revokes them.
do $$
begin
  if not exists (select from pg_roles where rolname = 'topup_owner')    then create role topup_owner nologin;    end if;
  if not exists (select from pg_roles where rolname = 'topup_gateway')  then create role topup_gateway nologin;  end if;
  if not exists (select from pg_roles where rolname = 'topup_operator') then create role topup_operator nologin; end if;
  if not exists (select from pg_roles where rolname = 'topup_auditor')  then create role topup_auditor nologin;  end if;
  if not exists (select from pg_roles where rolname = 'topup_charging') then create role topup_charging nologin; end if;
  if not pg_has_role(session_user, 'topup_owner', 'member') then
    execute format('grant topup_owner, topup_gateway, topup_operator, topup_auditor, topup_charging to %I', session_user);
  end if;
end $$;

create schema topup authorization topup_owner;
set local role topup_owner;
-- What a function may be used for, its file says.
alter default privileges for role topup_owner revoke execute on functions from public;
grant usage on schema topup to topup_gateway, topup_operator, topup_auditor, topup_charging;

create table topup.migration (
  version     integer primary key,
  name        text not null,
  checksum    text not null,                                  -- SHA-256 of the file, as store/migrations.cpp embeds it
  applied_at  timestamptz not null default now(),
  applied_by  text not null default session_user
);

-- The words of store/message.hpp, in its order.
create type topup.action as enum (
  'redeem', 'confirm', 'cancel', 'balance', 'history', 'status', 'language', 'help', 'unclear', 'transfer', 'undo', 'notice');
create type topup.outcome as enum (
  'quarantined', 'locked', 'unclear', 'help', 'balance', 'history', 'status', 'language', 'cancelled', 'no_question',
  'not_transferred', 'not_undone', 'unknown_pin', 'not_active', 'void_voucher', 'expired', 'used', 'other_currency',
  'held_account', 'repeated', 'asked', 'transferred', 'undone', 'credited', 'received', 'taken_back');
-- dead: refused by the SMSC for good. What follows on sent, only a delivery receipt tells (008_deliveries.sql).
create type topup.reply_state as enum ('none', 'owed', 'sent', 'dead', 'delivered', 'undelivered');
create type topup.delivery_state as enum ('delivered', 'expired', 'deleted', 'undeliverable', 'unknown', 'rejected');

-- For tables to which rows are only ever added.
create function topup.refuse_change() returns trigger
language plpgsql as $$
begin
  raise exception '% is append-only: a mistake is corrected by another row', tg_table_name;
end $$;

-- What operators did ----------------------------------------------------------------------------------------------------

-- Each line's hash covers the line and the hash of the one before: nobody takes a line out or changes it unseen.
create table topup.audit_log (
  line     bigint primary key,                                -- 1, 2, 3, without a gap
  at       timestamptz not null,
  by       text not null,                                     -- the database's user
  person   text not null,                                     -- the login that topupctl ran under: what it says, not a proof
  action   text not null,                                     -- 'batch activate'
  subject  text not null,                                     -- 'batch 3', 'account 999701234567'
  reason   text not null,
  detail   text not null,
  hash     bytea not null
);
create trigger append_only before update or delete or truncate on topup.audit_log execute function topup.refuse_change();

create function topup.audit_hash(previous bytea, l topup.audit_log) returns bytea
language sql immutable as $$
  select sha256(previous || convert_to(jsonb_build_array(
    l.line, (extract(epoch from l.at) * 1000000)::bigint, l.by, l.person, l.action, l.subject, l.reason, l.detail)::text, 'UTF8'))
$$;

-- Adds a line and returns its number. One at a time until COMMIT.
create function topup.audit(action text, subject text, reason text default '', detail text default '') returns bigint
language plpgsql set search_path = topup, pg_temp as $$
declare
  last audit_log;
  new audit_log;
begin
  perform pg_advisory_xact_lock(hashtext('topup.audit_log'));
  select * into last from audit_log order by line desc limit 1;
  new := row(coalesce(last.line, 0) + 1, clock_timestamp(), session_user, coalesce(current_setting('topup.person', true), ''),
             action, subject, reason, detail, null);
  new.hash := audit_hash(coalesce(last.hash, ''), new);
  insert into audit_log select new.*;
  return new.line;
end $$;

-- What the service's configuration says and the database holds everybody to: `topupctl migrate` writes it.
create table topup.policy (
  one                   boolean primary key default true check (one),
  currency              text not null default 'USD',
  time_zone             text not null default 'UTC',
  activate_above_minor  bigint not null default 0,            -- a second operator activates a batch worth more; 0: never needed
  adjust_above_minor    bigint not null default 0             -- the same for an adjustment
);
insert into topup.policy default values;

-- Cards -------------------------------------------------------------------------------------------------------------

create table topup.product (
  code           text primary key check (code ~ '^[A-Za-z0-9._-]{1,32}$'),
  value_minor    bigint not null check (value_minor between 1 and 1000000000000),  -- so that no sum overflows
  currency       text not null check (currency ~ '^[A-Z]{3}$'),
  validity_days  integer not null default 0 check (validity_days >= 0),  -- of the credit; 0: without end
  bonus_minor    bigint not null default 0 check (bonus_minor >= 0),     -- granted besides, spent first
  bonus_days     integer not null default 0 check (bonus_days >= 0),     -- of the bonus; 0: as long as the credit
  brand          text not null default '',
  text           text not null default '',                               -- what else there is to say of it
  created_at     timestamptz not null default now()
);

create table topup.batch (
  id            integer generated always as identity primary key,
  product       text not null references topup.product,
  count         bigint not null check (count > 0),
  first_serial  bigint not null unique,
  last_serial   bigint not null check (last_serial >= first_serial + count - 1),  -- more: an imported batch with gaps
  expires       date,                                      -- the last day of use, as it stands on the card
  ends          timestamptz check ((ends is null) = (expires is null)),  -- that day's end in the service's time zone
  pin_length    smallint,                                  -- of its PINs, check digit included; null: several, or not known
  keys          text[] not null default '{}',              -- ids of the keys of its digests, the first one first applied
  imported      bytea unique,                              -- SHA-256 of the file it came from; null: generated here
  created_at    timestamptz not null default now(),
  created_by    text not null default session_user
);

-- A voucher's row never changes but for its digest, when keys are rotated: that keeps redemption fast at ten million of them.
create table topup.voucher (
  serial  bigint primary key,
  digest  bytea not null unique check (length(digest) = 32),  -- HMAC-SHA-256 of the PIN under keys that are not here
  batch   integer not null                                    -- of topup.batch: add_vouchers() guarantees it
);

create type topup.card_state as enum ('generated', 'active', 'held', 'void', 'stolen', 'damaged', 'redeemed', 'expired');

-- What may become of a card. Nothing else may: topup.card_change refers to this table.
create table topup.card_transition (
  was    topup.card_state not null,
  state  topup.card_state not null,
  primary key (was, state)
);
insert into topup.card_transition (was, state) values
  ('generated', 'active'), ('generated', 'void'), ('generated', 'stolen'), ('generated', 'damaged'), ('generated', 'expired'),
  ('active', 'redeemed'), ('active', 'held'), ('active', 'void'), ('active', 'stolen'), ('active', 'damaged'), ('active', 'expired'),
  ('held', 'active'), ('held', 'void'), ('held', 'stolen'), ('held', 'damaged'), ('held', 'expired'),
  ('stolen', 'held'), ('stolen', 'void'),                     -- found again: looked at, then active
  ('damaged', 'void'),
  ('expired', 'void'), ('expired', 'stolen'), ('expired', 'damaged');

-- The state of cards by ranges of serials: a million cards become active in one row. Ranges do not overlap, and those of a batch
-- are its serials; topup.card_change alone changes them. What else becomes of a card is no state kept here: redeemed is a row in
-- topup.redemption, and expired what the calendar says of a card that could still be used.
create table topup.serial_range (
  first_serial  bigint primary key,
  last_serial   bigint not null check (last_serial >= first_serial),
  batch         integer not null references topup.batch,
  state         topup.card_state not null check (state not in ('redeemed', 'expired'))
);

create function topup.state_at(state topup.card_state, ends timestamptz, at timestamptz) returns topup.card_state
language sql immutable as $$
  select case when ends <= at and state in ('generated', 'active', 'held') then 'expired' else state end
$$;

-- The history of cards, and the only way to change their state: who did it and why is in the audit log.
create table topup.card_change (
  line          bigint generated always as identity primary key,
  batch         integer not null references topup.batch,
  first_serial  bigint not null,
  last_serial   bigint not null check (last_serial >= first_serial),
  was           topup.card_state not null,
  state         topup.card_state not null,
  at            timestamptz not null default now(),
  audit         bigint references topup.audit_log,
  foreign key (was, state) references topup.card_transition
);
create index card_change_batch on topup.card_change (batch);
create trigger append_only before update or delete or truncate on topup.card_change execute function topup.refuse_change();

create function topup.apply_card_change() returns trigger
language plpgsql security definer set search_path = topup, pg_temp as $$
declare
  there serial_range;
  ends constant timestamptz := (select b.ends from batch b where b.id = new.batch);
begin
  select * into there from serial_range r where r.first_serial <= new.first_serial order by r.first_serial desc limit 1 for update;
  if not found or there.batch <> new.batch or there.last_serial < new.last_serial
     or state_at(there.state, ends, new.at) <> new.was then
    raise exception 'serials % to % of batch % are not all %', new.first_serial, new.last_serial, new.batch, new.was;
  end if;
  if there.last_serial > new.last_serial then
    update serial_range r set last_serial = new.last_serial where r.first_serial = there.first_serial;
    insert into serial_range values (new.last_serial + 1, there.last_serial, there.batch, there.state);
  end if;
  if there.first_serial < new.first_serial then
    update serial_range r set last_serial = new.first_serial - 1 where r.first_serial = there.first_serial;
    insert into serial_range values (new.first_serial, new.last_serial, new.batch, new.state);
  else
    update serial_range r set state = new.state where r.first_serial = there.first_serial;
  end if;
  return null;
end $$;
create trigger apply after insert on topup.card_change for each row execute function topup.apply_card_change();

create function topup.open_range() returns trigger
language plpgsql security definer set search_path = topup, pg_temp as $$
begin
  insert into serial_range values (new.first_serial, new.last_serial, new.id, 'generated');
  return null;
end $$;
create trigger open_range after insert on topup.batch for each row execute function topup.open_range();

create function topup.guard_range() returns trigger
language plpgsql as $$
begin
  if pg_trigger_depth() < 2 then
    raise exception 'the state of cards changes through topup.card_change alone';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger by_change_alone before insert or update or delete on topup.serial_range
  for each row execute function topup.guard_range();

-- A voucher is redeemed by a row whose key is the serial: so it is redeemed once (DESIGN.md §2.1).
create table topup.redemption (
  serial   bigint primary key,                                -- of topup.voucher: redeem() guarantees it
  receipt  bigint not null,                                   -- of the message that redeemed it
  at       timestamptz not null default now()
);
create trigger append_only before update or delete or truncate on topup.redemption execute function topup.refuse_change();

-- Whatever writes it: only a card that may be redeemed is. Cards that come together are mostly of few ranges, all on sale: that is
-- seen at once; else each card is looked at.
create function topup.guard_redemption() returns trigger
language plpgsql security definer set search_path = topup, pg_temp
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare
  redeemable constant card_state[] := array(select was from card_transition where state = 'redeemed');
  span record;
  near record;
  wrong record;
begin
  select min(serial) as lowest, max(serial) as highest, max(at) as at into span from fresh;
  select count(*) as ranges, bool_and(state_at(r.state, b.ends, span.at) = any (redeemable)) as on_sale,
         max(r.last_serial) >= span.highest
           and sum(r.last_serial - r.first_serial + 1) = max(r.last_serial) - min(r.first_serial) + 1 as covered into near
  from (select * from serial_range g
        where g.first_serial between (select h.first_serial from serial_range h where h.first_serial <= span.lowest
                                      order by h.first_serial desc limit 1) and span.highest
        order by g.first_serial limit 100) r
  cross join lateral (select b.ends from batch b where b.id = r.batch limit 1) b;
  if near.ranges < 100 and near.on_sale and near.covered then return null; end if;
  select f.serial, r.state into wrong
  from fresh f
  left join lateral (select g.state, g.last_serial, g.batch from serial_range g
                     where g.first_serial <= f.serial order by g.first_serial desc limit 1) r on true
  left join lateral (select b.ends from batch b where b.id = r.batch limit 1) b on true
  where (r.last_serial >= f.serial and state_at(r.state, b.ends, f.at) = any (redeemable)) is not true
  limit 1;
  if found then
    raise exception 'card % is % and cannot be redeemed', wrong.serial, wrong.state using errcode = 'serialization_failure';
  end if;
  return null;
end $$;
create trigger only_cards_on_sale after insert on topup.redemption referencing new table as fresh
  execute function topup.guard_redemption();

-- Money -------------------------------------------------------------------------------------------------------------

-- Accounts below 1000 are the system's; they keep no running total, so that no row is everybody's.
create table topup.system_account (
  account  bigint primary key check (account between 1 and 999),
  name     text not null
);
insert into topup.system_account values
  (1, 'cards sold'), (2, 'calls charged'), (3, 'bonus granted'), (4, 'adjustments'), (5, 'bonus lapsed');

-- A subscriber's account. In the ledger its bonus is the account -msisdn, and is spent first. What is reserved for calls under
-- way is in the balance still, and not to be spent otherwise.
create table topup.account (
  msisdn         bigint primary key check (msisdn >= 1000),
  currency       text not null,
  balance_minor  bigint not null check (balance_minor >= 0),
  valid_until    timestamptz,
  last_receipt   bigint,                                      -- the newest transfer; its `previous` leads to the one before
  created_at     timestamptz not null default now(),
  held           boolean not null default false,              -- nothing is credited, transferred or charged
  bonus_minor    bigint not null default 0,
  bonus_until    timestamptz,                                 -- when what is left of it lapses
  reserved_minor        bigint not null default 0,
  bonus_reserved_minor  bigint not null default 0,
  check (reserved_minor between 0 and balance_minor and bonus_reserved_minor between 0 and bonus_minor)
);

create type topup.transfer_kind as enum ('topup', 'bonus', 'transfer', 'reversal', 'adjustment', 'charge', 'lapse');

-- Append-only, and double entry by construction: each row takes from one account what it gives to another.
create table topup.transfer (
  receipt       bigint not null,                              -- of the message that caused it
  line          smallint not null default 1,
  at            timestamptz not null default now(),
  kind          topup.transfer_kind not null default 'topup',
  debit         bigint not null,
  credit        bigint not null check (credit <> debit),
  amount_minor  bigint not null check (amount_minor > 0),
  currency      text not null,
  serial        bigint,                                       -- the voucher, of a top-up
  -- The transfer before this one of the subscriber credited, and of the one debited: by receipts, in the first line that
  -- touches the subscriber, whether balance or bonus.
  previous        bigint,
  debit_previous  bigint,
  primary key (receipt, line)
);
create trigger append_only before update or delete or truncate on topup.transfer execute function topup.refuse_change();

-- What was taken back, once.
create table topup.reversal (
  reversed  bigint primary key,                               -- receipt of the credit or transfer
  receipt   bigint not null,                                  -- of the correcting transfer
  at        timestamptz not null default now()
);
create trigger append_only before update or delete or truncate on topup.reversal execute function topup.refuse_change();

-- Messages ----------------------------------------------------------------------------------------------------------

-- Receipts are handed to the gateways in blocks of 1024, so that a call can be repeated with the same ones (DESIGN.md §2.3).
create sequence topup.receipt_block;
-- Those of operators, calls and whatever else has no gateway lie between these blocks: one by one.
create sequence topup.receipt_single;
create function topup.next_receipt() returns bigint
language sql as $$ select (n / 1024) * 2048 + 1024 + n % 1024 from nextval('topup.receipt_single') as n $$;

-- What became of a text with several vouchers, taken together: store::several.
create type topup.several as (
  cards integer, added integer, outcome topup.outcome, total_minor bigint, balance_minor bigint, currency text);

-- What few messages have, in one column: each column costs every top-up some. A text with several vouchers is a message for
-- each: the first leads, has the reply for all and `several`. A notice is a message too, behind the one it tells of.
create type topup.extra as (
  leader bigint, several topup.several,
  expected_minor bigint,                                      -- what the sender thought a card was worth
  giver bigint,                                               -- of a notice
  history bigint[],                                           -- three by three: receipt, amount_minor, seconds since 1970
  bonus_minor bigint, bonus_until bigint,                     -- seconds since 1970
  -- Of the reply on its way to the phone; times are seconds since 1970. Gateways need none of it.
  sent_by text,                                               -- the SMSC by which it left, when that is another one than its text's
  delivery topup.delivery_state, delivery_error text, delivery_at bigint,  -- the last delivery receipt
  resent_at bigint);                                          -- when it became owed once more, because it was not delivered

-- Inbox and outbox in one row: what was asked, what became of it, and the reply that is owed.
create table topup.message (
  receipt          bigint primary key,
  received_at      timestamptz not null default now(),
  bucket           integer not null,                          -- received_at in quarters of an hour since 1970
  fingerprint      bytea not null,
  sender           bigint not null,
  source           text not null,                             -- as they came, "ton.npi.digits"
  short_code       text not null,
  smsc             text not null,
  action           topup.action not null,
  outcome          topup.outcome not null,
  language         text not null default '',
  reason           text,
  got              smallint,
  target           bigint,
  serial           bigint,
  amount_minor     bigint,
  balance_minor    bigint,
  currency         text,
  balance_currency text,                                      -- of the balance, when it is another one
  valid_until      timestamptz,
  earlier          bigint,                                    -- receipt of the redemption that this repeats
  earlier_at       timestamptz,
  until            timestamptz,                               -- of a lock or a question
  batch_no         bigint,                                    -- which call decided it
  seen             integer not null default 1,
  reply            topup.reply_state not null default 'none',
  lease_until      timestamptz,
  lease_owner      text,
  lease_no         smallint not null default 1,               -- each claim begins another one, also of the same owner
  attempts         smallint not null default 1,               -- which one to send the reply this is: the SMSC refused the others for now
  sent_at          timestamptz,
  smsc_message_id  text,
  heard            boolean not null default false,            -- the SMSC surely has our acknowledgement: it delivers no more
  reply_status     integer,                                   -- command_status of a reply that the SMSC refused last
  extra            topup.extra
);
create unique index message_once on topup.message (bucket, fingerprint);
-- What topup.claim() looks for, and what support asks for. Measured at 256 texts a call, each costs 5 to 10 of about 70 µs of
-- CPU a top-up, because recording that a reply was sent then writes to every index: think twice before there is another one.
create index message_owed on topup.message (lease_until) where reply = 'owed';
create index message_sender on topup.message (sender);

-- One question per sender waits for YES. Only its YES spends the voucher.
create table topup.question (
  sender   bigint primary key,
  digests  bytea[] not null,                                  -- of one to five vouchers; none: to transfer
  target   bigint,
  amount_minor  bigint,                                       -- to transfer
  receipt  bigint not null,                                   -- of the message that asked
  until    timestamptz not null
);

-- The language that a subscriber has chosen for all answers.
create table topup.subscriber (
  msisdn    bigint primary key,
  language  text not null
);

-- When a sender was answered within the last hour, credits apart: two machines shall not talk to each other for ever.
create table topup.answered (
  sender  bigint primary key,
  times   timestamptz[] not null,
  last    timestamptz not null
);
create index answered_age on topup.answered (last);           -- to sweep out what counts no more

-- Parts of a long text wait for each other (3GPP TS 23.040 §9.2.3.24.1). What they say is sealed under a key that is not here.
create table topup.part (
  group_print  bytea not null,                                -- of what the parts of one text have in common
  number       smallint not null check (number between 1 and total),
  total        smallint not null check (total between 2 and 255),
  print        bytea not null,                                -- tells the same part come again from another text's
  sealed       bytea not null,
  sender       bigint not null,
  source       text not null,
  short_code   text not null,
  smsc         text not null,
  at           timestamptz not null default now(),
  primary key (group_print, number)
);
create index part_age on topup.part (at);

-- Guessing ----------------------------------------------------------------------------------------------------------

-- Distinct unknown PINs count, attempts do not (DESIGN.md §2.8).
create table topup.wrong_pin (
  sender  bigint not null,
  digest  bytea not null,
  prefix  integer not null,                                   -- a keyed print of its first digits: who tries PINs in a row
  at      timestamptz not null default now(),
  primary key (sender, digest)
);
create index wrong_pin_age on topup.wrong_pin (at);           -- to sweep out what counts no more
create index wrong_pin_prefix on topup.wrong_pin (prefix);
create table topup.sender_lock (
  sender        bigint primary key,
  locked_until  timestamptz not null,
  rung          integer not null default 0,                   -- of the ladder: 1 h, 2 h, 4 h … 24 h; 0: a stranger at the cap
  told          boolean not null default false,               -- told once, then silence
  unheard       bigint not null default 0                     -- texts since, of which only the first few are kept as messages
);
create index sender_lock_age on topup.sender_lock (locked_until);
-- How many new wrong PINs an hour had, over all senders.
create table topup.guess_hour (
  hour   integer primary key,                                 -- since 1970
  wrong  bigint not null
);
-- What is done about it: 0 nothing, 1 one wrong PIN locks its sender, 2 and who is no customer is not looked up.
create table topup.guess_level (
  one    boolean primary key default true check (one),
  level  smallint not null default 0,
  until  timestamptz not null default '-infinity'
);
insert into topup.guess_level default values;
