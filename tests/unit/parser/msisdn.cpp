#include "parser/msisdn.hpp"

#include <doctest/doctest.h>

#include "rules.hpp"

namespace topupd::parser {
namespace {

std::string read(std::string_view digits, bool plus = false, const numbering_plan& plan = {}) {
  const auto number = read_number(digits, plus, plan);
  return number ? number->digits() : "none";
}

}  // namespace

TEST_CASE("an msisdn is a number of E.164 or does not exist") {
  CHECK(msisdn::from_e164("999701234567")->number() == 999701234567);
  for (const auto* wrong : {"", "123456", "0701234567", "1234567890123456", "12345a78", "+999701234567"})
    CHECK_FALSE(msisdn::from_e164(wrong));
  CHECK(msisdn::from_number(999701234567) == msisdn::from_e164("999701234567"));
  CHECK_FALSE(msisdn::from_number(999999));
  CHECK_FALSE(msisdn::from_number(1000000000000000));
}

TEST_CASE("numbers are read in every form of the plan and in no other") {
  for (const auto* written : {"999701234567", "00999701234567", "0701234567"}) CHECK(read(written) == "999701234567");
  CHECK(read("999701234567", true) == "999701234567");
  CHECK(read("4479460000", true) == "4479460000");  // foreign, in full
  CHECK(read("004479460000") == "4479460000");
  CHECK(read("4479460000") == "none");           // foreign, without its prefix
  CHECK(read("701234567") == "none");            // without any prefix
  CHECK(read("070123456") == "none");            // a digit is missing
  CHECK(read("99970123456", true) == "none");    // a digit is missing, and our numbers have nine
  CHECK(read("9990701234567", true) == "none");  // country code and trunk prefix
  CHECK(read("0701234567", true) == "none");
  CHECK(read("112") == "none");
  CHECK(read("") == "none");
  CHECK(read("07o1234567") == "none");
}

TEST_CASE("a plan without a trunk prefix reads national numbers as they are") {
  const numbering_plan plan{.country_code = "65",
                            .national_prefix = "",
                            .international_prefix = "",
                            .national_lengths = {8},
                            .targets = {"65"}};
  CHECK(read("91234567", false, plan) == "6591234567");
  CHECK(read("6591234567", false, plan) == "6591234567");
  CHECK(read("0065912345", false, plan) == "none");
}

TEST_CASE("two readings of one number are none") {
  // 44 is the country, and a national number of ten digits may begin with it: 4412345678 is itself or lacks its prefix.
  const numbering_plan plan{.country_code = "44",
                            .national_prefix = "",
                            .international_prefix = "00",
                            .national_lengths = {8, 10},
                            .targets = {"44"}};
  CHECK(read("4412345678", false, plan) == "none");
  CHECK(read("12345678", false, plan) == "4412345678");
}

TEST_CASE("who may be credited is the plan's word, and numbers are shown as they are dialled") {
  const numbering_plan plan;
  CHECK(may_be_credited(number("999709876543"), plan));
  CHECK_FALSE(may_be_credited(number("4479460000"), plan));
  CHECK(as_dialled(number("999709876543"), plan) == "0709876543");
  CHECK(as_dialled(number("4479460000"), plan) == "+4479460000");
}

}  // namespace topupd::parser
