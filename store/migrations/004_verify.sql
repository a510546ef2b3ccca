-- The proof that the books are right (DESIGN.md §2.10): `topupctl verify`. Each check is one statement over whole tables, so
-- it sees one moment of a database at work, and names a culprit. Receipts stand as #number; store/operations.cpp shows them
-- as subscribers know them.
set local role topup_owner;

-- Walks every account's chain of transfers from the newest back, one step for all accounts at a time, and never further
-- than `longest`: a chain that bites its own tail ends there. Planned as index look-ups, since each step touches few rows.
create function topup.account_chains(longest bigint) returns table (account bigint, transfers bigint, ended boolean)
language sql stable security definer set search_path = topup, pg_temp set enable_hashjoin = off set enable_mergejoin = off as $$
  with recursive chain as (
    select a.msisdn, a.last_receipt as next, 0::bigint as position from account a
    union all
    select c.msisdn, t.previous, c.position + 1
    from chain c join transfer t on t.receipt = c.next and t.credit = c.msisdn
    where c.position < longest
  )
  select msisdn, max(position), bool_or(next is null) from chain group by msisdn
$$;

create function topup.verify(owed_at_most interval default '1 hour')
returns table (name text, examined bigint, violations bigint, example text)
language plpgsql stable security definer set search_path = topup, pg_temp as $$
begin
  return query
    with turnover as (
      select account, currency, sum(amount) as amount
      from (select credit as account, currency, amount_minor as amount from transfer where credit >= 1000
            union all
            select debit, currency, -amount_minor from transfer where debit >= 1000) entries
      group by account, currency
    )
    select 'balances = sum of transfers', (select count(*) from account), count(*),
           min(format('account %s: balance %s %s, transfers %s %s (minor units)', a.msisdn, a.balance_minor, a.currency,
                      coalesce(t.amount, 0), coalesce(t.currency, a.currency)))
    from account a left join turnover t on t.account = a.msisdn
    where a.balance_minor <> coalesce(t.amount, 0) or a.currency <> coalesce(t.currency, a.currency);

  return query
    select 'every credited number has its account', (select count(*) from transfer), count(*),
           min(format('receipt #%s: account %s does not exist', t.receipt, t.credit))
    from transfer t
    where t.credit >= 1000 and not exists (select from account a where a.msisdn = t.credit);

  return query
    with credited as (
      select t.currency, sum(t.amount_minor) as amount from transfer t where t.kind = 'topup' group by t.currency
    ), redeemed as (
      select p.currency, sum(p.value_minor) as amount
      from voucher_end e join voucher v using (serial) join batch b on b.id = v.batch join product p on p.code = b.product
      where e.kind = 'redeemed' group by p.currency
    )
    select 'face value of redeemed vouchers = credits', count(*),
           count(*) filter (where r.amount is distinct from c.amount),
           min(format('%s: redeemed %s, credited %s (minor units)', currency, coalesce(r.amount, 0), coalesce(c.amount, 0)))
             filter (where r.amount is distinct from c.amount)
    from redeemed r full join credited c using (currency);

  return query
    with redeemed as (
      select e.serial, e.receipt, p.value_minor, p.currency
      from voucher_end e join voucher v using (serial) join batch b on b.id = v.batch join product p on p.code = b.product
      where e.kind = 'redeemed'
    )
    select 'each redeemed voucher has its one credit', count(*), count(*) filter (where bad),
           min(format('voucher %s: redeemed by receipt %s for %s %s, credited by receipt %s %s %s (minor units)', serial,
                      coalesce('#' || redeemed_by, 'none'), value_minor, face_currency,
                      coalesce('#' || credited_by, 'none'), amount_minor, currency)) filter (where bad)
    from (select coalesce(r.serial, t.serial) as serial, r.receipt as redeemed_by, r.value_minor, r.currency as face_currency,
                 t.receipt as credited_by, t.amount_minor, t.currency,
                 r.serial is null or t.serial is null or t.amount_minor <> r.value_minor or t.currency <> r.currency
                   or t.receipt <> r.receipt or t.debit <> 1 as bad
          from redeemed r full join (select * from transfer where kind = 'topup') t on t.serial = r.serial) pairs;

  return query
    select 'no voucher is credited twice', (select count(*) from transfer t where t.serial is not null), count(*),
           min(format('voucher %s: credited by receipts #%s and #%s', twice.serial, twice.one, twice.another))
    from (select t.serial, min(t.receipt) as one, max(t.receipt) as another
          from transfer t where t.serial is not null group by t.serial having count(*) > 1) twice;

  return query
    select 'no voucher ends twice, and every end has its voucher', (select count(*) from voucher_end), count(*),
           min(format('voucher %s: %s', e.serial,
                      case when v.serial is null then 'ended, but does not exist' else format('ended %s times', e.times) end))
    from (select serial, count(*) as times from voucher_end group by serial) e left join voucher v on v.serial = e.serial
    where v.serial is null or e.times > 1;

  return query
    select 'every voucher is of a batch, within its serials', (select count(*) from voucher), count(*),
           min(format('voucher %s: batch %s %s', v.serial, v.batch,
                      case when b.id is null then 'does not exist'
                           else format('has serials %s to %s', b.first_serial, b.last_serial) end))
    from voucher v left join batch b on b.id = v.batch
    where b.id is null or v.serial not between b.first_serial and b.last_serial;

  return query
    select 'every batch has all its vouchers', (select count(*) from batch), count(*),
           min(format('batch %s: %s vouchers, %s ordered', b.id, coalesce(v.there, 0), b.count))
    from batch b left join (select batch, count(*) as there from voucher group by batch) v on v.batch = b.id
    where coalesce(v.there, 0) <> b.count;

  return query
    select 'only batches on sale were redeemed', (select count(*) from voucher_end e where e.kind = 'redeemed'), count(*),
           min(format('voucher %s: redeemed, but batch %s was never activated', e.serial, v.batch))
    from voucher_end e join voucher v on v.serial = e.serial
    where e.kind = 'redeemed' and v.batch not in (select c.batch from batch_change c where c.state = 'active');

  return query
    with credited as (select * from message where outcome = 'credited')
    select 'each credited message has its transfer', count(*), count(*) filter (where bad),
           min(format('receipt #%s: message %s, transfer %s (account, minor units, voucher)', receipt,
                      coalesce(said, 'none'), coalesce(done, 'none'))) filter (where bad)
    from (select coalesce(m.receipt, t.receipt) as receipt,
                 case when m.receipt is not null
                      then format('%s %s %s %s', coalesce(m.target, m.sender), m.amount_minor, m.currency, m.serial) end as said,
                 case when t.receipt is not null
                      then format('%s %s %s %s', t.credit, t.amount_minor, t.currency, t.serial) end as done,
                 m.receipt is null or t.receipt is null
                   or (coalesce(m.target, m.sender), m.amount_minor, m.currency, m.serial)
                      is distinct from (t.credit, t.amount_minor, t.currency, t.serial) as bad
          from credited m full join (select * from transfer where kind = 'topup') t on t.receipt = m.receipt) pairs;

  -- A credit is always answered, by its own reply or its leader's, and its receiver told. What else there is to say about money
  -- goes unsaid only to a sender who had answers within the hour: how many that may be is a gateway's configuration, which
  -- is not here, so one is asked for. Who is locked is told once, a quarantined text alarms us instead.
  return query
    select 'every message has its reply', (select count(*) from message), count(*),
           min(format('receipt #%s: %s, reply %s', m.receipt, m.outcome,
                      case m.reply when 'owed' then format('owed for %s', date_trunc('second', now() - m.received_at))
                                   when 'sent' then 'sent, without a time' else m.reply::text end))
    from message m
    where (m.reply = 'owed' and m.received_at < now() - owed_at_most)
       or (m.reply = 'sent' and m.sent_at is null)
       or (m.reply = 'none' and m.leader is null and (m.outcome = 'credited' or (m.several).outcome = 'credited'))
       or (m.reply = 'none' and m.outcome = 'received')
       or (m.reply = 'none' and m.leader is null and m.outcome in ('asked', 'repeated')
           and not exists (select from message a where a.sender = m.sender and a.receipt <> m.receipt and a.reply <> 'none'
                           and a.received_at between m.received_at - interval '1 hour' and m.received_at))
       or (m.leader is not null and not exists (select from message l where l.receipt = m.leader and l.leader is null));

  -- What the reply to several vouchers says is the sum of their messages.
  return query
    select 'the reply to several vouchers tells of each', (select count(*) from message m where m.several is not null), count(*),
           min(format('receipt #%s: told %s cards, %s added, %s %s; found %s, %s, %s (minor units)', l.receipt, (l.several).cards,
                      (l.several).added, (l.several).total_minor, (l.several).currency, f.cards, f.added, f.total_minor))
    from message l
    cross join lateral (
      select count(*) as cards, count(*) filter (where m.outcome in ('credited', 'asked')) as added, max(m.outcome) as best,
             sum(m.amount_minor) filter (where m.outcome in ('credited', 'asked')) as total_minor
      from message m where m.sender = l.sender and m.outcome <> 'received' and l.receipt in (m.receipt, m.leader)) f
    where l.several is not null
      and ((l.several).cards, (l.several).added, (l.several).outcome, (l.several).total_minor)
          is distinct from (f.cards, f.added, f.best, f.total_minor);

  return query
    select 'every notice is of a credit for its receiver', (select count(*) from message m where m.outcome = 'received'), count(*),
           min(format('receipt #%s: %s is told of %s %s from %s by receipt #%s', n.receipt, n.sender, n.amount_minor, n.currency,
                      n.giver, n.leader))
    from message n left join message l on l.receipt = n.leader
    where n.outcome = 'received'
      and (n.giver, n.sender, n.amount_minor)
          is distinct from (l.sender, l.target,
                            case when l.several is null and l.outcome = 'credited' then l.amount_minor
                                 when (l.several).outcome = 'credited' then (l.several).total_minor end);

  return query
    with ledger as (
      select a.msisdn, count(t.receipt) as transfers
      from account a left join transfer t on t.credit = a.msisdn group by a.msisdn
    ), longest as (select coalesce(max(transfers), 0) as transfers from ledger)
    select 'every account''s chain reaches all its transfers', (select count(*) from ledger), count(*),
           min(format('account %s: the chain reaches %s of %s transfers%s', l.msisdn, c.transfers, l.transfers,
                      case when c.ended then '' else ' and does not end' end))
    from account_chains((select transfers + 1 from longest)) c join ledger l on l.msisdn = c.account
    where c.transfers <> l.transfers or not c.ended;
end $$;

revoke all on function topup.account_chains, topup.verify from public;
grant execute on function topup.verify, topup.account_chains to topup_operator, topup_auditor;
