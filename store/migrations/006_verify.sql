-- The proof that the books are right (DESIGN.md §2.10): `topupctl verify`, and every minute, of what is new, the daemon. Each
-- check is one statement, so it sees one moment of a database at work, and names a culprit. Receipts stand as #number;
-- store/proofs.cpp shows them as subscribers know them.
set local role topup_owner;

-- To find the changes of a card, however many its batch has had.
create index card_change_serials on topup.card_change using gist (int8range(first_serial, last_serial, '[]'));

-- Clocks are set: two things that happened one after the other may bear times that say otherwise by so much.
create function topup.clock_slack() returns interval language sql immutable as $$ select interval '5 seconds' $$;

-- Walks the chains of these accounts' transfers from the newest back, one step for all accounts at a time, and never further
-- than `longest`: a chain that bites its own tail ends there. Planned as index look-ups, since each step touches few rows.
-- balance_minor and bonus_minor: the sums of what lies on the way.
create function topup.account_chains(accounts bigint[], longest bigint)
returns table (msisdn bigint, receipts bigint, ended boolean, balance_minor bigint, bonus_minor bigint)
language sql stable set search_path = topup, pg_temp
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off as $$
  with recursive chain as (
    select a.msisdn, a.last_receipt as next, 0::bigint as position, 0::bigint as balance, 0::bigint as bonus
    from (select * from account x where accounts is null union all select * from account x where x.msisdn = any (accounts)) a
    union all
    select c.msisdn, step.before, c.position + 1, step.balance, step.bonus
    from chain c
    cross join lateral (
      select (array_agg(case when abs(t.credit) = c.msisdn then t.previous else t.debit_previous end order by t.line))[1] as before,
             coalesce(sum(case c.msisdn when t.credit then t.amount_minor when t.debit then -t.amount_minor end), 0)::bigint as balance,
             coalesce(sum(case -c.msisdn when t.credit then t.amount_minor when t.debit then -t.amount_minor end), 0)::bigint as bonus
      from transfer t where t.receipt = c.next and c.msisdn in (abs(t.credit), abs(t.debit)) having count(*) > 0) step
    where c.position < longest
  )
  select msisdn, max(position), bool_or(next is null), sum(balance)::bigint, sum(bonus)::bigint from chain group by msisdn
$$;

-- Whether a transfer is between the accounts that its kind is for.
create function topup.has_form(t topup.transfer) returns boolean
language sql immutable as $$
  select case t.kind
    when 'topup' then t.debit = 1 and t.credit >= 1000 and t.serial is not null
    when 'bonus' then t.debit = 3 and t.credit <= -1000
    when 'transfer' then t.debit >= 1000 and t.credit >= 1000
    when 'reversal' then t.debit >= 1000 and (t.credit >= 1000 or t.credit = 1) or t.debit <= -1000 and (t.credit <= -1000 or t.credit = 3)
    when 'adjustment' then t.debit = 4 and t.credit >= 1000 or t.debit >= 1000 and t.credit = 4
    when 'charge' then abs(t.debit) >= 1000 and t.credit = 2
    when 'lapse' then t.debit <= -1000 and t.credit = 5
  end and (t.serial is null or t.kind = 'topup')
$$;

-- Since when a reply is owed: one that did not reach its phone is owed once more.
create function topup.owed_since(m topup.message) returns timestamptz
language sql stable as $$ select greatest(m.received_at, to_timestamp((m.extra).resent_at)) $$;

