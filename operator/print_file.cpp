#include "operator/print_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>  // explicit_bzero
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "store/operations.hpp"

namespace topupd::operators {
namespace {

constexpr std::size_t capacity = 64 * 1024;

std::string reason() {
  return std::generic_category().message(errno);
}

}  // namespace

print_file::print_file(std::string path) : path_(std::move(path)) {
  descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor_ < 0 && errno == EEXIST)
    throw store::refused(path_ + " exists already, and a print file is never overwritten: choose another name");
  if (descriptor_ < 0) throw store::refused(fmt::format("cannot make {}: {}", path_, reason()));
  buffer_.reserve(capacity);
  append("serial,pin,value,currency,expires\n");
}

print_file::~print_file() {
  explicit_bzero(buffer_.data(), buffer_.capacity());
  close(descriptor_);
  if (!kept_) unlink(path_.c_str());
}

void print_file::add(std::int64_t serial, const parser::pin& pin, const parser::money& value,
                     std::string_view expires) {
  append(fmt::format("{},", serial));
  append(pin.reveal());
  append(fmt::format(",{},{},{}\n", parser::decimal(value), value.currency, expires));
}

void print_file::append(std::string_view octets) {
  if (buffer_.size() + octets.size() > capacity) flush();
  buffer_.insert(buffer_.end(), octets.begin(), octets.end());
}

void print_file::flush() {
  for (std::size_t written = 0; written < buffer_.size();) {
    const ssize_t took = write(descriptor_, buffer_.data() + written, buffer_.size() - written);
    if (took < 0 && errno != EINTR)
      throw store::refused(fmt::format("cannot write {}: {}; no batch was made", path_, reason()));
    if (took > 0) written += static_cast<std::size_t>(took);
  }
  explicit_bzero(buffer_.data(), buffer_.size());
  buffer_.clear();
}

void print_file::sync() {
  flush();
  const auto folder = std::filesystem::absolute(path_).parent_path();
  const int directory = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool safe = fsync(descriptor_) == 0 && directory >= 0 && fsync(directory) == 0;
  const std::string why = safe ? "" : reason();
  if (directory >= 0) close(directory);
  if (!safe) throw store::refused(fmt::format("cannot write {} to the disk: {}; no batch was made", path_, why));
}

}  // namespace topupd::operators
