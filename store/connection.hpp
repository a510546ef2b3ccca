// The one place where a connection to PostgreSQL is opened, and where its failures become one line for an operator.
// Private to the store: libpqxx does not leave this folder. A connection belongs to one thread at a time.
#pragma once

#include <exception>
#include <memory>
#include <pqxx/connection>
#include <pqxx/errorhandler>
#include <string>

#include "store/worker.hpp"  // unavailable

namespace topupd::store {

// What a connection may do is its role's, whoever logged in (migrations/001_schema.sql). login: nobody's role yet.
enum class role { login, owner, gateway, operators, auditor };

// One of those that a URL names.
struct server {
  std::string host, port;
};

class connection : public pqxx::connection {
 public:
  explicit connection(const std::string& conninfo);

  [[nodiscard]] const server& at() const { return at_; }

  // True when the server has said WARNING since the last call of this. Ours never warn; a COMMIT whose wait for a
  // standby was cancelled does, and then it is unknown whether it will survive (DESIGN.md §7).
  bool warned() noexcept;

 private:
  // Said instead of libpqxx's own handler, which writes to stderr.
  struct listener : pqxx::errorhandler {
    using pqxx::errorhandler::errorhandler;
    bool operator()(const char[]) noexcept override;
    bool heard = false;
  };
  listener listener_;
  server at_;
};

// url: as configured, any libpq URL or key=value line; several hosts too: the one that takes writes is used. Blocks for
// at most some seconds a host. Never reconnects by itself: what fails stays failed. Throws unavailable.
// last: is asked after all others. One that lets everybody in and acknowledges nothing, an old primary that was cut off
// from its standbys, would else be found again and again.
std::unique_ptr<connection> open(const std::string& url, role as, const std::string& application_name,
                                 const server& last = {});

// Among how many hosts the URL lets libpq choose.
int hosts_in(const std::string& url);

// One line: what is wrong, where, and what to do about it. Never the password that the URL may hold.
unavailable explain(const std::exception& problem, const std::string& url);

// The SQLSTATE of a failed statement (PostgreSQL, Appendix A); empty when the server did not say one.
std::string sqlstate(const std::exception& problem);

}  // namespace topupd::store
