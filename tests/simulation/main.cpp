// simulate: thousands of courses a minute through the gateway's core in simulated time; each is known by its seed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <random>

#include "tests/simulation/course.hpp"

using namespace topupd;
using namespace topupd::simulation;

namespace {

// Of the sample configuration, with English alone: other languages are tested elsewhere, and cost time to make.
config::settings sample_settings() {
  auto [settings, problems] = config::load(SAMPLE_CONFIGURATION, {.secrets = false});
  for (const auto& each : problems) fmt::print(stderr, "{}\n", to_string(each));
  if (!settings) throw std::runtime_error("the sample configuration has faults");
  std::erase_if(settings->languages, [](const auto& each) { return each.words.code != "en"; });
  settings->pin_key = secret("0123456789abcdef0123456789abcdef");
  return *settings;
}

}  // namespace

int main(int count, char** words) {
  std::uint32_t courses = 1000;
  std::uint32_t seed = std::random_device()();
  bool keep_going = false;
  CLI::App app{"Runs the gateway's core through simulated troubles and judges what became of each text."};
  app.add_option("--courses", courses, "how many")->capture_default_str();
  app.add_option("--seed", seed, "of the first course; the others follow");
  app.add_flag("--keep-going", keep_going, "after a course with a finding");
  app.footer("One course again: simulate --courses 1 --seed 12345");
  CLI11_PARSE(app, count, words);
  try {
    boost::asio::io_context io;
    const auto settings = sample_settings();
    parts shared{.settings = settings,
                 .replies = gateway::replies(settings),
                 .log = gateway::event_log(io.get_executor(), courses == 1 ? "debug" : "off", "text"),
                 .counts = {}};
    fmt::print("simulate: {} courses from seed {}\n", courses, seed);
    const auto begin = std::chrono::steady_clock::now();
    course_report all;
    std::uint32_t bad = 0, done = 0;
    for (; done < courses && (bad == 0 || keep_going); ++done) {
      const auto one = run_course(seed + done, shared);
      for (const auto& each : one.faults) fmt::print("simulate: seed {}: {}\n", seed + done, each);
      if (!one.faults.empty()) ++bad;
      all.texts += one.texts;
      all.replies += one.replies;
      all.duplicates += one.duplicates;
      all.kills += one.kills;
      all.freezes += one.freezes;
      all.cuts += one.cuts;
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    fmt::print(
        "simulate: {} courses in {:.1f} s, {} with findings: {} texts, {} replies of which {} again, {} kills, {} "
        "freezes, {} cuts\n",
        done, took.count(), bad, all.texts, all.replies, all.duplicates, all.kills, all.freezes, all.cuts);
    return bad == 0 ? 0 : 1;
  } catch (const std::exception& failure) {
    fmt::print(stderr, "simulate: {}\n", failure.what());
    return 2;
  }
}
