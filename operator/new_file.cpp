#include "operator/new_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>  // explicit_bzero
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "operator/checksum.hpp"
#include "store/operations.hpp"

namespace topupd::operators {
namespace {

std::string reason() {
  return std::generic_category().message(errno);
}

}  // namespace

new_file::new_file(std::string path, std::string_view what) : path_(std::move(path)) {
  if (path_.find_first_of("\n\\") != std::string::npos)
    throw store::refused(fmt::format("the name of {} has a line end or backslash in it: choose another name", what));
  descriptor_ = open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor_ < 0 && errno == EEXIST)
    throw store::refused(
        fmt::format("{} exists already, and {} is never overwritten: choose another name", path_, what));
  if (descriptor_ < 0) throw store::refused(fmt::format("cannot make {}: {}", path_, reason()));
}

new_file::~new_file() {
  close(descriptor_);
  if (!kept_) unlink(path_.c_str());
}

void new_file::refuse(std::string_view where) const {
  const std::string why = reason();
  throw store::refused(fmt::format("cannot write {}{}: {}", path_, where, why));
}

void new_file::write(std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t took = ::write(descriptor_, octets.data(), octets.size());
    if (took < 0 && errno != EINTR) refuse("");
    if (took > 0) octets.remove_prefix(static_cast<std::size_t>(took));
  }
}

void new_file::sync() {
  if (fsync(descriptor_) != 0) refuse(" to the disk");
  const auto folder = std::filesystem::absolute(path_).parent_path();
  const int directory = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool safe = directory >= 0 && fsync(directory) == 0;
  const int problem = errno;
  if (directory >= 0) close(directory);
  errno = problem;
  if (!safe) refuse(" to the disk");
}

std::string new_file::sha256() {
  checksum sum;
  std::vector<char> buffer(64 * 1024);
  off_t at = 0;
  while (true) {
    const ssize_t got = pread(descriptor_, buffer.data(), buffer.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(", which cannot be read back");
    if (got == 0) break;
    sum.add({buffer.data(), static_cast<std::size_t>(got)});
    at += got;
  }
  explicit_bzero(buffer.data(), buffer.size());
  return sum.hex();
}

}  // namespace topupd::operators
