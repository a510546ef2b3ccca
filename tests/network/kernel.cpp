#include "tests/network/kernel.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace topupd::network {

namespace {

// "net:[4026531840]"; empty: not ours to see.
std::string namespace_of(const std::string& process) {
  std::array<char, 64> name{};
  const auto size = ::readlink(("/proc/" + process + "/ns/net").c_str(), name.data(), name.size());
  return size > 0 ? std::string(name.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string parent_of(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  std::string facts;
  std::getline(file, facts);
  std::istringstream behind_name(facts.substr(std::min(facts.size(), facts.rfind(')') + 1)));
  std::string state, parent = "0";
  behind_name >> state >> parent;
  return parent;
}

bool has_loopback_alone() {
  std::ifstream file("/proc/self/net/dev");
  std::string line;
  int others = 0, loopbacks = 0;
  while (std::getline(file, line)) {
    const auto colon = line.find(':');
    if (colon != std::string::npos) ++(line.find("lo:") + 2 == colon ? loopbacks : others);
  }
  return loopbacks == 1 && others == 0;
}

// Why this is, or may be, somebody else's network, too: it has more than loopback, or is PID 1's namespace; where that
// one is not to be seen (PID 1 has rights that we have not), the namespace of the eldest of our forebears that is.
std::string why_not_ours() {
  const auto ours = namespace_of("self");
  auto everybodys = namespace_of("1");
  if (!has_loopback_alone()) return "here is more than loopback";
  if (everybodys.empty()) {
    for (auto each = parent_of("self"); each != "0"; each = parent_of(each))
      if (const auto its = namespace_of(each); !its.empty()) everybodys = its;
  }
  if (ours.empty() || everybodys.empty()) return "it is not to be seen whose network namespace this is";
  if (ours == everybodys) return "no network namespace of its own (tests/network/namespace makes one)";
  return {};
}

}  // namespace

kernel::kernel(runner run) : run_(std::move(run)), why_not_(why_not_ours()) {
  const std::vector<std::string> tools[] = {
      {"tc", "qdisc", "show", "dev", "lo"}, {"nft", "list", "ruleset"}, {"ss", "-t"}};
  for (const auto& tool : tools) {
    if (!may()) return;
    try {
      if (run_(tool).first != 0) why_not_ = tool[0] + " refuses";
    } catch (const std::exception& failure) {
      why_not_ = failure.what();
    }
  }
  if (may()) ends_connections_ = try_to_end_one();
}

void kernel::narrow(int kbit_a_second, milliseconds time) {
  const auto until = clock::now() + time;
  for (auto& each : standing_) {
    if (each.undo[0] != "tc") continue;
    each.until = std::max(each.until, until);
    return;
  }
  // A packet of loopback has up to 64 KiB; one that does not fit the bucket would never leave.
  must({"tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", std::to_string(kbit_a_second) + "kbit", "burst",
        "100kb", "latency", "300ms"});
  standing_.push_back({until, {"tc", "qdisc", "del", "dev", "lo", "root"}});
}

void kernel::drop(std::uint16_t port, int percent, milliseconds time) {
  const auto table = "topupd" + std::to_string(++tables_);
  const auto chosen = percent < 100 ? " numgen random mod 100 < " + std::to_string(percent) : "";
  const auto lost = std::to_string(port) + chosen + " drop; ";
  auto rules = "add table inet " + table + "; ";
  rules += "add chain inet " + table + " in { type filter hook input priority 0 ; }; ";
  rules += "add rule inet " + table + " in tcp dport " + lost;
  rules += "add rule inet " + table + " in tcp sport " + lost;
  must({"nft", rules});
  standing_.push_back({clock::now() + time, {"nft", "delete table inet " + table}});
}

void kernel::end_connections(std::uint16_t port) {
  must({"ss", "-K", "-t", "dport", "=", ":" + std::to_string(port)});
}

void kernel::tend() {
  const auto now = clock::now();
  // Taken out first: while a tool runs, whoever waits for it may tend, too.
  std::vector<standing> over;
  std::erase_if(standing_, [&](const auto& each) {
    if (each.until > now) return false;
    over.push_back(each);
    return true;
  });
  for (const auto& each : over) must(each.undo);
}

void kernel::mend() {
  for (auto& each : standing_) each.until = {};
  tend();
}

void kernel::must(const std::vector<std::string>& words) {
  if (!may()) throw std::runtime_error("no kernel faults here: " + why_not_);
  if (const auto [status, output] = run_(words); status != 0)
    throw std::runtime_error(words[0] + " refuses: " + output);
}

// On a connection that nobody needs: a kernel that cannot says nothing about it.
bool kernel::try_to_end_one() {
  using boost::asio::ip::tcp;
  boost::asio::io_context io;
  tcp::acceptor acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  tcp::socket near(io), far(io);
  near.connect(acceptor.local_endpoint());
  acceptor.accept(far);
  run_({"ss", "-K", "-t", "dport", "=", ":" + std::to_string(acceptor.local_endpoint().port())});
  near.non_blocking(true);
  char octet = 0;
  boost::system::error_code error;
  near.read_some(boost::asio::buffer(&octet, 1), error);
  return error != boost::asio::error::would_block;
}

}  // namespace topupd::network
