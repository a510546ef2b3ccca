#include "tests/operator/books.hpp"

#include <unistd.h>

#include "store/migrations.hpp"

namespace topupd::tests {

namespace {

void create(const std::string& name, const std::string& from) {
  pqxx::connection server("dbname=postgres");
  pqxx::nontransaction(server).exec("create database " + name + " template " + from);
}

std::string this_process() {
  return "books_" + std::to_string(getpid());
}

// Migrating takes longer than copying what was migrated once. The cluster is thrown away with it.
const std::string& migrated() {
  static const std::string name = [] {
    std::string made = this_process() + "_template";
    create(made, "template1");
    store::migrate("postgresql:///" + made);
    return made;
  }();
  return name;
}

}  // namespace

books::books() {
  static int count = 0;
  name_ = this_process() + "_" + std::to_string(++count);
  create(name_, migrated());
  administrator_ = std::make_unique<pqxx::connection>("dbname=" + name_);
}

books::~books() {
  administrator_.reset();
  pqxx::connection server("dbname=postgres");
  pqxx::nontransaction(server).exec("drop database " + name_ + " with (force)");
}

std::string books::url(const std::string& user) const {
  return "postgresql:///" + name_ + (user.empty() ? "" : "?user=" + user);
}

pqxx::result books::sql(const std::string& statements) {
  pqxx::work transaction(*administrator_);
  pqxx::result rows = transaction.exec(statements);
  transaction.commit();
  return rows;
}

void books::fill() {
  sql(R"(
    set local search_path = topup;
    insert into product (code, value_minor, currency, validity_days) values ('TEN', 1000, 'USD', 90);
    insert into batch (product, count, first_serial, last_serial, created_at)
      values ('TEN', 4, 100000000001, 100000000004, now() - interval '3 days'),
             ('TEN', 1, 100000000005, 100000000005, now() - interval '3 days'),
             ('TEN', 2, 100000000006, 100000000007, now() - interval '3 days');
    insert into voucher (serial, digest, batch)
      select s, sha256(s::text::bytea), case when s <= 100000000004 then 1 when s = 100000000005 then 2 else 3 end
      from generate_series(100000000001, 100000000007) s;
    insert into card_change (batch, first_serial, last_serial, was, state, at, audit)
      select id, first_serial, last_serial, 'generated', 'active', now() - interval '2 days',
             audit('batch activate', 'batch ' || id)
      from batch where id in (1, 3) order by id;
    insert into redemption (serial, receipt, at)
      select serial, receipt, now() - interval '1 day' + receipt * interval '1 second'
      from (values (100000000001, 11), (100000000002, 12), (100000000003, 13), (100000000006, 16), (100000000007, 18))
        r (serial, receipt);
    insert into account (msisdn, currency, balance_minor, last_receipt)
      values (999701234567, 'USD', 2000, 12), (999709876543, 'USD', 1000, 13), (999706666666, 'USD', 2000, 18);
    insert into transfer (receipt, at, kind, debit, credit, amount_minor, currency, serial, previous)
      select receipt, now() - interval '1 day' + receipt * interval '1 second', 'topup', 1, credit, 1000, 'USD', serial, previous
      from (values (11, 999701234567, 100000000001, null::bigint), (12, 999701234567, 100000000002, 11),
                   (13, 999709876543, 100000000003, null), (16, 999706666666, 100000000006, null),
                   (18, 999706666666, 100000000007, 16)) t (receipt, credit, serial, previous);
    insert into message (receipt, received_at, bucket, fingerprint, sender, source, short_code, smsc, action, outcome, target,
                         serial, amount_minor, balance_minor, currency, earlier, reply, attempts, sent_at, smsc_message_id)
      select receipt, now() - interval '1 day' + receipt * interval '1 second', 1, sha256(receipt::text::bytea), 999701234567,
             '1.1.999701234567', '0.0.12345', 'main', action::action, outcome::outcome, target, serial,
             1000, 2000, 'USD', earlier, 'sent', 1, now(), 'id' || receipt
      from (values (11, 'redeem', 'credited', null::bigint, 100000000001, null::bigint),
                   (12, 'redeem', 'credited', null, 100000000002, null),
                   (13, 'redeem', 'credited', 999709876543, 100000000003, null),
                   (14, 'help', 'help', null, null, null),
                   (15, 'redeem', 'repeated', null, 100000000003, 13)) m (receipt, action, outcome, target, serial, earlier);
    insert into message (receipt, received_at, bucket, fingerprint, sender, source, short_code, smsc, action, outcome, target,
                         serial, amount_minor, currency, reply, sent_at, extra, earlier)
      select receipt, now() - interval '1 day' + receipt * interval '1 second', 1, sha256(receipt::text::bytea), sender,
             '1.1.' || sender, '0.0.12345', 'main', action::action, outcome::outcome, target, serial, amount, 'USD',
             reply::reply_state, case when reply = 'sent' then now() end,
             row(leader, several::several, null, giver, null, null, null, null, null, null, null, null)::extra, earlier
      from (values
        (16, 999705555555, 'redeem', 'credited', 999706666666, 100000000006, 1000, 'sent', null::bigint,
         '(3,2,credited,2000,2000,USD)', null::bigint, null::bigint),
        (17, 999705555555, 'redeem', 'unknown_pin', 999706666666, null, null, 'none', 16, null, null, null),
        (18, 999705555555, 'redeem', 'credited', 999706666666, 100000000007, 1000, 'none', 16, null, null, null),
        (19, 999706666666, 'notice', 'received', null, null, 2000, 'sent', 16, null, 999705555555, 16))
        m (receipt, sender, action, outcome, target, serial, amount, reply, leader, several, giver, earlier);
  )");
}

}  // namespace topupd::tests
