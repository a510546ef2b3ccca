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
  if not pg_has_role(session_user, 'topup_owner', 'member') then
    execute format('grant topup_owner, topup_gateway, topup_operator, topup_auditor to %I', session_user);
  end if;
end $$;

create schema topup authorization topup_owner;
set local role topup_owner;
grant usage on schema topup to topup_gateway, topup_operator, topup_auditor;

create table topup.migration (
  version     integer primary key,
  name        text not null,
  checksum    text not null,                                  -- SHA-256 of the file, as store/migrations.cpp embeds it
  applied_at  timestamptz not null default now(),
  applied_by  text not null default session_user
);

-- The words of store/message.hpp, in its order.
create type topup.action as enum (
  'redeem', 'confirm', 'cancel', 'balance', 'history', 'status', 'language', 'help', 'unclear', 'notice');
create type topup.outcome as enum (
  'quarantined', 'locked', 'unclear', 'help', 'balance', 'history', 'status', 'language', 'cancelled', 'no_question',
  'unknown_pin', 'not_active', 'void_voucher', 'expired', 'used', 'other_currency', 'repeated', 'asked', 'credited', 'received');
create type topup.reply_state as enum ('none', 'owed', 'sent', 'dead');
create type topup.batch_state as enum ('inactive', 'active', 'held', 'void');
create type topup.voucher_end_kind as enum ('redeemed', 'void');

-- Cards -------------------------------------------------------------------------------------------------------------

create table topup.product (
  code           text primary key check (code ~ '^[A-Za-z0-9._-]{1,32}$'),
  value_minor    bigint not null check (value_minor > 0),
  currency       text not null check (currency ~ '^[A-Z]{3}$'),
  validity_days  integer not null default 0 check (validity_days >= 0),  -- of the credit; 0: without end
  brand          text not null default '',
  created_at     timestamptz not null default now()
);

create table topup.batch (
  id            integer generated always as identity primary key,
  product       text not null references topup.product,
  state         topup.batch_state not null default 'inactive',
  count         bigint not null check (count > 0),
  first_serial  bigint not null unique,
  last_serial   bigint not null check (last_serial = first_serial + count - 1),
  expires       date,                                      -- the last day of use, in the service's time zone
  created_at    timestamptz not null default now(),
  created_by    text not null default session_user
);

-- A voucher's row never changes: that keeps redemption fast at ten million of them.
create table topup.voucher (
  serial  bigint primary key,
  digest  bytea not null unique check (length(digest) = 32),  -- HMAC-SHA-256 of the PIN under a key that is not here
  batch   integer not null                                    -- of topup.batch: generate_batch() guarantees it
);

-- A voucher's end is a row whose key is the serial: however a voucher ends, it ends once (DESIGN.md §2.1).
create table topup.voucher_end (
  serial   bigint primary key,                                -- of topup.voucher: redeem() guarantees it
  kind     topup.voucher_end_kind not null,
  receipt  bigint not null,                                   -- of the message or the operator's act that ended it
  at       timestamptz not null default now()
);

-- Money -------------------------------------------------------------------------------------------------------------

-- A subscriber's account. Accounts below 1000 are the system's and have no row: 1 is `cards sold`.
create table topup.account (
  msisdn         bigint primary key check (msisdn >= 1000),
  currency       text not null,
  balance_minor  bigint not null check (balance_minor >= 0),
  valid_until    timestamptz,
  last_receipt   bigint,                                      -- the newest transfer; its `previous` leads to the one before
  created_at     timestamptz not null default now()
);

-- Append-only, and double entry by construction: each row takes from one account what it gives to another.
create table topup.transfer (
  receipt       bigint not null,                              -- of the message that caused it
  line          smallint not null default 1,
  at            timestamptz not null default now(),
  kind          text not null default 'topup',
  debit         bigint not null,
  credit        bigint not null check (credit <> debit),
  amount_minor  bigint not null check (amount_minor > 0),
  currency      text not null,
  serial        bigint,                                       -- the voucher, of a top-up
  previous      bigint,                                       -- the credited account's transfer before this one
  primary key (receipt, line)
);

-- Messages ----------------------------------------------------------------------------------------------------------

-- Receipts are handed to the gateways in blocks of 1024, so that a call can be repeated with the same ones (DESIGN.md §2.3).
create sequence topup.receipt_block;

-- What became of a text with several vouchers, taken together: store::several.
create type topup.several as (
  cards integer, added integer, outcome topup.outcome, total_minor bigint, balance_minor bigint, currency text);

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
  attempts         smallint not null default 1,               -- how often the reply was handed to a gateway to be sent
  sent_at          timestamptz,
  smsc_message_id  text,
  heard            boolean not null default false,            -- the SMSC surely has our acknowledgement: it delivers no more
  reply_status     integer,                                   -- command_status of a reply refused for good
  -- A text with several vouchers is a message for each: the first leads, has the reply for all and `several`. A notice to
  -- the receiver of somebody's credit is a message too, behind that credit's.
  leader           bigint,
  several          topup.several,
  expected_minor   bigint,                                    -- what the sender thought a card was worth
  giver            bigint,                                    -- of a notice
  history          bigint[]                                   -- three by three: receipt, amount_minor, seconds since 1970
);
create unique index message_once on topup.message (bucket, fingerprint);
-- What topup.claim() looks for, and what support asks for. Measured at 256 texts a call, each costs 5 to 10 of about 70 µs of
-- CPU a top-up, because recording that a reply was sent then writes to every index: think twice before there is another one.
create index message_owed on topup.message (lease_until) where reply = 'owed';
create index message_sender on topup.message (sender);

-- One question per sender waits for YES. Only its YES spends the voucher.
create table topup.question (
  sender   bigint primary key,
  digests  bytea[] not null,                                  -- of one to five vouchers
  target   bigint,
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
  at      timestamptz not null default now(),
  primary key (sender, digest)
);
create index wrong_pin_age on topup.wrong_pin (at);           -- to sweep out what counts no more
create table topup.sender_lock (
  sender        bigint primary key,
  locked_until  timestamptz not null,
  rung          integer not null default 0,                   -- of the ladder: 1 h, 2 h, 4 h … 24 h
  told          boolean not null default false                -- told once, then silence
);
