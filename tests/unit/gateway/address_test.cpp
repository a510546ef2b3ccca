#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include "gateway/short_messages.hpp"

using namespace topupd;
using config::number_format;

TEST_CASE("a number that we write first has the form that its SMSC wants") {
  const parser::numbering_plan plan{
      .country_code = "999", .national_prefix = "0", .international_prefix = "00", .national_lengths = {9}};
  struct row {
    number_format format;
    std::uint8_t ton, npi;
    const char* number;
    smpp::address written;
  };
  const row rows[] = {
      {number_format::e164, 1, 1, "999701234567", {1, 1, "999701234567"}},
      {number_format::e164, 0, 0, "999701234567", {0, 0, "999701234567"}},
      {number_format::plus, 1, 1, "999701234567", {1, 1, "+999701234567"}},
      {number_format::national, 2, 8, "999701234567", {2, 8, "0701234567"}},
      // Nothing national about them: a number abroad, and one of ours that is too short for the plan.
      {number_format::national, 2, 8, "447946000000", {1, 1, "447946000000"}},
      {number_format::national, 2, 8, "99970123", {1, 1, "99970123"}},
  };
  for (const auto& each : rows) {
    CAPTURE(each.number);
    config::smsc at;
    at.number_format = each.format;
    at.number_ton = each.ton;
    at.number_npi = each.npi;
    CHECK(gateway::address_of(*parser::msisdn::from_e164(each.number), at, plan) == each.written);
  }
}
