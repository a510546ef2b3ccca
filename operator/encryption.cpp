#include "operator/encryption.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "store/operations.hpp"

namespace topupd::operators {
namespace {

constexpr int passphrase_descriptor = 3;  // in gpg

std::string reason() {
  return std::generic_category().message(errno);
}

struct descriptor {
  int number = -1;
  ~descriptor() {
    if (number >= 0) close(number);
  }
};

// gpg reads the passphrase from the file itself, so that it is never in our memory.
int open_passphrase(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw store::refused(fmt::format("cannot read the passphrase in {}: {}", path, reason()));
  struct stat about {};
  char first = '\n';
  const bool read = fstat(file, &about) == 0 && S_ISREG(about.st_mode);
  const bool empty = read && (pread(file, &first, 1, 0) != 1 || first == '\n' || first == '\r');
  const bool open_to_others = (about.st_mode & 0077U) != 0;
  if (read && !empty && !open_to_others) return file;
  close(file);
  if (!read) throw store::refused(path + " is not a file: write the passphrase on its first line");
  if (open_to_others) throw store::refused(fmt::format("others may read the passphrase: chmod 600 {}", path));
  throw store::refused(fmt::format("{} is empty: write the passphrase on its first line", path));
}

std::vector<std::string> command(const encryption& how) {
  std::vector<std::string> words{"gpg", "--batch", "--yes", "--no-tty", "--quiet", "--output", "-"};
  const auto add = [&](std::initializer_list<std::string> more) { words.insert(words.end(), more); };
  if (!how.recipient.empty())
    // The operator names a key that is here: it is neither looked for in the net nor asked for its web of trust, and
    // nobody else is added (gpg.conf).
    add({"--trust-model", "always", "--no-auto-key-locate", "--no-encrypt-to", "--recipient", how.recipient,
         "--encrypt"});
  else
    add({"--cipher-algo", "AES256", "--pinentry-mode", "loopback", "--no-symkey-cache", "--passphrase-fd",
         std::to_string(passphrase_descriptor), "--symmetric"});
  return words;
}

}  // namespace

encryptor::encryptor(const encryption& how, int into) {
  if (!how.recipient.empty() && !how.passphrase_file.empty())
    throw store::refused("a print file is encrypted to a recipient or under a passphrase: choose one");
  if (how.recipient.starts_with('-'))
    throw store::refused("a recipient is a key id, a fingerprint or an e-mail address");
  const descriptor passphrase{how.passphrase_file.empty() ? -1 : open_passphrase(how.passphrase_file)};

  std::array<int, 2> pair{-1, -1};
  descriptor complaints{memfd_create("gpg", MFD_CLOEXEC)};
  if (complaints.number < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    throw store::refused(fmt::format("cannot start gpg: {}", reason()));
  const descriptor for_gpg{pair[0]};
  descriptor ours{pair[1]};

  std::vector<std::string> words = command(how);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t raw;
  posix_spawn_file_actions_init(&raw);
  const std::unique_ptr<posix_spawn_file_actions_t, int (*)(posix_spawn_file_actions_t*)> actions(
      &raw, posix_spawn_file_actions_destroy);
  posix_spawn_file_actions_adddup2(&raw, for_gpg.number, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&raw, into, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&raw, complaints.number, STDERR_FILENO);
  if (passphrase.number >= 0) posix_spawn_file_actions_adddup2(&raw, passphrase.number, passphrase_descriptor);

  const int problem = posix_spawnp(&process_, "gpg", &raw, nullptr, arguments.data(), environ);
  if (problem == ENOENT) throw store::refused("gpg is not here, and encrypts the print file: apt-get install gnupg");
  if (problem != 0) throw store::refused(fmt::format("cannot start gpg: {}", std::generic_category().message(problem)));
  to_gpg_ = std::exchange(ours.number, -1);
  complaints_ = std::exchange(complaints.number, -1);
}

encryptor::~encryptor() {
  if (process_ > 0) kill(process_, SIGKILL);
  wait();
  close(complaints_);
}

int encryptor::wait() noexcept {
  if (to_gpg_ >= 0) close(std::exchange(to_gpg_, -1));
  int status = 0;
  while (process_ > 0 && waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  return status;
}

void encryptor::write(std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t took = send(to_gpg_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (took < 0 && errno != EINTR) refuse();
    if (took > 0) octets.remove_prefix(static_cast<std::size_t>(took));
  }
}

void encryptor::finish() {
  if (wait() != 0) refuse();
}

// gpg speaks of keys and files, never of what it encrypts. Its last line says most.
void encryptor::refuse() {
  wait();
  std::array<char, 4096> said{};
  const ssize_t got = pread(complaints_, said.data(), said.size(), 0);
  std::string text(said.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  while (text.ends_with('\n')) text.pop_back();
  text = text.substr(text.rfind('\n') + 1);
  if (text.find("public key") != std::string::npos)
    text += "; gpg --import the recipient's key first, gpg --list-keys shows those that are here";
  throw store::refused(
      fmt::format("the print file cannot be encrypted, so none is made: {}", text.empty() ? "gpg failed" : text));
}

}  // namespace topupd::operators
