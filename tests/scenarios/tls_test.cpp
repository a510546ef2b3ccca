// The link over TLS: texts pass where the certificate is right, and where it is not, nothing passes and the log says
// why. What each fault is called is in tests/unit/smpp_session/tls_test.cpp.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "tests/scenarios/stand.hpp"
#include "tests/scenarios/text_file.hpp"
#include "tests/unit/smpp_session/certificates.hpp"

using namespace topupd;
using namespace topupd::scenarios;
using namespace std::chrono_literals;
using smpp::test::authority;
using smpp::test::certificate_files;

namespace {

const std::string smsc_name = "DNS:smsc.test";

smpp::tls_options server(const certificate_files& shown, const std::string& client_ca = {}) {
  return {.server_name = {}, .ca_file = client_ca, .certificate_file = shown.certificate, .key_file = shown.key};
}

// An SMSC that speaks TLS, and a gateway that does, trusts one authority and expects one name.
struct tls_rig {
  authority ours{"ours"};
  stand here{{.daemon = false}};

  explicit tls_rig(const std::string& more_settings = {}) {
    here.centre.show(server(ours.issue({.name = "right", .alternatives = smsc_name})));
    auto settings = content(here.config());
    settings.insert(settings.find("[log]"),
                    fmt::format("[smsc.tls]\nenabled = true\nserver_name = \"smsc.test\"\nca_file = \"{}\"\n{}\n",
                                ours.file(), more_settings));
    std::ofstream(here.config()) << settings;
  }

  // Nothing passes for two tries, and the log says so in these words.
  void check_refused(const std::string& words) {
    const auto tried = here.centre.counters().links;
    here.until([&] { return here.centre.counters().links >= tried + 2; }, "two tries", 10s);
    here.until([&] { return has(here.log(), words); }, "\"" + words + "\" in the log", 5s);
    CHECK(has(here.log(), "link unreachable"));
    CHECK(here.centre.binds() == 0);
    CHECK(here.centre.counters().sent == 0);
    CHECK(here.sql("select count(*) from topup.message") == "0");
    CHECK_FALSE(here.daemon().exit_status());
  }
};

}  // namespace

TEST_CASE("over TLS a card is credited and confirmed, and again when the link was cut") {
  tls_rig rig;
  rig.here.start_daemon();
  CHECK(has(rig.here.ask("TOPUP " + rig.here.pin(0)), "Confirmed. 50.00"));
  rig.here.centre.cut();
  CHECK(has(rig.here.ask("TOPUP " + rig.here.pin(1)), "Confirmed. 50.00"));
  CHECK(rig.here.centre.counters().links >= 2);
  rig.here.check_all_is_well();
}

TEST_CASE("no text is taken from an SMSC whose certificate is wrong; once it is right, they are, without a hand") {
  tls_rig rig;
  authority strangers{"strangers"};
  struct row {
    const char* means;
    certificate_files shown;
    std::string words;
  };
  const std::vector<row> rows = {
      {"expired", rig.ours.issue({.name = "old", .alternatives = smsc_name, .first_day = -9, .last_day = -1}),
       "the certificate has expired (" + smpp::test::day_from_today(-1)},
      {"another host's", rig.ours.issue({.name = "other", .alternatives = "DNS:other.test"}),
       "the certificate is for other.test, not for smsc.test"},
      {"unknown authority", strangers.issue({.name = "stranger", .alternatives = smsc_name}),
       "the certificate was issued by strangers, which is not in"},
  };
  rig.here.centre.show(server(rows[0].shown));
  rig.here.text("TOPUP " + rig.here.pin(0));
  rig.here.launch_daemon();
  for (const auto& each : rows) {
    CAPTURE(each.means);
    rig.here.centre.show(server(each.shown));
    rig.check_refused(each.words);
  }
  rig.here.centre.show(server(rig.ours.issue({.name = "renewed", .alternatives = smsc_name})));
  rig.here.until([&] { return rig.here.replies_to(rig.here.self) == 1; }, "the confirmation", 10s);
  CHECK(has(rig.here.last_reply_to(rig.here.self), "Confirmed. 50.00"));
  rig.here.check_all_is_well();
}

TEST_CASE("an SMSC that asks for a certificate gets ours, and refuses us without") {
  authority clients{"clients"};
  const auto mine = clients.issue({.name = "topup"});
  std::filesystem::permissions(mine.key, std::filesystem::perms::owner_read);  // others are refused at the start
  SUBCASE("with it") {
    tls_rig rig(fmt::format("certificate_file = \"{}\"\nkey_file = \"{}\"", mine.certificate, mine.key));
    rig.here.centre.show(server(rig.ours.issue({.name = "asks", .alternatives = smsc_name}), clients.file()));
    rig.here.start_daemon();
    CHECK(has(rig.here.ask("TOPUP " + rig.here.pin(0)), "Confirmed. 50.00"));
    rig.here.check_all_is_well();
  }
  SUBCASE("without it") {
    tls_rig rig;
    rig.here.centre.show(server(rig.ours.issue({.name = "asks", .alternatives = smsc_name}), clients.file()));
    rig.here.text("TOPUP " + rig.here.pin(0));
    rig.here.launch_daemon();
    rig.here.until([&] { return has(rig.here.log(), "the peer demands a client certificate, and none is configured"); },
                   "the reason in the log", 10s);
    CHECK(rig.here.centre.binds() == 0);
    CHECK(rig.here.centre.counters().sent == 0);
  }
}
