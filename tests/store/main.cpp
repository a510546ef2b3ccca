#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

// For LeakSanitizer. libpqxx 6.4 asks a connection for its encoding before it keeps a statement's answer; one that has
// died has none, and the answer is forgotten: 2,264 octets for each connection lost in the middle of a call.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:PQmakeEmptyPGresult\nleak:libpqxx-6.4\n";
}