create function topup.verify(owed_at_most interval default '1 hour')
returns table (name text, examined bigint, violations bigint, example text)
language plpgsql stable security definer set search_path = topup, pg_temp set jit = off as $$
begin
  -- Accounts ----------------------------------------------------------------------------------------------------------

  return query
    with turnover as (
      select abs(e.account) as msisdn, e.currency, coalesce(sum(e.amount) filter (where e.account > 0), 0) as balance,
             coalesce(sum(e.amount) filter (where e.account < 0), 0) as bonus
      from (select t.credit as account, t.currency, t.amount_minor as amount from transfer t where abs(t.credit) >= 1000
            union all
            select t.debit, t.currency, -t.amount_minor from transfer t where abs(t.debit) >= 1000) e
      group by 1, 2
    )
    select 'balances = sum of transfers', (select count(*) from account), count(*),
           min(format('account %s: balance %s %s, transfers %s %s%s (minor units)', a.msisdn, a.balance_minor, a.currency,
                      coalesce(t.balance, 0), coalesce(t.currency, a.currency),
                      case when a.bonus_minor <> coalesce(t.bonus, 0)
                           then format('; bonus %s, transfers %s', a.bonus_minor, coalesce(t.bonus, 0)) end))
    from account a left join turnover t on t.msisdn = a.msisdn
    where a.balance_minor <> coalesce(t.balance, 0) or a.bonus_minor <> coalesce(t.bonus, 0)
       or a.currency <> coalesce(t.currency, a.currency);

  return query
    select 'every account in a transfer exists', (select count(*) from transfer), count(*),
           min(format('receipt #%s: account %s does not exist', t.receipt, side.account))
    from transfer t cross join lateral (values (t.credit), (t.debit)) as side (account)
    where not exists (select from account a where a.msisdn = abs(side.account))
      and not exists (select from system_account s where s.account = side.account);

  return query
    select 'each transfer is between the accounts of its kind', count(*), count(*) filter (where not has_form(t)),
           min(format('receipt #%s: %s from %s to %s', t.receipt, t.kind, t.debit, t.credit)) filter (where not has_form(t))
    from transfer t;

  return query
    with ledger as (
      select a.msisdn, count(t.receipt) as receipts
      from account a
      left join (select abs(x.credit) as msisdn, x.receipt from transfer x where abs(x.credit) >= 1000
                 union
                 select abs(x.debit), x.receipt from transfer x where abs(x.debit) >= 1000) t on t.msisdn = a.msisdn
      group by a.msisdn
    ), longest as (select coalesce(max(receipts), 0) as receipts from ledger)
    select 'every account''s chain reaches all its transfers', (select count(*) from ledger), count(*),
           min(format('account %s: the chain reaches %s of %s receipts%s', l.msisdn, c.receipts, l.receipts,
                      case when c.ended then '' else ' and does not end' end))
    from account_chains(null, (select receipts + 1 from longest)) c join ledger l on l.msisdn = c.msisdn
    where c.receipts <> l.receipts or not c.ended;

  return query
    with open as (
      select r.msisdn, sum(r.balance_minor) as balance, sum(r.bonus_minor) as bonus
      from reservation r where r.state = 'open' group by r.msisdn
    )
    select 'what is reserved = open reservations', (select count(*) from reservation r where r.state = 'open'), count(*),
           min(format('account %s: reserved %s and %s of bonus, reservations %s and %s (minor units)', a.msisdn, a.reserved_minor,
                      a.bonus_reserved_minor, coalesce(o.balance, 0), coalesce(o.bonus, 0)))
    from account a left join open o on o.msisdn = a.msisdn
    where (a.reserved_minor, a.bonus_reserved_minor) <> (coalesce(o.balance, 0), coalesce(o.bonus, 0));

  return query
    with asked as (
      select r.receipt, r.msisdn, r.charged_minor as amount from reservation r where r.receipt is not null
    ), paid as (
      select t.receipt, abs(t.debit) as msisdn, sum(t.amount_minor) as amount from transfer t where t.kind = 'charge' group by 1, 2
    )
    select 'each call is charged once, and as asked', count(*), count(*) filter (where p.amount is distinct from a.amount),
           min(format('receipt #%s: account %s asked for %s, charged %s (minor units)', receipt, msisdn, coalesce(a.amount, 0),
                      coalesce(p.amount, 0))) filter (where p.amount is distinct from a.amount)
    from asked a full join paid p using (receipt, msisdn);

  -- Cards -------------------------------------------------------------------------------------------------------------

  return query
    with credited as (
      select t.currency, sum(t.amount_minor) as amount from transfer t where t.kind = 'topup' group by t.currency
    ), redeemed as (
      select p.currency, sum(p.value_minor) as amount
      from redemption e join voucher v using (serial) join batch b on b.id = v.batch join product p on p.code = b.product
      group by p.currency
    )
    select 'face value of redeemed vouchers = credits', count(*), count(*) filter (where r.amount is distinct from c.amount),
           min(format('%s: redeemed %s, credited %s (minor units)', currency, coalesce(r.amount, 0), coalesce(c.amount, 0)))
             filter (where r.amount is distinct from c.amount)
    from redeemed r full join credited c using (currency);

  return query
    with redeemed as (
      select e.serial, e.receipt, p.value_minor, p.currency
      from redemption e join voucher v using (serial) join batch b on b.id = v.batch join product p on p.code = b.product
    )
    select 'each redeemed voucher has its one credit', count(*), count(*) filter (where bad),
           min(format('voucher %s: redeemed by receipt %s for %s %s, credited by receipt %s %s %s (minor units)', serial,
                      coalesce('#' || redeemed_by, 'none'), value_minor, face_currency,
                      coalesce('#' || credited_by, 'none'), amount_minor, currency)) filter (where bad)
    from (select coalesce(r.serial, t.serial) as serial, r.receipt as redeemed_by, r.value_minor, r.currency as face_currency,
                 t.receipt as credited_by, t.amount_minor, t.currency,
                 r.serial is null or t.serial is null or t.amount_minor <> r.value_minor or t.currency <> r.currency
                   or t.receipt <> r.receipt as bad
          from redeemed r full join (select * from transfer x where x.kind = 'topup') t on t.serial = r.serial) pairs;

  return query
    select 'no voucher is credited twice', (select count(*) from transfer t where t.serial is not null), count(*),
           min(format('voucher %s: credited by receipts #%s and #%s', twice.serial, twice.one, twice.another))
    from (select t.serial, min(t.receipt) as one, max(t.receipt) as another
          from transfer t where t.serial is not null group by t.serial having count(*) > 1) twice;

  return query
    with promised as (
      select t.receipt, -t.credit as account, p.bonus_minor as amount, p.currency
      from transfer t join voucher v on v.serial = t.serial join batch b on b.id = v.batch join product p on p.code = b.product
      where t.kind = 'topup' and p.bonus_minor > 0
    ), granted as (
      select t.receipt, t.credit as account, t.amount_minor as amount, t.currency from transfer t where t.kind = 'bonus'
    )
    select 'each bonus is its product''s', count(*), count(*) filter (where p.amount is distinct from g.amount),
           min(format('receipt #%s: %s promised, %s granted (minor units, %s)', receipt, coalesce(p.amount, 0), coalesce(g.amount, 0),
                      currency)) filter (where p.amount is distinct from g.amount)
    from promised p full join granted g using (receipt, account, currency);

  return query
    select 'no voucher is redeemed twice, and every one exists', (select count(*) from redemption), count(*),
           min(format('voucher %s: %s', e.serial,
                      case when v.serial is null then 'redeemed, but does not exist' else format('redeemed %s times', e.times) end))
    from (select r.serial, count(*) as times from redemption r group by r.serial) e left join voucher v on v.serial = e.serial
    where v.serial is null or e.times > 1;

  -- A card's life is what was said to become of it: pieces of a batch whose cards were always changed together, and when they
  -- were on sale.
  return query
    with cuts as (
      select b.id as batch, b.first_serial as cut from batch b
      union
      select c.batch, unnest(array[c.first_serial, c.last_serial + 1]) from card_change c
    ), pieces as (
      select c.batch, c.cut as first, coalesce(lead(c.cut) over (partition by c.batch order by c.cut) - 1, b.last_serial) as last, b.ends
      from cuts c join batch b on b.id = c.batch where c.cut <= b.last_serial
    ), lives as (
      select p.first, p.last, p.ends,
             range_agg(tstzrange(h.at - clock_slack(), h.until + clock_slack())) filter (where h.state = 'active') as on_sale
      from pieces p
      left join lateral (select c.state, c.at, lead(c.at) over (order by c.line) as until
                         from card_change c where int8range(c.first_serial, c.last_serial, '[]') @> p.first) h on true
      group by p.first, p.last, p.ends
    )
    select 'only cards on sale were redeemed', (select count(*) from redemption), count(*),
           min(format('voucher %s: redeemed by receipt #%s at %s, %s', e.serial, e.receipt, e.at,
                      case when l.ends + clock_slack() <= e.at then format('but expired at %s', l.ends)
                           when l.on_sale is null then 'but was never activated' else 'when it was not active' end))
    from lives l join redemption e on e.serial between l.first and l.last
    where (e.at <@ l.on_sale and (l.ends is null or e.at < l.ends + clock_slack())) is not true;

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
    from batch b left join (select x.batch, count(*) as there from voucher x group by x.batch) v on v.batch = b.id
    where coalesce(v.there, 0) <> b.count;

  return query
    with ranges as (
      select r.batch, r.first_serial, r.last_serial,
             lag(r.last_serial) over own as before, lead(r.first_serial) over own as after,
             max(r.last_serial) over (order by r.first_serial rows between unbounded preceding and 1 preceding) as reached
      from serial_range r window own as (partition by r.batch order by r.first_serial)
    )
    select 'serial ranges are exactly the batches'' serials', (select count(*) from serial_range), count(*),
           min(format('batch %s, serials %s to %s: %s', b.id, coalesce(r.first_serial, b.first_serial),
                      coalesce(r.last_serial, b.last_serial),
                      case when r.batch is null then 'no range' when r.reached >= r.first_serial then 'in another range too'
                           else 'not joined to its neighbours' end))
    from batch b left join ranges r on r.batch = b.id
    where r.batch is null or r.reached >= r.first_serial or r.first_serial <> coalesce(r.before + 1, b.first_serial)
       or r.after is null and r.last_serial <> b.last_serial;

  return query
    with told as (
      select r.batch, r.first_serial, r.last_serial, r.state as is, coalesce(c.state, 'generated') as said, c.whole
      from serial_range r
      left join lateral (
        select x.state, x.first_serial <= r.first_serial and x.last_serial >= r.last_serial as whole
        from card_change x where int8range(x.first_serial, x.last_serial, '[]') && int8range(r.first_serial, r.last_serial, '[]')
        order by x.line + 0 desc limit 1) c on true
      union all
      select c.batch, c.first_serial, c.last_serial, c.was, state_at(coalesce(p.state, 'generated'), b.ends, c.at), p.whole
      from card_change c
      join batch b on b.id = c.batch
      left join lateral (
        select x.state, x.first_serial <= c.first_serial and x.last_serial >= c.last_serial as whole
        from card_change x
        where int8range(x.first_serial, x.last_serial, '[]') && int8range(c.first_serial, c.last_serial, '[]') and x.line < c.line
        order by x.line + 0 desc limit 1) p on true
    )
    select 'cards are in the state that their history says', count(*),
           count(*) filter (where t.is <> t.said or not coalesce(t.whole, true)),
           min(format('batch %s, serials %s to %s: %s, by their history %s', t.batch, t.first_serial, t.last_serial, t.is,
                      case when t.whole is false then 'not all in one state' else t.said::text end))
             filter (where t.is <> t.said or not coalesce(t.whole, true))
    from told t;

  -- Corrections -------------------------------------------------------------------------------------------------------

  return query
    with credited as (
      select r.receipt, t.credit as account, t.currency, sum(t.amount_minor) as amount
      from reversal r left join transfer t on t.receipt = r.reversed and t.kind in ('topup', 'bonus', 'transfer') group by 1, 2, 3
    ), taken as (
      select t.receipt, t.debit as account, t.currency, sum(t.amount_minor) as amount
      from transfer t where t.kind = 'reversal' group by 1, 2, 3
    )
    select 'each reversal takes back what was credited', count(*), count(*) filter (where bad),
           min(format('receipt #%s: takes %s from account %s, of %s credited by what it reverses (minor units)', receipt,
                      coalesce(taken, 0), coalesce(account::text, 'none'), coalesce(credited, 0))) filter (where bad)
    from (select receipt, account, t.amount as taken, c.amount as credited, (t.amount = c.amount) is not true as bad
          from credited c full join taken t using (receipt, account, currency)) pairs;

  return query
    with lines as (
      select l, lag(l.hash) over (order by l.line) as before, lag(l.line) over (order by l.line) as last from audit_log l
    ), judged as (
      select (x.l).line, (x.l).by, (x.l).action, (x.l).line <> coalesce(x.last, 0) + 1 as gap,
             (x.l).hash is distinct from audit_hash(coalesce(x.before, ''), x.l) as changed from lines x
    )
    select 'the audit log is whole', count(*), count(*) filter (where j.gap or j.changed),
           min(format('line %s: %s by %s, %s', j.line, j.action, j.by,
                      case when j.gap then 'a line before it is missing' else 'it or the line before it was changed' end))
             filter (where j.gap or j.changed)
    from judged j;

  return query
    with acts as (
      select format('receipt #%s: %s', t.receipt, t.kind) as what,
             k.receipt is not null and l.action in ('account adjust', 'redemption reverse') as fine
      from (select distinct x.receipt, x.kind from transfer x where x.kind in ('adjustment', 'reversal')) t
      left join correction k on k.receipt = t.receipt left join audit_log l on l.line = k.audit
      where t.kind = 'adjustment' or not exists (select from message m where m.receipt = t.receipt and m.outcome = 'undone')
      union all
      select format('batch %s, serials %s to %s: %s', c.batch, c.first_serial, c.last_serial, c.state), l.line is not null
      from card_change c left join audit_log l on l.line = c.audit
    )
    select 'every act of an operator is in the audit log', count(*), count(*) filter (where not a.fine),
           min(a.what || ', by nobody') filter (where not a.fine)
    from acts a;

  -- What stands in one row may be overwritten by whoever gets behind the functions; the log has what was done last.
  return query
    with said as (
      select distinct on (l.subject) l.subject, l.action = 'account hold' as held
      from audit_log l where l.action in ('account hold', 'account release') order by l.subject, l.line desc
    ), judged as (
      select format('%s: %s, by the audit log %s', coalesce(s.subject, 'account ' || a.msisdn),
                    case when a.held then 'on hold' else 'not on hold' end, case when s.held then 'on hold' else 'not on hold' end) as what,
             coalesce(a.held, false) = coalesce(s.held, false) as fine
      from (select x.msisdn, x.held from account x where x.held) a full join said s on s.subject = 'account ' || a.msisdn
      union all
      select 'the policy: ' || policy_words(p),
             policy_words(p) = coalesce((select l.detail from audit_log l where l.action = 'policy' order by l.line desc limit 1),
                                        policy_words(row(true, 'USD', 'UTC', 0, 0)))
      from policy p
      union all
      select format('%s: asked for by %s, and not on file', l.subject, l.by),
             exists (select from approval a where l.subject = format('approval %s', a.id))
      from audit_log l where l.action = 'approval ask'
    )
    select 'what operators set is what the audit log says', count(*), count(*) filter (where not j.fine),
           min(j.what) filter (where not j.fine)
    from judged j;

  return query
    select 'what two must agree to, two have', count(*), count(*) filter (where not fine),
           min(format('approval %s, %s of %s: asked by %s, granted by %s', a.id, a.action, a.subject, a.asked_by, a.decided_by))
             filter (where not fine)
    from (select p.*, p.decision is distinct from 'granted' or p.decided_by <> p.asked_by as fine from approval p) a;

  -- Messages ----------------------------------------------------------------------------------------------------------

  return query
    with credited as (select * from message m where m.outcome = 'credited')
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
          from credited m full join (select * from transfer x where x.kind = 'topup') t on t.receipt = m.receipt) pairs;

  return query
    with said as (
      select m.receipt, case m.outcome when 'transferred' then m.sender else m.target end as debit,
             case m.outcome when 'transferred' then m.target else m.sender end as credit, m.amount_minor as amount, m.currency
      from message m where m.outcome in ('transferred', 'undone')
    ), done as (
      select t.receipt, t.debit, t.credit, sum(t.amount_minor) as amount, t.currency
      from transfer t
      where t.kind = 'transfer' or t.kind = 'reversal' and t.debit > 0 and not exists (select from correction k where k.receipt = t.receipt)
      group by t.receipt, t.debit, t.credit, t.currency
    )
    select 'each transfer by text has its message', count(*), count(*) filter (where (s.amount = d.amount) is not true),
           min(format('receipt #%s: from %s to %s, message %s, transfers %s (minor units)', receipt, debit, credit,
                      coalesce(s.amount::text, 'none'), coalesce(d.amount::text, 'none')))
             filter (where (s.amount = d.amount) is not true)
    from said s full join done d using (receipt, debit, credit, currency);

  -- What moved money is always answered, by its own reply or its leader's, and the other side told. What else there is to say
  -- about money goes unsaid only to a sender who had answers within the hour: how many that may be is a gateway's configuration,
  -- which is not here, so one is asked for. Who is locked is told once, a quarantined text alarms us instead.
  return query
    select 'every message has its reply', (select count(*) from message), count(*),
           min(format('receipt #%s: %s, reply %s', m.receipt, m.outcome,
                      case when m.reply = 'owed' then format('owed for %s', date_trunc('second', now() - owed_since(m)))
                           when m.reply in ('sent', 'delivered', 'undelivered') then m.reply || ', without a time'
                           else m.reply::text end))
    from message m
    where (m.reply = 'owed' and owed_since(m) < now() - owed_at_most
           -- One that the SMSC wants later is nobody's until then.
           and (m.lease_owner is not null or coalesce(m.lease_until, m.received_at) < now() - owed_at_most))
       or (m.reply in ('sent', 'delivered', 'undelivered') and m.sent_at is null)
       or (m.reply = 'none' and (m.extra).leader is null
           and (m.outcome in ('credited', 'transferred', 'undone') or ((m.extra).several).outcome = 'credited'))
       or (m.reply = 'none' and m.outcome in ('received', 'taken_back'))
       or (m.reply = 'none' and (m.extra).leader is null and m.outcome in ('asked', 'repeated')
           and not exists (select from message a where a.sender = m.sender and a.receipt <> m.receipt and a.reply <> 'none'
                           and a.received_at between m.received_at - interval '1 hour' and m.received_at))
       or ((m.extra).leader is not null
           and not exists (select from message l where l.receipt = (m.extra).leader and (l.extra).leader is null));

  -- What a reply became is what its delivery receipt said, and only one that did not arrive, and was not sent twice, is to be
  -- sent once more.
  return query
    with followed as (
      select format('receipt #%s: reply %s, told %s', m.receipt, m.reply, coalesce((m.extra).delivery::text, 'nothing')) as what,
             case m.reply when 'delivered' then (m.extra).delivery = 'delivered'
                          when 'undelivered' then (m.extra).delivery <> 'delivered'
                          else (m.extra).delivery is null or (m.extra).resent_at is not null end is true
             and ((m.extra).delivery is null) = ((m.extra).delivery_at is null) as fine
      from message m where m.reply in ('delivered', 'undelivered') or (m.extra).delivery is not null
      union all
      select format('receipt #%s: awaited from %s, which does not exist', a.receipt, a.smsc),
             exists (select from message m where m.receipt = a.receipt)
      from awaited a where a.receipt is not null
      union all
      select format('receipt #%s: to be sent once more to %s', u.receipt, u.sender),
             exists (select from message m where m.receipt = u.receipt and m.sender = u.sender and m.reply = 'undelivered'
                     and (m.extra).resent_at is null)
      from undelivered u
    )
    select 'replies became what their SMSCs told', count(*), count(*) filter (where not f.fine), min(f.what) filter (where not f.fine)
    from followed f;

  -- What the reply to several vouchers says is the sum of their messages.
  return query
    select 'the reply to several vouchers tells of each', (select count(*) from message m where (m.extra).several is not null), count(*),
           min(format('receipt #%s: told %s cards, %s added, %s %s; found %s, %s, %s (minor units)', l.receipt,
                      ((l.extra).several).cards, ((l.extra).several).added, ((l.extra).several).total_minor,
                      ((l.extra).several).currency, f.cards, f.added, f.total_minor))
    from message l
    cross join lateral (
      select count(*) as cards, count(*) filter (where m.outcome in ('credited', 'asked')) as added, max(m.outcome) as best,
             sum(m.amount_minor) filter (where m.outcome in ('credited', 'asked')) as total_minor
      from message m where m.sender = l.sender and m.action <> 'notice' and l.receipt in (m.receipt, (m.extra).leader)) f
    where (l.extra).several is not null
      and (((l.extra).several).cards, ((l.extra).several).added, ((l.extra).several).outcome, ((l.extra).several).total_minor)
          is distinct from (f.cards, f.added, f.best, f.total_minor);

  return query
    select 'every notice is of a transfer from or to its receiver', (select count(*) from message m where m.action = 'notice'), count(*),
           min(format('receipt #%s: %s is told of %s %s %s %s by receipt #%s', n.receipt, n.sender, n.amount_minor, n.currency,
                      case n.outcome when 'taken_back' then 'taken back by' else 'from' end, (n.extra).giver, (n.extra).leader))
    from message n left join message l on l.receipt = (n.extra).leader
    where n.action = 'notice'
      and ((n.extra).giver, n.sender, n.amount_minor)
          is distinct from (l.sender, l.target,
                            case when ((l.extra).several).outcome = 'credited' then ((l.extra).several).total_minor
                                 when (l.extra).several is not null then null
                                 when n.outcome = 'received' and l.outcome in ('credited', 'transferred')
                                      or n.outcome = 'taken_back' and l.outcome = 'undone' then l.amount_minor end);

  return query
    with odd as (
      select format('question of %s', q.sender) as what,
             exists (select from message m where m.receipt = q.receipt and m.sender = q.sender)
             and case when q.amount_minor is null then cardinality(q.digests) between 1 and 5
                      else q.amount_minor > 0 and q.target is not null and cardinality(q.digests) = 0 end as fine
      from question q
      union all
      select format('lock of %s', l.sender), l.rung >= 0 and l.unheard >= 0 and (l.told or l.unheard = 0)
                                             and l.locked_until <= now() + interval '25 hours'
      from sender_lock l
      union all
      select 'the level of guessing', g.level between 0 and 2 and (g.until <= now() + interval '2 hours') from guess_level g
      union all
      select format('wrong PINs in hour %s', h.hour), h.wrong >= 0 from guess_hour h
    )
    select 'questions and locks are as the gateway makes them', count(*), count(*) filter (where not o.fine),
           min(o.what) filter (where not o.fine)
    from odd o;
