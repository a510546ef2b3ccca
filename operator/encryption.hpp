// Encrypts what is written through gpg into a file: to a recipient's key (OpenPGP, RFC 4880) or under a passphrase.
// gpg reads from us and writes the file itself; what it is given in clear is on no disk, command line or environment.
#pragma once

#include <string>
#include <string_view>

namespace topupd::operators {

// One of both; none: not encrypted.
struct encryption {
  std::string recipient;        // key id, fingerprint or e-mail address of a public key in the operator's key ring
  std::string passphrase_file;  // its first line; readable by its owner alone
  [[nodiscard]] bool wanted() const { return !recipient.empty() || !passphrase_file.empty(); }
};

class encryptor {
 public:
  // into: an open file, which must live as long as this. Throws store::refused with the remedy: no gpg here, both a
  // recipient and a passphrase, a passphrase file that others may read, or that is empty.
  encryptor(const encryption& how, int into);
  ~encryptor();  // ends gpg, when it was not finished
  encryptor(const encryptor&) = delete;
  encryptor& operator=(const encryptor&) = delete;

  // These throw store::refused when gpg fails, with what it says: an unknown recipient, a full disk.
  void write(std::string_view octets);
  void finish();  // all is in the file; gpg has ended well

 private:
  [[noreturn]] void refuse();
  int wait() noexcept;  // gpg's exit status

  int to_gpg_ = -1;      // a socket, for MSG_NOSIGNAL
  int complaints_ = -1;  // gpg's standard error, in memory
  int process_ = -1;
};

}  // namespace topupd::operators
