#include "gateway/notify.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <filesystem>
#include <string>

namespace topupd::gateway {
namespace {

using datagram = boost::asio::local::datagram_protocol;

// The service manager's end of the socket.
class manager {
 public:
  manager() {
    REQUIRE(mkdtemp(folder_.data()) != nullptr);
    const auto path = folder_ + "/notify";
    socket_.bind(path);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  manager(const manager&) = delete;
  manager& operator=(const manager&) = delete;
  ~manager() {
    unsetenv("NOTIFY_SOCKET");
    std::filesystem::remove_all(folder_);
  }
  std::string heard() {
    std::array<char, 512> octets{};
    const auto size = socket_.receive(boost::asio::buffer(octets));
    return {octets.data(), size};
  }

 private:
  boost::asio::io_context io_;
  std::string folder_ = std::filesystem::temp_directory_path() / "topupd-notify-XXXXXX";
  datagram::socket socket_{io_, datagram()};
};

TEST_CASE("systemd hears each state in its words") {
  manager systemd;
  const notify to;
  to.ready("1 of 2 binds up");
  CHECK(systemd.heard() == "READY=1\nSTATUS=1 of 2 binds up");
  to.status("two\nlines");  // would be another assignment
  CHECK(systemd.heard() == "STATUS=two lines");
  to.watchdog();
  CHECK(systemd.heard() == "WATCHDOG=1");
  to.reloading();
  CHECK(systemd.heard().rfind("RELOADING=1\nMONOTONIC_USEC=", 0) == 0);
  to.stopping();
  CHECK(systemd.heard().rfind("STOPPING=1\n", 0) == 0);
}

TEST_CASE("without systemd nothing is said and nobody waits for the watchdog") {
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  const notify to;
  to.ready("nobody listens");
  CHECK_FALSE(to.watchdog_interval());
}

TEST_CASE("the watchdog's interval is the unit's, when it is meant for this process") {
  setenv("WATCHDOG_USEC", "10000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  CHECK(notify().watchdog_interval() == std::chrono::seconds(10));
  setenv("WATCHDOG_PID", std::to_string(getpid() + 1).c_str(), 1);
  CHECK_FALSE(notify().watchdog_interval());
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
}

}  // namespace
}  // namespace topupd::gateway