end $$;

-- The watch -----------------------------------------------------------------------------------------------------------------

-- How far the watch has come. Rows are only ever added to these tables, at their end: what lies in the pages since the look
-- before is new, but for the few that fill a gap further up, and those come by in the course of the round.
create table topup.books (
  one              boolean primary key default true check (one),
  looked_at        timestamptz not null default '-infinity',
  transfer_page    bigint not null default 0,                 -- where the table ended then
  redemption_page  bigint not null default 0,
  transfer_from    bigint not null default 0,                 -- and at the look before
  redemption_from  bigint not null default 0,
  account          bigint not null default 0,                 -- the last one that the round has come by
  message          bigint not null default 0,
  wrong            text,                                      -- the first violation found, till a whole proof finds none
  example          text,
  wrong_since      timestamptz
);
insert into topup.books default values;

-- What is not right of what was written since the last look, and of the next few accounts and messages of the round; null:
-- nothing. The names are verify()'s. transfer_page: where that table ends now.
create function topup.look(known topup.books, transfer_page bigint, out wrong text, out example text, out account bigint, out message bigint)
language plpgsql set search_path = topup, pg_temp
-- What is new is small and what it is compared with is large: that is entered by its keys.
set plan_cache_mode = force_custom_plan set enable_seqscan = off set enable_bitmapscan = off set enable_mergejoin = off set jit = off as $$
declare
  -- Whoever was writing at the last look has committed since.
  since constant timestamptz := known.looked_at - interval '15 seconds';
  transfers_from constant tid := format('(%s,0)', known.transfer_from);
  redemptions_from constant tid := format('(%s,0)', known.redemption_from);
  -- Batches by their serials, and what a card of each is worth.
  firsts bigint[];
  values_minor bigint[];
  -- Where each costs several look-ups, some 500 of the new ones do: a page holds about 75, and half of these pages are new.
  one_in constant integer := greatest(1, (transfer_page - known.transfer_from) * 38 / 500);
  fresh record;
  redeemed record;
  picked bigint[];
