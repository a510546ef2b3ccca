// The log: one line for each thing that happened, made to be read with tail and grep (DESIGN.md §6 "A log line").
//
//   text  2026-11-22T18:00:00.123Z info topup credited receipt=8F3K2Q from=999701234567 …
//   json  {"time":"2026-11-22T18:00:00.123Z","level":"info","event":"topup credited","receipt":"8F3K2Q", …}
//
// Goes to standard output, which systemd hands to the journal. Lines of one turn of the event loop leave in one write.
// Values are text: a secret has no way in, because it has no formatter. One thread: the gateway's.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spdlog {
class logger;
}

namespace topupd::gateway {

class event_log {
 public:
  using field = std::pair<std::string_view, std::string_view>;
  using fields = std::vector<field>;

  // level: trace, debug, info, warning, error; format: text, json (both judged by the configuration).
  event_log(boost::asio::any_io_executor executor, const std::string& level, const std::string& format);
  ~event_log();

  void debug(std::string_view event, const fields& about);
  void info(std::string_view event, const fields& about);
  void warning(std::string_view event, const fields& about);
  void error(std::string_view event, const fields& about);  // somebody must look: an alarm
  void set_level(const std::string& level);
  [[nodiscard]] bool debugs() const;
  void flush();

 private:
  void write(int level, std::string_view event, const fields& about);
  boost::asio::any_io_executor executor_;
  std::shared_ptr<spdlog::logger> logger_;
  bool json_;
  bool flush_posted_ = false;
  std::string line_;  // reused
};

}  // namespace topupd::gateway
