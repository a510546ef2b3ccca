#include <doctest/doctest.h>

#include <string>

#include "operator/context.hpp"
#include "operator/reply_words.hpp"

namespace topupd::tests {

TEST_CASE("what may be a PIN is repeated by its last four digits only") {
  struct row {
    const char* typed;
    const char* shown;
  };
  const row rows[] = {
      {"4821739055162749", "############2749"},
      {"4821 7390 5516 2749", "#### #### #### 2749"},
      {"4821-7390-5516-2749 x", "####-####-####-2749 x"},
      {"voucher 482173905516 not found", "voucher ########5516 not found"},
      {"0701234567", "0701234567"},  // too short for a PIN
      {"8F3K2Q", "8F3K2Q"},
      {"a 12 b 482173905516 c", "a 12 b ########5516 c"},
      {"", ""},
  };
  for (const row& row : rows) CHECK(operators::without_pins(row.typed) == row.shown);
}

TEST_CASE("a reply's way to the phone is told in one line") {
  using std::chrono::seconds;
  const auto at = [](int second) {
    return store::moment{std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + seconds{second}};
  };
  const store::message_story none{.receipt = {},
                                  .smsc = "main",
                                  .source = {},
                                  .short_code = {},
                                  .sender = *parser::msisdn::from_number(999701234567),
                                  .action = {},
                                  .outcome = {},
                                  .language = {},
                                  .reason = {},
                                  .target = {},
                                  .serial = {},
                                  .amount = {},
                                  .balance = {},
                                  .valid_until = {},
                                  .until = {},
                                  .reply = "none",
                                  .lease_owner = {},
                                  .attempts = 1,
                                  .sent = {},
                                  .smsc_message_id = {},
                                  .reply_status = {},
                                  .earlier = {}};
  const auto with = [&](auto change) {
    store::message_story out = none;
    out.lease_owner = "gw-1";
    out.smsc_message_id = "7";
    out.sent = at(1);
    change(out);
    return operators::reply_of(out);
  };
  const auto told = [&](store::message_story& of, const char* reply, const char* delivery) {
    of.reply = reply;
    of.delivery = delivery;
    of.delivery_error = "001";
    of.delivery_at = at(4);
  };
  using story = store::message_story;
  CHECK(operators::reply_of(none) == "no reply");
  CHECK(with([](story& of) { of.reply = "sent"; }) == "reply sent 2026-11-22T00:00:01Z by gw-1, the SMSC calls it 7");
  CHECK(with([](story& of) {
          of.reply = "sent";
          of.attempts = 3;
          of.sent_by = "backup";
        }) == "reply sent 2026-11-22T00:00:01Z by gw-1 at attempt 3, through backup, the SMSC calls it 7");
  CHECK(with([&](story& of) { told(of, "delivered", "delivered"); }) ==
        "reply sent 2026-11-22T00:00:01Z by gw-1, the SMSC calls it 7, delivered 2026-11-22T00:00:04Z");
  CHECK(with([&](story& of) { told(of, "undelivered", "expired"); }) ==
        "reply sent 2026-11-22T00:00:01Z by gw-1, the SMSC calls it 7, not delivered: expired, error 001, at "
        "2026-11-22T00:00:04Z");
  CHECK(with([&](story& of) {
          told(of, "sent", "expired");
          of.resent = at(9);
        }).ends_with(", once more: not delivered before, expired, error 001, at 2026-11-22T00:00:04Z"));
  CHECK(with([&](story& of) {
          told(of, "undelivered", "rejected");
          of.resent = at(9);
        }).ends_with(", not delivered this time either: rejected, error 001, at 2026-11-22T00:00:04Z"));
  CHECK(with([&](story& of) {
          told(of, "owed", "expired");
          of.resent = at(9);
        }) ==
        "reply owed by gw-1, once more since 2026-11-22T00:00:09Z: not delivered, expired, error "
        "001, at 2026-11-22T00:00:04Z");
  CHECK(with([&](story& of) {
          of.reply = "owed";
          of.lease_owner.clear();
          of.attempts = 3;
          of.reply_status = 8;
          of.deferred_until = at(60);
        }) ==
        "reply owed, refused by the SMSC for now, attempt 2, command_status 0x00000008, again at 2026-11-22T00:01:00Z");
  CHECK(with([](story& of) {
          of.reply = "dead";
          of.reply_status = 11;
        }) == "reply refused by the SMSC for good, command_status 0x0000000b");
}

TEST_CASE("numbers and serials are read as people write them") {
  CHECK(operators::digits_of("+999 (70) 123-45.67") == "999701234567");
  CHECK(operators::digits_of("1000 0000 0001") == "100000000001");
  CHECK(operators::digits_of("8F3K2Q").empty());
  CHECK(operators::digits_of("").empty());
}

}  // namespace topupd::tests