begin
  select array_agg(b.first_serial order by b.first_serial), array_agg(p.value_minor order by b.first_serial)
  into firsts, values_minor from batch b join product p on p.code = b.product;

  -- Once through all that is new.
  select count(*) filter (where t.kind = 'topup') as topups,
         bit_xor(hashint8extended(t.serial, t.receipt)) filter (where t.kind = 'topup') as print,
         count(*) filter (where t.kind in ('adjustment', 'reversal')) as corrections,
         min(t.receipt) filter (where not has_form(t)) as odd,
         min(t.serial) filter (where t.kind = 'topup'
                                 and (values_minor[width_bucket(t.serial, firsts)] = t.amount_minor) is not true) as misvalued,
         array_agg(t.receipt) filter (where t.kind = 'topup' and t.receipt % one_in = 0) as receipts,
         array_agg(greatest(abs(t.credit), abs(t.debit))) filter (where t.receipt % (5 * one_in) = 0) as accounts
  into fresh from transfer t where t.ctid >= transfers_from and t.at > since;
  select count(*) as cards, bit_xor(hashint8extended(e.serial, e.receipt)) as print
  into redeemed from redemption e where e.ctid >= redemptions_from and e.at > since;

  if fresh.odd is not null then
    select 'each transfer is between the accounts of its kind',
           format('receipt #%s: %s from %s to %s', t.receipt, t.kind, t.debit, t.credit)
    into wrong, example from transfer t where t.receipt = fresh.odd and not has_form(t) limit 1;
    return;
  end if;

  -- Which one it is, when they are not the same; a partner that is not among the new is looked up, and then all is well.
  if fresh.misvalued is not null or (fresh.topups, fresh.print) is distinct from (redeemed.cards, redeemed.print) then
    select 'each redeemed voucher has its one credit',
           min(format('voucher %s: redeemed by receipt %s for %s %s, credited by receipt %s %s %s (minor units)',
                      coalesce(e.serial, t.serial), coalesce('#' || e.receipt, 'none'), p.value_minor, p.currency,
                      coalesce('#' || t.receipt, 'none'), t.amount_minor, t.currency))
    into wrong, example
    from (select r.serial, r.receipt from redemption r where r.ctid >= redemptions_from and r.at > since) e
    full join (select x.serial, x.receipt, x.amount_minor, x.currency from transfer x
               where x.ctid >= transfers_from and x.at > since and x.kind = 'topup') t on t.serial = e.serial and t.receipt = e.receipt
    left join lateral (select q.value_minor, q.currency from voucher v join batch b on b.id = v.batch join product q on q.code = b.product
                       where v.serial = coalesce(e.serial, t.serial) limit 1) p on true
    where t.serial is null and not exists (select from transfer x where x.receipt = e.receipt and x.serial = e.serial and x.kind = 'topup')
       or e.serial is null and not exists (select from redemption r where r.serial = t.serial and r.receipt = t.receipt)
       or t.serial is not null and (t.amount_minor, t.currency) is distinct from (p.value_minor, p.currency);
    if example is not null then return; end if;
  end if;

  if fresh.corrections > 0 then
    select 'every act of an operator is in the audit log', min(format('receipt #%s: %s, by nobody', t.receipt, t.kind))
    into wrong, example
    from transfer t
    where t.ctid >= transfers_from and t.at > since and t.kind in ('adjustment', 'reversal')
      and not exists (select from correction k where k.receipt = t.receipt)
      and not exists (select from message m where m.receipt = t.receipt and m.outcome = 'undone' and t.kind = 'reversal');
    if example is not null then return; end if;
  end if;

  select 'each credited message has its transfer',
         min(format('receipt #%s: message %s, transfer %s', t.receipt,
                    case when m.receipt is null then 'none'
                         else format('%s %s %s %s', coalesce(m.target, m.sender), m.amount_minor, m.currency, m.serial) end,
                    format('%s %s %s %s (account, minor units, voucher)', t.credit, t.amount_minor, t.currency, t.serial)))
  into wrong, example
  from unnest(fresh.receipts) as s (receipt)
  cross join lateral (select * from transfer x where x.receipt = s.receipt and x.line = 1 limit 1) t
  left join lateral (select * from message y where y.receipt = s.receipt and y.outcome = 'credited' limit 1) m on true
  where (coalesce(m.target, m.sender), m.amount_minor, m.currency, m.serial)
        is distinct from (t.credit, t.amount_minor, t.currency, t.serial);
  if example is not null then return; end if;

  select 'each bonus is its product''s',
         min(format('receipt #%s: %s promised, %s granted (minor units, %s)', s.receipt, p.bonus_minor, coalesce(g.amount_minor, 0),
                    p.currency))
  into wrong, example
  from unnest(fresh.receipts) as s (receipt)
  cross join lateral (select * from transfer x where x.receipt = s.receipt and x.line = 1 limit 1) t
  cross join lateral (select v.batch from voucher v where v.serial = t.serial limit 1) v
  cross join lateral (select b.product from batch b where b.id = v.batch limit 1) b
  cross join lateral (select * from product q where q.code = b.product limit 1) p
  left join lateral (select x.amount_minor from transfer x where x.receipt = s.receipt and x.kind = 'bonus' limit 1) g on true
  where p.bonus_minor <> coalesce(g.amount_minor, 0) or p.currency <> t.currency;
  if example is not null then return; end if;

  -- Accounts from the ground up: some of those that changed, and the next of the round. One with a long past is left to verify().
  select array_agg(distinct n) into picked from (select unnest(fresh.accounts) as n limit 200) n where n >= 1000;
  select case when count(*) = 100 then max(next.msisdn) end, picked || array_agg(next.msisdn) into account, picked
  from (select a.msisdn from account a where a.msisdn > known.account order by a.msisdn limit 100) next;
  select 'balances = sum of transfers',
         min(format('account %s: balance %s %s, transfers %s; bonus %s, transfers %s (minor units)', a.msisdn, a.balance_minor, a.currency,
                    c.balance_minor, a.bonus_minor, c.bonus_minor))
  into wrong, example
  from account_chains(picked, 100) c
  cross join lateral (select * from account x where x.msisdn = c.msisdn limit 1) a
  where c.ended and (a.balance_minor, a.bonus_minor) <> (c.balance_minor, c.bonus_minor);
  if example is not null then return; end if;

  select 'what is reserved = open reservations',
         min(format('account %s: reserved %s and %s of bonus, reservations %s and %s (minor units)', a.msisdn, a.reserved_minor,
                    a.bonus_reserved_minor, r.balance, r.bonus))
  into wrong, example
  from unnest(picked) as s (msisdn)
  cross join lateral (select * from account x where x.msisdn = s.msisdn limit 1) a
  cross join lateral (select coalesce(sum(o.balance_minor), 0) as balance, coalesce(sum(o.bonus_minor), 0) as bonus
                      from reservation o where o.msisdn = s.msisdn and o.state = 'open') r
  where (a.reserved_minor, a.bonus_reserved_minor) <> (r.balance, r.bonus);
  if example is not null then return; end if;

  -- The round comes by messages, too: a credit that was told and never given.
  select 'each credited message has its transfer',
         min(format('receipt #%s: message %s %s %s %s, transfer none', m.receipt, coalesce(m.target, m.sender), m.amount_minor,
                    m.currency, m.serial))
           filter (where m.outcome = 'credited' and not exists (select from transfer t where t.receipt = m.receipt)),
         case when count(*) = 500 then max(m.receipt) end
  into wrong, example, message
  from (select * from message x where x.receipt > known.message order by x.receipt limit 500) m;
  if example is not null then return; end if;

  select 'the audit log is whole', min(format('line %s: %s by %s', l.line, l.action, l.by))
  into wrong, example
  from (select x as l, x.line, x.action, x.by, x.hash from audit_log x order by x.line desc limit 50) l
  left join lateral (select x.hash from audit_log x where x.line = l.line - 1 limit 1) b on true
  where l.hash is distinct from audit_hash(coalesce(b.hash, ''), l.l) or b.hash is null and l.line > 1;
  if example is null then wrong := null; end if;
