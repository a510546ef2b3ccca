// One course of events, made by its seed: texts, and everything that can go wrong between the phone and the database;
// then quiet, and the question whether anything was lost, done twice, or left unanswered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/gateway_process.hpp"

namespace topupd::simulation {

struct course_report {
  std::vector<std::string> faults;  // what the oracle objects to; empty: all is well
  int texts = 0, replies = 0, duplicates = 0, kills = 0, freezes = 0, cuts = 0, unknown_commits = 0;
};

course_report run_course(std::uint32_t seed, parts& shared);

}  // namespace topupd::simulation
