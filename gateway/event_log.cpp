#include "gateway/event_log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <cstdio>

namespace topupd::gateway {
namespace {

// spdlog's own stdout sink flushes every line; ours leaves that to event_log, once a turn.
class stdout_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    static_cast<void>(std::fwrite(line.data(), 1, line.size(), stdout));
  }
  void flush_() override { static_cast<void>(std::fflush(stdout)); }
};

std::string quoted(std::string_view value) {
  return boost::json::serialize(boost::json::string_view(value));
}

bool is_plain(std::string_view value) {
  return !value.empty() && std::none_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '=' || c == '\x7f';
  });
}

}  // namespace

event_log::event_log(boost::asio::any_io_executor executor, const std::string& level, const std::string& format)
    : executor_(std::move(executor)),
      logger_(std::make_shared<spdlog::logger>("topupd", std::make_shared<stdout_sink>())),
      json_(format == "json") {
  const auto* pattern = json_ ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
  logger_->set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  set_level(level);
}

event_log::~event_log() {
  logger_->flush();
}

void event_log::set_level(const std::string& level) {
  logger_->set_level(spdlog::level::from_str(level));
}
bool event_log::debugs() const {
  return logger_->should_log(spdlog::level::debug);
}
void event_log::flush() {
  logger_->flush();
}

void event_log::debug(std::string_view event, const fields& about) {
  write(spdlog::level::debug, event, about);
}
void event_log::info(std::string_view event, const fields& about) {
  write(spdlog::level::info, event, about);
}
void event_log::warning(std::string_view event, const fields& about) {
  write(spdlog::level::warn, event, about);
}
void event_log::error(std::string_view event, const fields& about) {
  write(spdlog::level::err, event, about);
}

void event_log::write(int level, std::string_view event, const fields& about) {
  const auto severity = static_cast<spdlog::level::level_enum>(level);
  if (!logger_->should_log(severity)) return;
  line_.clear();
  if (json_) {
    line_.append(R"("event":)").append(quoted(event));
    for (const auto& [key, value] : about) line_.append(",").append(quoted(key)).append(":").append(quoted(value));
  } else {
    line_.append(event);
    for (const auto& [key, value] : about) {
      line_.append(" ").append(key).append("=");
      if (is_plain(value)) {
        line_.append(value);
      } else {
        line_.append(quoted(value));
      }
    }
  }
  logger_->log(severity, spdlog::string_view_t(line_.data(), line_.size()));
  if (!std::exchange(flush_posted_, true)) {
    boost::asio::post(executor_, [this] {
      flush_posted_ = false;
      logger_->flush();
    });
  }
}

}  // namespace topupd::gateway