end $$;

-- Looks at the books, once a minute however many gateways there are, and again at once when it is `urgent`; lets lapse what
-- has come to its end; and says how much guessing there is. A violation stays found until prove() finds none.
create function topup.watch(urgent boolean default false)
returns table (wrong text, example text, wrong_since bigint, guess_level smallint, guess_until bigint, wrong_pins_today bigint,
               wrong_pins_this_hour bigint, usual_an_hour double precision)
language plpgsql security definer set search_path = topup, pg_temp as $$
declare
  moment constant timestamptz := clock_timestamp();
  known books;
  now_there books;
  seen record;
begin
  -- One look at a time, and nobody waits for it.
  select * into known from books for update skip locked;
  if found and known.wrong is null and (urgent or known.looked_at <= moment - interval '45 seconds') then
    now_there.transfer_page := pg_relation_size('topup.transfer') / current_setting('block_size')::integer;
    now_there.redemption_page := pg_relation_size('topup.redemption') / current_setting('block_size')::integer;
    -- After a long time without a look only the newest are new: a million or so.
    known.transfer_from := greatest(known.transfer_from, now_there.transfer_page - 16384);
    known.redemption_from := greatest(known.redemption_from, now_there.redemption_page - 16384);
    select * into seen from look(known, now_there.transfer_page);
    update books b set
      wrong = seen.wrong, example = seen.example, wrong_since = case when seen.wrong is not null then moment end,
      account = coalesce(seen.account, 0), message = coalesce(seen.message, 0), looked_at = moment,
      transfer_from = case when known.looked_at <= moment - interval '15 seconds'
                           then known.transfer_page else known.transfer_from end,
      redemption_from = case when known.looked_at <= moment - interval '15 seconds'
                             then known.redemption_page else known.redemption_from end,
      transfer_page = now_there.transfer_page, redemption_page = now_there.redemption_page;
  end if;
  select b.wrong, b.example, seconds(b.wrong_since) into wrong, example, wrong_since from books b;

  guess_level := guess_level_at(moment);
  select case when g.until > moment then seconds(g.until) end into guess_until from guess_level g;
  select r.day_wrong, r.hour_wrong, r.usual into wrong_pins_today, wrong_pins_this_hour, usual_an_hour from guess_rates(moment) r;

  -- Last, because it may take the turn: everybody waits from here to COMMIT.
  perform lapse_bonuses(1000);
  return next;
end $$;

-- The whole proof, for `topupctl verify`: when it finds nothing, what the watch has found is forgotten, and gateways that have
-- stopped may be started again.
create function topup.prove() returns table (name text, examined bigint, violations bigint, example text)
language plpgsql security definer set search_path = topup, pg_temp as $$
#variable_conflict use_column
declare
  checks record;
  clean boolean := true;
  was books;
begin
  for checks in select * from verify() loop
    clean := clean and checks.violations = 0;
    name := checks.name;
    examined := checks.examined;
    violations := checks.violations;
    example := checks.example;
    return next;
  end loop;
  if clean then
    select * into was from books b where b.wrong is not null for update;
    if found then
      perform audit('verify', 'books', '', format('clean; the watch had found: %s: %s', was.wrong, was.example));
      update books b set wrong = null, example = null, wrong_since = null;
    end if;
  end if;
end $$;

grant execute on function topup.verify to topup_operator, topup_auditor;
grant execute on function topup.prove to topup_operator;
grant execute on function topup.watch to topup_gateway;
