#include "tests/scenarios/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <system_error>

namespace topupd::scenarios {

namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& each : words) result.push_back(each.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> whole(const environment& more) {
  std::vector<std::string> result;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string line = *each;
    if (more.count(line.substr(0, line.find('='))) == 0) result.push_back(line);
  }
  for (const auto& [name, value] : more) result.push_back(name + '=' + value);
  return result;
}

}  // namespace

process::process(const std::vector<std::string>& words, const environment& more, const std::string& output_file) {
  auto arguments = words;
  auto variables = whole(more);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  // Our listening sockets are ours alone: a child that keeps one open keeps its port taken.
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  const int failed = ::posix_spawnp(&pid_, arguments[0].c_str(), &files, nullptr, pointers(arguments).data(),
                                    pointers(variables).data());
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) throw std::system_error(failed, std::generic_category(), words[0]);
}

process::~process() {
  if (exit_status()) return;
  signal(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void process::signal(int number) const {
  if (!status_) ::kill(pid_, number);
}

std::optional<int> process::exit_status() {
  int word = 0;
  if (!status_ && ::waitpid(pid_, &word, WNOHANG) == pid_) {
    status_ = WIFEXITED(word) ? WEXITSTATUS(word) : 128 + WTERMSIG(word);
  }
  return status_;
}

}  // namespace topupd::scenarios
